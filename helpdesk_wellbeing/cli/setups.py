"""The helpdesk set up from a page: the plans and the doing of `install`, `uninstall` and `package`."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from helpdesk_wellbeing.cli import setup_freshdesk, setup_zendesk
from helpdesk_wellbeing.cli.setting_up import Setup, Taking, wrong_url
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.pages.setting_up import App, Asked, Done, Line, NoApp, Plan, Rule, Step, Task, Tell
from helpdesk_wellbeing.said import for_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.session import Limits
    from helpdesk_wellbeing.store import Store
    from webhooks import installing
    from webhooks.freshdesk import by_hand
    from webhooks.packing import Package

LOOK, MAKE, TAKE = "look", "make", "take"  # what is told while it goes on


class Platform(Protocol):
    """What each `setup_<platform>.py` offers."""

    def to_install(
        self, store: Store, account: str, url: str, news: str | None, tell: Callable[[str], None] = ...,
        limits: Limits | None = ...,
    ) -> Setup: ...  # fmt: skip

    def to_uninstall(
        self, store: Store, account: str, tell: Callable[[str], None], talk: Callable[[str], None] = ...,
        limits: Limits | None = ...,
    ) -> Taking: ...  # fmt: skip

    def missing(self, store: Store, account: str) -> list[str]: ...

    def package(self, store: Store, account: str, url: str) -> Package: ...


PLATFORMS: dict[str, Platform] = {"zendesk": setup_zendesk, "freshdesk": setup_freshdesk}


class Setups:
    """What the pages are offered: `pages.setting_up.SettingUp`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def wrong_address(self, account: str, url: str) -> Literal["form", "here"] | None:
        """Why the helpdesk could not reach us there."""
        return wrong_url(self._store, account, url)

    def plan(self, account: str, asked: Asked, tell: Tell) -> Plan:
        """What would be done."""
        return _plan(self._asked(account, asked, tell, LOOK), asked)

    def carry_out(self, account: str, asked: Asked, digest: str, by: Any, tell: Tell) -> Plan | Done:
        """Plan anew, and do it if that is the plan with this digest; else the plan as it is now."""
        doing = MAKE if asked.do == "install" else TAKE
        found = self._asked(account, asked, tell, doing)
        if _digest(found) != digest:
            return _plan(found, asked, is_another=True)
        tell(doing)
        return _set_up(found, asked, by) if isinstance(found, Setup) else _taken_out(found, asked, by)

    def package(self, account: str, url: str) -> App:
        """The app. Raises ConfigError with a line for all that the helpdesk would refuse."""
        from helpdesk_wellbeing.cli.package import file_name

        platform = self._store.account(account).platform or ""
        made = self._of(account).package(self._store, account, url)
        return App(file_name(platform, account), made.archive)

    def find_app(self, account: str) -> None:
        """Find the app among those of the account."""
        from helpdesk_wellbeing.cli.outbound import writing_of
        from webhooks.zendesk.app import joining

        api = writing_of(self._store, account, _quiet, _brief()).api
        try:
            joining.join(self._store, account, api)
        except ConfigError as error:
            raise NoApp(str(error)) from None

    def knows_app(self, account: str) -> bool | None:
        """Whether it was found; None where it need not be."""
        from webhooks.zendesk.app import joining

        if self._store.account(account).platform != "zendesk":
            return None
        return joining.installed(self._store, account) is not None

    def types_secret(self, account: str) -> bool:
        """Freshdesk's app and rules made by hand want it typed; Zendesk makes its own."""
        return self._store.account(account).platform == "freshdesk"

    def secret(self, account: str) -> str:
        """What Freshdesk proves its calls with; it is made where there is none yet."""
        from webhooks.known import SECRET

        with self._store.transaction():
            if not self._store.has_secret(account, SECRET):
                self._store.put_secret(account, SECRET, secrets.token_urlsafe(32))
            return self._store.get_secret(account, SECRET) or ""

    def _asked(self, account: str, asked: Asked, tell: Tell, doing: str) -> Setup | Taking:
        platform = self._of(account)
        tell(LOOK)

        def goes_on(line: str) -> None:
            tell(doing)

        if asked.do == "install":
            return platform.to_install(self._store, account, asked.url, asked.news, _quiet, _brief())
        return platform.to_uninstall(self._store, account, goes_on, _quiet, _brief())

    def _of(self, account: str) -> Platform:
        found = PLATFORMS.get(self._store.account(account).platform or "")
        if found is None:
            raise ConfigError(f"{account}: it was imported from a file, so there is no helpdesk to be set up")
        return found


def _plan(found: Setup | Taking, asked: Asked, *, is_another: bool = False) -> Plan:
    if isinstance(found, Setup):
        return Plan(
            asked, _steps(found.steps), found.changes, _digest(found), _lines(_beside(found)),
            tuple(Rule(one.title, one.id, one.effect, one.where, one.add) for one in found.guard.rules),
            found.guard.under, _tasks(found.tasks(None)), is_another=is_another,
        )  # fmt: skip
    planned = found.planned
    return Plan(
        asked, _steps(planned.steps), not planned.is_nothing, _digest(found), _lines(found.notes),
        tickets=len(planned.tickets) - len(planned.own), survey_tickets=len(planned.own), secret=planned.secret,
        stops=planned.stops, is_another=is_another,
    )  # fmt: skip


def _set_up(setup: Setup, asked: Asked, by: Any) -> Done:
    outcome = setup.carried_out(by)
    return Done(
        asked, _with_ends(setup.steps, outcome), _lines(outcome.failed), not outcome.failed,
        _tasks(setup.tasks(outcome)), _lines(_beside(setup)),
    )  # fmt: skip


def _taken_out(taking: Taking, asked: Asked, by: Any) -> Done:
    done = taking.carried_out(by)
    left = [*done.things.failed, *(f"{ticket}: {why}" for ticket, why in done.tickets.failed.items())]
    return Done(
        asked, _with_ends(taking.planned.steps, done.things), _lines(left), done.is_whole,
        notes=_lines([*taking.notes, *taking.stays]), cleaned=done.tickets.cleaned, deleted=len(done.tickets.deleted),
    )  # fmt: skip


def _beside(setup: Setup) -> list[str]:
    return [*setup.all_notes, *setup.guard.unread, *setup.guard.notes]


def _with_ends(steps: Sequence[installing.Step[Any]], outcome: installing.Outcome) -> tuple[tuple[Step, bool], ...]:
    """Every step of the plan, and whether it came through; with the id of what was made."""
    ends = []
    for step in steps:
        made = next((one for one in outcome.made if _is_same(one, step)), None)
        ends.append((_steps([made or step])[0], made is not None))
    return tuple(ends)


def _is_same(made: installing.Step[Any], step: installing.Step[Any]) -> bool:
    return (made.verdict, made.name, made.kind) == (step.verdict, step.name, step.kind) and step.id in (None, made.id)


def _digest(found: Setup | Taking) -> str:
    """Of what is done alone: whether another rule of theirs was found changes nothing of that."""
    if isinstance(found, Setup):
        steps = [[step.to_json(), step.noted] for step in found.steps]
        does: dict[str, Any] = {"url": found.url, **found.more, "steps": steps}
    else:
        does = {**found.planned.to_json(), "own": list(found.planned.own)}
    return hashlib.sha256(json.dumps(does, sort_keys=True).encode()).hexdigest()


def _steps(steps: Iterable[installing.Step[Any]]) -> tuple[Step, ...]:
    return tuple(
        Step(one["do"], one["kind"], one["title"], one["id"], for_page(one["why"]) if one["why"] else None)
        for one in (step.to_json() for step in steps)
    )


def _tasks(tasks: Iterable[by_hand.Task]) -> tuple[Task, ...]:
    return tuple(Task(for_page(one.title), _lines(one.steps)) for one in tasks)


def _lines(lines: Iterable[str]) -> tuple[Line, ...]:
    return tuple(for_page(line) for line in lines)


def _quiet(line: str) -> None:
    """Nobody reads what is waited for."""


def _brief() -> Limits:
    """Nobody waits for the answer, but the page says after a while what is wrong."""
    from connectors.session import Limits

    return Limits(connect_s=5, read_s=10, answer_s=20, attempts=2, timeouts=1, longest_wait_s=30)
