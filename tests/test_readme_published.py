"""The README's table of published figures is what the current code answers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def rows(text: str) -> list[str]:
    """Rows of a markdown table without the numbers of remarks."""
    found = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    return [re.sub(r" \(\d+\) \|", " |", line, count=1) for line in found]


def test_every_row_of_the_readme_is_a_row_of_the_script(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, section = text.partition("### Published figures beside ours")
    section, _, _ = section.partition("\n## ")
    written = tmp_path / "published.md"
    subprocess.run(
        [sys.executable, str(ROOT / "scripts/published_figures.py"), "--markdown", str(written)],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    told = set(rows(written.read_text(encoding="utf-8")))
    shown = rows(section)
    assert len(shown) > 20
    assert [line for line in shown if line not in told] == []
