"""The audit log: read, and whether it is whole. Persons stand in it by words that name nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.api.answers import Refusal, answer, query_as
from helpdesk_wellbeing.api.document import described
from helpdesk_wellbeing.api.models import AuditQuery, VerifyQuery
from helpdesk_wellbeing.api.shapes import AuditShape, VerdictShape
from helpdesk_wellbeing.store.audit import Head

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from helpdesk_wellbeing.api.desk import Desk


def add_to(routes: Blueprint, desk: Desk) -> None:
    """Add the routes."""
    log = desk.store.audit

    @routes.get("/audit")
    @described(AuditShape, query=AuditQuery)
    def audit(account: str) -> Response:
        query = query_as(AuditQuery, "audit")
        with desk.store.view():
            found, head = log.entries(account, query.after, query.most), log.head(account)
        entries = [
            {"seq": one.seq, "at": one.at.isoformat(), "what": one.what, "body": one.body, "hash": one.hash}
            for one in found
        ]
        more = bool(found) and found[-1].seq < head.seq
        return answer(
            {"account": account, "entries": entries, "head": _head(head), "next": found[-1].seq if more else None}
        )

    @routes.get("/audit/verify")
    @described(VerdictShape, query=VerifyQuery)
    def verify(account: str) -> Response:
        query = query_as(VerifyQuery, "audit verify")
        if (query.seq is None) != (query.hash is None):
            raise Refusal(422, "invalid", "audit verify: a noted head is its seq and its hash; give both or none")
        noted = None if query.seq is None or query.hash is None else Head(query.seq, query.hash)
        verdict = log.verify(account, noted)
        return answer({
            "account": account, "is_whole": verdict.problem is None, "problem": verdict.problem,
            "head": _head(verdict.head),
        })  # fmt: skip


def _head(head: Head) -> dict[str, Any]:
    return {"seq": head.seq, "hash": head.hash}
