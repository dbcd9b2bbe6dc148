"""The one HTTP session of all platforms, for `requests` and for client libraries that take a session.

Waiting and retrying live here and nowhere else. A request ends in an answer, or in one of our errors:
`Refused` (asking again won't help), `RetryLater` (it may), `BadPayload` (the answer isn't what was agreed
on).
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

from connectors.answers import folded, path_of, read_json, retry_after, short_code
from connectors.budget import BucketRule, Budget
from connectors.patience import PatientAdapter, within
from connectors.telling import Telling
from helpdesk_wellbeing.errors import BadPayload, Refused, RetryLater

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
_TRANSIENT = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_PORTS = {"http": 80, "https": 443}
_CHUNK = 1 << 16


class HttpRefused(Refused):
    """A refusal with its HTTP status and the platform's short error code, for those who can do without."""

    status: int

    def __init__(self, message: str, status: int, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class TimedOut(RetryLater):
    """No answer in time; a smaller question may get one."""


class Unsent(RetryLater):
    """What was asked was surely not done: told to slow down, or no connection came about."""


class UnsentTimedOut(TimedOut, Unsent):
    """No connection in time."""


class Credentials(Protocol):
    """What proves who we are. It never shows itself in messages."""

    def header(self) -> str:
        """The value of the Authorization header, renewed where it is about to end."""
        ...

    def renew(self) -> bool:
        """After a 401: get a new proof. False when there is none to get."""
        ...


@dataclass(frozen=True)
class Platform:
    """What a session must know of a platform."""

    name: str
    buckets: tuple[BucketRule, ...]
    codes: frozenset[str] = frozenset()  # error codes that may be repeated in our messages
    hint: Callable[[int, str | None, str], str] = lambda status, code, path: "ask the platform's admin"
    aliases: tuple[str, ...] = ()  # origins that a client library builds itself, meaning ours


@dataclass(frozen=True)
class Limits:
    """Seconds, bytes and tries."""

    connect_s: float = 10.0
    read_s: float = 60.0  # without a byte
    answer_s: float = 300.0  # until the last byte
    attempts: int = 6
    timeouts: int = 6  # tries without an answer
    longest_wait_s: float = 600.0  # what a Retry-After may ask for
    max_bytes: int = 64 * 1024 * 1024
    first_backoff_s: float = 1.0
    longest_backoff_s: float = 60.0


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, the port spelled out."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme, 0)


def is_loopback(url: str) -> bool:
    """Whether the address never leaves this machine."""
    return (urlsplit(url).hostname or "").lower() in LOOPBACK


@dataclass(frozen=True)
class _Manner:
    """How one request is made."""

    repeatable: bool  # it may be sent again after it may have arrived
    patient: bool  # it may wait, and be sent again where it cannot have arrived


@dataclass
class _State:
    counts: Counter[str] = field(default_factory=Counter)
    platform_now: datetime | None = None
    waited_s: float = 0.0


class _Bearer(AuthBase):
    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = self._credentials.header()
        return prepared


class PlatformSession(requests.Session):
    """A `requests.Session` that keeps to one host, waits as told, repeats what may be repeated, and raises
    our errors."""

    authorized = True  # client libraries leave the authorisation to us

    def __init__(
        self,
        base_url: str,
        platform: Platform,
        credentials: Credentials | None = None,
        *,
        limits: Limits | None = None,
        reserve: float = 0.3,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self.base_url = base_url.rstrip("/")
        self.platform = platform
        self.limits = limits or Limits()
        self._own = origin(self.base_url)
        self._aliases = tuple(origin(alias) for alias in platform.aliases)
        self._credentials = credentials
        self._sleep = sleep
        self._telling = Telling(platform.name, say or (lambda line: None), now)
        self._state = _State()
        loopback = is_loopback(self.base_url)
        self.trust_env = not loopback  # a proxy can't reach our loopback
        self.budget = Budget(platform.buckets, now=now, reserve=reserve, unlimited_until_told=loopback)
        self.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip"})
        self.headers["User-Agent"] = "helpdesk-wellbeing"
        if credentials is not None:
            self.auth = _Bearer(credentials)
        adapter = PatientAdapter(max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    # What callers may look at

    @property
    def requests_made(self) -> Counter[str]:
        """How often each endpoint was asked, tries included; ids are folded to {id}."""
        return self._state.counts

    @property
    def platform_now(self) -> datetime | None:
        """The platform's clock at its latest answer (the Date header), UTC."""
        return self._state.platform_now

    @property
    def seconds_waited(self) -> float:
        """Time spent waiting for the budget or as told."""
        return self._state.waited_s

    def answer(self, method: str, url: str, parse: Callable[[bytes], Any] | None = None, **arguments: Any) -> Any:
        """The parsed JSON of an answer: an object or a list. `url` may be a path on the account's host.

        `parse` (raises ValueError) stands in for the general reader. Raises BadPayload when the answer is no
        JSON, HTML, or null.
        """
        response = self.request(method, url, **arguments)
        where = f"{method} {path_of(str(response.url))}"
        try:
            parsed = (parse or read_json)(response.content)
        except ValueError as error:
            raise BadPayload(
                f"{self.platform.name}: the answer to {where} is not readable JSON; "
                "run the command again, and report it to the platform's support if it stays so"
            ) from error
        if not isinstance(parsed, dict | list):
            raise BadPayload(f"{self.platform.name}: the answer to {where} is empty (null); run it again later")
        return parsed

    # requests.Session

    def request(self, method: str | bytes, url: str | bytes, **arguments: Any) -> requests.Response:  # type: ignore[override]
        """One answer with status 2xx, repeated and waited for as needed.

        `repeatable` (default: by method) says whether it may be sent again after it may have arrived;
        after `timeouts` tries without any answer it gives up (default: as `Limits` says).
        Not `patient`: sent now or not at all, for what is right only now; Unsent says when it can be tried.
        The `timeout` of a client library is ignored in favour of ours.
        """
        verb = (method.decode() if isinstance(method, bytes) else method).upper()
        named = url.decode() if isinstance(url, bytes) else url
        target = self.own_url(named)
        repeatable = bool(arguments.pop("repeatable", verb in _REPEATABLE))
        manner = _Manner(repeatable, bool(arguments.pop("patient", True)))
        tries = self.limits.attempts if manner.patient else 1
        timeouts = int(arguments.pop("timeouts", self.limits.timeouts))
        arguments.update(timeout=(self.limits.connect_s, self.limits.read_s), allow_redirects=False, stream=True)
        retrying = tenacity.Retrying(
            retry=lambda state: _worth_another(state, timeouts),
            stop=tenacity.stop_after_attempt(tries),
            wait=self._pause,
            sleep=self._wait,
            before_sleep=lambda state: self._say_waiting(state, tries),
            reraise=True,
        )
        try:
            response: requests.Response = retrying(self._attempt, verb, target, manner, arguments)
        except _Again as last:
            raise last.final() from last.__cause__
        self._name_as_asked(response, named)
        return response

    def own_url(self, url: str) -> str:
        """The address on the account's own host; relative ones are completed, foreign ones refused."""
        absolute = urljoin(self.base_url + "/", url)
        where = origin(absolute)
        if where == self._own:
            return absolute
        if where in self._aliases:
            parts = urlsplit(absolute)
            query = f"?{parts.query}" if parts.query else ""
            return f"{self.base_url}{parts.path}{query}"
        raise Refused(
            f"{self.platform.name}: an address on another host was given ({where[1]}); only {self._own[1]} "
            f"is asked. "
            "Check the subdomain or base URL of the connection"
        )

    def _name_as_asked(self, response: requests.Response, named: str) -> None:
        """A client library knows its answers again by the origin that it built itself."""
        for alias in self.platform.aliases:
            asked = response.request.url or ""
            if named.startswith(alias) and asked.startswith(self.base_url):
                response.request.url = alias + asked[len(self.base_url) :]

    # One try

    def _attempt(self, verb: str, url: str, manner: _Manner, arguments: dict[str, Any]) -> requests.Response:
        response = self._follow(verb, url, manner, arguments)
        if response.status_code == 401 and self._credentials is not None and self._credentials.renew():
            response = self._follow(verb, url, manner, arguments)
        path = path_of(url)
        where = f"{verb} {path}"
        status = response.status_code
        if status == 429:
            after = retry_after(response.headers)
            raise _Again(
                f"{self.platform.name}: 429 for {where}", after, "asks us to slow down; run it again later", unsent=True
            )
        if status in _TRANSIENT:
            again = _Again(
                f"{self.platform.name}: {status} for {where}",
                retry_after(response.headers),
                "the platform has trouble; run it again later",
            )
            raise again if manner.repeatable else again.final()
        if not 200 <= status < 300:
            code = short_code(response.content, self.platform.codes)
            named = f"{status} {code}" if code else str(status)
            hint = self.platform.hint(status, code, path)
            raise HttpRefused(f"{self.platform.name}: {named} for {where}: {hint}", status, code)
        self._require_json(response, where)
        return response

    def _follow(self, verb: str, url: str, manner: _Manner, arguments: dict[str, Any]) -> requests.Response:
        for _ in range(4):
            response = self._once(verb, url, manner, arguments)
            if response.status_code not in (301, 302, 303, 307, 308):
                return response
            goal = urljoin(url, response.headers.get("Location", ""))
            if origin(goal) != self._own:
                raise Refused(
                    f"{self.platform.name}: {verb} {path_of(url)} was redirected to another host "
                    f"({urlsplit(goal).hostname}); not followed. Check the subdomain or base URL of the "
                    f"connection"
                )
            if verb not in _REPEATABLE or goal == url:
                break
            url, arguments = goal, {**arguments, "params": None}
        raise Refused(
            f"{self.platform.name}: {verb} {path_of(url)} is redirected without end; check the connection's address"
        )

    def _once(self, verb: str, url: str, manner: _Manner, arguments: dict[str, Any]) -> requests.Response:
        path = path_of(url)
        endpoint = f"{verb} {folded(path)}"
        while (wait := self.budget.take(path, endpoint)) > 0:
            if not manner.patient:
                raise Unsent(
                    f"{self.platform.name}: {wait:.0f} s until the next {endpoint}, to keep within the rate limit", wait
                )
            self._telling.waits(wait)
            self._wait(wait)
        self._state.counts[endpoint] += 1
        where = f"{verb} {path}"
        try:
            response = self._whole_answer(verb, url, where, arguments)
        except requests.exceptions.ConnectTimeout as error:
            raise _Again(
                f"{self.platform.name}: no connection for {where}", None, "check the network", True, unsent=True
            ) from error
        except requests.exceptions.Timeout as error:
            within_s = self.limits.answer_s if isinstance(error, _NeverEnds) else self.limits.read_s
            again = _Again(
                f"{self.platform.name}: no {'whole ' if isinstance(error, _NeverEnds) else ''}answer "
                f"within {within_s:.0f} s for {where}",
                None,
                "run it again later",
                timed_out=True,
            )
            raise (again if manner.repeatable else again.final()) from error
        except requests.exceptions.SSLError as error:
            raise Refused(f"{self.platform.name}: {where}: the certificate of {self._own[1]} isn't trusted") from error
        except requests.exceptions.RequestException as error:
            unsent = _found_nobody(error)
            again = _Again(
                f"{self.platform.name}: {'no connection for' if unsent else 'the connection broke during'} {where}",
                None,
                "check the network, then run it again",
                unsent=unsent,
            )
            raise (again if manner.repeatable or unsent else again.final()) from error
        self.budget.learn(path, endpoint, response.headers)
        self._note_clock(response.headers)
        return response

    def _whole_answer(self, verb: str, url: str, where: str, arguments: dict[str, Any]) -> requests.Response:
        with within(self.limits.answer_s) as watch:
            try:
                response = super().request(verb, url, **arguments)
                self._read_body(response, where)
            except requests.exceptions.RequestException as error:
                if watch.is_over:
                    raise _NeverEnds from error
                raise
        if watch.is_over:  # where no length was promised, being cut off looks like the end
            raise _NeverEnds
        return response

    def _read_body(self, response: requests.Response, where: str) -> None:
        """Read the whole answer, but never more than the limit."""
        try:
            kept = bytearray()
            for chunk in response.iter_content(_CHUNK):
                kept += chunk
                if len(kept) > self.limits.max_bytes:
                    raise BadPayload(
                        f"{self.platform.name}: the answer to {where} is larger than "
                        f"{self.limits.max_bytes // 1024 // 1024} MB; not read"
                    )
            response._content = bytes(kept)
        finally:
            response.close()

    def _require_json(self, response: requests.Response, where: str) -> None:
        start = response.content[:64].lstrip().lower()
        if start.startswith((b"<!doctype", b"<html", b"<?xml")):
            raise BadPayload(
                f"{self.platform.name}: {where} answered with a web page, not with JSON; "
                "check the subdomain or base URL, and whether a proxy or a log-in page stands between"
            )

    def _note_clock(self, headers: Mapping[str, str]) -> None:
        stamp = headers.get("Date")
        if stamp:
            try:
                self._state.platform_now = parsedate_to_datetime(stamp).astimezone(UTC)
            except (TypeError, ValueError):
                return

    # Waiting

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, _Again) else None
        if asked is not None:
            if asked > self.limits.longest_wait_s and isinstance(error, _Again):
                kind = Unsent if error.unsent else RetryLater
                raise kind(
                    f"{error}; it asks to wait {asked:.0f} s, more than we wait at a stretch "
                    f"({self.limits.longest_wait_s:.0f} s). Run it again after that",
                    asked,
                )
            return asked
        ceiling: float = min(
            self.limits.longest_backoff_s, self.limits.first_backoff_s * 2 ** (state.attempt_number - 1)
        )
        return ceiling * random.uniform(0.5, 1.0)

    def _wait(self, seconds: float) -> None:
        self._state.waited_s += seconds
        self._sleep(seconds)

    def _say_waiting(self, state: tenacity.RetryCallState, tries: int) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        as_told = " as told" if isinstance(error, _Again) and error.after is not None else ""
        line = f"{error}; waiting {pause:.0f} s{as_told} (try {state.attempt_number} of {tries})"
        self._telling.tries_again(line, pause)


class _NeverEnds(requests.exceptions.Timeout):
    """Bytes came, but the end of the answer didn't."""


class _Again(Exception):
    """This try failed in a way that another may not."""

    def __init__(
        self, what: str, after: float | None, advice: str, timed_out: bool = False, unsent: bool = False
    ) -> None:
        super().__init__(what)
        self.what = what
        self.after = after
        self.advice = advice
        self.timed_out = timed_out
        self.unsent = unsent

    def final(self) -> RetryLater:
        if self.timed_out:
            kind: type[RetryLater] = UnsentTimedOut if self.unsent else TimedOut
        else:
            kind = Unsent if self.unsent else RetryLater
        return kind(f"{self.what}: {self.advice}", self.after)


def _found_nobody(error: requests.exceptions.RequestException) -> bool:
    """Whether the connection was refused, so that nothing was sent."""
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)


def _worth_another(state: tenacity.RetryCallState, timeouts: int) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, _Again) and not (error.timed_out and state.attempt_number >= timeouts)
