from __future__ import annotations

import os
import stat

import pytest

from helpdesk_wellbeing.errors import ConfigError, StoreError
from helpdesk_wellbeing.settings import load_settings
from helpdesk_wellbeing.store import open_store


def home(path, **more):
    return {"HELPDESK_WELLBEING_HOME": str(path), **more}


def test_without_a_file_everything_has_a_default_in_a_folder_of_its_own(tmp_path):
    settings = load_settings(home(tmp_path / "a" / "home"))

    assert settings.home == tmp_path / "a" / "home"
    assert settings.database_url == f"sqlite:///{tmp_path}/a/home/wellbeing.db"
    assert settings.rules_folder == settings.home / "rules"
    if os.name == "posix":
        assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    with open_store(settings) as store:
        assert store.file == settings.home / "wellbeing.db"


def test_the_environment_goes_before_the_file(tmp_path):
    (tmp_path / "settings.toml").write_text('database_url = "postgresql://h/d"\nlease_wait_seconds = 5\n')

    assert load_settings(home(tmp_path)).database_url == "postgresql://h/d"
    assert load_settings(home(tmp_path)).lease_wait_s == 5.0
    named = load_settings(home(tmp_path, HELPDESK_WELLBEING_DATABASE_URL="sqlite:////x.db"))
    assert named.database_url == "sqlite:////x.db"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'databse_url = "postgresql://u:hunter2@h/d"',
            'databse_url: not a setting; did you mean "database_url"?',
        ),
        ("colour = 1", "colour: not a setting; there are database_url, lease_wait_seconds"),
        ("database_url = 5", "database_url: Input should be a valid string"),
        ('lease_wait_seconds = "5"', "lease_wait_seconds: Input should be a valid number"),
        ("lease_wait_seconds = -1", "lease_wait_seconds: Input should be greater than or equal to 0"),
        ("database_url = ", "not TOML"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_with_its_name(tmp_path, text, message):
    (tmp_path / "settings.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        load_settings(home(tmp_path))

    assert message in str(caught.value)
    assert str(tmp_path / "settings.toml") in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_home_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="set HELPDESK_WELLBEING_HOME to another folder"):
        load_settings(home(tmp_path / "file" / "home"))


def test_settings_do_not_show_the_url():
    settings = load_settings(
        {"HELPDESK_WELLBEING_HOME": "/h", "HELPDESK_WELLBEING_DATABASE_URL": "postgresql://u:hunter2@h/d"},
        create=False,
    )
    assert "hunter2" not in repr(settings)
