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


_PLAIN = Secure(
    referrer=ReferrerPolicy().same_origin(),
    permissions=PermissionsPolicy().camera().geolocation().microphone(),
    cache=CacheControl().no_store(),
    coop=CrossOriginOpenerPolicy().same_origin(),
    xcto=XContentTypeOptions().nosniff(),
    xfo=XFrameOptions().deny(),
)
