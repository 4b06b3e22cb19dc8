"""``fleetfront economics`` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from solver.cli import main

QUESTION = """
schema = 1
kind = "replica"
name = "small"
title = "A small question"

[workload]
model = "Llama-3.1-8B"
context_tokens = 2000

[design]
accelerator = "H100 SXM"
tensor_parallel = [1, 2]
batch = "1..32"
weight_bits = [16]
kv_bits = [16]

[price]
tier = "on-demand"

[performance]
model = "epoch2025"

[economics]
[[economics.api]]
name = "some-api"
usd_per_mtok_input = "0.1"
usd_per_mtok_output = "2"
source = "a list"
as_of = "2026-08"
"""


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(QUESTION)
    return path


def test_the_tables_fit_80_columns(
    question: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["economics", str(question)]) == 0
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "At 10 % load a token costs 10 times" in text
    assert "Break-even against a price per token" in text


def test_the_folder_holds_tables_plots_and_the_document(question: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "economics"
    assert main(["economics", str(question), "--out", str(out), "--quiet"]) == 0
    names = {path.name for path in out.iterdir()}
    assert {"economics.json", "economics.png", "production.csv", "zones.csv"} <= names
    assert {"break_even.csv", "principles.csv", "long_run.csv", "preferences.csv"} <= names
    assert (out / "economics.png").read_bytes().startswith(b"\x89PNG")


def test_the_csv_holds_every_concurrency(question: Path, tmp_path: Path) -> None:
    out = tmp_path / "economics"
    assert main(["economics", str(question), "--out", str(out), "--quiet"]) == 0
    with (out / "production.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["users"]) for row in rows] == list(range(1, 33))


def test_json_is_the_document_and_nothing_else(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["economics", str(question), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["economics"], document["status"]) == (
        1,
        "replica",
        "complete",
    )


def test_quiet_prints_nothing(question: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["economics", str(question), "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_a_tolerance_may_be_written_in_per_cent(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zones = []
    for text in ("25%", "0.25"):
        assert main(["economics", str(question), "--json", "--tolerance", text]) == 0
        (group,) = json.loads(capsys.readouterr().out)["groups"]
        zones.append(group["curves"][0]["zone"])
    assert zones[0] == zones[1]
    assert zones[0]["tolerance"] == "1/4"


def test_options_state_preferences_that_hold_with_the_service_level(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["economics", str(question), "--json", "--min-speed", "80", "--budget", "2"]
    arguments += ["--preference-exponent", "2", "--value-of-time", "0.001"]
    assert main([*arguments, "--answer-tokens", "500"]) == 0
    told = json.loads(capsys.readouterr().out)["preferences"]
    assert [choice["rule"] for choice in told] == ["speed^k/cost", "value of time", "budget"]
    assert all(choice["stated"]["min_speed_tok_per_s"] == "80" for choice in told)
    assert all(choice["chosen"]["speed"] >= 80 for choice in told)


def test_a_service_level_alone_asks_for_the_cheapest(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["economics", str(question), "--json", "--min-speed", "80"]) == 0
    (choice,) = json.loads(capsys.readouterr().out)["preferences"]
    assert choice["rule"] == "service level"
    assert choice["next_cheaper"] is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--tolerance", "ten"], "--tolerance: 'ten' is not a number"),
        (["--tolerance", "-0.1"], "--tolerance: -0.1 is below 0"),
        (["--min-speed", "0"], "--min-speed: 0 is not above 0"),
        (["--answer-tokens", "500"], "--answer-tokens: it says how long a user waits"),
        (["--value-of-time", "1"], "--value-of-time: the question does not say how long"),
        (["--value-of-time", "1", "--answer-tokens", "1.5"], "--answer-tokens: 1.5 is not whole"),
        (["--max-ttft", "1"], "needs prompts"),
        (["--layout", "TP3"], "--layout: no layout 'TP3' is on offer"),
        (["--levels", "50,100"], "--levels: levels of demand are for fleets"),
        (["--preference-exponent", "1e99"], "--preference-exponent: '1e99' is not a number"),
        (["--plot", "curve.gif"], "--plot curve.gif: cannot draw a .gif"),
        (["--set", "economics.tolerance=-1"], "economics.tolerance"),
    ],
)
def test_a_slip_is_told_in_one_line_with_status_2(
    question: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert main(["economics", str(question), *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_every_slip_of_the_options_is_told_at_once(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["economics", str(question), "--min-speed", "x", "--budget", "-1"]) == 2
    first, second, example = capsys.readouterr().err.splitlines()
    assert "--min-speed" in first + second
    assert "--budget" in first + second
    assert example.startswith("Example: ")


def test_a_folder_that_is_a_file_is_refused_before_the_work(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["economics", str(question), "--out", str(question)]) == 2
    assert "cannot be made a folder" in capsys.readouterr().err


def test_a_plot_is_written_in_the_format_of_its_name(question: Path, tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    assert main(["economics", str(question), "--plot", str(path), "--quiet"]) == 0
    assert "<svg" in path.read_text()


def test_a_placement_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = Path(__file__).resolve().parents[3]
    path = root / "instances" / "placement" / "two-mixed-racks.toml"
    assert main(["economics", str(path)]) == 2
    assert "has no production function here" in capsys.readouterr().err


def test_a_section_alone_is_printed(question: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["economics", str(question), "--section", "utilisation"]) == 0
    text = capsys.readouterr().out
    assert "Cost at real load" in text
    assert "Three principles" not in text
    assert "Recommended" not in text


def test_an_unknown_section_is_told_with_those_there_are(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["economics", str(question), "--section", "profit"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("--section profit: there is no such section. Choose from costs")


def test_a_tolerance_without_its_per_cent_sign_is_refused(
    question: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["economics", str(question), "--tolerance", "10"]) == 2
    assert "10 is not from 0 to 4" in capsys.readouterr().err
