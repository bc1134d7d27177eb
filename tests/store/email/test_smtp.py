"""The way to a mail server: encryption is not silently left out.

Passwords come from the environment or a file.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.addresses import HELP
from tests.support.emails import write
from tests.support.mail_server import Office, free_port
from ticketctl.errors import SettingsError
from ticketctl.store.email.settings import ADDRESS, MailServer, MailSettings
from ticketctl.store.email.smtp import DeliveryError, open_transport

EMAIL = b"From: help@support.example\r\nTo: jane@customer.example\r\nSubject: Hello\r\n\r\nHello.\r\n"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Somebody who signs certificates, whom nobody trusts unless they are told to."""
    return trustme.CA()


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine trusts the authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@contextmanager
def running(
    authority: trustme.CA | None = None, login: bool = False
) -> Iterator[tuple[int, Office]]:
    """An SMTP server that speaks TLS, wants a login, or neither."""

    def accepted(
        server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            b"help",
            b"secret",
        )
        return AuthResult(success=right, handled=right)

    office, port, words = Office(), free_port(), dict[str, Any]()
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        words |= {"tls_context": context, "require_starttls": True}
    if login:
        words |= {
            "auth_required": True,
            "auth_require_tls": False,
            "authenticator": accepted,
        }
    controller = Controller(
        office, hostname="127.0.0.1", port=port, server_kwargs=words
    )
    controller.start()
    try:
        yield port, office
    finally:
        controller.stop()


def mail(
    port: int, tls: str = "none", host: str = "localhost", **login: str
) -> MailSettings:
    return MailSettings(
        "help@support.example", smtp=MailServer(host, port, tls, **login)
    )


@pytest.mark.usefixtures("trusted")
def test_starttls_with_a_certificate_that_is_trusted(authority: trustme.CA) -> None:
    with running(authority) as (port, office):
        with open_transport(mail(port, "starttls"), {}) as send:
            send("jane@customer.example", EMAIL)
        assert [email_["To"] for email_ in office.taken] == ["jane@customer.example"]


def test_a_certificate_that_nobody_trusts_gets_nothing(authority: trustme.CA) -> None:
    refused(authority, "localhost")


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_name_gets_nothing(authority: trustme.CA) -> None:
    refused(authority, "127.0.0.1")


def refused(authority: trustme.CA, host: str) -> None:
    with running(authority) as (port, office):
        with (
            pytest.raises(DeliveryError, match="certificate verify failed") as caught,
            open_transport(mail(port, "starttls", host), {}),
        ):
            pass
        assert caught.value.server
        assert office.taken == []


def test_a_server_without_encryption_gets_no_email_where_it_is_required() -> None:
    with running() as (port, office):
        with (
            pytest.raises(DeliveryError, match="STARTTLS"),
            open_transport(mail(port, "starttls"), {}),
        ):
            pass
        with pytest.raises(DeliveryError), open_transport(mail(port, "implicit"), {}):
            pass
        assert office.taken == []


@pytest.mark.parametrize("source", ["variable", "file"])
def test_a_login(source: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    variables = {
        "variable": {"TICKETCTL_SMTP_PASSWORD": "secret"},
        "file": {"TICKETCTL_SMTP_PASSWORD_FILE": str(tmp_path / "secret")},
    }[source]
    with running(login=True) as (port, office):
        server = mail(port, user="help", password_env="TICKETCTL_SMTP_PASSWORD")
        with open_transport(server, variables) as send:
            send("jane@customer.example", EMAIL)
        assert len(office.taken) == 1
        with (
            pytest.raises(DeliveryError, match="535"),
            open_transport(server, {"TICKETCTL_SMTP_PASSWORD": "wrong"}),
        ):
            pass


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "missing password for help"),
        ({"TICKETCTL_SMTP_PASSWORD_FILE": "/nowhere"}, "cannot read the password"),
    ],
)
def test_no_password(variables: dict[str, str], words: str) -> None:
    server = mail(1, user="help", password_env="TICKETCTL_SMTP_PASSWORD")
    with pytest.raises(SettingsError, match=words), open_transport(server, variables):
        pass


def test_no_sendmail(tmp_path: Path) -> None:
    settings = MailSettings("help@support.example", sendmail=True)
    try:
        with open_transport(settings, {"PATH": str(tmp_path)}):
            pytest.skip("this machine has a sendmail in its usual place")
    except SettingsError as error:
        assert "sendmail is not installed" in error.message


class Wire(smtplib.SMTP):
    """A connection to a server that takes everything; there is no network."""

    ehlo_resp = helo_resp = b"ready"

    def send(self, s: Any) -> None:
        """What would go out, encoded as smtplib does it."""
        if isinstance(s, str):
            s.encode(self.command_encoding)

    def getreply(self) -> tuple[int, bytes]:
        """Yes to everything."""
        return (250, b"fine")

    def quit(self) -> tuple[int, bytes]:
        """Nothing to close."""
        return (221, b"bye")


def test_an_address_that_smtp_cannot_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader whom the server cannot be told of fails alone: the others still get
    their emails."""
    reader = "j\ufffdne@customer.example"
    if not ADDRESS.match(reader):
        return  # nobody is written to there
    monkeypatch.setattr(
        "ticketctl.store.email.smtp._connect", lambda server, password: Wire()
    )
    with (
        open_transport(
            MailSettings(HELP, smtp=MailServer("localhost", 25, "none"))
        ) as hand_over,
        pytest.raises(DeliveryError),
    ):
        hand_over(reader, write())
