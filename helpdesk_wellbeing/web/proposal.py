"""One proposal: shown, and decided by those who may."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer

from helpdesk_wellbeing.access.gate import Part
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.errors import CannotDecide, HasChanged, WellbeingError
from helpdesk_wellbeing.pages import proposal as page
from helpdesk_wellbeing.pages.proposal import Shown
from helpdesk_wellbeing.pages.series import Line, Load, Loads
from helpdesk_wellbeing.web import charts, words
from helpdesk_wellbeing.web.charts import Figure
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, viewer_for

HOLDS_S = 12 * 3600  # that the evidence was opened


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /a/<account>/proposals/<id>, POST …/accept, …/decline, …/snooze, …/undo, …/put-back."""

    @pages.get("/proposals/<id>")
    def proposal(account: str, id: str) -> Response:
        found, viewer = _find(site, id)
        opened = "evidence" in request.args
        page.note_look(site.known, viewer, found, site.now(), opened)
        return _show(site, viewer, found, opened=opened)

    @pages.post("/proposals/<id>/accept")
    def accept_proposal(account: str, id: str) -> Response:
        found, viewer = _find(site, id, deciding=True)
        seen = _seen(viewer, id, request.form.get("opened", ""))
        if seen is None:
            problem = _("Look at what was measured first; then accept. Nothing was changed.")
            return _show(site, viewer, found, 422, problem=problem)
        if seen != found.measured_at:
            return _show(site, viewer, found, 409, problem=_changed())
        only = None
        if request.form.get("which") == "part":
            tickets = request.form.getlist("ticket")
            known = {move.ticket for move in found.moves}
            if not tickets or not known.issuperset(tickets):
                problem = _("Choose at least one ticket, or decline. Nothing was changed.")
                return _show(site, viewer, found, 422, opened=True, problem=problem, field="tickets")
            only = page.chosen(found.moves, tickets)
        return _decided(
            site, viewer, id, lambda: review.accept(site.store, account, id, viewer.who, site.now(), only, seen),
            _("Accepted."), opened=True,
        )  # fmt: skip

    @pages.post("/proposals/<id>/decline")
    def decline_proposal(account: str, id: str) -> Response:
        found, viewer = _find(site, id, deciding=True)
        reason = request.form.get("reason", "")
        if reason not in review.DECLINED_BECAUSE:
            problem = _("Choose a reason. Nothing was changed.")
            return _show(site, viewer, found, 422, problem=problem, field="reason")
        return _decided(
            site, viewer, id, lambda: review.decline(site.store, account, id, viewer.who, reason, site.now()),
            _("Declined. It is not proposed again for some days."),
        )  # fmt: skip

    @pages.post("/proposals/<id>/snooze")
    def snooze_proposal(account: str, id: str) -> Response:
        found, viewer = _find(site, id, deciding=True)
        at = site.now()
        until = page.puts_aside(request.form.get("until", ""), at, site.known.directory(account).zone)
        if until is None or until >= found.expires_at:
            problem = _("Choose until when; its time must not have passed by then. Nothing was changed.")
            return _show(site, viewer, found, 422, problem=problem, field="until")
        return _decided(
            site, viewer, id, lambda: review.snooze(site.store, account, id, viewer.who, until, at),
            _("Put aside until %(when)s.", when=words.moment(until)),
        )  # fmt: skip

    @pages.post("/proposals/<id>/undo")
    def undo_proposal(account: str, id: str) -> Response:
        _found, viewer = _find(site, id, deciding=True)
        return _decided(
            site, viewer, id, lambda: review.undo(site.store, account, id, viewer.who, site.now()),
            _("It is being taken back. Tickets that others have changed since stay as they are."),
        )  # fmt: skip

    @pages.post("/proposals/<id>/put-back")
    def put_proposal_back(account: str, id: str) -> Response:
        _found, viewer = _find(site, id, deciding=True)
        return _decided(
            site, viewer, id, lambda: review.put_back(site.store, account, id, viewer.who, site.now()), _("Put back."),
        )  # fmt: skip


def _find(site: Site, id: str, *, deciding: bool = False) -> tuple[Shown, Viewer]:
    """What the viewer sees of it; 404 in the same words whether it is not there or not theirs."""
    viewer = viewer_for("proposal")
    found = page.build(site.known, viewer, id, site.now())
    if found is None:
        abort(404)
    if deciding and found.part is not Part.DECIDES:
        abort(403)
    return found, viewer


def _decided(site: Site, viewer: Viewer, id: str, decide: Any, said: str, *, opened: bool = False) -> Response:
    """Carry it out and show it anew; where it could not be, 409 and what it is now."""
    try:
        decide()
    except (CannotDecide, WellbeingError) as error:
        found = page.build(site.known, viewer, id, site.now())
        if isinstance(error, HasChanged) and found is not None:
            return _show(site, viewer, found, 409, problem=_changed())
        if not isinstance(error, CannotDecide) or found is None:
            raise
        is_other_now = not (found.may_accept or found.may_decline)
        problem = words.stands(found) if is_other_now else str(error)
        told = _("Nothing was changed. %(problem)s", problem=problem)
        return _show(site, viewer, found, 409, opened=opened, problem=told)
    flash(said, "said")
    return go_to(url_for("pages.proposal", account=viewer.account, id=id))


def _changed() -> str:
    return str(_("This has changed since you looked at it. Nothing was changed; look again, then decide."))


def _show(
    site: Site, viewer: Viewer, found: Shown, status: int = 200, *, opened: bool = False, problem: str | None = None,
    field: str | None = None,
) -> Response:  # fmt: skip
    return render(
        "proposal.html", status, p=found, opened=opened, problem=problem, field=field, words=words,
        proof=_signer().dumps([viewer.who, found.id, found.measured_at.isoformat()]) if opened else None,
        reasons=review.DECLINED_BECAUSE,
        decides=found.part is Part.DECIDES, apart=words.apart(found.moves), figure=_loads(found),
        ticket_page=partial(site.ticket_page, viewer.account),
    )  # fmt: skip


def _loads(found: Shown) -> Figure | None:
    """Open work of those who give or receive; in shares of a fair one where all of these are known."""
    rows = found.loads
    shares = [(row.name, row.share_before, row.share_after) for row in rows]
    fair = [Load(name, before * 100, after * 100) for name, before, after in shares
            if before is not None and after is not None]  # fmt: skip
    if not rows:
        return None
    title = _("Open work before and after")
    if len(fair) == len(rows):
        caption = _("100 is exactly fair by the hours ahead. Nobody who receives a ticket ends above it.")
        return charts.loads(Loads("fair_share", tuple(fair), (Line("fair", 100.0),)), title=title, caption=caption)
    plain = tuple(Load(row.name, row.effort_before, row.effort_after) for row in rows)
    return charts.loads(Loads("open_weight", plain), title=title)


def _seen(viewer: Viewer, id: str, proof: str) -> datetime | None:
    """When the evidence was measured that this person was shown of this proposal; None: they were shown none."""
    try:
        who, which, measured = _signer().loads(proof, max_age=HOLDS_S)
        return datetime.fromisoformat(measured) if [who, which] == [viewer.who, id] else None
    except (BadData, ValueError):
        return None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="evidence was shown")
