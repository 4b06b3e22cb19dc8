"""The procurement script: what it writes, what it says of plans, and what it refuses."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
SMALL = ROOT / "instances" / "fleet" / "one-model-one-pool.toml"
NAME = "procurement_study"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the script, forgotten again afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module(NAME)
    sys.modules.pop(NAME, None)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``--quick`` has filled, solved once for all tests."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        assert importlib.import_module(NAME).main(["--quick", "--out", str(folder)]) == 0
    sys.modules.pop(NAME, None)
    return folder


@pytest.fixture
def frame(quick: Path) -> pd.DataFrame:
    """The table that ``--quick`` wrote."""
    return pd.read_csv(quick / "procurement.csv")


def test_a_picture_is_written(quick: Path) -> None:
    assert (quick / "procurement.png").read_bytes().startswith(PNG_MAGIC)


def test_there_is_a_row_for_every_price(frame: pd.DataFrame) -> None:
    assert frame["price"].tolist() == [1.0, 2.5, 4.0]


def test_every_answer_is_proved(frame: pd.DataFrame) -> None:
    assert set(frame["status"]) == {"complete"}


def test_a_higher_price_never_makes_the_fleet_cheaper(frame: pd.DataFrame) -> None:
    assert frame["usd_per_hour"].is_monotonic_increasing


def test_a_higher_price_never_buys_more_of_the_machine(frame: pd.DataFrame) -> None:
    assert frame["devices of mi300x"].is_monotonic_decreasing


def test_the_plan_changes_over_the_range(script: ModuleType, frame: pd.DataFrame) -> None:
    assert script.changes(frame) == [(1.0, 2.5), (2.5, 4.0)]


def test_every_user_sees_the_speed_that_was_asked_for(frame: pd.DataFrame) -> None:
    assert (frame["speed"] >= 20).all()


def test_prices_are_exact(script: ModuleType) -> None:
    assert script.price_range(Fraction(1), Fraction(2), 4) == [
        Fraction(1),
        Fraction(4, 3),
        Fraction(5, 3),
        Fraction(2),
    ]


def test_an_empty_range_is_refused(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--low", "3", "--high", "2", "--out", str(tmp_path)]) == 2
    assert "no range of prices" in capsys.readouterr().err


def test_a_key_that_leads_nowhere_is_refused(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--quick", "--key", "machines.none.usd_per_hour", "--out", str(tmp_path)]
    assert script.main(arguments) == 2
    assert "none" in capsys.readouterr().err


def test_a_speed_that_no_fleet_reaches_leaves_the_row_empty(script: ModuleType) -> None:
    key = "machines.h100.usd_per_hour"
    row = script.solve_at(SMALL, key, Fraction(2), Fraction(10**6))
    assert (row["status"], row["usd_per_hour"]) == ("complete", None)


def test_the_help_teaches_an_example(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        script.main(["--help"])
    assert left.value.code == 0
    assert "--min-speed 30" in capsys.readouterr().out
