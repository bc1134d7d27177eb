"""The wheel, built from a copy of the tree, installed and used in a new environment."""

from __future__ import annotations

import configparser
import email
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.shell import clean_environment

OUTSIDE = dict(os.environ)
"""The environment as the tests found it: pip needs its proxy, its index and its cache.
"""
DEPENDENCIES = ["click", "python-dateutil", "ruamel.yaml", "tabulate"]
PROFILES = sorted(path.name for path in (ROOT / "profiles").glob("*.yaml"))


def copy_tree(to: Path) -> Path:
    """What git knows, and what is not yet added, so that building leaves nothing in the
    checkout."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(listed, cwd=ROOT, env=OUTSIDE, text=True).split(
        "\0"
    )
    for name in names:
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def built() -> set[Path]:
    """What building leaves in the tree that it builds."""
    return {
        path
        for pattern in ("build", "dist", "*.egg-info")
        for path in ROOT.glob(pattern)
    }


def called(*words: str | Path, cwd: Path) -> None:
    """Run a tool of packaging in the environment that the tests found."""
    ran = subprocess.run(
        [*map(str, words)],
        cwd=cwd,
        env=OUTSIDE,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, (
        f"{' '.join(map(str, words))}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the tree as it is."""
    if not (ROOT / ".git").exists():
        pytest.skip(
            "not a checkout: there is no git to say which files belong to the tree"
        )
    before = built()
    source = copy_tree(tmp_path_factory.mktemp("source"))
    out = tmp_path_factory.mktemp("dist")
    called(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        out,
        source,
        cwd=out,
    )
    assert built() == before, "building left something in the checkout"
    (found,) = out.iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds the wheel and what pip found that it
    needs."""
    place = tmp_path_factory.mktemp("venv")
    venv.create(place, with_pip=False, system_site_packages=False)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(place / "bin/python"),
        "install",
        "-q",
        str(wheel),
    ]
    ran = subprocess.run(
        pip,
        cwd=place,
        env=OUTSIDE,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if ran.returncode and re.search(
        "NewConnectionError|No matching distribution|Temporary failure|timed out",
        ran.stderr,
    ):
        pytest.skip(
            f"pip cannot reach a package index: {ran.stderr.strip().splitlines()[-1]}"
        )
    assert ran.returncode == 0, ran.stderr
    return place / "bin"


def used(script: Path, *words: str, folder: Path, bin_: Path | None = None) -> str:
    """Run an installed script, far from the checkout; its output."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    environment = clean_environment(home) | {"TICKETCTL_AS": "amy@support.example"}
    environment["PATH"] = f"{bin_ or script.parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        [script, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0 and "Traceback" not in ran.stderr, (
        words,
        ran.stdout,
        ran.stderr,
    )
    return ran.stdout


def test_dependencies_are_the_four() -> None:
    """No other package is needed to run (the card)."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options"]["install_requires"].split("\n")
    assert (
        sorted(re.split("[<>=!~ ;]", line)[0] for line in lines if line) == DEPENDENCIES
    )


def test_what_the_wheel_holds(wheel: Path) -> None:
    """All modules and profiles, the licence, the mark that it is typed; no tests, no
    tickets, nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for name in PROFILES:
            assert (
                archive.read(f"ticketctl/profiles/{name}")
                == (ROOT / "profiles" / name).read_bytes()
            )
        (info,) = {name.partition("/")[0] for name in names if ".dist-info/" in name}
        metadata = email.message_from_bytes(archive.read(f"{info}/METADATA"))
        scripts = archive.read(f"{info}/entry_points.txt").decode()
    assert PROFILES
    assert "ticketctl/py.typed" in names
    assert {name.partition("/")[0] for name in names} == {"ticketctl", info}
    modules = {
        str(path.relative_to(ROOT)) for path in (ROOT / "ticketctl").rglob("*.py")
    }
    assert modules <= names
    assert any(re.search(r"\.dist-info/(licenses/)?LICENSE\Z", name) for name in names)
    needed = [
        line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line
    ]
    assert sorted(re.split("[<>=!~ ;(]", line)[0] for line in needed) == DEPENDENCIES
    assert metadata["Requires-Python"] == ">=3.11"
    parsed = configparser.ConfigParser()
    parsed.read_string(scripts)
    assert set(parsed["console_scripts"]) == {"ticketctl", "git-ticketctl"}


def test_profiles_come_with_the_package(installed: Path, tmp_path: Path) -> None:
    """``profile list`` knows the built-in profiles anywhere, and leaves nothing behind."""
    folder = tmp_path / "empty"
    folder.mkdir()
    out = used(installed / "ticketctl", "profile", "list", folder=folder)
    for name in PROFILES:
        assert name.removesuffix(".yaml") in out
    assert list(folder.iterdir()) == []


def test_git_finds_its_subcommand(installed: Path, tmp_path: Path) -> None:
    """``git ticketctl`` is the same program."""
    folder = tmp_path / "empty"
    folder.mkdir()
    version = used(installed / "git-ticketctl", "--version", folder=folder)
    assert version == used(installed / "ticketctl", "--version", folder=folder)
    assert re.fullmatch(r"ticketctl, version \d+\.\d+\S*\n", version)
    assert version == used(
        Path(shutil.which("git") or "git"),
        "ticketctl",
        "--version",
        folder=folder,
        bin_=installed,
    )


def test_a_first_ticket(installed: Path, tmp_path: Path) -> None:
    """From an empty folder to a solved ticket, with the installed program alone."""
    folder = tmp_path / "desk"
    folder.mkdir()
    script = installed / "ticketctl"
    used(script, "init", "-p", "biztech", folder=folder)
    id_ = used(
        script, "new", "It does not work", "-c", "jane@customer.example", folder=folder
    ).strip()
    used(script, "move", id_, "open", "-a", "@me", folder=folder)
    used(script, "move", id_, "solved", "--reply", "Try again.", folder=folder)
    assert "Solved" in used(script, "list", "-A", folder=folder)
    assert used(script, "check", folder=folder) == ""
    assert used(script, "sweep", folder=folder) == ""
