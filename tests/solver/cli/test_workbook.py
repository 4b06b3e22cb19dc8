"""``fleetfront solve --xlsx``."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from solver.cli import main

INSTANCES = Path(__file__).parents[3] / "instances"


@pytest.mark.parametrize(
    ("instance", "status"),
    [
        ("replica/llama-3.1-8b-bf16-a100.toml", 0),
        ("fleet/quality.toml", 0),
        ("replica/llama-3.1-405b-impossible-h100.toml", 3),
    ],
)
def test_solve_writes_a_workbook_and_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, instance: str, status: int
) -> None:
    path = tmp_path / "plan.xlsx"
    assert main(["solve", str(INSTANCES / instance), "--xlsx", str(path)]) == status
    assert f"workbook: {path}" in capsys.readouterr().out
    assert openpyxl.load_workbook(path).sheetnames[0] == "Summary"


def test_a_workbook_of_another_suffix_is_refused_before_any_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "plan.xls"
    assert main(["solve", str(tmp_path / "absent.toml"), "--xlsx", str(path)]) == 2
    assert "End the name with .xlsx." in capsys.readouterr().err
    assert not path.exists()


def test_a_workbook_in_a_folder_that_is_not_there_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "absent" / "plan.xlsx"
    question = INSTANCES / "replica/llama-3.1-8b-bf16-a100.toml"
    assert main(["solve", str(question), "--xlsx", str(path)]) == 2
    assert "--xlsx" in capsys.readouterr().err
