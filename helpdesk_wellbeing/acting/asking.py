"""ESAT waves between planning, surveys and the helpdesk: which team may be asked, and what goes out when one is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting.helpdesk import LETTER, Invitation
from helpdesk_wellbeing.acting.names import names_in, names_of
from helpdesk_wellbeing.acting.notes import note
from helpdesk_wellbeing.acting.policy import Acting, policy_of
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.people import meant
from helpdesk_wellbeing.plan.actions.esat_wave import TEAM_LOAD
from helpdesk_wellbeing.plan.proposal import Because, Proposal, Subject
from helpdesk_wellbeing.store.writes import Planned, Write
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.model import Plan, State, Venue, Wave
from helpdesk_wellbeing.surveys.policy import Flagged, Member, Policy, Reason, Skipped, TeamFacts, due

if TYPE_CHECKING:
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.store import Store

# The words of `plan.proposal.SKIPPED` for the surveys' own reasons.
_WORDS: Mapping[Reason, str] = {
    Reason.NOTHING_DUE: "survey too recent",
    Reason.TOO_FEW_MEMBERS: "too few members",
    Reason.WAVE_RUNNING: "survey under way",
    Reason.LAST_WAVE_UNANSWERED: "last survey unanswered",
    Reason.ASKED_RECENTLY: "survey too recent",
    Reason.BUDGET_USED: "survey too recent",
    Reason.NOT_AT_WORK: "not scheduled soon",
}
_TEXTS = {
    "en": "Ask the whole team {name} how work is going: the regular five questions, every three months.",
    "nl": "Vraag het hele team {name} hoe het werk gaat: de vaste vijf vragen, elke drie maanden.",
}
REGULAR_STANDS = timedelta(days=7)


def reasons(store: Store, account: str, directory: Directory, at: datetime) -> dict[str, str | None]:
    """By team: why its members may not be asked now because of a condition of their queue; None where they may."""
    history, found = waves.history(store, account), {}
    for team, members in teams(directory, at.date(), not_asked(store, account)).items():
        any_trigger = (Flagged(*next(iter(Policy().triggers.items()))),)
        answer = due(TeamFacts(team, members, any_trigger), Policy(), history, at)
        found[team] = _WORDS[answer.reason] if isinstance(answer, Skipped) else None
    return found


def regular(store: Store, account: str, directory: Directory, at: datetime) -> list[Proposal]:
    """Proposals for the teams whose regular wave is due."""
    history, found = waves.history(store, account), []
    names = names_in(directory)
    for team, members in teams(directory, at.date(), not_asked(store, account)).items():
        if isinstance(due(TeamFacts(team, members), Policy(), history, at), Plan):
            texts = {language: text.format(name=names.group(team)) for language, text in _TEXTS.items()}
            found.append(
                Proposal(
                    "esat_wave", Subject("team", team), (), at, at + REGULAR_STANDS, at, texts,
                    details={"members": len(members), "kind": "regular"},
                )
            )  # fmt: skip
    return found


def open_wave(store: Store, account: str, proposal: Proposal, policy: Acting, at: datetime) -> Wave:
    """Ask the team now. Raises CannotDecide with the reason why it may not be asked any more."""
    team = proposal.subject.id
    members = teams(store.directory(account), at.date(), policy.not_asked).get(team, ())
    plan = due(_facts(team, members, proposal.because), Policy(), waves.history(store, account), at)
    if isinstance(plan, Skipped):
        until = f" before {plan.until:%Y-%m-%d}" if plan.until else ""
        raise CannotDecide(f"proposal {proposal.id}: the team cannot be asked{until}: {plan.reason}")
    by_tool = policy.survey_delivery == "tag"
    if not by_tool and policy.public_url is None:
        raise CannotDecide(
            f"proposal {proposal.id}: invitations need the address under which people reach this installation; "
            f"set it with: act set --account {account} --public-url https://…"
        )
    wave = waves.add(store, account, plan, Venue.ELSEWHERE if by_tool else Venue.OWN)
    waves.open_wave(store, account, wave.wave, at.date())
    invitations = [
        Planned(f"{wave.wave}:{one.person}", proposal.id, "invite", one.person, {"wave": wave.wave}, one.not_before)
        for one in plan.invitations
    ]
    store.writes.plan(account, invitations, at)
    return wave


def look_after_waves(store: Store, account: str, at: datetime) -> list[str]:
    """Count and publish the waves whose days are over, send the one reminder; what was done, as lines."""
    said = []
    waves.close_due(store, account, at)
    for one in store.surveys.waves(account):
        if one.state is State.CLOSED:
            with store.transaction():
                waves.publish(store, account, one.wave, at.date())
                store.audit.add(account, at, "wave published", wave=one.wave)
            said.append(f"wave {one.wave} is closed and published")
    for one in store.surveys.waves(account):
        if one.venue is Venue.OWN and waves.is_reminder_due(one, at):
            reminders = [
                Planned(f"{one.wave}:{asked.person}:again", one.wave, "invite", asked.person, {"wave": one.wave},
                        max(at, asked.not_before))
                for asked in store.surveys.invitations(account, one.wave)
            ]  # fmt: skip
            if store.writes.plan(account, reminders, at):
                said.append(f"wave {one.wave}: everybody is reminded, as nobody knows who has answered")
    return said


def end_waves(store: Store, account: str, at: datetime) -> int:
    """Nobody is asked any more: what was answered so far is counted; how many waves that ended."""
    ended = [one.wave for one in store.surveys.waves(account) if one.state is State.OPEN]
    for wave in ended:
        waves.close(store, account, wave, at.date())
    look_after_waves(store, account, at)
    return len(ended)


def is_open(store: Store, account: str) -> bool:
    """Whether a wave is under way."""
    return any(one.state in (State.PLANNED, State.OPEN) for one in store.surveys.waves(account))


def invitation(store: Store, account: str, write: Write, policy: Acting, at: datetime) -> Invitation | None:
    """The ticket that asks one person; the same each time it is made. None when nobody needs to be asked any more."""
    if "consent" in write.asked:
        return _for_consent(store, account, write, policy, at)
    if write.proposal == LETTER:
        from helpdesk_wellbeing.acting import telling

        return telling.invitation(store, account, write, policy, at)
    asked = [one for one in waves.to_invite(store, account, write.asked["wave"], at) if one.person == write.target]
    wave = store.surveys.wave(account, write.asked["wave"])
    if not asked or wave is None:
        return None
    names = names_of(store, account)
    group = ", ".join(names.group(team) for team in asked[0].place.teams)
    subject = note("invitation_subject", policy.language, group=group)
    if wave.venue is Venue.ELSEWHERE:
        return Invitation(
            write.target, subject, note("invitation_by_tool", policy.language, group=group), group=policy.survey_group
        )
    link = waves.link(store, account, wave.wave, asked[0], policy.public_url or "", policy.language)
    body = note("invitation_body", policy.language, group=group, link=link)
    return Invitation(write.target, subject, body, group=policy.survey_group)


def _for_consent(store: Store, account: str, write: Write, policy: Acting, at: datetime) -> Invitation | None:
    from helpdesk_wellbeing.acting import consent

    question = consent.question(store, consent.Asked(account, write.proposal, write.target), at)
    if question is None or question.stands is not consent.Stands.OPEN:
        return None
    body = note(
        "consent_body", policy.language, group=", ".join(question.groups), count=f"{len(question.tickets)}",
        link=consent.link(store, account, write.proposal, write.target, policy.public_url, policy.language),
    )  # fmt: skip
    return Invitation(write.target, note("consent_subject", policy.language), body, group=policy.survey_group)


def not_asked(store: Store, account: str) -> tuple[str, ...]:
    """Agents who want no surveys."""
    return policy_of(store, account).not_asked


def everybody(directory: Directory, on: date, opted_out: Collection[str] = ()) -> dict[str, Member]:
    """Everybody of whom something may be said, by agent, by the directory as it stands on a day."""
    leave: dict[str, list[tuple[date, date]]] = {}
    for agent, first, last in directory.leave.iter_rows():
        leave.setdefault(agent, []).append((first, last))
    found = {}
    for row in meant(directory.people, on).sort("agent").iter_rows(named=True):
        found[row["agent"]] = Member(
            row["agent"], row["time_zone"] or "UTC", row["schedule"], tuple(leave.get(row["agent"], ())),
            opted_out=row["agent"] in opted_out,
        )  # fmt: skip
    return found


def teams(directory: Directory, on: date, opted_out: Collection[str] = ()) -> dict[str, tuple[Member, ...]]:
    """The members of each group of whom something may be said, by the directory as it stands on a day."""
    known, found = everybody(directory, on, opted_out), dict[str, list[Member]]()
    for agent, groups in meant(directory.people, on).sort("agent").select("agent", "groups").iter_rows():
        for group in groups or ():
            found.setdefault(group, []).append(known[agent])
    return {team: tuple(members) for team, members in sorted(found.items())}


def _facts(team: str, members: Sequence[Member], because: Sequence[Because]) -> TeamFacts:
    flags = tuple(Flagged(one.signal, one.level) for one in because if one.rule != TEAM_LOAD)
    under_load = len(members) if any(one.rule == TEAM_LOAD for one in because) else 0
    return TeamFacts(team, tuple(members), flags, under_load)


def about(wave: Wave) -> dict[str, Any]:
    """A wave as JSON, without anybody."""
    return {
        "wave": wave.wave, "state": str(wave.state), "kind": str(wave.kind), "teams": list(wave.teams),
        "invited": wave.invited, "opens_at": wave.opens_at.isoformat(), "closes_at": wave.closes_at.isoformat(),
        "because": list(wave.triggers),
    }  # fmt: skip


__all__ = [
    "about", "end_waves", "everybody", "invitation", "is_open", "look_after_waves", "open_wave", "reasons", "regular",
    "teams",
]  # fmt: skip
