"""Tickets, ratings and metric events as JSON rows."""

from __future__ import annotations

import polars as pl

from connectors.simulating.text import bare, boolean, encoded, joined, number, quoted, stamp

from .options import Options
from .words import BRAND, CANARY, CHANNELS, FORM, METRICS, POLICY, STATUS_IDS

RATING_ID = 30_000_000_000
METRIC_ID = 50_000_000_000
RATING_TAIL = f',"comment":"{CANARY}-rating"' + "}"
VIA_TAIL = ',"source":{"from":{ },"to":{ },"rel":null}}'
NO_VALUES = '[{"id":901,"value":null}]'  # of the account's one custom field
SCALE = {"bad": 1, "neutral": 3, "good": 5}


def states(children: pl.DataFrame, ratings: pl.DataFrame, now: int) -> pl.DataFrame:
    """One row per ticket as it stands at `now` (epoch seconds), in order of `generated`, then id."""
    seen = children.filter(pl.col("sec") <= now)
    last = seen.group_by("ticket_no").agg(
        pl.col("sec").max().alias("updated"),
        pl.col("sec").min().alias("created"),
        (pl.col("kind") == "created").any().alias("begun"),
        pl.col("channel").drop_nulls().first().alias("channel"),
        pl.col("requester_no").first(),
        pl.col("author_no").first().alias("author"),
        pl.col("status_after", "assignee_after", "group_after", "priority_after", "tags_now").last(),
    )
    score = ratings.filter(pl.col("sec") <= now).group_by("ticket_no").agg(pl.col("id", "score").last())
    rated = last.join(score, on="ticket_no", how="left")
    # Writes by the system move generated_timestamp and not updated_at.
    late = pl.when(pl.col("ticket_no") % 7 == 0).then(37).otherwise(0)
    return rated.with_columns(
        generated=pl.col("updated") + late,
        created=pl.when("begun").then(pl.col("created")).otherwise(pl.col("created") - 86_400),
    ).sort("generated", "ticket_no")


def ticket_rows(
    tickets: pl.DataFrame, base: str, options: Options, exported: bool, fields: str = NO_VALUES
) -> pl.Series:
    """Tickets as JSON text; exports carry `fields` and `generated_timestamp` besides. `fields`: custom fields."""
    requester = bare(pl.col("requester_no"))
    by_person = (pl.col("author") > 0) & pl.col("begun")
    submitter = bare(pl.when(by_person).then(pl.col("author")).otherwise(pl.col("requester_no")))
    scrubbed = (pl.col("status_after") == "deleted") & (pl.col("ticket_no") % 2 == 0)
    subject = pl.when(scrubbed).then(pl.lit("SCRUBBED")).otherwise(joined(f"{CANARY}-subject-", pl.col("ticket_no")))
    about = pl.when(scrubbed).then(pl.lit("X")).otherwise(joined(f"{CANARY}-description-", pl.col("ticket_no")))
    channel = pl.col("channel").replace_strict({k: v[0] for k, v in CHANNELS.items()}, default="any_channel")
    rating = pl.when(pl.col("score").is_null()).then(pl.lit("null")).otherwise(
        joined('{"score":', quoted(pl.col("score")), ',"id":', bare(pl.col("id")), RATING_TAIL)
    )  # fmt: skip
    status_id = pl.col("status_after").replace_strict(STATUS_IDS, default=STATUS_IDS["solved"], return_dtype=pl.Int64)
    tail: list[str | pl.Expr] = (
        [
            f',"fields":{fields},"support_type":"agent","generated_timestamp":',
            pl.col("generated"),
            "}",
        ]
        if exported
        else [',"support_type":"agent"}']
    )
    text = joined(
        f'{{"url":"{base}/api/v2/tickets/', pl.col("ticket_no"), '.json","id":', pl.col("ticket_no"),
        ',"external_id":null,"via":{"channel":', quoted(channel), VIA_TAIL,
        ',"created_at":', stamp(pl.col("created")), ',"updated_at":', stamp(pl.col("updated")),
        ',"type":null,"subject":"', subject, '","raw_subject":"', subject, '","description":"', about,
        '","priority":', quoted(_present("priority_after")), ',"status":', quoted(pl.col("status_after")),
        ',"recipient":null,"requester_id":', requester, ',"submitter_id":', submitter,
        ',"assignee_id":', bare(number(_present("assignee_after"))), ',"organization_id":null,"group_id":',
        bare(number(_present("group_after"))), ',"collaborator_ids":[],"follower_ids":[],"email_cc_ids":[]',
        ',"forum_topic_id":null,"problem_id":null,"has_incidents":false,"is_public":true,"due_at":null,"tags":',
        pl.col("tags_now"), f',"custom_fields":{fields},"satisfaction_rating":', rating,
        ',"sharing_agreement_ids":[],"custom_status_id":', bare(status_id), ',"followup_ids":[]',
        ',"ticket_form_id":', str(FORM), ',"brand_id":', str(BRAND), ',"allow_channelback":false',
        ',"allow_attachments":true',
        ',"from_messaging_channel":', boolean(channel == "native_messaging"), *tail,
    )  # fmt: skip
    return tickets.select(text.alias("json"))["json"]


