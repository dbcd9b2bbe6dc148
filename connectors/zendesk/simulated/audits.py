"""Domain events as what Zendesk keeps of them: audits with children, in the platform's order and ids.

What one save did together is one audit: same ticket, same second, same batch (or same actor where no batch is
given). System events of a person's batch become children of that person's audit, made by a rule.
What the platform cannot show: fractions of a second, `handled`, the history of `availability`, `topic`,
`started_at`, `due_at`, an actor of kind `unknown` (with a name it writes by API, else it is the system).
"""

from __future__ import annotations

import polars as pl

from connectors.simulating.text import encoded, number

AUDITED = (
    "created", "replied", "noted", "customer_replied", "status", "assigned", "moved", "priority", "tagged",
    "untagged", "merged", "deleted",
)  # fmt: skip
FIRST_ID = 1_000_000_000_000
CHILDREN_OF_CREATE = 12
SYSTEM = -1
# state, the kind that changes it, what it is at first when nobody says
FOLDED = (
    ("status", "status", "new"),
    ("assignee", "assigned", ""),
    ("group", "moved", ""),
    ("priority", "priority", ""),
)


def audited(events: pl.DataFrame) -> pl.DataFrame:
    """One row per child (a save's tag changes together are one), in audit order.

    Columns added: `sec` (epoch seconds), `ticket_no`, `actor_no`, `audit` (audit id), `child` (first
    child id), `author_no` (-1: the system), `author_kind`, `rule_no` (null: not made by a rule),
    `requester_no`, and the folded state before and after: `status_before`, `status_after`, and so on for
    assignee, group, priority and tags.
    """
    chosen = events.filter(pl.col("kind").cast(pl.String).is_in(AUDITED)).with_columns(
        pl.col("kind", "actor_kind", "status", "priority", "channel").cast(pl.String),
        sec=pl.col("at").dt.epoch("s"),
        ticket_no=number(pl.col("ticket")),
    )
    chosen = chosen.with_columns(actor_no=number(pl.col("actor")))
    ordered = chosen.sort("at", pl.col("kind") != "created", maintain_order=True).with_row_index("order")
    keyed = _with_audit_keys(ordered)
    merged = _with_tags_merged(keyed.sort("sec", "audit_first", "order"))
    return _with_requesters(_with_state(_with_ids(merged)))


def _with_audit_keys(events: pl.DataFrame) -> pl.DataFrame:
    """Which events are one save; `audit_first` is the order of its first event and so names it."""
    events = events.with_columns(
        save=pl.coalesce("batch", pl.concat_str([pl.lit("~"), pl.col("actor").fill_null("")])),
        who=pl.when(pl.col("actor_kind") != "system").then(pl.col("actor").fill_null("?")),
    )
    lead = pl.col("who").drop_nulls().first().over("ticket_no", "sec", "save")
    author = pl.coalesce("who", lead, pl.concat_str([pl.lit("rule "), pl.col("actor").fill_null("")]))
    events = events.with_columns(author=author)
    return events.with_columns(
        audit_first=pl.col("order").min().over("ticket_no", "sec", "save", "author"),
        rule_no=pl.when(pl.col("actor_kind") == "system").then(pl.col("actor_no").fill_null(0)),
    )


def _with_tags_merged(events: pl.DataFrame) -> pl.DataFrame:
    """All tag changes of one maker in one audit become one row of kind `tags` (`first_tags` at creation)."""
    is_tag = pl.col("kind").is_in(["tagged", "untagged"])
    tags = events.filter(is_tag)
    others = events.filter(~is_tag)
    if tags.is_empty():
        nothing = [pl.lit(None, pl.String).alias(name) for name in ("tags_before", "tags_after", "added", "removed")]
        return others.with_columns(nothing)
    creating = others.filter(pl.col("kind") == "created").select("audit_first").to_series().implode()
    grouped = tags.group_by("audit_first", "rule_no", maintain_order=True).agg(
        pl.col("order").first(),
        pl.exclude("order", "after", "before", "kind").first(),
        added=pl.col("after").filter(pl.col("kind") == "tagged").drop_nulls(),
        removed=pl.col("before").filter(pl.col("kind") == "untagged").drop_nulls(),
    )
    grouped = grouped.with_columns(
        kind=pl.when(pl.col("audit_first").is_in(creating) & pl.col("rule_no").is_null())
        .then(pl.lit("first_tags"))
        .otherwise(pl.lit("tags"))
    ).sort("sec", "audit_first", "order")
    grouped = _with_tag_sets(grouped)
    both = pl.concat([others, grouped.select(pl.exclude("save"))], how="diagonal_relaxed")
    return both.sort("sec", "audit_first", "order")


