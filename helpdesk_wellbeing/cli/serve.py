"""`serve`: keep everything fresh, until told to stop.

The role "all" is a small process that starts one for the web and one for the work, and ends with them: whoever started
it sees every end, and nothing is started again behind their back.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli import DID_NOT_RUN
from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.errors import ConfigError, DatabaseIsNewer, StoreError, WellbeingError

if TYPE_CHECKING:
    from helpdesk_wellbeing.feed import Connector
    from helpdesk_wellbeing.pipeline.worker import Worker
    from helpdesk_wellbeing.settings import Settings
    from helpdesk_wellbeing.store import Store

FIT_S = 2.0  # so often the worker looks whether the tables are still fit for it
STOP_S = 8.0  # for everything; whoever stops us is promised 10
ENDED = 1  # exit code: a part ended although nobody asked it to
BRING_THE_KEY = "copy secret.key from its backup or another machine, or set HELPDESK_WELLBEING_KEY, then start it again"

# What the process that started us says on: we say that we are ready on the one; the other ends with it.
READY_BYTES = 4096  # at once
READY_VARIABLE, LIFELINE_VARIABLE = "HELPDESK_WELLBEING_READY_FD", "HELPDESK_WELLBEING_LIFELINE_FD"


@click.command(name="serve")
@click.option(
    "--role",
    type=click.Choice(["all", "web", "worker"]),
    default="all",
    show_default=True,
    help="web receives webhooks, worker pulls and evaluates.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="With the role all: how many processes evaluate.",
)
@click.option("--no-pull", is_flag=True, help="Evaluate what webhooks bring, but pull nothing.")
@click.pass_context
def command(ctx: click.Context, role: str, host: str, port: int, workers: int, no_pull: bool) -> None:
    """Receive webhooks, pull on a schedule, evaluate what changed; until SIGTERM or Ctrl-C.

    The log is one JSON object a line on stderr. Exit code 0: stopped when told to, 1: a part ended, 2: did not run.
    """
    if os.name != "posix":
        raise ConfigError("serve runs on Linux, macOS and other POSIX systems; pull and check run everywhere")
    if role != "all" and workers != 1:
        raise ConfigError("--workers goes with --role all; start --role worker as often as you need it")
    from helpdesk_wellbeing import logs
    from helpdesk_wellbeing.cli.beginning import ROOM_TO_SERVE, check_address, check_room
    from helpdesk_wellbeing.settings import load_settings

    check_room(load_settings(), ROOM_TO_SERVE)
    if role != "worker":
        check_address(host, port)
    _leave_no_core_files()
    logs.configure(role=role)
    if READY_VARIABLE not in os.environ and not _could_begin(load_settings()):
        ctx.exit(DID_NOT_RUN)
    if role == "all":
        from helpdesk_wellbeing.cli.children import supervise

        ctx.exit(supervise(host, port, workers, pull=not no_pull))
    _hold_on_to_the_lifeline()
    if role == "web":
        from helpdesk_wellbeing.cli.web_server import serve_web

        # below a supervisor a worker has to be there too, for this installation to be ready
        needs = "all" if READY_VARIABLE in os.environ else "web"
        settings = load_settings()
        serve_web(settings, host, port, needs, lambda address: _tell_served(settings, address))
    ctx.exit(work(pull=not no_pull))


def _could_begin(settings: Settings) -> bool:
    """Whether the database can be used and the key reads its secrets; else a line says why not.

    Found out in a process that ends with it, so that one which only starts others stays small.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    ours = os.fork()
    if ours == 0:
        good = True  # what nobody foresaw is met again, and told, by the process that goes on
        try:
            good = _look(settings)
        finally:
            sys.stderr.flush()
            os._exit(0 if good else DID_NOT_RUN)
    return os.waitstatus_to_exitcode(os.waitpid(ours, 0)[1]) != DID_NOT_RUN


def _look(settings: Settings) -> bool:
    import structlog

    from helpdesk_wellbeing.store import open_store

    log = structlog.get_logger(__name__)
    try:
        with open_store(settings) as store:
            if not store.accounts():
                log.warning(f"no account yet in {store.place}, so webhooks are answered with 503; run connect")
            try:
                store.check_secrets()
            except WellbeingError as error:
                log.error(f"the stored secrets cannot be read: {error}; {BRING_THE_KEY}")
                return False
    except WellbeingError as error:
        log.error(str(error))
        return False
    return True


