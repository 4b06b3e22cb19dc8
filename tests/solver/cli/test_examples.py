"""Every command has an example that runs as it stands, in its help and under its faults."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from solver.cli import main
from solver.cli.examples import EXAMPLES, example_for
from solver.cli.main import app

ROOT = Path(__file__).parents[3]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
EXTRAS = {"calibrate": "torch", "explore": "dash"}
"""Commands that need an extra, and what it installs."""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command, as an installation puts it on the path."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "fleetfront"
    call = "import sys; from solver.cli import main; sys.exit(main())"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{call}" "$@"\n')
    script.chmod(0o755)
    return folder


def test_every_command_has_an_example() -> None:
    assert set(EXAMPLES) - {""} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_example_runs_as_it_stands(name: str, shim: Path, tmp_path: Path) -> None:
    needed = EXTRAS.get(name)
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    path = f"{shim}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "DISPLAY": ""}
    command = EXAMPLES[name]
    if name == "explore":
        # It serves until it is told to end.
        before, _, serving = command.rpartition("&& ")
        command = f"{before}&& exec {serving} --no-browser --port 0"
    ran = subprocess.Popen(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ran:
        shown = ""
        if name == "explore" and ran.stdout is not None:
            shown = ran.stdout.readline()
            assert "http://127.0.0.1:" in shown
            ran.terminate()
        rest, told = ran.communicate(timeout=300)
    assert ran.returncode == 0, told
    assert shown or rest or list(tmp_path.iterdir())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_shows_it_on_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert any(EXAMPLES[name] in line for line in shown)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["solve", "none.toml"], "solve"),
        (["verify", "none.json"], "verify"),
        (["compare", "a.json", "b.json"], "compare"),
        (["solve"], "solve"),
        (["catalog", "models", "none"], "catalog"),
        (["nonsense"], ""),
        (["--nonsense"], ""),
    ],
)
def test_a_message_about_bad_input_ends_with_it(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"Example: {EXAMPLES[name]}"


def test_the_command_is_found_behind_its_options() -> None:
    assert example_for(["--help", "moip", "file"]) == EXAMPLES["moip"]


@pytest.mark.parametrize(
    ("words", "place", "offered"),
    [
        ("fleetfront so", 1, "solve"),
        ("fleetfront init fl", 2, "fleet"),
        ("fleetfront catalog models Llama-3.1-4", 3, "Llama-3.1-405B"),
        ("fleetfront solve --engine cp", 3, "cp-sat"),
        ("fleetfront solve --formulation rack_p", 3, "rack_patterns"),
    ],
)
def test_the_shell_completes_what_is_begun(
    words: str, place: int, offered: str, shim: Path
) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_FLEETFRONT_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(place),
    }
    ran = subprocess.run(
        [shim / "fleetfront"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.split() == [offered]
