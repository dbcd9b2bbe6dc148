"""Teams: when they work, how their queues stand, what is flagged; nobody can be guessed from it."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from helpdesk_wellbeing.agreement.showing import LEAST_K
from helpdesk_wellbeing.pages import teams as model
from helpdesk_wellbeing.pages.teams import TeamPage
from helpdesk_wellbeing.web import charts, phrases
from helpdesk_wellbeing.web.charts import Figure
from helpdesk_wellbeing.web.rendering import render
from helpdesk_wellbeing.web.site import Site, viewer_for
from helpdesk_wellbeing.web.texts import gettext as _


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /teams, GET /teams/<group>."""

    @pages.get("/teams")
    def teams(account: str) -> Response:
        found = model.listed(site.known, viewer_for("teams"), site.now())
        return render("teams.html", teams=found, p=phrases, least=LEAST_K)

    @pages.get("/teams/<group>")
    def team(account: str, group: str) -> Response:
        page = model.build(site.known, viewer_for("teams"), group, site.now())
        if page is None:
            abort(404)
        return render("team.html", page=page, figures=_figures(page), p=phrases, least=LEAST_K)


def _figures(page: TeamPage) -> list[Figure]:
    found = []
    if page.heat is not None:
        caption = _(
            "Hours between the first and the last trace of each shift, of all %(count)s people together, in four weeks."
            " The fuller a field, the more of the team's time is in that hour.", count=page.contributing,
        )  # fmt: skip
        found.append(charts.heat_map(page.heat, title=_("When the team works"), caption=caption))
    if page.backlog is not None:
        found.append(charts.backlog(page.backlog, title=_("How the queue stands")))
    if page.funnel is not None:
        caption = _("Every queue of the same tier. Between the inner lines lie 95 of 100 queues by chance alone.")
        found.append(charts.funnel(page.funnel, title=_("Hard tickets among comparable queues"), caption=caption))
    return found