def _with_tag_sets(changes: pl.DataFrame) -> pl.DataFrame:
    """The whole tag set before and after each change, as JSON lists in the platform's alphabetical order."""
    held: dict[int, set[str]] = {}
    before: list[str] = []
    after: list[str] = []
    columns = changes.select("ticket_no", "added", "removed")
    for ticket, added, removed in columns.iter_rows():
        tags = held.get(ticket, set())
        old = tags | set(removed)  # a tag that was there before the log began
        new = (old - set(removed)) | set(added)
        before.append(encoded(sorted(old)))
        after.append(encoded(sorted(new)))
        held[ticket] = new
    return changes.with_columns(
        pl.Series("tags_before", before),
        pl.Series("tags_after", after),
        pl.Series("added", [encoded(sorted(tags)) for tags in changes["added"].to_list()]),
        pl.Series("removed", [encoded(sorted(tags)) for tags in changes["removed"].to_list()]),
    )


def _with_ids(events: pl.DataFrame) -> pl.DataFrame:
    """Audit and child ids from one ascending sequence, so that order by id is order in time."""
    slots = (
        pl.when(pl.col("kind") == "created")
        .then(CHILDREN_OF_CREATE)
        .when(pl.col("kind").is_in(["status", "deleted", "replied"]))
        .then(2)
        .otherwise(1)
        .cast(pl.Int64)
    )
    first = (pl.col("audit_first") != pl.col("audit_first").shift(1)).fill_null(True).cast(pl.Int64)
    events = events.with_columns(first=first, slots=slots)
    events = events.with_columns(
        child=FIRST_ID + pl.col("slots").cum_sum() + pl.col("first").cum_sum() - pl.col("slots")
    )
    started = pl.when(pl.col("first") == 1)
    person = pl.col("rule_no").is_null()
    events = events.with_columns(audit=started.then(pl.col("child") - 1).forward_fill())
    return events.with_columns(
        author_no=pl.col("actor_no").filter(person).drop_nulls().first().over("audit").fill_null(SYSTEM),
        author_kind=pl.col("actor_kind").filter(person).first().over("audit").fill_null("system"),
    ).drop("slots", "first")


def _with_state(events: pl.DataFrame) -> pl.DataFrame:
    """The ticket's state before and after each event, folded from the events themselves."""
    kind = pl.col("kind")
    events = events.sort("ticket_no", "child")
    opening = (pl.col("ticket_no") != pl.col("ticket_no").shift(1)).fill_null(True)
    for name, change, start in FOLDED:
        told = pl.when(kind == change).then(pl.col("before"))
        begun = told.drop_nulls().first().over("ticket_no").fill_null("open" if name == "status" else "")
        happened = (
            pl.when(kind == "created")
            .then(pl.col(name).fill_null(start))
            .when(kind == change)
            .then(pl.col("after").fill_null(start))
            .when((kind == "deleted") & (name == "status"))
            .then(pl.lit("deleted"))
        )
        events = events.with_columns(_begun=begun, _happened=happened)
        # Each ticket's first row has a value, so filling down never crosses into the next ticket.
        filled = pl.when(opening).then(pl.coalesce("_happened", "_begun")).otherwise(pl.col("_happened"))
        events = events.with_columns(filled.forward_fill().alias(f"{name}_after"))
        earlier = pl.when(opening).then(pl.col("_begun")).otherwise(pl.col(f"{name}_after").shift(1))
        events = events.with_columns(earlier.alias(f"{name}_before")).drop("_begun", "_happened")
    tags = pl.when(opening).then(pl.col("tags_after").fill_null("[]")).otherwise(pl.col("tags_after"))
    return events.with_columns(tags_now=tags.forward_fill()).sort("child")


def _with_requesters(events: pl.DataFrame) -> pl.DataFrame:
    """Each ticket's requester: whoever acted as one, else one of a pool of end users."""
    asked = pl.when(pl.col("actor_kind") == "requester").then(pl.col("actor_no")).drop_nulls()
    pooled = 8_000_000_000 + pl.col("ticket_no") % 997
    events = events.with_columns(requester_no=pl.coalesce(asked.first().over("ticket_no"), pooled))
    silent = (pl.col("author_kind") == "requester") & (pl.col("author_no") == SYSTEM)
    return events.with_columns(author_no=pl.when(silent).then(pl.col("requester_no")).otherwise(pl.col("author_no")))
