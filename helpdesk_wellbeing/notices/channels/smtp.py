"""Mail: plain text with a simple HTML part beside it, over an encrypted connection to a server whose certificate holds.

A server that dies between taking a message and saying so leaves nobody sure; it is sent again with the same
Message-ID, by which mail programs may know it: at least once, not exactly once.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from helpdesk_wellbeing.errors import PlatformError, Refused, RetryLater
from helpdesk_wellbeing.notices.channels import ANSWER_S, Away
from helpdesk_wellbeing.notices.content import Message
from helpdesk_wellbeing.notices.people import Recipient
from helpdesk_wellbeing.notices.settings import Smtp
from helpdesk_wellbeing.words import excerpt

LONGEST_SUBJECT = 150
_LONGEST_NAME = 80
_POLICY = SMTP.clone(max_line_length=78)


class Mail:
    """The mail server of an account. Connects when first needed; one connection serves a round."""

    def __init__(self, settings: Smtp, password: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._settings, self._password, self._now = settings, password, now
        self._server: smtplib.SMTP | None = None

    def send(self, to: Recipient, message: Message, key: str) -> None:
        """Hand one mail over to the server. Raises Away, RetryLater, Refused."""
        mail = mail_of(message, to, self._settings.sender, key, self._now())
        assert to.address is not None
        try:
            self._opened().send_message(mail, self._settings.sender, [to.address])
        except smtplib.SMTPRecipientsRefused as error:
            self._reset()
            raise _refused("the recipient", max(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPSenderRefused as error:
            self.close()
            raise _refused("the sender", error.smtp_code) from None
        except smtplib.SMTPResponseException as error:
            self.close()
            raise _refused("the message", error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Away(f"{self._where}: the connection broke ({type(error).__name__}) while a mail was sent") from None

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    @property
    def _where(self) -> str:
        return f"mail server {self._settings.host}:{self._settings.port}"

    def _opened(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _reset(self) -> None:
        try:
            if self._server is not None:
                self._server.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _connect(self) -> smtplib.SMTP:
        kept, host = self._settings, self._settings.host.strip("[]")
        verified = ssl.create_default_context()
        verified.minimum_version = ssl.TLSVersion.TLSv1_2
        server: smtplib.SMTP | None = None
        try:
            if kept.security == "tls":
                server = smtplib.SMTP_SSL(host, kept.port, timeout=ANSWER_S, context=verified)
            else:
                server = smtplib.SMTP(host, kept.port, timeout=ANSWER_S)
            if kept.security == "starttls":
                server.starttls(context=verified)
            if kept.user is not None:
                server.login(kept.user, self._password or "")
        except ssl.SSLCertVerificationError as error:
            raise self._left(server, f"its certificate does not hold ({error.verify_message})") from None
        except smtplib.SMTPAuthenticationError as error:
            raise self._left(server, f"user or password is not accepted ({error.smtp_code})") from None
        except smtplib.SMTPNotSupportedError:
            what = "STARTTLS" if kept.security == "starttls" else "signing in"
            raise self._left(server, f"it does not offer {what}, so nothing is sent") from None
        except smtplib.SMTPResponseException as error:
            raise self._left(server, f"it answered {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise self._left(server, f"no connection ({type(error).__name__})") from None
        return server

    def _left(self, server: smtplib.SMTP | None, why: str) -> Away:
        if server is not None:
            server.close()
        return Away(f"{self._where}: {why}")


def _refused(what: str, code: int) -> PlatformError:
    """What a server's code means: 4xx may work later, 5xx will not. Its words may quote anything, so they stay out."""
    return RetryLater(f"mail: {what} is not taken now ({code})") if code < 500 else Refused(
        f"mail: {what} is refused ({code})"
    )  # fmt: skip


def mail_of(message: Message, to: Recipient, sender: str, key: str, at: datetime) -> EmailMessage:
    """The mail as it goes out. Names and subjects are cut to one line first, so no header can be added by them."""
    assert to.address is not None
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(display_name=_product(message), addr_spec=sender)
    mail["To"] = Address(display_name=_one_line(to.name, _LONGEST_NAME), addr_spec=to.address)
    mail["Subject"] = _one_line(message.subject, LONGEST_SUBJECT)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"  # Exchange's out-of-office replies
    mail.set_content(_encodable(as_text(message)))
    mail.add_alternative(_encodable(as_html(message)), subtype="html")
    mail["Content-Language"] = message.language  # last: setting content takes such headers away
    return mail


def as_text(message: Message) -> str:
    """The message as plain text."""
    blocks = []
    for part in message.parts:
        lines = [part.title] if part.title else []
        lines += [f"- {line.text}" + (f"\n  {line.url}" if line.url else "") for line in part.lines]
        blocks.append("\n".join(lines))
    foot = [f"-- \n{message.foot}"] if message.foot else []
    return "\n\n".join([*blocks, *foot]) + "\n"


def as_html(message: Message) -> str:
    """The same as HTML: no images, no styles, nothing that is fetched."""
    parts = []
    for part in message.parts:
        title = f"<h2>{escape(part.title)}</h2>" if part.title else ""
        parts.append(f"{title}<ul>{''.join(f'<li>{_linked(line.text, line.url)}</li>' for line in part.lines)}</ul>")
    foot = f"<hr><p><small>{escape(message.foot)}</small></p>" if message.foot else ""
    head = f'<meta charset="utf-8"><title>{escape(message.subject)}</title>'
    body = "".join(parts) + foot
    return f'<!doctype html><html lang="{message.language}"><head>{head}</head><body>{body}</body></html>\n'


def _linked(text: str, url: str | None) -> str:
    return escape(text) if url is None else f'<a href="{escape(url)}">{escape(text)}</a>'


def _product(message: Message) -> str:
    from helpdesk_wellbeing.notices.words import Words

    return Words(message.language)("product")


def _encodable(text: str) -> str:
    """Halves of a sign, which some platforms' names hold, can't be sent."""
    return text.encode("utf-8", "replace").decode()


def _one_line(text: str, most: int) -> str:
    return re.sub(r"\s+", " ", excerpt(text, most)).strip()
