"""The command line as a user meets it: exit statuses, one line a fault, outputs whole."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli import main
from solver.cli.progress import Patience

QUESTION = """
schema = 1
kind = "replica"
name = "small"
[workload]
model = "Llama-3.1-8B"
context_tokens = 2048
[design]
accelerator = "H100 SXM"
tensor_parallel = [1, 2, 4]
batch = "1..32"
weight_bits = [8]
[price]
usd_per_hour = "2.10"
[performance]
model = "epoch2025"
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(QUESTION)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


def test_a_complete_frontier_ends_with_0_and_says_how_many_points(run: Run, question: Path) -> None:
    status, out, err = run("solve", question)
    assert status == 0
    assert err == ""
    assert "complete frontier:" in out
    for mark in ("fastest", "cheapest", "knee", "speed"):
        assert mark in out
    rows = [line for line in out.splitlines() if " TP" in line]
    assert len(rows) <= 20


def test_every_output_is_written_and_verifies(run: Run, question: Path, tmp_path: Path) -> None:
    names = {"--out": "r.json", "--csv": "p.csv", "--plot": "p.svg", "--report": "r.html"}
    options = [item for option, name in names.items() for item in (option, tmp_path / name)]
    assert run("solve", question, *options)[0] == 0
    points = json.loads((tmp_path / "r.json").read_text())["points"]
    assert len((tmp_path / "p.csv").read_text().splitlines()) == len(points) + 1
    assert "<svg" in (tmp_path / "p.svg").read_text()
    assert (tmp_path / "r.html").read_text().lstrip().lower().startswith("<!doctype html")
    assert run("verify", tmp_path / "r.json", "--instance", question)[0] == 0


