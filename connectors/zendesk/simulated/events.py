"""Ticket events and audits as JSON rows: two layouts of the same children.

The ticket event stream puts the field's name as the key and gives `via` as a label; audits have `field_name`,
`value` and a `via` object, and a child names its own `via` only where it differs from the audit's.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from .text import EMPTY, bare, boolean, encoded, joined, quoted, stamp
from .words import BRAND, CANARY, CHANNELS, FORM, RULE, STATUS_IDS, custom_status

FIELDS = {
    "status": "status",
    "deleted": "status",
    "assigned": "assignee_id",
    "moved": "group_id",
    "priority": "priority",
}
COMMENTS = ("replied", "noted", "customer_replied", "merged")


@dataclass(frozen=True)
class Layout:
    """How children look: in audits or in the ticket event stream, with comment bodies or without."""

    audits: bool = False
    bodies: bool = False
    numeric_ids: bool = False
    custom_statuses: bool = True


def rows(children: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """One row per audit in id order: `id`, `ticket_no`, `sec`, `json` (text of the whole object)."""
    parts = children.with_columns(_via_columns(children)).with_columns(json=_child(layout))
    audits = parts.group_by("audit", maintain_order=True).agg(
        pl.col("json").str.join(","),
        pl.col("ticket_no", "sec", "author_no", "author_kind", "via_channel", "via_label").first(),
        rel=pl.when((pl.col("kind") == "merged").any()).then(pl.lit("merge")),
        rule=pl.col("rule_no").first(),
    )
    text = _audit() if layout.audits else _event()
    return audits.select(id="audit", ticket_no="ticket_no", sec="sec", json=text)


def _via_columns(children: pl.DataFrame) -> list[pl.Expr]:
    by_channel = [pl.col("channel").replace_strict({k: v[i] for k, v in CHANNELS.items()}, default=CHANNELS["other"][i])
                  for i in (0, 1)]  # fmt: skip
    by_kind = (
        {"agent": CHANNELS["web"], "integration": CHANNELS["api"], "unknown": CHANNELS["api"], "system": RULE}
    )  # fmt: skip
    result = []
    for i, name in ((0, "via_channel"), (1, "via_label")):
        known = pl.col("author_kind").replace_strict({k: v[i] for k, v in by_kind.items()}, default=None)
        result.append(pl.coalesce(known, by_channel[i].first().over("audit")).alias(name))
    return result


def _rule_via(number: pl.Expr) -> pl.Expr:
    relation = (
        pl.when(pl.col("author_kind") == "system").then(pl.lit("automation")).otherwise(pl.lit("trigger"))
    )
    return joined(
        '{"channel":"rule","source":{"from":{"id":', bare(number), ',"title":"Rule ', bare(number),
        '"},"to":' + EMPTY + ',"rel":"', relation, '"}}',
    )  # fmt: skip


def _plain_via(rel: pl.Expr | None = None) -> pl.Expr:
    return joined(
        '{"channel":', quoted(pl.col("via_channel")), ',"source":{"from":' + EMPTY + ',"to":' + EMPTY + ',"rel":',
        pl.lit("null") if rel is None else rel, "}}",
    )  # fmt: skip


def _made_by_rule() -> pl.Expr:
    """A rule made it inside somebody else's save."""
    return pl.col("rule_no").is_not_null() & (pl.col("author_kind") != "system")


def _origin(layout: Layout) -> pl.Expr:
    """The child's own `via`, with the comma behind it, or nothing."""
    if layout.audits:
        return (
            pl.when(_made_by_rule())
            .then(joined('"via":', _rule_via(pl.col("rule_no")), ","))
            .otherwise(pl.lit(""))
        )
    label = pl.when(pl.col("rule_no").is_not_null()).then(pl.lit(RULE[1])).otherwise(pl.col("via_label"))
    reference = bare(pl.col("rule_no"))
    return joined('"via":', quoted(label), ',"via_reference_id":', reference, ",")


