"""The database stops under load and comes back."""

from __future__ import annotations

import time

import pytest

from tests.hammer import Hammer, plan, truth


def stopped_for(seconds, installation, server, count, a_second):
    """The hammer's report; the database was away for so long in the middle of its work."""

    def beside(hammer):
        assert hammer.reached(count // 4)
        server.stop()
        time.sleep(seconds)
        server.start()

    calls = plan(count, installation.secrets)
    with installation.fleet("web", "worker") as fleet:
        hammer = Hammer(fleet.ports, calls, a_second=a_second, give_up_s=seconds + 120).run(beside)
        installation.wait_until_worked_off()
        starts = {program.name: program.starts for program in fleet.programs}
    assert hammer.wrong == []
    assert hammer.busy > 0
    assert hammer.without_retry_after == 0
    assert hammer.unanswered == 0
    assert hammer.slowest_s < 10, "the platform hangs up after ten seconds"
    assert "RecursionError" not in fleet.log()
    assert starts == {"web-0": 1, "worker-1": 1}, "work goes on by itself"
    return calls, hammer


def test_a_database_that_is_away_for_three_seconds_costs_nothing_but_time(on_own_server, is_the_truth):
    installation, server = on_own_server

    calls, _ = stopped_for(3, installation, server, count=600, a_second=150)

    is_the_truth(installation, truth(calls))


@pytest.mark.prove
def test_a_database_that_is_away_for_half_a_minute_costs_nothing_but_time(on_own_server, is_the_truth, capsys):
    installation, server = on_own_server

    calls, hammer = stopped_for(30, installation, server, count=8_000, a_second=200)

    with capsys.disabled():
        print(f"\nPostgreSQL stopped for 30 s: {hammer.told()}")
    is_the_truth(installation, truth(calls))
