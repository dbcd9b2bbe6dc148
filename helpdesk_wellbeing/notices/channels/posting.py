"""One POST to a chat service's webhook: no redirects, a short answer, and what each answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from helpdesk_wellbeing.errors import PlatformError, Refused, RetryLater
from helpdesk_wellbeing.notices.addresses import Kind, check_public, check_webhook
from helpdesk_wellbeing.notices.channels import ANSWER_S, Away, Unsure

CONNECT_S = 5.0
_BEHIND_A_GATEWAY = (502, 504)
_GONE = (400, 401, 403, 404, 410)


def post(kind: Kind, url: str, payload: Mapping[str, Any], *, loopback: bool) -> None:
    """Post JSON. Whoever has the address can write there, so it stands in no message of ours.

    Raises Away, RetryLater, Unsure, Refused.
    """
    import requests

    check_webhook(kind, url, loopback=loopback)
    check_public(url, loopback=loopback)
    with requests.Session() as session:
        session.trust_env = not loopback  # a proxy can't reach our loopback
        session.auth = _nobody  # else an entry of .netrc would be sent along
        try:
            answer = session.post(
                url,
                data=json.dumps(payload).encode(),
                headers={"Content-Type": "application/json", "User-Agent": "helpdesk-wellbeing"},
                timeout=(CONNECT_S, ANSWER_S),
                allow_redirects=False,
                stream=True,  # what it says beside its status is not read
            )
        except requests.exceptions.SSLError:
            raise Away(f"{kind}: its certificate does not hold") from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError):
            raise Away(f"{kind}: no connection") from None
        except requests.exceptions.ConnectionError as error:
            raise _broken(kind, error) from None
        except requests.exceptions.RequestException:
            raise Unsure(f"{kind}: no answer after it was sent; it may have arrived") from None
        status, wait = answer.status_code, answer.headers.get("Retry-After", "")
        answer.close()
    if status in (200, 201, 202, 204):
        return
    raise _meaning(kind, status, wait)


def _nobody(request: Any) -> Any:
    return request


def _broken(kind: Kind, error: Exception) -> PlatformError:
    """Whether the connection could not be made, or ended after something was sent."""
    from urllib3.exceptions import NewConnectionError

    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, NewConnectionError):
        return Away(f"{kind}: no connection")
    return Unsure(f"{kind}: the connection ended without an answer; it may have arrived")


def _meaning(kind: Kind, status: int, wait: str) -> PlatformError:
    if status == 429:
        return RetryLater(f"{kind}: too many messages (429)", float(wait) if wait.isdecimal() else None)
    if status in _GONE:
        return Refused(f"{kind}: the webhook does not take it ({status}); make a new one and give it to notices set")
    if 300 <= status < 400:
        return Refused(f"{kind}: it leads elsewhere ({status}); redirects are not followed")
    if status in _BEHIND_A_GATEWAY:
        return Unsure(f"{kind}: no answer from behind its gateway ({status}); it may have arrived")
    if status >= 500:
        return RetryLater(f"{kind}: it fails ({status})")
    return Refused(f"{kind}: refused ({status})")