def _child(layout: Layout) -> pl.Expr:
    kind = pl.col("kind")
    expression = pl.when(kind == "created").then(_create(layout))
    expression = expression.when(kind == "replied").then(
        joined(_comment(layout, public=pl.lit(True)), ",", _notification(layout))
    )
    expression = expression.when(kind == "customer_replied").then(_comment(layout, public=pl.lit(True)))
    expression = expression.when(kind.is_in(["noted", "merged"])).then(_comment(layout, public=pl.lit(False)))
    expression = expression.when(kind.is_in(["status", "deleted"])).then(_status(layout))
    for name, state, is_id in (
        ("assigned", "assignee", True),
        ("moved", "group", True),
        ("priority", "priority", False),
    ):
        new = _value(pl.col(f"{state}_after"), is_id, layout)
        old = _value(pl.coalesce("before", f"{state}_before"), is_id, layout)
        expression = expression.when(kind == name).then(_field(layout, 0, FIELDS[name], new, old))
    expression = expression.when(kind == "first_tags").then(
        _field(layout, 0, "tags", pl.col("tags_after"), None)
    )
    return expression.otherwise(_tags(layout))


def _id(offset: int) -> pl.Expr:
    return joined('"id":', pl.col("child") + offset)


def _value(column: pl.Expr, is_id: bool, layout: Layout) -> pl.Expr:
    """A field's value as JSON; no value is null; ids are numbered like everywhere else."""
    from .text import number

    present = pl.when(column != "").then(column)
    if not is_id:
        return quoted(present)
    plain = layout.numeric_ids and not layout.audits
    return bare(number(present)) if plain else quoted(number(present))


def _field(layout: Layout, offset: int, name: str, new: pl.Expr, old: pl.Expr | None) -> pl.Expr:
    """A Create (no old value) or a Change of one field."""
    word = "Create" if old is None else "Change"
    tail: list[str | pl.Expr] = [] if old is None else [',"previous_value":', old]
    if layout.audits:
        return joined(
            "{",
            _origin(layout),
            _id(offset),
            f',"type":"{word}","value":',
            new,
            f',"field_name":"{name}"',
            *tail,
            "}",
        )
    return joined(
        "{", _id(offset), ",", _origin(layout), f'"{name}":', new, f',"event_type":"{word}"', *tail, "}"
    )


def _tags(layout: Layout) -> pl.Expr:
    if layout.audits:
        return _field(layout, 0, "tags", pl.col("tags_after"), pl.col("tags_before"))
    return joined(
        "{", _id(0), ",", _origin(layout), '"tags":', pl.col("tags_after"), ',"added_tags":', pl.col("added"),
        ',"removed_tags":', pl.col("removed"), ',"event_type":"Change","previous_value":', pl.col("tags_before"), "}",
    )  # fmt: skip


def _status_id(column: pl.Expr, layout: Layout) -> pl.Expr:
    number = column.replace_strict(STATUS_IDS, default=custom_status("solved"), return_dtype=pl.Int64)
    return bare(number) if layout.numeric_ids and not layout.audits else quoted(number)


def _status(layout: Layout) -> pl.Expr:
    old = pl.coalesce("before", "status_before")
    change = _field(layout, 0, "status", quoted(pl.col("status_after")), quoted(old))
    if not layout.custom_statuses:
        return change
    own = _field(
        layout, 1, "custom_status_id", _status_id(pl.col("status_after"), layout), _status_id(old, layout)
    )
    same = pl.col("status_after").is_in(["closed", "deleted"])  # these keep their custom status
    return pl.when(same).then(change).otherwise(joined(change, ",", own))


def _comment(layout: Layout, public: pl.Expr, offset: int = 0, author: str = "author_no") -> pl.Expr:
    if not layout.audits and not layout.bodies:
        return joined(
            "{", _id(offset), ",", _origin(layout), '"event_type":"Comment","comment_present":true,"comment_public":',
            boolean(public), "}",
        )  # fmt: skip
    body = joined(CANARY + "-comment-", pl.col("child"))
    common = [
        ',"type":"Comment","author_id":', bare(pl.col(author)), ',"body":"', body, '","html_body":"<p>', body,
        '</p>","plain_body":"', body, '","public":', boolean(public), ',"attachments":[],"audit_id":', pl.col("audit"),
    ]  # fmt: skip
    if layout.audits:
        return joined("{", _origin(layout), _id(offset), *common, "}")
    via = pl.when(pl.col("rule_no").is_not_null()).then(_rule_via(pl.col("rule_no"))).otherwise(_plain_via())
    return joined(
        "{", _id(offset), ',"via":', via, ',"via_reference_id":', bare(pl.col("rule_no")), *common, ',"created_at":',
        stamp(pl.col("sec")), ',"event_type":"Comment"}',
    )  # fmt: skip


