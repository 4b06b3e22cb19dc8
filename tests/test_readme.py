"""What the README shows is what the current code prints."""

from __future__ import annotations

import contextlib
import datetime
import io
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from solver.cli import main

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SETUP = "python3 -m venv .venv && .venv/bin/pip install "


def commands() -> Iterator[tuple[str, str]]:
    """Every fleetfront command of the README that shows what it prints.

    Those of the ten-minute path go on from each other: ``test_ten_minutes`` walks it.
    """
    before, _, rest = TEXT.partition("## From files to servers in ten minutes\n")
    alone = before + rest[rest.index("\n## ") :]
    for block in re.findall(r"```console\n(.*?)```", alone, flags=re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE):
            command, _, output = part.partition("\n")
            _, found, arguments = command.rpartition("fleetfront ")
            if found and output.strip():
                yield arguments, output


def stripped(text: str) -> list[str]:
    """Lines without trailing blanks; times are what they are on each machine."""
    text = re.sub(r"\d+\.\d\d s, \d+\.\d\d s of processor", "T s, T s of processor", text)
    text = re.sub(r"(solves? by [\w, -]+); \d+\.\d\d s", r"\1; T s", text)
    text = re.sub(r"(formulation \w+;)\s+\d+\.\d\d s", r"\1 T s", text)
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the instances, where commands may write."""
    shutil.copytree(ROOT / "instances", tmp_path / "instances")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    # Prices grow old and are flagged; the README was written when they were not.
    monkeypatch.setattr("solver.instance.price_age._today", lambda: datetime.date(2026, 11, 21))
    return tmp_path


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(("arguments", "expected"), list(commands()))
def test_a_command_prints_what_the_readme_shows(
    arguments: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if arguments.startswith("verify set.json"):
        # The file that the command before it in the text wrote.
        main(["moip", "instances/moip/packing-15.json", "--out", "set.json", "--quiet"])
    if arguments.startswith("verify wan.json"):
        question = "instances/placement/three-regions-wan.toml"
        main(["solve", question, "--out", "wan.json", "--quiet"])
    if arguments.startswith("verify fleet.json"):
        main(["solve", "instances/fleet/one-model-one-pool.toml", "--out", "fleet.json", "--quiet"])
    main(shlex.split(arguments))
    caught = capsys.readouterr()
    assert stripped(caught.out + caught.err) == stripped(expected)


def test_the_readme_shows_at_least_four_commands_with_their_output() -> None:
    assert len(list(commands())) >= 4


@pytest.mark.usefixtures("checkout")
def test_the_python_example_prints_what_the_readme_shows() -> None:
    (code, expected) = re.findall(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", TEXT, flags=re.DOTALL
    )[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert stripped(printed.getvalue()) == stripped(expected)


def test_both_set_up_commands_are_there_in_one_line_each() -> None:
    lines = [line[2:] for line in TEXT.splitlines() if line.startswith("$ " + SETUP)]
    assert len(lines) == 2
    assert "fleetfront solve instances/replica/llama-3.1-70b-fp8-h100.toml" in lines[0]
    assert lines[1].endswith("-m pytest -n auto --dist loadfile")


def test_every_file_that_the_readme_names_exists() -> None:
    for name in re.findall(
        r"`((?:solver|formulations|tests|scripts|instances|\.ci)/[\w./-]+)`", TEXT
    ):
        assert (ROOT / name).exists(), name


def _told(picture: bytes) -> list[str]:
    """Texts of an SVG, which matplotlib writes beside their outlines."""
    return re.findall(r"<!-- (.*?) -->", picture.decode("utf-8"))


def test_the_picture_says_what_the_current_code_draws(tmp_path: Path) -> None:
    shown = re.findall(r"!\[.*?\]\((.*?\.svg)\)", TEXT)
    assert shown
    for name in shown:
        drawn = tmp_path / "drawn.svg"
        question = ROOT / Path(name).with_suffix(".toml")
        assert main(["solve", str(question), "--plot", str(drawn), "--quiet"]) == 0
        assert _told(drawn.read_bytes()) == _told((ROOT / name).read_bytes())
