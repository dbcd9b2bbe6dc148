"""Ticket events and audits as JSON rows: two layouts of the same children.

The ticket event stream puts the field's name as the key and gives `via` as a label; audits have `field_name`,
`value` and a `via` object, and a child names its own `via` only where it differs from the audit's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from connectors.simulating.text import EMPTY, Parts, bare, boolean, encoded, joined, number, quoted, stamp

from .words import BRAND, CANARY, CHANNELS, FORM, NOTIFY, RULE, STATUS_IDS

SYSTEM_METADATA = encoded(
    {
        "client": "Mozilla/5.0 (X11; Linux x86_64)",
        "ip_address": "192.0.2.17",
        "location": f"{CANARY}-place",
        "latitude": 55.67,
        "longitude": 12.56,
    }
)
BY_KIND = {
    "agent": CHANNELS["web"],
    "integration": CHANNELS["api"],
    "unknown": CHANNELS["api"],
    "system": RULE,
}


@dataclass(frozen=True)
class Layout:
    """How children look: in audits or in the ticket event stream, with comment bodies or without."""

    audits: bool = False
    bodies: bool = False
    numeric_ids: bool = False
    custom_statuses: bool = True
    relations: Mapping[int, str] = field(default_factory=dict)  # rule number -> trigger | automation | …


def rows(children: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """One row per audit in id order: `id`, `ticket_no`, `sec`, `json` (text of the whole object)."""
    kept = (
        "child",
        "ticket_no",
        "sec",
        "author_no",
        "author_kind",
        "via_channel",
        "via_label",
        "kind",
        "after",
    )
    parts = _children(children.with_columns(_via_columns()), layout).select("audit", "rule_no", "json", *kept)
    audits = parts.group_by("audit", maintain_order=True).agg(
        pl.col("json").str.join(","),
        pl.col("ticket_no", "sec", "author_no", "author_kind", "via_channel", "via_label").first(),
        merged=(pl.col("kind") == "merged").any(),
        other=number(pl.col("after").filter(pl.col("kind") == "merged").first()),
        rule_no=pl.col("rule_no").first(),
    )
    text = _audit(layout) if layout.audits else _event()
    return audits.select(id="audit", ticket_no="ticket_no", sec="sec", json=text)


def _via_columns() -> list[pl.Expr]:
    """Where audits came from: the creating one names the ticket's channel, later ones what the actor used."""
    result = []
    opening = (pl.col("kind") == "created").any().over("audit") & pl.col("author_kind").is_in(["agent"])
    for place, name in ((0, "via_channel"), (1, "via_label")):
        words = {channel: pair[place] for channel, pair in CHANNELS.items()}
        makers = {kind: pair[place] for kind, pair in BY_KIND.items()}
        of_ticket = pl.col("channel").replace_strict(words, default=words["other"]).first().over("audit")
        of_kind = pl.col("author_kind").replace_strict(makers, default=None)
        chosen = pl.when(opening & (pl.col("channel") != "api")).then(of_ticket).otherwise(of_kind)
        result.append(pl.coalesce(chosen, of_ticket).alias(name))
    return result


def _rule_via(layout: Layout) -> pl.Expr:
    by_itself = pl.col("author_kind") == "system"
    default = pl.when(by_itself).then(pl.lit("automation")).otherwise(pl.lit("trigger"))
    told = pl.col("rule_no").replace_strict(dict(layout.relations), default=None, return_dtype=pl.String)
    rule = bare(pl.col("rule_no"))
    source: Parts = ['"from":{"id":', rule, ',"title":"Rule ', rule, '"},"to":' + EMPTY + ',"rel":']
    return joined('{"channel":"rule","source":{', *source, quoted(pl.coalesce(told, default)), "}}")


def _plain_via(merged: pl.Expr | None = None, other: pl.Expr | None = None) -> pl.Expr:
    plain = joined('"from":' + EMPTY + ',"to":' + EMPTY + ',"rel":null')
    if merged is not None and other is not None:
        merge = joined('"from":{"ticket_id":', bare(other), '},"to":' + EMPTY + ',"rel":"merge"')
        plain = pl.when(merged).then(merge).otherwise(plain)
    return joined('{"channel":', quoted(pl.col("via_channel")), ',"source":{', plain, "}}")


