"""Tests of ``ticketctl.store.email.settings``."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.support.addresses import AMY
from tests.support.email_floods import settled
from tests.support.emails import LATER
from tests.support.mail_server import Shop
from tests.support.stores import ticketctl

# --- T6: where email goes ---


@cache
def _git() -> list[str]:
    return ["git", "-c", "user.name=Amy", "-c", f"user.email={AMY}"]


def sender(root: Path, *lines: str) -> Path:
    """A clone that sends email, by the settings of its store."""
    text = (
        (root / "ticketctl.yaml")
        .read_text()
        .replace("  sendmail: true\n", "".join(f"  {line}\n" for line in lines))
    )
    (root / "ticketctl.yaml").write_text(text)
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "A store"],
        ["config", "ticketctl.sender", "true"],
    ):
        subprocess.run([*_git(), *words], check=True, cwd=root)
    return root


@pytest.mark.parametrize(
    ("server", "place"),
    [
        ("{host: mail.evil.example}", "mail.evil.example:587"),
        ("{host: mail.evil.example, port: 25}", "mail.evil.example:25"),
        (
            "{host: mail.evil.example, port: 465, tls: implicit}",
            "mail.evil.example:465",
        ),
        ("{host: 127.0.0.1.evil.example}", "127.0.0.1.evil.example:587"),
        (
            "{host: 127.0.0.1, port: 9, user: help, password_env: TICKETCTL_SMTP_PASSWORD}",
            "127.0.0.1:9",
        ),
    ],
)
def test_email_goes_only_where_the_clone_says(
    server: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With or without a login; `mail send` and `doctor` say what to type, and do not
    connect."""
    reached: list[object] = []
    monkeypatch.setattr(
        "ticketctl.store.email.smtp._connect", lambda *given: reached.append(given)
    )
    monkeypatch.setenv("TICKETCTL_SMTP_PASSWORD", "secret")
    root = sender(settled(tmp_path), f"smtp: {server}")
    line = f"git config ticketctl.smtp {place}"
    for words in (("mail", "send"), ("doctor",)):
        ran = ticketctl(root, *words, now=LATER)
        assert line in ran.out + ran.err, ran
        assert ran.status == (78 if words[0] == "mail" else 1)
        assert not reached
    subprocess.run(
        [*_git(), "config", "ticketctl.smtp", f"{place}0"], check=True, cwd=root
    )
    assert ticketctl(root, "mail", "send", now=LATER).status == 78, (
        "another port is another server"
    )
    subprocess.run(["sh", "-c", line], check=True, cwd=root)
    assert line not in ticketctl(root, "doctor", now=LATER).out
    assert ticketctl(root, "mail", "send", now=LATER).status == 0


def test_the_environment_may_name_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no git configuration of the user's, in a container say."""
    root = sender(settled(tmp_path), "smtp: {host: mail.example}")
    assert ticketctl(root, "mail", "send", now=LATER).status == 78
    monkeypatch.setenv("TICKETCTL_SMTP_SERVER", "mail.example:587")
    assert ticketctl(root, "mail", "send", now=LATER).status == 0
    monkeypatch.setenv("TICKETCTL_SMTP_SERVER", "")
    assert ticketctl(root, "mail", "send", now=LATER).status == 78


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_needs_no_leave(host: str, tmp_path: Path) -> None:
    """Without a password it is the only exception."""
    root = sender(settled(tmp_path), f'smtp: {{host: "{host}"}}')
    assert ticketctl(root, "mail", "send", now=LATER).status == 0


@pytest.mark.parametrize("user", ["", ", user: help"])
def test_imap_likewise(user: str, tmp_path: Path) -> None:
    """Nothing is fetched from a server that the clone does not name."""
    root = sender(settled(tmp_path), f"imap: {{host: imap.evil.example{user}}}")
    for words in (("mail", "fetch"), ("doctor",)):
        ran = ticketctl(root, *words, now=LATER)
        assert "git config ticketctl.imap imap.evil.example:993" in ran.out + ran.err
        assert ran.status == (78 if words[0] == "mail" else 1)


def test_a_server_that_is_trusted_is_named_in_ascii(tmp_path: Path) -> None:
    """Else its small letters could be another's name."""
    root = settled(tmp_path)
    with (root / "ticketctl.yaml").open("a") as file:
        file.write('  trust: "m\u212a.example"\n')
    ran = ticketctl(root, "list", now=LATER)
    assert ran.status == 78
    assert 'invalid trust "' in ran.err
    assert "ticketctl.yaml:" in ran.err


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "true", "[]"])
def test_per_hour_is_a_whole_number(value: str, tmp_path: Path) -> None:
    """A mistake in the settings has its place."""
    root = settled(tmp_path)
    with (root / "ticketctl.yaml").open("a") as file:
        file.write(f"  per_hour: {value}\n")
    ran = ticketctl(root, "list", now=LATER)
    assert ran.status == 78
    assert 'invalid per_hour "' in ran.err
    assert "ticketctl.yaml:" in ran.err


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("{addresses: {}}", 'missing "from" in mail'),
        ("{from: nobody}", 'invalid email address "nobody"'),
        (
            "{from: a@b.example, smpt: {host: x}}",
            'unknown setting "smpt" of mail; did you mean "smtp"?',
        ),
        (
            "{from: a@b.example, smtp: {host: mail.example, tls: none}}",
            "tls: none is for this machine only",
        ),
        (
            "{from: a@b.example, smtp: {host: mail.example, password_env: AWS_SECRET}}",
            "begins with TICKETCTL_",
        ),
        (
            "{from: a@b.example, smtp: {host: localhost}, sendmail: true}",
            "smtp and sendmail are both set",
        ),
        (
            '{from: a@b.example, imap: {host: localhost, user: "a\\r\\nA9 DELETE INBOX"}}',
            "remove the control characters",
        ),
        (
            "{from: a@b.example, per_day: 0}",
            'invalid per_day "0": use a whole number from 1',
        ),
        (
            "{from: a@b.example, smtp: {host: '-oProxyCommand=x y', port: 99999}}",
            'invalid port "',
        ),
    ],
)
def test_mistakes_in_the_mail_settings_are_located(
    tmp_path: Path, part: str, words: str
) -> None:
    from tests.support.stores import make_store, ticketctl

    root = make_store(tmp_path / "store", f"mail: {part}\n")
    ran = ticketctl(root, "list")
    assert ran.status == 78 and words in ran.err and "ticketctl.yaml:2:" in ran.err, ran


def test_a_password_goes_only_where_the_clone_says(
    mail_workspace: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can change the settings of a store cannot have its passwords sent
    elsewhere."""
    monkeypatch.setenv("TICKETCTL_SMTP_PASSWORD", "secret")
    settings = mail_workspace.root / "ticketctl.yaml"
    login = "host: localhost, user: help, password_env: TICKETCTL_SMTP_PASSWORD, port:"
    settings.write_text(settings.read_text().replace("host: 127.0.0.1, port:", login))
    mail_workspace.run("mail", "send", now="2026-11-02T09:01", status=78)
    assert "this clone does not trust (" in mail_workspace.run(
        "doctor", now="2026-11-02T09:01", status=1
    )
    subprocess.run(
        [
            "git",
            "-C",
            str(mail_workspace.root),
            "config",
            "ticketctl.smtp",
            f"localhost:{mail_workspace.port}",
        ],
        check=True,
    )
    mail_workspace.run("mail", "send", now="2026-11-02T09:01")
    assert "this clone does not trust (" not in mail_workspace.run(
        "doctor", now="2026-11-02T09:01", status=1
    )
