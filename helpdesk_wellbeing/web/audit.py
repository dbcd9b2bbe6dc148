"""The audit: read, filtered, checked, taken along as CSV."""

from __future__ import annotations

import re
from datetime import date

from flask import Blueprint, Response, flash, request, stream_with_context, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing.pages import audit as page
from helpdesk_wellbeing.pages.audit import Filter
from helpdesk_wellbeing.web import audit_words, words
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, viewer_for

_ASKED = ("what", "like", "word", "first", "last")
_MOST = 2**31 - 1
_FIRST, _LAST = date(1970, 1, 2), date(2200, 1, 1)  # days that every zone and database knows
_PERSON = re.compile(r"person-[0-9a-f]{16}")
_WHAT = re.compile(r"[a-z][a-z -]{0,39}")


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /a/<account>/audit, GET …/audit.csv, POST …/audit/check."""

    @pages.get("/audit")
    def audit(account: str) -> Response:
        viewer = viewer_for("audit")
        wanted, wrong = _filter()
        noted, head = request.args.get("head", "").strip(), None
        if noted:
            head = page.read_head(noted)
            wrong |= {"head"} if head is None else set()
        found = page.build(site.known, viewer, wanted, site.now(), before=_number("before"), noted=head)
        unheard = ("before", "head", "lang", *(() if found.tells_persons else ("like", "word")))
        asked = {name: value for name, value in request.args.items() if value and name not in unheard}
        wrong -= set(unheard) - {"head"}
        return render(
            "audit.html", 422 if wrong else 200, page=found, wanted=wanted, wrong=wrong, asked=asked, words=words,
            said=audit_words, given=noted,
        )  # fmt: skip

    @pages.post("/audit/check")
    def check_audit(account: str) -> Response:
        viewer = viewer_for("audit")
        found = page.check(site.known, viewer, site.now())
        if found.problem is None:
            flash(_("The log is whole."), "said")
        return go_to(url_for("pages.audit", account=account))

    @pages.get("/audit.csv")
    def audit_csv(account: str) -> Response:
        viewer = viewer_for("audit")
        wanted, _wrong = _filter()
        lines = page.download(site.known, viewer, wanted, site.now())
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="audit-{site.now():%Y-%m-%d}.csv"'
        return answer


def _filter() -> tuple[Filter, set[str]]:
    """What was asked for, and the names of what cannot be read."""
    wrong: set[str] = set()

    def day(name: str) -> date | None:
        text = request.args.get(name, "").strip()
        try:
            found = date.fromisoformat(text) if text else None
        except ValueError:
            found = date.min
        if found is not None and not _FIRST <= found <= _LAST:
            wrong.add(name)
            return None
        return found

    what, word = request.args.get("what", "").strip(), request.args.get("word", "").strip()
    if word and not _PERSON.fullmatch(word):
        wrong.add("word")
    first, last = day("first"), day("last")
    kept = what if _WHAT.fullmatch(what) else None
    return Filter(kept, _number("like"), word if word and "word" not in wrong else None, first, last), wrong


def _number(name: str) -> int | None:
    number = request.args.get(name, type=int)
    return number if number is not None and 0 < number <= _MOST else None
