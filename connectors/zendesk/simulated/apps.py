"""Private apps of the account: who has installed what, the key of each app, and the pages that are opened signed."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

from .answers import Answer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

FIRST_APP, FIRST_INSTALLATION = 700_001, 36_000_001
SIGNED_FOR_S = 300
_PUBLIC_KEY = re.compile(r"apps/(\d+)/public_key(\.pem)?")


@dataclass
class InstalledApp:
    """One app in the account."""

    app: int
    installation: int
    settings: dict[str, Any]
    key: RSAPrivateKey


@dataclass
class Apps:
    """What admins have uploaded. `asked` counts how often a public key was looked at."""

    subdomain: str
    asked: int = 0
    installed: list[InstalledApp] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)
    _lock: Lock = field(default_factory=Lock)

    def install(self, **settings: Any) -> InstalledApp:
        """Upload an app and install it with these settings."""
        with self._lock:
            number = next(self._numbers)
            named = {"name": "Helpdesk Wellbeing", "title": "Helpdesk Wellbeing", **settings}
            made = InstalledApp(FIRST_APP + number, FIRST_INSTALLATION + number, named, new_key())
            self.installed.append(made)
        return made

    def rotate(self, app: InstalledApp) -> None:
        """From now on the app has another key."""
        app.key = new_key()

    def open(self, app: InstalledApp, location: str, user: int | None = None, **claims: Any) -> str:
        """The token that is posted into a signed location of this account when `user` opens it."""
        import jwt

        now = int(time.time())
        host = f"{self.subdomain}.zendesk.com"
        said = {
            "iss": host, "iat": now, "exp": now + SIGNED_FOR_S,
            "aud": f"https://{host}/api/v2/apps/installations/{app.installation}.json",
            "context": {"product": "support", "location": location}, "qsh": "",
        }  # fmt: skip
        if user is not None:
            said["sub"] = f"https://{host}/api/v2/users/{user}.json"
        return jwt.encode({**said, **claims}, app.key, algorithm="RS256")

    def public_key(self, resource: str) -> Answer | None:
        """The answer to whoever asks for a key, which needs no log-in; None for other questions."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        found = _PUBLIC_KEY.fullmatch(resource)
        app = next((one for one in self.installed if found and one.app == int(found[1])), None)
        if app is None:
            return None
        self.asked += 1
        pem = app.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return Answer(pem, content_type="application/x-pem-file")

    def listed(self) -> Answer:
        """Who has installed what; secure settings are not shown."""
        rows = [
            {"id": one.installation, "app_id": one.app, "product": "support", "settings": one.settings, "enabled": True,
             "paid": None, "updated": "20260105080000", "created_at": "2026-01-05T08:00:00Z"}
            for one in self.installed
        ]  # fmt: skip
        return Answer.of({"installations": rows})


def opened(archive: bytes) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Of an app's package: the settings that its manifest presets, and by kind what it requires."""
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        manifest = json.loads(package.read("manifest.json"))
        has_any = "requirements.json" in package.namelist()
        required = json.loads(package.read("requirements.json")) if has_any else {}
    preset = {one["name"]: one["default"] for one in manifest.get("parameters") or () if "default" in one}
    return preset, required


def new_key() -> RSAPrivateKey:
    """As Zendesk makes one for each app."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
