"""Web sides made over and over: what is compiled of their templates and addresses is compiled once a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


class Remembered(BytecodeCache):
    """Compiled templates; a template that changed is another one."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.code


Builder = Callable[..., tuple[str, str]]


def compiled_once(really: Callable[[Rule, bool], Builder]) -> Callable[[Rule, bool], Builder]:
    """In place of `Rule._compile_builder`: what it gives takes the rule as an argument, so equal rules may share it."""
    made: dict[tuple[object, ...], Builder] = {}

    def compile_builder(rule: Rule, append_unknown: bool = True) -> Builder:
        if rule.defaults:
            return really(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in made:
            made[key] = really(rule, append_unknown)
        return made[key]

    return compile_builder
