"""Send email: by SMTP, or by the machine's ``sendmail``."""

from __future__ import annotations

import os
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ticketctl.errors import SettingsError
from ticketctl.store.email.settings import MailServer, MailSettings

PASSWORD_FILE = "TICKETCTL_SMTP_PASSWORD_FILE"
_TIMEOUT = 30.0
_LONGEST_PASSWORD = 4096
"""How many bytes of a file are read as a password."""
Send = Callable[[str, bytes], None]
"""Sends an email: to which address, and its bytes.

Raises:
    DeliveryError: it was not accepted."""


class DeliveryError(Exception):
    """An email was not accepted.

    Args:
        words: of the server.
        server: whether the server would accept no other email either, at present.
    """

    def __init__(self, words: str, server: bool = False) -> None:
        super().__init__(words)
        self.words, self.server = words, server


@contextmanager
def open_transport(
    mail: MailSettings, environment: Mapping[str, str] = os.environ
) -> Iterator[Send]:
    """Open a way to send emails.

    Raises:
        SettingsError: a password is missing, or there is no ``sendmail``.
        DeliveryError: the server cannot be reached.
    """
    if mail.smtp is None:
        yield _by_sendmail(mail.sender, environment)
        return
    password = read_password(mail.smtp, PASSWORD_FILE, environment)
    try:
        connection = _connect(mail.smtp, password)
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            f"{mail.smtp.host}:{mail.smtp.port}: {_words(error)}", server=True
        ) from None
    try:
        yield _by_smtp(connection, mail.sender)
    finally:
        try:
            connection.quit()
        except (OSError, smtplib.SMTPException):
            connection.close()


def read_password(
    server: MailServer, file_variable: str, environment: Mapping[str, str]
) -> str:
    """Return the password for a login.

    It comes from the variable that the settings name, or from the file that the
    environment names.

    Args:
        file_variable: the variable that names the file.

    Raises:
        SettingsError: the server wants a login and there is no password.
    """
    if not server.user:
        return ""
    if server.password_env and environment.get(server.password_env):
        return environment[server.password_env]
    if path := environment.get(file_variable):
        try:
            with open(path, "rb") as file:
                data = file.read(_LONGEST_PASSWORD + 1)
            if len(data) > _LONGEST_PASSWORD:
                raise SettingsError(
                    f"{path} ({file_variable}) is too large for a password",
                    "the file must have one line, with the password",
                )
            return data.decode().rstrip("\r\n")
        except (OSError, UnicodeError):
            raise SettingsError(
                f"cannot read the password in {path} ({file_variable})",
                "the file must be readable, with the password on one line",
            ) from None
    hint = f"set {server.password_env or file_variable}" + (
        f" or {file_variable}" if server.password_env else ""
    )
    raise SettingsError(f"missing password for {server.user} at {server.host}", hint)


def _connect(server: MailServer, password: str) -> smtplib.SMTP:
    if server.tls == "implicit":
        context = ssl.create_default_context()
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=_TIMEOUT, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
    try:
        connection.ehlo()
        if server.tls == "starttls":
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        if server.user:
            connection.login(server.user, password)
    except BaseException:
        connection.close()
        raise
    return connection


def _by_smtp(connection: smtplib.SMTP, sender: str) -> Send:
    def send(to: str, data: bytes) -> None:
        try:
            connection.sendmail(sender, [to], data)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[to]
            raise DeliveryError(f"{code} {_said(said)}") from None
        except smtplib.SMTPServerDisconnected as error:
            raise DeliveryError(_words(error), server=True) from None
        except smtplib.SMTPException as error:
            raise DeliveryError(_words(error)) from None
        except OSError as error:
            raise DeliveryError(_words(error), server=True) from None

    return send


def _said(words: bytes | str) -> str:
    text = (
        words.decode("utf-8", errors="replace") if isinstance(words, bytes) else words
    )
    return " ".join(text.split())[:300]


def _words(error: Exception) -> str:
    """Return an error in the server's own words."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_said(error.smtp_error)}"
    return " ".join(str(error).split())[:300] or type(error).__name__


def _by_sendmail(sender: str, environment: Mapping[str, str]) -> Send:
    program = shutil.which(
        "sendmail", path=f"{environment.get('PATH', '')}:/usr/sbin:/usr/lib"
    )
    if program is None:
        raise SettingsError(
            "sendmail is not installed",
            "install one, or set mail: {smtp: {host: ...}}",
        )

    def send(to: str, data: bytes) -> None:
        try:
            done = subprocess.run(
                [program, "-t", "-i", "-f", sender],
                input=data.replace(b"\r\n", b"\n"),
                capture_output=True,
                timeout=_TIMEOUT * 2,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeliveryError(f"sendmail: {_words(error)}", server=True) from None
        if done.returncode:
            raise DeliveryError(
                f"sendmail: {_said(done.stderr or done.stdout) or f'exit {done.returncode}'}"
            )

    return send
