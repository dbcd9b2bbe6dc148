"""The door over HTTP: a WSGI callable that stands before the application which answers everything else.

A framework would take as long for a call as proving, reading and storing it together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.datastructures import EnvironHeaders

from webhooks.door import LARGEST, PLATFORMS, Answer, Door

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH = re.compile(rf"/webhooks/({'|'.join(PLATFORMS)})/(.+)", re.DOTALL)
_ONLY_POST = Answer(405, {"error": "only POST is answered here"}, {"Allow": "POST"})


def before(application: WSGIApplication, door: Door) -> WSGIApplication:
    """`application`, but POST /webhooks/<platform>/<account> goes to `door`."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # WSGI hands a path over as latin-1, whatever its encoding
        place = _PATH.fullmatch(environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"))
        if place is None:
            return application(environ, start_response)
        is_post = environ["REQUEST_METHOD"] == "POST"
        given = _received(door, place[1], place[2], environ) if is_post else _ONLY_POST
        body = json.dumps(given.body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **given.headers}
        start_response(f"{given.status} {HTTPStatus(given.status).phrase}", list(headers.items()))
        return [body]

    return answer


def _received(door: Door, platform: str, account: str, environ: WSGIEnvironment) -> Answer:
    told = environ.get("CONTENT_LENGTH") or ""
    length = int(told) if told.isascii() and told.isdigit() else None
    if length is None:  # in pieces, whose end the server knows, or nothing at all
        length = LARGEST + 1 if environ.get("wsgi.input_terminated") else 0
    elif length > LARGEST:
        return door.too_large()
    try:
        body = environ["wsgi.input"].read(length)
    except BlockingIOError:  # the socket's own limit, see the web server, which hangs up
        door.too_slow()
        raise
    return door.too_large() if len(body) > LARGEST else door.receive(platform, account, EnvironHeaders(environ), body)
