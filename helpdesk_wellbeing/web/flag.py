"""One flag: what was measured, against what, how sure, and a way to say that it is wrong."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for

from helpdesk_wellbeing.agreement.saying import contest, reasons_for
from helpdesk_wellbeing.pages import flag as model
from helpdesk_wellbeing.pages.flag import FlagPage
from helpdesk_wellbeing.pages.told import note_look
from helpdesk_wellbeing.web import charts, phrases
from helpdesk_wellbeing.web.charts import Figure
from helpdesk_wellbeing.web.measures import name_of
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, home, viewer_for
from helpdesk_wellbeing.web.texts import gettext as _


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /flags/<rule>/<kind>/<subject>, POST …/contest."""

    @pages.get("/flags/<rule>/<kind>/<subject>")
    def flag(account: str, rule: str, kind: str, subject: str) -> Response:
        return _shown(site, rule, kind, subject)

    @pages.post("/flags/<rule>/<kind>/<subject>/contest")
    def contest_flag(account: str, rule: str, kind: str, subject: str) -> Response:
        looks, at = viewer_for("flag"), site.now()
        found = model.find(site.known, looks, rule, kind, subject, at)
        if found is None:
            abort(404)
        reason = request.form.get("reason", "")
        if reason not in reasons_for(kind):
            return _shown(site, rule, kind, subject, problem=_("Choose one of the reasons."))
        contest(site.store, account, found[0], reason, at, by=looks.who, agent=looks.agent)
        flash(_("Noted. Nothing follows from this flag until what it is about happens anew."), "said")
        is_own = kind == "agent" and subject == looks.agent
        where = url_for("pages.flag", account=account, rule=rule, kind=kind, subject=subject) if is_own else None
        return go_to(where or home(looks) or url_for("pages.beginning", account=account))


def _shown(site: Site, rule: str, kind: str, subject: str, problem: str | None = None) -> Response:
    looks, at = viewer_for("flag"), site.now()
    page = model.build(site.known, looks, rule, kind, subject, at)
    if page is None:
        abort(404)
    if not page.is_own:
        agents = [subject] if kind == "agent" else []
        note_look(site.known, looks, at, "flag", agents=agents, rule=rule)
    return render(
        "flag.html", 422 if problem else 200, page=page, figures=_figures(page), problem=problem, p=phrases,
        name_of=name_of,
    )  # fmt: skip


def _figures(page: FlagPage) -> list[Figure]:
    found = []
    if page.past is not None:
        title = _("The last weeks: %(what)s", what=phrases.rule_title(page.rule))
        found.append(charts.over_time(page.past, title=title, caption=phrases.past_caption(page.past)))
    if page.backlog is not None:
        found.append(charts.backlog(page.backlog, title=_("The last weeks of this queue")))
    if page.funnel is not None:
        caption = _(
            "Queues of the same tier, by name in the table. Chance alone leaves 95 of 100 queues between the inner"
            " lines."
        )
        found.append(charts.funnel(page.funnel, title=_("This queue among its like"), caption=caption))
    return found