def _origin(layout: Layout) -> pl.Expr:
    """The child's own `via`, with the comma behind it, or nothing."""
    if layout.audits:
        inside = pl.col("rule_no").is_not_null() & (pl.col("author_kind") != "system")
        return pl.when(inside).then(joined('"via":', _rule_via(layout), ",")).otherwise(pl.lit(""))
    merged = pl.when(pl.col("kind") == "merged")
    label = merged.then(pl.lit("Merge")).when(pl.col("rule_no").is_not_null()).then(pl.lit(RULE[1]))
    reference = merged.then(number(pl.col("after"))).otherwise(pl.col("rule_no"))
    own = quoted(label.otherwise(pl.col("via_label")))
    return joined('"via":', own, ',"via_reference_id":', bare(reference), ",")


def _children(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """`json`: the children that each of our events becomes; kind by kind, so that none is built in vain."""
    texts: dict[str, pl.Expr] = {
        "created": _create(layout),
        "replied": joined(_comment(layout, public=True), ",", _notification(layout)),
        "customer_replied": _comment(layout, public=True),
        "noted": _comment(layout, public=False),
        "merged": _plain(layout, "External"),
        "status": _status(layout),
        "deleted": _status(layout),
        "assigned": _change(layout, "assignee_id", "assignee"),
        "moved": _change(layout, "group_id", "group"),
        "priority": _change(layout, "priority", "priority"),
        "first_tags": _field(layout, 0, "tags", pl.col("tags_after"), None),
        "tags": _tags(layout),
    }
    parts = [part.with_columns(json=texts[str(kind)]) for (kind,), part in frame.group_by("kind")]
    return pl.concat(parts).sort("child") if parts else frame.with_columns(json=pl.lit(""))


def _id(offset: int) -> pl.Expr:
    return joined('"id":', pl.col("child") + offset)


def _plain(layout: Layout, word: str) -> pl.Expr:
    name = "type" if layout.audits else "event_type"
    return joined("{", _origin(layout), _id(0), f',"{name}":"{word}"' + "}")


def _value(column: pl.Expr, is_id: bool, layout: Layout) -> pl.Expr:
    """A field's value as JSON; no value is null; ids are numbered like everywhere else."""
    present = pl.when(column != "").then(column)
    if not is_id:
        return quoted(present)
    plain = layout.numeric_ids and not layout.audits
    return bare(number(present)) if plain else quoted(number(present))


def _change(layout: Layout, name: str, state: str) -> pl.Expr:
    is_id = name.endswith("_id")
    old = pl.coalesce("before", f"{state}_before")
    return _field(layout, 0, name, _value(pl.col(f"{state}_after"), is_id, layout), _value(old, is_id, layout))


def _field(layout: Layout, offset: int, name: str, new: pl.Expr, old: pl.Expr | None) -> pl.Expr:
    """A Create (no old value) or a Change of one field."""
    word = "Create" if old is None else "Change"
    tail: list[str | pl.Expr] = ["}"] if old is None else [',"previous_value":', old, "}"]
    if layout.audits:
        kind = f',"type":"{word}","value":'
        return joined("{", _origin(layout), _id(offset), kind, new, f',"field_name":"{name}"', *tail)
    return joined("{", _id(offset), ",", _origin(layout), f'"{name}":', new, f',"event_type":"{word}"', *tail)


def _tags(layout: Layout) -> pl.Expr:
    if layout.audits:
        return _field(layout, 0, "tags", pl.col("tags_after"), pl.col("tags_before"))
    changed: Parts = [',"added_tags":', pl.col("added"), ',"removed_tags":', pl.col("removed")]
    head: Parts = ["{", _id(0), ",", _origin(layout), '"tags":', pl.col("tags_after"), *changed]
    return joined(*head, ',"event_type":"Change","previous_value":', pl.col("tags_before"), "}")


def _status_id(column: pl.Expr, layout: Layout) -> pl.Expr:
    no = column.replace_strict(STATUS_IDS, default=STATUS_IDS["solved"], return_dtype=pl.Int64)
    return bare(no) if layout.numeric_ids and not layout.audits else quoted(no)


def _status(layout: Layout) -> pl.Expr:
    old = pl.coalesce("before", "status_before")
    new = pl.col("status_after")
    change = _field(layout, 0, "status", quoted(new), quoted(old))
    if not layout.custom_statuses:
        return change
    own = _field(layout, 1, "custom_status_id", _status_id(new, layout), _status_id(old, layout))
    kept = new.is_in(["closed", "deleted"])  # these keep their custom status
    return pl.when(kept).then(change).otherwise(joined(change, ",", own))


def _comment(layout: Layout, public: bool, author: str = "author_no") -> pl.Expr:
    said = boolean(pl.lit(public))
    if not layout.audits and not layout.bodies:
        present = '"event_type":"Comment","comment_present":true,"comment_public":'
        return joined("{", _id(0), ",", _origin(layout), present, said, "}")
    body = joined(CANARY + "-comment-", pl.col("child"))
    texts: Parts = ['"body":"', body, '","html_body":"<p>', body, '</p>","plain_body":"', body]
    by: Parts = [',"type":"Comment","author_id":', bare(pl.col(author)), ",", *texts]
    common: Parts = [*by, '","public":', said, ',"attachments":[],"audit_id":', pl.col("audit")]
    if layout.audits:
        return joined("{", _origin(layout), _id(0), *common, "}")
    via = pl.when(pl.col("rule_no").is_not_null()).then(_rule_via(layout)).otherwise(_plain_via())
    head: Parts = ["{", _id(0), ',"via":', via, ',"via_reference_id":', bare(pl.col("rule_no")), *common]
    return joined(*head, ',"created_at":', stamp(pl.col("sec")), ',"event_type":"Comment"}')


def _notification(layout: Layout) -> pl.Expr:
    """What a reply sends to the requester: noise that every reader must step over."""
    word = "type" if layout.audits else "event_type"
    source = f'"source":{{"from":{{"id":{NOTIFY},"title":"Notify requester"}},"to":{{ }},"rel":"trigger"}}'
    as_object = f'"via":{{"channel":"rule",{source}}},'
    origin = as_object if layout.audits else f'"via":"Rule","via_reference_id":{NOTIFY},'
    to: Parts = [f',"{word}":"Notification","recipients":[', bare(pl.col("requester_no"))]
    return joined("{" + origin, _id(1), *to, f'],"subject":"{CANARY}-notice","body":"{CANARY}-notice"' + "}")


def _create(layout: Layout) -> pl.Expr:
    """The creating save: its first comment, then one Create per field."""
    fields = [
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
        fields.append(("custom_status_id", _status_id(pl.col("status_after"), layout)))
    parts: list[str | pl.Expr] = [_comment(layout, public=True, author="requester_no")]
    for offset, (name, value) in enumerate(fields, start=1):
        parts += [",", _field(layout, offset, name, value, None)]
    return joined(*parts)


def _system() -> pl.Expr:
    return pl.when(pl.col("author_kind") == "system").then(pl.lit(EMPTY)).otherwise(pl.lit(SYSTEM_METADATA))


def _event() -> pl.Expr:
    label = pl.when("merged").then(pl.lit("Merge")).otherwise(pl.col("via_label"))
    head: Parts = ['{"child_events":[', pl.col("json"), '],"id":', pl.col("audit")]
    times: Parts = [
        ',"ticket_id":',
        pl.col("ticket_no"),
        ',"timestamp":',
        pl.col("sec"),
        ',"created_at":',
        stamp(pl.col("sec")),
    ]
    actor: Parts = [',"updater_id":', pl.col("author_no"), ',"via":', quoted(label), ',"system":', _system()]
    return joined(*head, *times, *actor, ',"metadata":' + EMPTY + ',"event_type":"Audit"}')


def _audit(layout: Layout) -> pl.Expr:
    plain = _plain_via(pl.col("merged"), pl.col("other"))
    via = pl.when(pl.col("author_kind") == "system").then(_rule_via(layout)).otherwise(plain)
    head: Parts = ['{"id":', pl.col("audit"), ',"ticket_id":', pl.col("ticket_no"), ',"created_at":']
    actor: Parts = [
        stamp(pl.col("sec")),
        ',"author_id":',
        pl.col("author_no"),
        ',"metadata":{"system":',
        _system(),
        ',"custom":' + EMPTY,
    ]
    return joined(*head, *actor, '},"events":[', pl.col("json"), '],"via":', via, "}")
