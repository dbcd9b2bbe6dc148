"""The apps' own scripts: what is refused, with file and line."""

from __future__ import annotations

import shutil

import pytest

from webhooks import scripts
from webhooks.freshdesk.app.checks import problems
from webhooks.freshdesk.app.package import finished
from webhooks.packing import Folder

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


def folder(text):
    return Folder({"a.js": text.encode()})


@pytest.mark.parametrize("text", [
    'eval("1")', "window.eval (x)", "new Function('x')()", "document.write(x)", "a.innerHTML = b", "a.innerHTML += b",
])  # fmt: skip
def test_dangerous_javascript_is_refused_with_its_line(text):
    [found] = scripts.dangerous_scripts(folder(f'"use strict";\n{text}\n'))

    assert str(found).startswith("a.js: line 2: ")
    assert not found.is_warning


@pytest.mark.parametrize("text", ["medieval(x)", "a.innerHTML === b", "class A { constructor() {} }", "retrieval(1)"])
def test_harmless_javascript_is_not(text):
    assert list(scripts.dangerous_scripts(folder(text))) == []


@needs_node
def test_broken_javascript_is_refused_with_its_line():
    [found] = scripts.broken_scripts(folder("let a;\nfunction( { broken\n"))

    assert (found.file, found.key, found.is_warning) == ("a.js", "line 2", False)
    assert "SyntaxError" in found.said


def test_without_node_a_warning_says_that_syntax_was_not_checked(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)

    [found] = scripts.broken_scripts(folder("function( {"))

    assert found.is_warning
    assert "not checked" in found.said


def test_of_an_emptied_server_one_thing_is_said():
    files = finished("https://wellbeing.acme.example", "acme").files

    found = [one for one in problems(Folder({**files, "server/server.js": b""})) if not one.is_warning]

    assert [(one.file, one.said.partition(";")[0]) for one in found] == [("server/server.js", "the file is empty")]
