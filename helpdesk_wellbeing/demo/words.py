"""Names and shares that the simulation draws from."""

HOUR, DAY = 3600, 86400
# Share of a day's tickets by local hour: little at night, a morning peak, a lower afternoon one.
BY_HOUR = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 7, 8, 8, 7, 6, 5, 4, 3, 3, 2, 2, 1)
FLAT = (1,) * 24
PRIORITIES = (("low", 0.15), ("normal", 0.62), ("high", 0.18), ("urgent", 0.05))
TOPICS = ("invoice", "delivery", "login", "refund", "damaged", "address", "voucher", "change")
STRONG = (("moved", 0.30), ("complaint", 0.35), ("bad", 0.35))
TOUCHES = (1, 2, 1, 1, 2, 1, 3, 1, 2, 1)  # turns that held tickets take, in this order: as even as can be
ROUTING_SLACK = 1.6  # open weight above the level kept at a person, at most
TEAM_ROOM = 8.0  # open weight that a team which pulls keeps with its people, at most
TRIGGER_ROUTE, TRIGGER_BACK, AUTOMATION_SOLVE, AUTOMATION_CLOSE, ROUTING, SLA = (
    "rule:9001",
    "rule:9002",
    "rule:9003",
    "rule:9004",
    "rule:9005",
    "rule:9006",
)
RULES = {
    TRIGGER_ROUTE: "trigger",
    TRIGGER_BACK: "trigger",
    AUTOMATION_SOLVE: "automation",
    AUTOMATION_CLOSE: "automation",
    ROUTING: "routing",
    SLA: "sla",
}
FIRST_REQUESTER, REQUESTERS = 2_000_000, 4000
