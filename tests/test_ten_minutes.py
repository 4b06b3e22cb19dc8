"""The README's way from files to servers, command after command, as a user copies them."""

from __future__ import annotations

import datetime
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from solver.cli import main
from tests.test_readme import stripped

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = "## From files to servers in ten minutes"


def steps() -> list[tuple[str, str]]:
    """Commands of the section with what they print, in order."""
    section = TEXT.partition(SECTION)[2].partition("\n## ")[0]
    found = []
    for block in re.findall(r"```console\n(.*?)```", section, flags=re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE):
            command, _, output = part.partition("\n")
            if command:
                found.append((command, output))
    return found


def test_the_way_from_files_to_servers_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "instances" / "import", tmp_path / "instances" / "import")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    # Prices grow old and are flagged, and an import notes its month.
    monkeypatch.setattr("solver.instance.price_age._today", lambda: datetime.date(2026, 11, 21))
    walked = steps()
    assert len(walked) >= 8
    for command, expected in walked:
        if command.startswith("fleetfront "):
            assert main(shlex.split(command)[1:]) == 0, command
            caught = capsys.readouterr()
            printed = caught.out + caught.err
        else:
            ran = subprocess.run(
                ["sh", "-c", command], capture_output=True, text=True, check=True, timeout=60
            )
            printed = ran.stdout
        assert stripped(printed) == stripped(expected), command
