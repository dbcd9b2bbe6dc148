"""Signed calls, repeated ones, forged ones and garbage while processes are killed: what is stored is the truth."""

from __future__ import annotations

import pytest

from tests.hammer import Hammer, plan, truth


def hammered(installation, roles, count, kills, killing, give_up_s, *, wait=True, platform="zendesk"):
    """The hammer's report after all calls are answered and worked off, and how the processes stopped.

    What a killed worker had begun is taken over after twenty seconds; without `wait` it is worked off here.
    """
    calls = plan(count, installation.secrets, platform=platform)
    with installation.fleet(*roles) as fleet:
        hammer = Hammer(fleet.ports, calls, give_up_s=give_up_s).run(killing(fleet, kills))
        fleet.wait_until_ready()
        if wait:
            installation.wait_until_worked_off()
    if not wait:
        installation.work_off()
    assert fleet.kills == kills
    assert hammer.wrong == []
    assert hammer.without_retry_after == 0
    return calls, fleet, hammer


@pytest.mark.parametrize("platform", [pytest.param("freshdesk", marks=pytest.mark.prove), "zendesk"])
def test_nothing_is_lost_or_doubled_when_the_process_is_killed_twice(platform, on_sqlite_of, killing, is_the_truth):
    installation = on_sqlite_of(platform)
    calls, fleet, _ = hammered(installation, ["all"], 500, 2, killing, give_up_s=60, wait=False, platform=platform)

    is_the_truth(installation, truth(calls))
    assert fleet.exit_codes == {"all-0": 0}


@pytest.mark.prove
def test_five_thousand_calls_and_three_restarts_on_sqlite(on_sqlite, is_the_truth, capsys):
    calls, codes = plan(5_000, on_sqlite.secrets), []

    def beside(hammer):
        for place in (1_000, 2_000, 3_000):
            assert hammer.reached(place)
            codes.append(fleet.restart("all-0"))

    with on_sqlite.fleet("all") as fleet:
        hammer = Hammer(fleet.ports, calls).run(beside)
        on_sqlite.wait_until_worked_off()

    with capsys.disabled():
        print(f"\nSQLite, one process, 3 restarts: {hammer.told()}")
    assert codes == [0, 0, 0]
    assert hammer.wrong == []
    assert hammer.without_retry_after == 0
    is_the_truth(on_sqlite, truth(calls))


@pytest.mark.prove
def test_twenty_thousand_calls_and_thirty_kills_on_sqlite(on_sqlite, killing, is_the_truth, capsys):
    calls, _, hammer = hammered(on_sqlite, ["all"], 20_000, 30, killing, give_up_s=900)

    with capsys.disabled():
        print(f"\nSQLite, one process, 30 kills: {hammer.told()}")
    is_the_truth(on_sqlite, truth(calls))


@pytest.mark.prove
def test_twenty_thousand_calls_and_thirty_kills_on_postgresql(on_postgresql, killing, is_the_truth, capsys):
    roles = ["web", "web", "worker", "worker", "worker"]
    calls, _, hammer = hammered(on_postgresql, roles, 20_000, 30, killing, give_up_s=900)

    with capsys.disabled():
        print(f"\nPostgreSQL, 2 web and 3 worker processes, 30 kills: {hammer.told()}")
    is_the_truth(on_postgresql, truth(calls))


@pytest.mark.prove
def test_what_a_worker_had_begun_is_finished_by_another_when_it_never_comes_back(on_postgresql, is_the_truth):
    calls = plan(2_000, on_postgresql.secrets)

    def beside(hammer):
        assert hammer.reached(1_000)
        fleet.kill_for_good("worker-1")

    with on_postgresql.fleet("web", "worker", "worker") as fleet:
        hammer = Hammer(fleet.ports, calls).run(beside)
        on_postgresql.wait_until_worked_off(60)
        assert [program.starts for program in fleet.programs] == [1, 1]

    assert hammer.wrong == []
    assert hammer.unanswered == 0
    is_the_truth(on_postgresql, truth(calls))
