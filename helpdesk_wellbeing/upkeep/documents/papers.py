"""The three papers, as sections of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helpdesk_wellbeing.access.roles import GIVEN, Role
from helpdesk_wellbeing.plan.proposal import ACTIONS
from helpdesk_wellbeing.upkeep.documents.running import Running
from helpdesk_wellbeing.upkeep.documents.wording import Wording
from helpdesk_wellbeing.upkeep.purposes import Purpose

_RISKS = ("watching", "misuse", "wrong", "guess", "leak")


def dpia(running: Running, say: Wording) -> str:
    """A draft of the assessment that GDPR article 35 asks for."""
    return _paper(
        running, say, "dpia",
        [
            ("what", _what(running, say)),
            ("why", _purposes(say)),
            ("necessity", say("necessity text") + say("to fill")),
            ("never read", say("never list")),
            ("signals", _signals(running, say)),
            ("who", _roles(running, say)),
            ("kept", _kept(running, say)),
            ("agreed", _agreed(running, say)),
            ("acting", _acting(running, say)),
            ("rights", say("rights text")),
            ("risks", _table([say("risk"), say("measure")],
                             [[say(f"risk {one}"), say(f"measure {one}")] for one in _RISKS])),
            ("ai", say("ai text", rules=len(running.rules))),
            ("open", say("open list")),
        ],
    )  # fmt: skip


def processing(running: Running, say: Wording) -> str:
    """The record that GDPR article 30 asks for."""
    platform = running.platform or say("file")
    return _paper(
        running, say, "processing",
        [
            ("controller", say("to fill")),
            ("why", _purposes(say)),
            ("people concerned", say("people concerned text", agents=running.agents)),
            ("what", _what(running, say)),
            ("recipients", _roles(running, say)),
            ("third", say("third text", platform=platform) + say("to fill")),
            ("kept", _kept(running, say)),
            ("security", say("security text")),
        ],
    )  # fmt: skip


def works_council(running: Running, say: Wording) -> str:
    """All that a works council needs to know before it agrees."""
    return _paper(
        running, say, "works-council",
        [
            ("what", _what(running, say)),
            ("never read", say("never list")),
            ("signals", _signals(running, say)),
            ("who", _roles(running, say)),
            ("kept", _kept(running, say)),
            ("agreed", _agreed(running, say)),
            ("acting", _acting(running, say)),
            ("rights", say("rights text")),
            ("ai", say("ai text", rules=len(running.rules))),
            ("open", say("open list")),
        ],
    )  # fmt: skip


def _paper(running: Running, say: Wording, kind: str, sections: Iterable[tuple[str, str]]) -> str:
    made = say("made", at=f"{running.at:%Y-%m-%d %H:%M}", version=running.version, account=running.account)
    parts = [f"# {say(kind)}: {running.account}", made]
    parts += [f"## {number}. {say(title)}\n\n{text}" for number, (title, text) in enumerate(sections, 1)]
    return "\n\n".join(parts) + "\n"


def _what(running: Running, say: Wording) -> str:
    return say(
        "what text",
        agents=running.agents,
        platform=running.platform or say("file"),
        address=running.address or "-",
        zone=running.zone,
        presets=", ".join(say(f"preset {one}") for one in running.presets),
        database=running.database,
    )


def _purposes(say: Wording) -> str:
    rows = [[say(f"purpose {one.value}"), f"`{one.value}`"] for one in Purpose]
    return _table([say("purpose"), say("code")], rows) + "\n\n" + say("purpose closed")


def _signals(running: Running, say: Wording) -> str:
    parts = [say("signals text")]
    agreed = running.agreement.get("signals", ())
    for rule, about in running.rules:
        is_held_back = about == "agent" and running.needs_agreement and rule.signal not in agreed
        lines = [
            f"### {rule.signal} {say.of_rule(rule.title)}",
            f"{say.of_rule(rule.why)} ({say(f'about {about}')})",
            "\n".join(
                f"- {say(label)}: {text}"
                for label, text in (
                    ("in force", say("held back") if is_held_back else say("yes")),
                    ("warn", say.level(rule, rule.warn)),
                    ("critical", say.level(rule, rule.critical)),
                    ("ends", say.exit(rule)),
                    ("needs", say.of_rule(rule.needs)),
                    ("source", say.of_rule(rule.source)),
                )
            ),
        ]
        parts.append("\n\n".join(lines))
    return "\n\n".join(parts)


def _roles(running: Running, say: Wording) -> str:
    rows = []
    for role in Role:
        given = str(running.members.get(role.value, 0)) if role in GIVEN else say("follows")
        rows.append([say(f"called {role.value}"), say(f"role {role.value}"), given])
    return _table([say("role"), say("sees"), say("given to")], rows) + "\n\n" + say("break glass")


def _kept(running: Running, say: Wording) -> str:
    if running.exempt:
        return say("kept exempt")
    rows = [[say(f"keep {kind.value}"), str(days)] for kind, days in running.days.items()]
    return say("kept text") + "\n\n" + _table([say("class"), say("days")], rows)


def _agreed(running: Running, say: Wording) -> str:
    held = running.agreement
    if not held:
        return say("agreed none" if running.needs_agreement else "agreed exempt")
    lines = [
        say("agreed by", on=say.day(held["agreed_on"]), by=", ".join(held.get("parties", ()))),
        say("agreed signals", signals=", ".join(_signals_in_words(running, say)) or say("none")),
        say("agreed council", decision=say(f"decision {held.get('works_council', 'not recorded')}")),
        say("agreed dpia", on=say.day(held["dpia_on"]) if held.get("dpia_on") else say("decision not recorded")),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _signals_in_words(running: Running, say: Wording) -> list[str]:
    titles = {rule.signal: say.of_rule(rule.title) for rule, _about in running.rules}
    return [f"{signal} {titles.get(signal, '')}".rstrip() for signal in running.agreement.get("signals", ())]


def _acting(running: Running, say: Wording) -> str:
    acting = running.acting
    state = say("stopped" if acting.stopped else "going")
    text = say("acting text", state=state, consent=say("yes" if acting.consent else "no"))
    rows = [[say(f"action {action}"), say(f"mode {acting.mode(action)}")] for action in ACTIONS]
    return text + "\n\n" + _table([say("action"), say("mode")], rows)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )
