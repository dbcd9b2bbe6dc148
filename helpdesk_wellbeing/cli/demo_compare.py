"""The same simulated team on other helpdesks, read in a process beside the demo; what becomes of what is planted."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, Clock, part_of, pull

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo import Planted, World

Answer: TypeAlias = Mapping[str, Any]  # of `check --format json`
FOUND, MISSED = "found", "MISSED"
OTHERS = {"Zendesk": "zendesk", "Freshdesk, connected today": "freshdesk"}
_WHY = {
    "no input on this platform": "before the app was there nobody told who changed a ticket. What was seen of "
    "somebody's work can prove too much, never that all is well",
    "no baseline": "how tickets stood, and who changed them, is known since the connection and the app only; what is "
    "usual then is not known yet",
    "no events in window": "nothing is made up about queues of the time before that",
    "too few days": "how tickets stand has not been followed for long enough",
}


@dataclass(frozen=True)
class Column:
    """What a helpdesk's data led to."""

    title: str
    outcomes: tuple[str, ...]  # of each planted problem: found, MISSED, or why it could not be judged
    wrong: int  # flags that nobody planted

    @staticmethod
    def of(title: str, answer: Answer, world: World) -> Column:
        """From the answer of `check`."""
        from helpdesk_wellbeing.demo import judge

        verdict = judge(answer["flags"], world)
        gaps = {
            (gap["signal"], gap["subject"]["kind"], gap["subject"]["id"]): gap["reason"]
            for gap in answer["not_assessable"]
        }

        def outcome(planted: Planted) -> str:
            key = (planted.signal, planted.subject_kind, planted.subject)
            return FOUND if planted in verdict.found else gaps.get(key, MISSED)

        return Column(title, tuple(outcome(planted) for planted in world.planted), len(verdict.wrong))

    @property
    def is_right(self) -> bool:
        """Everything planted was found, or said to be not assessable; nobody was flagged for nothing."""
        return MISSED not in self.outcomes and self.wrong == 0


@contextmanager
def nobody() -> Iterator[Mapping[str, Future[Answer]]]:
    """Nothing to compare with."""
    yield {}


@contextmanager
def others(seed: int) -> Iterator[Mapping[str, Future[Answer]]]:
    """The answers of `OTHERS`, made beside what the caller does."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        try:
            yield {title: beside.submit(_answer, platform, seed) for title, platform in OTHERS.items()}
        finally:
            beside.shutdown(wait=True, cancel_futures=True)


def _answer(platform: str, seed: int) -> Answer:
    """Connected at the end of the simulated weeks, and pulled once."""
    from datetime import timedelta

    from helpdesk_wellbeing.cli.check import examine
    from helpdesk_wellbeing.cli.common import catalogue, open_store
    from helpdesk_wellbeing.cli.demo import import_files, of_its_own, simulated

    part = part_of(platform)
    with redirect_stderr(io.StringIO()), of_its_own(None):
        world = simulated(seed)
        clock = Clock(world.as_of + timedelta(minutes=10))
        with part.front(world, lambda: clock.at) as front, open_store() as store:
            part.connect(store, front)
            pull(store, front, "pulled")
            import_files(store, world)
            return examine(store, ACCOUNT, catalogue(), world.as_of).answer


def show(world: World, columns: Sequence[Column]) -> None:
    """The table, on stdout."""
    names = [f"{planted.signal:4} {planted.subject_kind} {planted.subject}" for planted in world.planted]
    head = ["", *(column.title for column in columns)]
    cells = [[name, *(column.outcomes[row] for column in columns)] for row, name in enumerate(names)]
    cells.append(["flags that nobody planted", *(str(column.wrong) for column in columns)])
    widths = [max(len(row[place]) for row in [head, *cells]) for place in range(len(head))]
    click.echo("\nTHE SAME TEAM BY HELPDESK")
    for row in [head, *cells]:
        click.echo("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo(
        "  The app is one in the simulated Freshdesk: what an app tells is taken in, but none comes with this version"
    )
    shown = {outcome for column in columns for outcome in column.outcomes}
    for reason, why in _WHY.items():
        if reason in shown:
            click.echo(f"  {reason}: {why}")
