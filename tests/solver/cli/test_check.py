"""``verify`` of fleets: what it says of parts that it did not look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.cli import main
from solver.result import canonical_digest

Run = Callable[..., tuple[int, list[str]]]
Document = dict[str, Any]

POINTS = """\
devices,requests_per_s,tpot_ms,machine,layout
1,2,40,small,one
1,5,30,large,one
"""
FLEET = """\
schema = 1
kind = "fleet"
name = "two-machines"

[[workloads]]
name = "chat"
input_tokens = 1000
output_tokens = 200
requests_per_s = 20
points = "points.csv"

[[machines]]
name = "small"
usd_per_hour = 1
stock_devices = 4

[[machines]]
name = "large"
usd_per_hour = "2.6"
stock_devices = 6

[answers]
limits = true
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit status and lines on standard output of a command."""

    def call(*arguments: object) -> tuple[int, list[str]]:
        status = main([str(argument) for argument in arguments])
        return status, capsys.readouterr().out.splitlines()

    return call


@pytest.fixture(name="result")
def _result(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "points.csv").write_text(POINTS)
    (tmp_path / "fleet.toml").write_text(FLEET)
    run("solve", tmp_path / "fleet.toml", "--out", tmp_path / "r.json", "--quiet")
    return tmp_path / "r.json"


@pytest.fixture(name="poor")
def _poor(run: Run, result: Path) -> Path:
    """The result of a budget that nobody can keep."""
    path = result.with_name("poor.json")
    question = result.with_name("fleet.toml")
    assert run("solve", question, "--out", path, "--quiet", "--max-cost", "5")[0] == 3
    return path


def forge(path: Path, change: Callable[[Document], object]) -> None:
    """Change a result file, and its digest to match."""
    document = json.loads(path.read_text())
    change(document)
    document["digest"] = canonical_digest(document)
    path.write_text(json.dumps(document))


def test_without_reprove_the_answers_are_listed_as_not_checked(run: Run, result: Path) -> None:
    status, lines = run("verify", result)
    assert status == 0
    assert [line for line in lines if line.startswith("not checked: answers: worth of limits")]
    assert lines[-1] == "verified but for what is not checked"


def test_without_reprove_claims_are_listed_as_not_checked(run: Run, result: Path) -> None:
    assert any(line.startswith("not checked: claims: ") for line in run("verify", result)[1])


def test_with_reprove_nothing_is_left_unchecked(run: Run, result: Path) -> None:
    status, lines = run("verify", result, "--reprove")
    assert (status, lines[-1]) == (0, "verified")
    assert not [line for line in lines if line.startswith("not checked")]


def test_json_tells_apart_what_was_checked(run: Run, result: Path) -> None:
    checks = json.loads("\n".join(run("verify", result, "--json")[1]))["checks"]
    assert {check["name"] for check in checks if not check["checked"]} == {"claims", "answers"}


def test_quiet_says_nothing_of_what_was_not_checked(run: Run, result: Path) -> None:
    assert run("verify", result, "--quiet") == (0, [])


def test_a_worth_made_up_is_found_by_reprove(run: Run, result: Path) -> None:
    forge(result, lambda document: document["answers"]["limits"][0]["more"].update(gain=8.8))
    assert run("verify", result)[0] == 0
    status, lines = run("verify", result, "--reprove")
    assert status == 1
    assert any("gain is 8.8" in line for line in lines)


def test_answers_left_out_are_found_without_reprove(run: Run, result: Path) -> None:
    forge(result, lambda document: document["answers"].clear())
    assert run("verify", result)[0] == 1


def test_a_conflict_is_listed_as_not_checked_until_it_is_proved_again(run: Run, poor: Path) -> None:
    lines = run("verify", poor)[1]
    assert any(line.startswith("not checked: conflict: ") for line in lines)
    assert run("verify", poor, "--reprove")[1][-1] == "verified"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["conflict"].clear(),
        lambda document: document["conflict"][0].update(limit="stock of small"),
        lambda document: document["conflict"][0].update(needed=6.0),
        lambda document: document["conflict"][0].update(text="pay more"),
    ],
)
def test_a_conflict_that_is_not_as_written_fails_without_reprove(
    run: Run, poor: Path, change: Callable[[Document], object]
) -> None:
    forge(poor, change)
    status, lines = run("verify", poor)
    assert (status, lines[-1]) == (1, "verification failed")


def test_a_consistent_lie_about_what_is_needed_is_found_by_reprove(run: Run, poor: Path) -> None:
    def lie(document: Document) -> None:
        (entry,) = document["conflict"]
        text = entry["text"].replace(f"{entry['needed']:.12g} US$/h would", "30 US$/h would")
        assert text != entry["text"]
        entry.update(needed=30.0, needed_exact="30", text=text)

    forge(poor, lie)
    assert run("verify", poor)[0] == 0
    status, lines = run("verify", poor, "--reprove")
    assert status == 1
    assert any("less than 30 does too" in line for line in lines)
