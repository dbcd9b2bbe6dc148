"""Charts: Altair makes a specification, vl-convert the SVG, on the server. Each comes with its data as a table."""

from helpdesk_wellbeing.web.charts.drawing import warm_up
from helpdesk_wellbeing.web.charts.figure import Figure, Table
from helpdesk_wellbeing.web.charts.kinds import backlog, distribution, funnel, heat_map, loads, over_time

__all__ = ["Figure", "Table", "backlog", "distribution", "funnel", "heat_map", "loads", "over_time", "warm_up"]
