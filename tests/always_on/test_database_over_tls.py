"""PostgreSQL over TLS, as the guide recommends it: the store's and the pipeline's connections."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.always_on.installation import make_installation
from tests.fleet import PROJECT
from tests.hammer import Hammer, plan, truth
from tests.tls import door_with_tls, make_certificate

PASSWORD = "over-tls-only"
PLACE = ".s.PGSQL.5432"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "ours": make_certificate(folder, "ours"),
        "somebody's": make_certificate(folder, "somebody"),
        "of another host": make_certificate(folder, "other.example", host="other.example"),
    }


@pytest.fixture
def database(new_database, postgresql_server):
    """The name of a database for the tests' role "locked", which needs a password."""
    name = new_database().partition("@/")[2].partition("?")[0]
    make = f"CREATE ROLE locked LOGIN SUPERUSER PASSWORD '{PASSWORD}'"
    there = "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL"  # made for another test
    postgresql_server.execute(f"DO $$ BEGIN {make}; {there}; END $$")
    return name


@pytest.mark.parametrize("mode", [pytest.param("require", marks=pytest.mark.prove), "verify-full"])
def test_everything_goes_over_tls_where_the_address_says_so(
    mode, tmp_path, database, postgresql_server, certificates, is_the_truth
):
    trusted = certificates["ours"][0]
    with door_with_tls(str(postgresql_server.folder / PLACE), *certificates["ours"]) as (port, came):
        address = f"postgresql://locked:{PASSWORD}@127.0.0.1:{port}/{database}?sslmode={mode}&sslrootcert={trusted}"
        installation = make_installation(tmp_path / "home", address)
        calls = plan(100, installation.secrets)
        begun = len(came)
        with installation.fleet("all") as running:
            hammer = Hammer(running.ports, calls, a_second=200).run()
            installation.wait_until_worked_off()

        assert (hammer.wrong, hammer.busy, running.exit_codes) == ([], 0, {"all-0": 0})
        is_the_truth(installation, truth(calls))
        assert len(came) > begun + 4
        assert set(came) == {"TLSv1.3"}
        assert PASSWORD not in running.log()


@pytest.mark.parametrize(
    ("shown", "command"),
    [
        ("somebody's", ("doctor",)),
        ("of another host", ("doctor",)),
        ("somebody's", ("serve", "--role", "worker")),
        ("somebody's", ("serve", "--role", "web", "--port", "0")),
    ],
)
def test_a_certificate_that_does_not_hold_is_one_line_without_the_password(
    shown, command, tmp_path, database, postgresql_server, certificates
):
    trusted = certificates["ours" if shown == "somebody's" else shown][0]
    with door_with_tls(str(postgresql_server.folder / PLACE), *certificates[shown]) as (port, _):
        address = (
            f"postgresql://locked:{PASSWORD}@127.0.0.1:{port}/{database}?sslmode=verify-full&sslrootcert={trusted}"
        )
        ran = subprocess.run(
            [sys.executable, "-m", "helpdesk_wellbeing", *command],
            env={**os.environ, "PYTHONPATH": str(PROJECT), "HELPDESK_WELLBEING_HOME": str(tmp_path),
                 "HELPDESK_WELLBEING_DATABASE_URL": address},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    assert ran.returncode == 2
    line = f"store: 127.0.0.1:{port}/{database}: the encrypted connection failed; check the certificates and sslmode"
    assert ran.stderr.count(line) == 1
    assert PASSWORD not in ran.stdout + ran.stderr
