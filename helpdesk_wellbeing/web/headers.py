"""What every page tells the browser: load nothing from elsewhere, run nothing that is not ours, be framed by nobody."""

from __future__ import annotations

from flask import Response
from secure import (
    CacheControl,
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    XContentTypeOptions,
    XFrameOptions,
)

_POLICY = (
    ContentSecurityPolicy()
    .default_src("'none'")
    .style_src("'self'")
    .script_src("'self'")
    .img_src("'self'", "data:")
    .connect_src("'self'")
    .form_action("'self'")
    .base_uri("'none'")
)


def add_to(response: Response, framed_by: str | None = None) -> None:
    """`framed_by`: the origin of the helpdesk whose app shows this page; nobody else may, and by default nobody."""
    framing = framed_by or "'none'"
    for name, value in _PLAIN.headers.items():
        response.headers[name] = value
    response.headers["Content-Security-Policy"] = f"{_POLICY.header_value}; frame-ancestors {framing}"
    if framed_by is not None:
        del response.headers["X-Frame-Options"]


def add_missing(response: Response) -> None:
    """The same for what no page of ours answered: refused methods, addresses with nothing behind them, JSON."""
    if "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = f"{_POLICY.header_value}; frame-ancestors 'none'"
        response.headers.setdefault("X-Frame-Options", _PLAIN.headers["X-Frame-Options"])
    for name, value in _PLAIN.headers.items():
        if name != "X-Frame-Options":
            response.headers.setdefault(name, value)


_PLAIN = Secure(
    referrer=ReferrerPolicy().same_origin(),
    permissions=PermissionsPolicy().camera().geolocation().microphone(),
    cache=CacheControl().no_store(),
    coop=CrossOriginOpenerPolicy().same_origin(),
    xcto=XContentTypeOptions().nosniff(),
    xfo=XFrameOptions().deny(),
)
