"""`package`: the app as a zip, or why not, and what to do next."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest

from helpdesk_wellbeing.settings import load_settings
from helpdesk_wellbeing.store import open_store

URL = "https://wellbeing.acme.example"


@pytest.fixture
def command(commands, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(commands.home))
    with open_store(load_settings()) as store:
        store.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
        store.create_account("acme-fd", platform="freshdesk", settings={"domain": "acme.freshdesk.com"})
        store.create_account("log")
    return commands


@pytest.mark.parametrize(("platform", "account"), [("zendesk", "acme"), ("freshdesk", "acme-fd")])
def test_it_writes_a_checked_zip_and_says_what_comes_next(command, tmp_path, platform, account):
    ran = command.here("package", platform, "--account", account, "--url", URL)

    assert ran.code == 0, ran.err
    name = f"helpdesk-wellbeing-{platform}-{account}.zip"
    assert ran.out.startswith(f"{name}: ")
    assert f"checks passed, {'0 warnings' if shutil.which('node') else '1 warning'}" in ran.out
    assert "next:\n  1. " in ran.out
    with zipfile.ZipFile(tmp_path / name) as archive:
        assert "manifest.json" in archive.namelist()
    assert sorted(path.name for path in tmp_path.glob("*.zip*")) == [name]


def test_it_writes_where_it_is_told_and_reports_as_json(command, tmp_path):
    ran = command.here(
        "package", "zendesk", "--account", "acme", "--url", URL, "--output", tmp_path / "app.zip", "--format", "json"
    )

    report = json.loads(ran.out)
    assert report["file"] == str(tmp_path / "app.zip")
    assert report["bytes"] == (tmp_path / "app.zip").stat().st_size
    assert shutil.which("node") is None or report["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("zendesk", "--account", "acme-fd", "--url", URL), "it is a freshdesk account"),
        (("freshdesk", "--account", "log", "--url", URL), "imported from a file"),
        (("zendesk", "--account", "acme", "--url", "http://127.0.0.1:8765"), "cannot reach 127.0.0.1"),
        (("zendesk", "--account", "acme", "--url", f"{URL}/path"), "without a path"),
        (("zendesk", "--account", "acme", "--url", "https://wellbeing.example.com"), "is the example address"),
        (("freshdesk", "--account", "acme-fd", "--url", "https://wellbeing.example.com"), "your own installation"),
        (("freshdesk", "--account", "acme-fd", "--url", f"{URL}:8443"), "port 443"),
        (("freshdesk", "--account", "acme-fd", "--url", f"{URL}:99999"), "--url is https://host"),
        (("zendesk", "--account", "nobody", "--url", URL), 'no account "nobody"'),
    ],
)
def test_what_can_not_work_is_refused_and_nothing_is_written(command, tmp_path, arguments, said):
    ran = command.here("package", *arguments)

    assert ran.code == 2
    assert said in ran.err
    assert list(tmp_path.glob("*.zip*")) == []
