"""The pages there are, each with somebody it is for."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk_wellbeing.acting import views
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT
from tests.browsing import AGENT, NOBODY, Served

SETTINGS = (
    "connection",
    "hours",
    "people",
    "agreement",
    "backtest",
    "acting",
    "helpdesk",
    "access",
    "notices",
    "keeping",
    "rules",
    "telling",
    "requests",
    "disconnect",
)


@dataclass(frozen=True)
class Shot:
    """One page as one person sees it."""

    name: str
    person: str
    path: str


def pages_of(here: Served) -> list[Shot]:
    """Every page of the demo's Monday morning."""
    waiting = views.listed(here.store, ACCOUNT)
    moves = next(one for one in waiting if one["action"] == "rebalance")
    wave = here.store.surveys.waves(ACCOUNT)[0].wave
    return [
        Shot("sign-in", NOBODY, "sign-in"),
        Shot("today", "lead", "today"),
        Shot("today", "ops", "today"),
        Shot("proposal", "lead", f"proposals/{moves['id']}"),
        Shot("evidence", "lead", f"proposals/{moves['id']}?evidence=1"),
        Shot("flag", "agent", f"flags/open_work_overload/agent/{AGENT}"),
        Shot("flag", "lead", "flags/short_daily_rest/agent/410009"),
        Shot("flag-of-a-queue", "lead", "flags/escalation_heavy_queue/queue/36003"),
        Shot("teams", "lead", "teams"),
        Shot("team", "lead", "teams/36000"),
        Shot("teams", "hr", "teams"),
        Shot("surveys", "lead", "esat"),
        Shot("survey", "lead", f"esat/{wave}"),
        Shot("surveys", "agent", "esat"),
        Shot("survey", "member", f"esat/{wave}"),
        Shot("me", "agent", "me"),
        Shot("letter", "agent", "letter"),
        Shot("audit", "council", "audit"),
        Shot("settings", "admin", "settings"),
        Shot("settings", "council", "settings"),
        *(Shot(f"settings-{name}", "admin", f"settings/{name}") for name in SETTINGS),
        Shot("not-for-me", "agent", "audit"),
        Shot("not-there", "lead", "proposals/000000000000"),
    ]