def test_an_altered_result_fails_with_1(run: Run, question: Path, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    run("solve", question, "--out", result, "--quiet")
    result.write_text(result.read_text().replace('"batch": 2,', '"batch": 3,', 1))
    status, out, _ = run("verify", result)
    assert status == 1
    assert "FAILED  digest" in out


def test_json_is_printed_for_machines(run: Run, question: Path) -> None:
    status, out, _ = run("solve", question, "--json")
    assert status == 0
    assert json.loads(out)["schema"] == 1


def test_quiet_prints_nothing(run: Run, question: Path) -> None:
    assert run("solve", question, "--quiet") == (0, "", "")


def test_what_ifs_need_no_edit(run: Run, question: Path) -> None:
    document = json.loads(run("solve", question, "--min-speed", "300", "--json")[1])
    assert all(point["objectives"]["speed"] >= 300 for point in document["points"])
    document = json.loads(run("solve", question, "--max-cost", "0.5", "--json")[1])
    assert all(point["objectives"]["cost"] <= 0.5 for point in document["points"])
    document = json.loads(run("solve", question, "--set", "design.batch=[7]", "--json")[1])
    assert {point["design"]["batch"] for point in document["points"]} == {7}


def test_an_infeasible_question_ends_with_3_and_names_the_limit(run: Run, question: Path) -> None:
    status, out, _ = run("solve", question, "--min-speed", "100000")
    assert status == 3
    assert "min_speed" in out
    assert "came closest" in out


def test_a_time_limit_ends_with_4_and_keeps_what_was_found(
    run: Run, question: Path, tmp_path: Path
) -> None:
    result = tmp_path / "r.json"
    status, out, _ = run("solve", question, "--time-limit", "1e-9", "--out", result)
    assert status == 4
    assert "partial" in out
    document = json.loads(result.read_text())
    assert document["status"] == "partial"
    assert document["open_boxes"]
    assert run("verify", result)[0] == 0


BAD: list[tuple[list[str], list[str]]] = [
    (["--set", "workload.modle=x"], ["workload.modle", "not a known key"]),
    (["--set", "workload.context_tokens=-1"], ["workload.context_tokens", "-1"]),
    (["--set", "design.weight_bits=[4]"], ["design.weight_bits", "no 4-bit arithmetic", "8, 16"]),
    (
        ["--set", "workload.model=Llama-3.1-405B", "--set", "design.tensor_parallel=[1]"],
        ["fits nowhere", "more than its HBM", "design.tensor_parallel (1)"],
    ),
    (["--set", "design.tensor_parallel=[3]"], ["design space is empty", "32 heads"]),
    (["--set", "workload.model=DeepSeek-V3"], ["epoch2025 does not model", "MLA"]),
    (["--set", "workload.model=gpt-oss-120b"], ["epoch2025 does not model", "attention sinks"]),
    (["--set", "design.expert_parallel=[2]"], ["does not model expert parallel"]),
    (["--set", "performance.model=magic"], ["performance.model", "magic", "epoch2025"]),
    (["--set", "kind=flotilla"], ["kind", "flotilla", "fleet", "replica"]),
    (["--out", "/nowhere/at/all/r.json"], ["--out /nowhere/at/all/r.json", "does not exist"]),
    (["--plot", "frontier.gif"], ["--plot frontier.gif", ".png"]),
    (["--formulation", "simplex"], ["simplex", "column_selection"]),
    (["--engine", "highs"], ["enumeration uses no engine"]),
    (["--nonsense"], ["--nonsense", "--help"]),
    (["--set", "design.batch=99999999999999999999"], ["design.batch", "above"]),
    (["--set", "price.usd_per_hour=" + "9" * 400], ["price.usd_per_hour", "out of range"]),
    (["--set", "price.usd_per_hour=1e99999999999999999999"], ["price.usd_per_hour"]),
    (["--set", "price.as_of=2026-05-00"], ["price.as_of"]),
    (["--set", "price.as_of=0000"], ["price.as_of"]),
    (["--set", "x=" + "[" * 5000], ["cannot be read"]),
    (["--set", "limits.max_devices=8\nx=3"], ["more than one line"]),
    (["--set", "title=\udcff"], ["cannot be read"]),
    (["--set", 'catalog=["\\u0000"]'], ["catalog.0"]),
    (["--time-limit", "-1"], ["time limit"]),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=lambda value: " ".join(value)[:40])
def test_bad_input_ends_with_2_and_one_line_a_fault(
    run: Run, question: Path, options: list[str], words: list[str]
) -> None:
    status, out, err = run("solve", question, *options)
    assert status == 2
    assert out == ""
    assert "Traceback" not in err
    for word in words:
        assert word in err
    *faults, example = err.splitlines()
    for line in faults:
        assert ": " in line
        assert line.endswith(".")
    assert example.startswith("Example: ")


@pytest.mark.parametrize("name", ["", "none.toml", "text.toml"])
def test_what_is_no_instance_file_ends_with_2(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.toml").write_text("hello")
    status, _, err = run("solve", tmp_path / name)
    assert status == 2
    fault, example = err.splitlines()
    assert name in fault
    assert example.startswith("Example: ")


def test_an_output_that_cannot_be_written_leaves_no_other_behind(
    run: Run, question: Path, tmp_path: Path
) -> None:
    status, _, err = run(
        "solve", question, "--out", tmp_path / "r.json", "--csv", tmp_path / "no" / "p.csv"
    )
    assert status == 2
    assert "--csv" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.toml"]


def test_one_file_for_two_outputs_is_refused(run: Run, question: Path, tmp_path: Path) -> None:
    status, _, err = run("solve", question, "--out", tmp_path / "x", "--csv", tmp_path / "x")
    assert status == 2
    assert "also the file of --out" in err


def test_an_old_price_is_flagged(run: Run, question: Path) -> None:
    assert "more than a year old" in run("solve", question, "--set", "price.as_of=2020-01")[1]


def test_show_counts_and_explains(run: Run, question: Path) -> None:
    status, out, _ = run("show", question, "--set", "design.pipeline_parallel=[1,3]")
    assert status == 0
    assert "stages do not divide the 32 layers" in out
    survey = json.loads(run("show", question, "--json")[1])
    assert survey["candidates"]["stated"] == 96
    assert survey["points"] == len(json.loads(run("solve", question, "--json")[1])["points"])


def test_a_limit_binds_exactly_where_lifting_it_changes_the_frontier(
    run: Run, question: Path
) -> None:
    def binds(*options: str) -> dict[str, bool]:
        survey = json.loads(run("show", question, "--json", *options)[1])
        return {limit["name"]: limit["binds"] for limit in survey["limits"]}

    assert binds("--set", "limits.max_devices=2") == {"hbm": False, "max_devices": True}
    assert binds("--set", "limits.max_devices=4") == {"hbm": False, "max_devices": False}


def test_init_writes_a_question_that_solves(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(run("init")[1])
    assert run("solve", path, "--quiet")[0] == 0
    fleet = tmp_path / "fleet.toml"
    fleet.write_text(run("init", "fleet")[1])
    assert run("solve", fleet, "--quiet")[0] == 0
    assert run("init", "flotilla")[0] == 2


def test_compare_names_what_changed(run: Run, question: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    run("solve", question, "--out", before, "--quiet")
    run("solve", question, "--set", "price.usd_per_hour=1.05", "--out", after, "--quiet")
    status, out, _ = run("compare", before, after)
    assert status == 0
    assert "usd_per_hour" in out
    assert json.loads(run("compare", before, after, "--json")[1])


@pytest.mark.parametrize("kind", ["accelerators", "models", "prices"])
def test_the_catalog_is_listed_with_sources(run: Run, kind: str) -> None:
    status, out, _ = run("catalog", kind)
    assert status == 0
    assert len(out.splitlines()) > 20


def test_a_single_entry_is_shown_whole(run: Run) -> None:
    for arguments in (("accelerators", "L40S"), ("models", "Mixtral-8x7B"), ("prices", "L40S")):
        status, out, _ = run("catalog", *arguments)
        assert status == 0
        assert "source" in out
    status, _, err = run("catalog", "models", "Llama-3.1-80B")
    assert status == 2
    assert "Llama-3.1-8B" in err


def test_validate_ends_with_0_1_or_2(run: Run, shared_epoch: Path, tmp_path: Path) -> None:
    status, out, _ = run("validate", shared_epoch / "collectives.csv", "--json")
    assert status == 0
    assert json.loads(out)["passed"] is True
    lines = (shared_epoch / "collectives.csv").read_text().splitlines()
    altered = lines[60].split(",")
    altered[5] = repr(float(altered[5]) * (1 + 1e-8))
    (tmp_path / "collectives.csv").write_text("\n".join([*lines[:60], ",".join(altered)]) + "\n")
    assert run("validate", tmp_path)[0] == 1
    assert run("validate", tmp_path / "nothing")[0] == 2


def test_alone_the_command_shows_three_things_to_try(run: Run) -> None:
    status, out, _ = run()
    assert status == 0
    assert out.count("fleetfront ") >= 3


@pytest.mark.parametrize(
    "command", ["solve", "verify", "show", "compare", "validate", "init", "schema", "catalog"]
)
def test_every_help_has_an_example(run: Run, command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert "Example" in out


@pytest.mark.parametrize("formulation", ["enumeration", "column_selection"])
def test_ctrl_c_keeps_what_was_found(
    run: Run, question: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formulation: str
) -> None:
    monkeypatch.setattr("solver.sweep.enumeration.BLOCK_CELLS", 4)
    told = Patience.progress
    calls = itertools.count()

    def progress(self: Patience, done: int, to_do: int) -> None:
        if next(calls) == 4:
            signal.raise_signal(signal.SIGINT)
        told(self, done, to_do)

    monkeypatch.setattr(Patience, "progress", progress)
    result = tmp_path / "r.json"
    status, out, err = run("solve", question, "--out", result, "--formulation", formulation)
    assert status == 4
    assert "stopping with what was found" in err
    assert "partial" in out
    document = json.loads(result.read_text())
    assert document["points"]
    assert document["open_boxes"]
    monkeypatch.setattr(Patience, "progress", told)
    assert run("verify", result, "--quiet")[0] == 0


def test_a_second_ctrl_c_leaves_at_once_with_what_was_found(
    run: Run, question: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solver.sweep.enumeration.BLOCK_CELLS", 4)

    def progress(_self: Patience, _done: int, _to_do: int) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Patience, "progress", progress)
    status, out, _ = run("solve", question)
    assert status == 4
    assert "partial" in out


def test_a_tiny_cap_on_output_is_a_conflict_and_not_a_crash(run: Run, question: Path) -> None:
    status, out, _ = run("solve", question, "--set", "limits.max_tok_per_s=1e-7")
    assert status == 3
    assert "max_tok_per_s" in out
