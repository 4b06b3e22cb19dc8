"""``fleetfront init``: five questions on a terminal, flags, or the template."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from solver.cli import main

ROOT = Path(__file__).parents[3]
WAIT_S = 60


def on_a_terminal(arguments: Sequence[str], answers: Sequence[str], folder: Path) -> str:
    """What a terminal shows while ``answers`` are typed, one whenever it waits behind a colon."""
    command = "import sys; from solver.cli import main; sys.exit(main())"
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}
        os.execve(sys.executable, [sys.executable, "-c", command, *arguments], environment)
    left, shown, end = list(answers), b"", time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        if not read:
            break
        shown += read
        if read.rstrip().endswith(b":") and left:
            os.write(terminal, left.pop(0).encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, shown.decode()
    return shown.decode()


# Forking a process of several threads is what pty does; the child only starts another program.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_on_a_terminal_it_asks_five_questions_and_asks_again_what_cannot_be(
    tmp_path: Path,
) -> None:
    answers = ["Llama-9", "Llama-3.1-8B", "", "8192", "2.20", "30"]
    shown = on_a_terminal(["init", "--out", "my.toml"], answers, tmp_path)
    assert "no model 'Llama-9'" in shown
    assert all(f"{number}. " in shown for number in range(1, 6))
    written = tomllib.loads((tmp_path / "my.toml").read_text())
    assert written["workload"] == {"model": "Llama-3.1-8B", "context_tokens": 8192}
    assert written["design"]["accelerator"] == "H100 SXM"
    assert written["price"] == {"usd_per_hour": "2.20"}
    assert written["limits"] == {"min_speed_tok_per_s": 30}


def test_flags_answer_and_nothing_is_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "my.toml"
    asked = ["init", "fleet", "--model", "Llama-3.1-8B", "--requests-per-s", "12"]
    assert main([*asked, "--out", str(out)]) == 0
    written = tomllib.loads(out.read_text())
    assert written["workloads"][0]["requests_per_s"] == 12
    assert capsys.readouterr().err == ""


def test_a_flag_of_another_kind_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["init", "replica", "--requests-per-s", "3"]) == 2
    fault = capsys.readouterr().err.splitlines()[0]
    assert "--requests-per-s" in fault
    assert "--min-speed" in fault


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "my.toml"
    out.write_text("kept")
    assert main(["init", "--out", str(out)]) == 2
    assert out.read_text() == "kept"
