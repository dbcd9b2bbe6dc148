"""Proposals: seen and decided."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting import review, views
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.api.answers import Refusal, answer, body_as, no_query, query_as
from helpdesk_wellbeing.api.document import described
from helpdesk_wellbeing.api.looking import note_look
from helpdesk_wellbeing.api.models import Accept, Decline, Empty, ProposalsQuery, Snooze
from helpdesk_wellbeing.api.shapes import DecidedShape, ProposalShape, ProposalsShape

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from helpdesk_wellbeing.api.desk import Desk
    from helpdesk_wellbeing.store.proposals import Kept

_ID = re.compile("[0-9a-f]{12}")


def add_to(routes: Blueprint, desk: Desk) -> None:
    """Add the routes."""
    store = desk.store

    @routes.get("/proposals")
    @described(ProposalsShape, query=ProposalsQuery)
    def proposals(account: str) -> Response:
        query = query_as(ProposalsQuery, "proposals")
        states = None if query.state == "all" else query.state.split(",")
        with store.view():
            at, gate = desk.now(), gate_of(store, account, desk.now())
            found = [k for k in store.proposals.listed(account, states) if views.is_for_leads(k, at, gate)]
            begin = _after(desk, account, query.after, found)
            page = found[begin : begin + query.most]
            shown = [views.as_leads_see(views.shown(store, account, kept.id), at) for kept in page]
            declined = views.reasons_counted(store, account)
        note_look(desk, account, shown)
        more = begin + len(page) < len(found)
        next_ = page[-1].id if more else None
        return answer({"account": account, "proposals": shown, "declined": declined, "next": next_})

    @routes.get("/proposals/<id>")
    @described(ProposalShape)
    def proposal(account: str, id: str) -> Response:
        no_query("proposal")
        _find(desk, account, id)
        shown = views.as_leads_see(views.shown(store, account, id), desk.now())
        note_look(desk, account, [shown])
        return answer(shown)

    @routes.post("/proposals/<id>/accept")
    @described(DecidedShape, body=Accept, decides=True)
    def accept(account: str, id: str) -> Response:
        _find(desk, account, id)
        body = body_as(Accept, "accept")
        accepted = review.accept(store, account, id, desk.by, desk.now(), body.only, body.measured_at)
        return _decided(desk, account, accepted)

    @routes.post("/proposals/<id>/decline")
    @described(DecidedShape, body=Decline, decides=True)
    def decline(account: str, id: str) -> Response:
        _find(desk, account, id)
        review.decline(store, account, id, desk.by, body_as(Decline, "decline").reason, desk.now())
        return _decided(desk, account, views.shown(store, account, id))

    @routes.post("/proposals/<id>/snooze")
    @described(DecidedShape, body=Snooze, decides=True)
    def snooze(account: str, id: str) -> Response:
        _find(desk, account, id)
        until, at = body_as(Snooze, "snooze").until, desk.now()
        if not at < until <= at + review.LONGEST_SNOOZE:
            raise Refusal(
                422, "invalid", f"snooze: until: give a time within {review.LONGEST_SNOOZE.days} days from now"
            )
        review.snooze(store, account, id, desk.by, until, at)
        return _decided(desk, account, views.shown(store, account, id))

    @routes.post("/proposals/<id>/undo")
    @described(DecidedShape, body=Empty, decides=True)
    def undo(account: str, id: str) -> Response:
        _find(desk, account, id)
        body_as(Empty, "undo")
        return _decided(desk, account, review.undo(store, account, id, desk.by, desk.now()))

    @routes.post("/proposals/<id>/put-back")
    @described(DecidedShape, body=Empty, decides=True)
    def put_back(account: str, id: str) -> Response:
        _find(desk, account, id)
        body_as(Empty, "put-back")
        return _decided(desk, account, review.put_back(store, account, id, desk.by, desk.now()))


def _find(desk: Desk, account: str, id: str) -> None:
    """Raises Refusal unless this account has such a proposal and a lead may see it."""
    kept = desk.store.proposals.get(account, id) if _ID.fullmatch(id) else None
    at = desk.now()
    if kept is None or not views.is_for_leads(kept, at, gate_of(desk.store, account, at)):
        raise Refusal(404, "not_found", f"{account}: there is no such proposal to be seen; list the proposals anew")


def _after(desk: Desk, account: str, after: str | None, found: Sequence[Kept]) -> int:
    """How many of those found, oldest first, come before the page."""
    if after is None:
        return 0
    last = desk.store.proposals.get(account, after)
    if last is None:
        raise Refusal(422, "invalid", "proposals: after: there is no such proposal; begin without it")
    return sum((kept.made_at, kept.id) <= (last.made_at, last.id) for kept in found)


def _decided(desk: Desk, account: str, shown: Mapping[str, Any]) -> Response:
    """The proposal after a decision, whose own entry in the audit says who saw it."""
    mode = policy_of(desk.store, account).mode(shown["action"])
    return answer({**views.as_leads_see(shown, desk.now()), "summary": views.summary(shown, mode)})