def _present(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(pl.col(name))


def ratings(events: pl.DataFrame, children: pl.DataFrame) -> pl.DataFrame:
    """Answers of requesters by time: `id, ticket_no, sec, score, requester_no, assignee_no, group_no`."""
    given = (
        events.filter(pl.col("kind").cast(pl.String) == "rated")
        .select(
            "at",
            ticket_no=number(pl.col("ticket")),
            sec=pl.col("at").dt.epoch("s"),
            score="after",
            actor_no=number(pl.col("actor")),
        )
        .sort("sec", "ticket_no")
        .with_row_index("n")
    )
    state = children.select("ticket_no", "sec", "assignee_after", "group_after", "requester_no").sort("sec")
    joined_state = given.join_asof(state, on="sec", by="ticket_no", check_sortedness=False)
    return joined_state.select(
        "ticket_no",
        "sec",
        "score",
        id=RATING_ID + pl.col("n").cast(pl.Int64),
        requester_no=pl.coalesce("actor_no", "requester_no", 8_000_000_000 + pl.col("ticket_no") % 997),
        assignee_no=number(_present("assignee_after")),
        group_no=number(_present("group_after")),
    )


def rating_row(row: dict[str, object], base: str, time: str) -> dict[str, object]:
    """A legacy satisfaction rating."""
    return {
        "url": f"{base}/api/v2/satisfaction_ratings/{row['id']}.json",
        "id": row["id"],
        "assignee_id": row["assignee_no"],
        "group_id": row["group_no"],
        "requester_id": row["requester_no"],
        "ticket_id": row["ticket_no"],
        "score": row["score"],
        "created_at": time,
        "updated_at": time,
        "comment": f"{CANARY}-rating",
        "reason": "No reason provided",
        "reason_id": 1000,
        "reason_code": 0,
    }


def survey_row(row: dict[str, object], time: str) -> dict[str, object]:
    """A survey response of the newer kind; its time stands on the answers, and ids are strings."""
    score, ticket = str(row["score"]), str(row["ticket_no"])
    times = {"created_at": time.replace("Z", ".000Z"), "updated_at": time.replace("Z", ".000Z")}
    question = {"id": "01QUESTION", "type": "rating_scale_numeric", "sub_type": "customer_satisfaction"}
    rating = {"type": "rating_scale", "rating": SCALE[score], "rating_category": score, "question": question}
    comment = {
        "type": "open_ended",
        "value": f"{CANARY}-answer",
        "question": question | {"type": "open_ended"},
    }
    return {
        "id": f"01SURVEY{row['id']}",
        "expires_at": times["created_at"],
        "responder_id": str(row["requester_no"]),
        "subject_zrns": [f"zen:ticket:{ticket}"],
        "subjects": [{"id": ticket, "type": "ticket", "zrn": f"zen:ticket:{ticket}"}],
        "survey": {"id": "01SURVEY", "version": 1, "state": "enabled"},
        "answers": [rating | times, comment | times],
    }


def metric_events(events: pl.DataFrame) -> pl.DataFrame:
    """SLA clock events by time: `id, sec, ticket_no, json`; breaches, with starts and policies around."""
    breaches = events.filter(pl.col("kind").cast(pl.String) == "sla_breached").select(
        ticket_no=number(pl.col("ticket")),
        sec=pl.col("at").dt.epoch("s"),
        metric=pl.when(pl.col("after").is_in(METRICS)).then(pl.col("after")).otherwise(pl.lit("reply_time")),
        type=pl.lit("breach"),
    )
    made = events.filter(pl.col("kind").cast(pl.String) == "created").select(
        ticket_no=number(pl.col("ticket")),
        sec=pl.col("at").dt.epoch("s"),
        metric=pl.lit("reply_time"),
        type=pl.lit("activate"),
    )
    policy = breaches.join(made.select("ticket_no", begun="sec"), on="ticket_no").select(
        "ticket_no", sec="begun", metric="metric", type=pl.lit("apply_sla")
    )
    rows = pl.concat([made, policy.unique(maintain_order=True), breaches]).sort("sec", "ticket_no", maintain_order=True)
    rows = rows.with_row_index("n").with_columns(id=METRIC_ID + pl.col("n").cast(pl.Int64))
    sla = pl.when(pl.col("type") == "apply_sla").then(
        pl.lit(',"sla":' + encoded({"target": 60, "business_hours": False, "target_in_seconds": 3600,
               "policy": {"id": POLICY, "title": "Standard", "description": None}}))
    ).otherwise(pl.lit(""))  # fmt: skip
    text = joined(
        '{"id":', pl.col("id"), ',"ticket_id":', pl.col("ticket_no"), ',"metric":', quoted(pl.col("metric")),
        ',"instance_id":1,"type":', quoted(pl.col("type")), ',"time":', stamp(pl.col("sec")), sla, "}",
    )  # fmt: skip
    return rows.select("id", "sec", "ticket_no", json=text)
