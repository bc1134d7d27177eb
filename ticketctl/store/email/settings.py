"""The ``mail`` part of the settings (docs/mail.md).

A store may come from anywhere, so what it says of servers is only a proposal: nothing
is sent to a server that the clone's own git configuration does not name
(:func:`ticketctl.app.email.outbound.known_server`), and a password comes from a
variable whose name begins with ``TICKETCTL_SMTP_`` or ``TICKETCTL_IMAP_``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ticketctl.core.people import ADDRESS
from ticketctl.core.yaml_node import Node
from ticketctl.errors import closest
from ticketctl.record import EMPTY, Record

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TLS = ("starttls", "implicit", "none")
Wrong = Callable[[Node, str], None]


class MailServer(Record):
    """A mail server.

    Args:
        tls: ``starttls``, ``implicit`` (from the first byte), or ``none`` (on this
            machine only).
        user: for the login; no login, if empty.
        password_env: the variable that has the password.
        folder: the IMAP folder that is polled.
    """

    host: str
    port: int
    tls: str
    user: str = ""
    password_env: str = ""
    folder: str = "INBOX"

    @property
    def place(self) -> str:
        """Return host and port: ``mail.example:587``."""
        return f"{self.host}:{self.port}"


class MailSettings(Record):
    """How a store sends and receives email.

    Args:
        sender: the address that notifications come from, and that replies go to.
        addresses: address that email is sent to, in lower case -> profile of a new
            ticket.
        smtp: the server that takes notifications; with ``sendmail`` the program does.
        per_day: how many notifications one address is sent in 24 hours.
        per_hour: how many emails of one sender are put on tickets within an hour.
        trust: the server that is trusted to vouch for senders
            (``Authentication-Results``); where it is given, email from staff that it
            does not vouch for is only recorded.
    """

    sender: str
    addresses: Mapping[str, str] = EMPTY
    smtp: MailServer | None = None
    sendmail: bool = False
    imap: MailServer | None = None
    per_day: int = 20
    trust: str = ""
    per_hour: int = 60

    @property
    def delivers(self) -> bool:
        """Return whether notifications go out by email at all."""
        return self.smtp is not None or self.sendmail

    @property
    def domain(self) -> str:
        """Return the domain of our Message-IDs."""
        return self.sender.partition("@")[2].lower()


_KEYS = (
    "from",
    "addresses",
    "smtp",
    "sendmail",
    "imap",
    "per_day",
    "per_hour",
    "trust",
)


def read_mail_settings(node: Node | None, wrong: Wrong) -> MailSettings | None:
    """Read the part; ``None`` if the settings have none.

    Args:
        wrong: is called with each mistake.
    """
    if node is None or node.value is None:
        return None
    for key, item in node.map.items():
        if key not in _KEYS:
            wrong(
                item,
                f'unknown setting "{key}" of mail; {closest(key, _KEYS) or ", ".join(_KEYS)}',
            )
    if "from" not in node.map:
        wrong(node, 'missing "from" in mail: the address that notifications come from')
        return None
    sender = _address(node.map["from"].text, node.map["from"], wrong)
    addresses = {}
    for address, item in node.map.get("addresses", Node(None, 1, 1)).map.items():
        addresses[_address(address, item, wrong)] = item.text
    sendmail = node.map.get("sendmail", Node(False, 1, 1))
    if not isinstance(sendmail.value, bool):
        wrong(sendmail, f'invalid sendmail "{sendmail.text}": use true or false')
    if "smtp" in node.map and sendmail.value:
        wrong(sendmail, "smtp and sendmail are both set: keep one of them")
    return MailSettings(
        sender,
        addresses,
        _server(node.map.get("smtp"), 587, "SMTP", wrong),
        sendmail.value is True,
        _server(node.map.get("imap"), 993, "IMAP", wrong),
        _number(node, "per_day", 20, wrong),
        _trust(node.map.get("trust", Node("", 1, 1)), wrong),
        _number(node, "per_hour", 60, wrong),
    )


def _trust(node: Node, wrong: Wrong) -> str:
    if not node.text.isascii():
        wrong(
            node,
            f'invalid trust "{node.text}": use the ASCII name that the server has',
        )
        return node.text
    return node.text.lower()


def _number(node: Node, key: str, usual: int, wrong: Wrong) -> int:
    item = node.map.get(key, Node(usual, 1, 1))
    if (
        not isinstance(item.value, int)
        or isinstance(item.value, bool)
        or item.value < 1
    ):
        wrong(item, f'invalid {key} "{item.text}": use a whole number from 1')
        return usual
    return item.value


def _address(text: str, node: Node, wrong: Wrong) -> str:
    if not ADDRESS.match(text):
        wrong(node, f'invalid email address "{text}"')
    return text.lower()


_SERVER_KEYS = ("host", "port", "tls", "user", "password_env", "folder")


def _server(node: Node | None, port: int, kind: str, wrong: Wrong) -> MailServer | None:
    if node is None:
        return None
    for key, item in node.map.items():
        if key not in _SERVER_KEYS:
            wrong(
                item,
                f'unknown setting "{key}" of a server; {closest(key, _SERVER_KEYS) or ", ".join(_SERVER_KEYS)}',
            )
    host = node.map.get("host", Node("", node.line, node.col))
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", host.text):
        wrong(
            host, f'invalid host "{host.text}" of a server: use a name or an IP address'
        )
    number = node.map.get("port", Node(port, 1, 1))
    if not isinstance(number.value, int) or not 0 < number.value < 65536:
        wrong(number, f'invalid port "{number.text}": use a number from 1 to 65535')
        number = Node(port, 1, 1)
    usual = (
        "none"
        if host.text in LOOPBACK
        else "implicit"
        if number.value in (465, 993)
        else "starttls"
    )
    tls = node.map.get("tls", Node(usual, 1, 1))
    if tls.text not in TLS:
        wrong(tls, f'unknown tls "{tls.text}": use {", ".join(TLS)}')
    elif tls.text == "none" and host.text not in LOOPBACK:
        wrong(
            tls,
            f"tls: none is for this machine only, not for {host.text}: use starttls",
        )
    variable = node.map.get("password_env", Node("", 1, 1))
    if variable.text and not re.fullmatch(
        rf"TICKETCTL_{kind}_[A-Z0-9_]+", variable.text
    ):
        wrong(
            variable,
            f'invalid password_env "{variable.text}": '
            f"use a name that begins with TICKETCTL_{kind}_",
        )
    user, folder = (
        node.map.get("user", Node("", 1, 1)),
        node.map.get("folder", Node("INBOX", 1, 1)),
    )
    for item in (user, folder):
        if not item.text.isprintable():
            wrong(item, f"invalid name {item.text!r}: remove the control characters")
    return MailServer(
        host.text, int(number.text), tls.text, user.text, variable.text, folder.text
    )
