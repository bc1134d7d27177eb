"""The sample store: ``python -m tests.tools.samples`` makes ``tickets/`` from the pages
in ``tests/samples``.

The pages are played one after the other in one temporary store with the settings of
``ticketctl.yaml``. With ``--check`` nothing is replaced: the outcome is compared byte
for byte with what is there.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from tests.support.places import ROOT
from tests.support.shell import Ran, Shell

PAGES = sorted((ROOT / "tests" / "samples").glob("*.page"))


class Strict(Shell):
    """A shell in which every command must succeed."""

    def run(self, command: str, feed: str | None = None) -> Ran:
        """Run a command.

        Raises:
            click.ClickException: it failed.
        """
        ran = super().run(command, feed)
        if ran.status:
            raise click.ClickException(
                f"at {self.now}\n$ {command}\n{ran.out}(exit {ran.status})"
            )
        return ran


def play(folder: Path) -> dict[str, bytes]:
    """Play all pages in a folder that is made for it.

    Returns:
        Every file below its ``tickets/``, by its path there.

    Raises:
        click.ClickException: a command failed.
    """
    shell = Strict(folder)
    (folder / "tickets").mkdir()
    settings = (
        (ROOT / "ticketctl.yaml")
        .read_text(encoding="utf-8")
        .replace("commit: auto", "commit: off")
    )
    (folder / "ticketctl.yaml").write_text(settings, encoding="utf-8")
    for page in PAGES:
        shell.play(page.read_text(encoding="utf-8"))
    return files(folder / "tickets")


def files(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder, by its path there."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def differences(made: dict[str, bytes], kept: dict[str, bytes]) -> Iterator[str]:
    """What is not byte for byte the same, a line each."""
    for name in sorted(made.keys() | kept.keys()):
        if name not in kept:
            yield f"tickets/{name} is missing"
        elif name not in made:
            yield f"tickets/{name} is not made by any page"
        elif made[name] != kept[name]:
            yield f"tickets/{name} differs"


def replace(made: dict[str, bytes]) -> None:
    """Put what was made in the place of ``tickets/``."""
    shutil.rmtree(ROOT / "tickets", ignore_errors=True)
    for name, data in made.items():
        path = ROOT / "tickets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@click.command()
@click.option("--check", is_flag=True, help="Compare only; exit 1 if a file differs.")
def main(check: bool) -> None:
    """Make tickets/ again from tests/samples."""
    with tempfile.TemporaryDirectory() as folder:
        made = play(Path(folder) / "desk")
    wrong = list(differences(made, files(ROOT / "tickets")))
    if check and wrong:
        raise click.ClickException("\n".join(wrong))
    if not check:
        replace(made)
    click.echo(
        f"{len(made)} tickets" + ("" if check else f", {len(wrong)} files changed")
    )


if __name__ == "__main__":
    main()
