"""Addresses of pages that may or may not be part of this installation."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, url_for


def flag(rule: str, kind: str, subject: str) -> str | None:
    """The page of a flag."""
    return _there("pages.flag", rule=rule, kind=kind, subject=subject)


def settings() -> str | None:
    """The settings, for those who may open them."""
    return _there("pages.settings") if g.viewer.may_open("settings") else None


def teams() -> str | None:
    """The teams' numbers."""
    return _there("pages.teams") if g.viewer.may_open("teams") else None


def _there(endpoint: str, **values: Any) -> str | None:
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, account=g.account, **values)
