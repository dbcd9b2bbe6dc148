"""Me: everything held about the reader, who looked at it, and what can be done about it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import get_locale

from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.acting import policy, telling
from helpdesk_wellbeing.agreement.saying import forget_own_hours, object_to, set_own_hours, withdraw_objection
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.pages import me as model
from helpdesk_wellbeing.pages.me import MePage
from helpdesk_wellbeing.pages.told import note_look
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.said import READ
from helpdesk_wellbeing.upkeep.documents import letter_to_agents
from helpdesk_wellbeing.upkeep.held import as_zip, held
from helpdesk_wellbeing.web import charts, me_words, phrases
from helpdesk_wellbeing.web.charts import Figure
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, viewer, viewer_for
from helpdesk_wellbeing.web.texts import gettext as _


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /me, /letter, and POST /me/… for what the reader may say about themselves."""
    store = site.store

    @pages.get("/me")
    def me(account: str) -> Response:
        return _shown(site, viewer_for("me"))

    @pages.get("/letter")
    def letter(account: str) -> Response:
        """What everybody is told: the same for all."""
        page = letter_to_agents(store, account, str(get_locale()), site.now())
        return render("own_letter.html", page=page, read_at=telling.read_at(store, account, _agent(), site.now()))

    @pages.get("/me/<agent>")
    def me_of(account: str, agent: str) -> Response:
        """Somebody's page, opened for a reason; their own is the one they know."""
        looks = viewer()
        if agent == looks.agent:
            return go_to(url_for("pages.me", account=account))
        return _shown(site, looks, of=agent)

    @pages.post("/me/export")
    def export_me(account: str) -> Response:
        """Everything that is held, as a zip."""
        agent, at = _agent(), site.now()
        whole = held(store, account, agent, Engine(store, account, site.known.catalogue), at)
        store.audit.add(account, at, "exported", by=viewer().who, agent=Person(agent))
        answer = Response(as_zip(whole), mimetype="application/zip")
        answer.headers.set("Content-Disposition", "attachment", filename=f"about-me-{at:%Y-%m-%d}.zip")
        return answer

    @pages.post("/me/objections")
    def object_to_signal(account: str) -> Response:
        agent, signal = _agent(), request.form.get("signal", "")
        _known_signal(site, signal)
        if request.form.get("withdraw"):
            withdraw_objection(store, account, agent, signal, site.now())
            return _back(_("Your objection is taken back."), "objections")
        try:
            object_to(store, account, agent, signal, site.now())
        except CannotDecide:
            abort(400)
        return _back(_("Noted. Nothing of this is computed about you from now on; others only see “not available”."),
                     "objections")  # fmt: skip

    @pages.post("/me/hours")
    def own_hours(account: str) -> Response:
        agent, schedule = _agent(), " ".join(request.form.get("schedule", "").split())
        if request.form.get("forget") or not schedule:
            if not forget_own_hours(store, account, agent, site.now()):
                return _back(_("You had set no hours of your own; your schedule counts, as before."), "hours")
            return _back(_("Your own hours are forgotten; your schedule counts again."), "hours")
        try:
            set_own_hours(store, account, agent, schedule, site.now())
        except ConfigError:
            return _shown(site, viewer_for("me"), 422, wrong_hours=schedule)
        return _back(
            _(
                "Kept. Work within these hours is not counted as outside your own hours; all other work is. Flags and"
                " the numbers on this page follow with the next evaluation."
            ),
            "hours",
        )

    @pages.post("/me/surveys")
    def surveys_opt_out(account: str) -> Response:
        agent, at = _agent(), site.now()
        is_asked = request.form.get("asked") == "yes"
        with store.transaction():
            others = set(policy.policy_of(store, account).not_asked) - {agent}
            chosen = tuple(sorted(others if is_asked else others | {agent}))
            policy.change(store, account, Person(agent), at, not_asked=chosen)
        text = _("You are asked again.") if is_asked else _("You are not asked any more. Nobody sees that.")
        return _back(text, "surveys")

    @pages.post("/me/read")
    def has_read(account: str) -> Response:
        store.said.say(account, _agent(), READ, {}, site.now())
        return _back(_("Thank you."), "told")

    def _back(text: str, place: str) -> Response:
        flash(text, "said")
        return go_to(url_for("pages.me", account=viewer_for("me").account, _anchor=place))


def _agent() -> str:
    agent = viewer_for("me").agent
    if agent is None:
        abort(404)
    return agent


def _known_signal(site: Site, signal: str) -> None:
    if signal not in site.known.catalogue.signals:
        abort(400)


def _shown(
    site: Site, looks: Viewer, status: int = 200, *, of: str | None = None, wrong_hours: str | None = None
) -> Response:
    page = model.build(site.known, looks, site.now(), of)
    if page is None:
        abort(404)
    if not page.is_own:
        note_look(site.known, looks, site.now(), "me", agents=[page.agent])
    return render(
        "me.html", status, page=page, figures=_figures(page), p=phrases, words=me_words, wrong_hours=wrong_hours
    )


def _figures(page: MePage) -> list[Figure]:
    return [
        charts.over_time(series, title=me_words.chart_title(signal), caption=phrases.past_caption(series), key=signal)
        for signal, series in page.series
    ]