def _notification(layout: Layout) -> pl.Expr:
    """What a reply sends to the requester: noise that every reader must step over."""
    word = "type" if layout.audits else "event_type"
    origin = (
        '"via":{"channel":"rule","source":{"from":{"id":31,"title":"Notify requester"},"to":{ },"rel":"trigger"}},'
        if layout.audits
        else '"via":"Rule","via_reference_id":31,'
    )
    return joined("{", origin, _id(1), f',"{word}":"Notification","recipients":[', bare(pl.col("requester_no")),
                  f'],"subject":"{CANARY}-notice","body":"{CANARY}-notice"' + "}")  # fmt: skip


def _create(layout: Layout) -> pl.Expr:
    """The creating save: its first comment, then one Create per field."""
    strings = [
        ("subject", joined(f'"{CANARY}-subject-', pl.col("ticket_no"), '"')),
        ("requester_id", _value(pl.col("requester_no").cast(pl.String), True, layout)),
        ("priority", _value(pl.col("priority_after"), False, layout)),
        ("type", pl.lit("null")),
        ("status", quoted(pl.col("status_after"))),
        ("group_id", _value(pl.col("group_after"), True, layout)),
        ("assignee_id", _value(pl.col("assignee_after"), True, layout)),
        ("brand_id", _value(pl.lit(str(BRAND)), True, layout)),
        ("ticket_form_id", _value(pl.lit(str(FORM)), True, layout)),
    ]
    if layout.custom_statuses:
        strings.append(("custom_status_id", _status_id(pl.col("status_after"), layout)))
    parts: list[str | pl.Expr] = [_comment(layout, pl.lit(True), author="requester_no")]
    for offset, (name, value) in enumerate(strings, start=1):
        parts += [",", _field(layout, offset, name, value, None)]
    return joined(*parts)


SYSTEM_METADATA = encoded(
    {
        "client": "Mozilla/5.0 (X11; Linux x86_64)",
        "ip_address": "192.0.2.17",
        "location": f"{CANARY}-place",
        "latitude": 55.67,
        "longitude": 12.56,
    }
)


def _system() -> pl.Expr:
    return pl.when(pl.col("author_kind") == "system").then(pl.lit(EMPTY)).otherwise(pl.lit(SYSTEM_METADATA))


def _event() -> pl.Expr:
    label = pl.when(pl.col("rel").is_not_null()).then(pl.lit("Merge")).otherwise(pl.col("via_label"))
    return joined(
        '{"child_events":[', pl.col("json"), '],"id":', pl.col("audit"), ',"ticket_id":',
        pl.col("ticket_no"), ',"timestamp":', pl.col("sec"), ',"created_at":', stamp(pl.col("sec")), ',"updater_id":',
        pl.col("author_no"), ',"via":', quoted(label), ',"system":', _system(), ',"metadata":' + EMPTY
        + ',"event_type":"Audit"}',
    )  # fmt: skip


def _audit() -> pl.Expr:
    by_rule = _rule_via(pl.col("rule"))
    plain = _plain_via(quoted(pl.col("rel")))
    via = pl.when(pl.col("author_kind") == "system").then(by_rule).otherwise(plain)
    return joined(
        '{"id":', pl.col("audit"), ',"ticket_id":', pl.col("ticket_no"), ',"created_at":', stamp(pl.col("sec")),
        ',"author_id":', pl.col("author_no"), ',"metadata":{"system":', _system(), ',"custom":' + EMPTY
        + '},"events":[', pl.col("json"), '],"via":', via, "}",
    )  # fmt: skip
