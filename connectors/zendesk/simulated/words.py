"""The platform's words for channels, statuses and rules."""

from __future__ import annotations

# our channel: (via.channel in tickets and audits, the display label that ticket events carry)
CHANNELS = {
    "email": ("email", "Mail"),
    "web": ("web", "Web form"),
    "chat": ("chat", "Chat"),
    "messaging": ("native_messaging", "Messaging"),
    "phone": ("voice", "Phone call (inbound)"),
    "social": ("twitter", "Twitter"),
    "api": ("api", "Web service"),
    "other": ("any_channel", "Channel integration"),
}
RULE = ("rule", "Rule")
STATUS_IDS = {"new": 501, "open": 502, "pending": 503, "hold": 504, "solved": 505}
BRAND = 601
FORM = 602
METRICS = (
    "agent_work_time", "pausable_update_time", "periodic_update_time", "reply_time", "requester_wait_time",
    "resolution_time", "group_ownership_time",
)  # fmt: skip
POLICY = 701
NOTIFY = 31  # the trigger that mails requesters
CANARY = "CANARY"  # stands in every text that must not be stored