def work(*, pull: bool) -> int:
    """Be a worker until told to stop, which ends the process; the exit code where it ends for another reason."""
    # Frames are small here, and several evaluations run at a time: threads inside each of them only get in the way.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    import structlog

    from helpdesk_wellbeing.pipeline.worker import Worker
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.store import open_store

    log = structlog.get_logger(__name__)
    told = told_to_stop()
    settings = load_settings()
    with open_store(settings) as store:
        from helpdesk_wellbeing.cli import notices, outbound

        write = outbound.rounds(store, log.info, told.is_set)
        notify = notices.rounds(store, log.info, told.is_set)
        worker = Worker(settings, store, _connect(store, log), role="worker", write=write, notify=notify, pull=pull)
        _start(worker, settings)
        outdated = _watch_for_newer(store)
        try:
            _tell_ready("working (role worker)")
            while not told.wait(0.5):
                if not worker.alive():
                    log.error("the worker ended although nobody asked it to")
                    return ENDED
                if outdated:
                    # Beside us a web process answers 503, which platforms send again; not so where nobody answers.
                    log.error(str(outdated[0]))
                    worker.stop(STOP_S)
                    told.wait()
        finally:
            worker.stop(STOP_S)
        log.info("stopped")
    # What we had is given back and committed. Python would still wait for threads, and one of DBOS's may wait for a run
    # that another process does now.
    sys.stderr.flush()
    os._exit(0)


def _start(worker: Worker, settings: Settings) -> None:
    """The worker's own tables have a file of their own on SQLite, and errors of the driver's own."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError

    from helpdesk_wellbeing.settings import PIPELINE_FILE
    from helpdesk_wellbeing.store.dialect import place_of, sqlite_file
    from helpdesk_wellbeing.store.failures import explain

    launching = logging.getLogger("dbos")
    launching.addFilter(_is_not_the_launch)
    try:
        worker.start()
    except (DBAPIError, OSError) as error:
        url = make_url(settings.database_url)
        file = sqlite_file(url)
        line = explain(error, str(file.with_name(PIPELINE_FILE)) if file else place_of(url))
        if line is None:
            raise
        raise line from error
    finally:
        launching.removeFilter(_is_not_the_launch)


def _is_not_the_launch(record: logging.LogRecord) -> bool:
    """Why it failed is said by us, once."""
    return not str(record.msg).startswith("DBOS failed to launch")


def _watch_for_newer(store: Store) -> list[DatabaseIsNewer]:
    """Will hold the line about it, once a newer version has changed the tables under us."""
    from sqlalchemy.exc import DBAPIError

    found: list[DatabaseIsNewer] = []

    def watch() -> None:  # in a thread, since a database that is away may keep it waiting
        while not found:
            time.sleep(FIT_S)
            try:
                store.check()
            except DatabaseIsNewer as error:
                found.append(error)
            except (StoreError, DBAPIError):
                pass  # away for a while: the worker says so

    threading.Thread(target=watch, name="fit", daemon=True).start()
    return found


def told_to_stop() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    return told


def _connect(store: Store, log: Any) -> Callable[[str], Connector]:
    from connectors.session import Limits
    from helpdesk_wellbeing.cli.platforms import connector_of

    # Who waits keeps others from being pulled, and is asked again soon: the schedule has patience enough.
    limits = Limits(attempts=4, timeouts=2, answer_s=120.0, longest_wait_s=120.0)

    noted: set[tuple[str, str]] = set()

    def connect(account: str) -> Connector:
        made: list[Connector] = []

        def tell(line: str) -> None:
            # what the account's plan lacks is found anew by every pull; waits are told each time
            is_known = (account, line) in noted
            if made and line in made[0].notes:
                noted.add((account, line))
            (log.debug if is_known else log.info)("connector", account=account, said=line)

        made.append(connector_of(store, account, tell=tell, limits=limits, patient=True))
        return made[0]

    return connect


def _tell_served(settings: Settings, address: str) -> None:
    """That pages are there, and how the first admin of each account comes in: for people, so no line of the log."""
    from helpdesk_wellbeing.cli.access import first_links
    from helpdesk_wellbeing.store import open_store

    lines = [f"serving on {address} (role web)"]
    try:
        with open_store(settings) as store:
            lines += first_links(store, address)
    except WellbeingError:
        pass  # the pages say what is wrong with the database
    _tell_ready("\n".join(lines))


def _tell_ready(line: str) -> None:
    """To the process that started us, else to the person."""
    descriptor = os.environ.get(READY_VARIABLE)
    if descriptor is None:
        say(line)
        return
    os.write(int(descriptor), f"{line}\n".encode()[:READY_BYTES])
    os.close(int(descriptor))


def _hold_on_to_the_lifeline() -> None:
    """Stop when the process that started us is gone, however it ended."""
    descriptor = os.environ.get(LIFELINE_VARIABLE)
    if descriptor is None:
        return

    def watch() -> None:
        os.read(int(descriptor), 1)  # nothing is ever written: it ends when the other end does
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _leave_no_core_files() -> None:
    """A core file would hold every secret in memory."""
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError) as error:
        raise WellbeingError("serve: core files cannot be turned off; run it with `ulimit -c 0`") from error
