"""Fleets on the command line: files, exit statuses, what-ifs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli import main

Run = Callable[..., tuple[int, str, str]]

POINTS = """\
devices,requests_per_s,tpot_ms,ttft_ms,machine,layout
1,2.5,40,300,small,one
2,6,25,200,small,two
1,5,30,150,large,one
4,24,12,90,large,four
"""
FLEET = """\
schema = 1
kind = "fleet"
name = "two-machines"

[[workloads]]
name = "chat"
input_tokens = 1000
output_tokens = 200
requests_per_s = 50
min_speed_tok_per_s = 20
max_ttft_s = 1
points = "points.csv"

[[machines]]
name = "small"
usd_per_hour = 1
stock_devices = 12

[[machines]]
name = "large"
usd_per_hour = "2.6"
stock_devices = 12
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit status, standard output and standard error of a command."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


@pytest.fixture
def question(tmp_path: Path) -> Path:
    """A small fleet on measured points."""
    (tmp_path / "points.csv").write_text(POINTS)
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET)
    return path


def test_a_fleet_is_solved_written_and_verified(run: Run, question: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"r.{name}" for name in ("json", "csv", "png", "html")}
    status, out, err = run(
        "solve", question, "--out", files["json"], "--csv", files["csv"],
        "--plot", files["png"], "--report", files["html"],
    )  # fmt: skip
    assert status == 0
    assert err == ""
    assert "Bill of materials" in out
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert "<html" in files["html"].read_text()
    document = json.loads(files["json"].read_text())
    assert document["status"] == "complete"
    costs = [point["objectives"]["cost"] for point in document["points"]]
    assert costs == sorted(costs, reverse=True)
    assert files["csv"].read_text().count("\n") == len(costs) + 1
    status, out, _ = run("verify", files["json"], "--instance", question, "--reprove")
    assert (status, out.splitlines()[-1]) == (0, "verified")


@pytest.mark.parametrize("options", [(), ("--formulation", "counts", "--engine", "highs")])
def test_every_road_gives_the_same_points(
    run: Run, question: Path, options: tuple[str, ...]
) -> None:
    plain = json.loads(run("solve", question, "--json")[1])
    other = json.loads(run("solve", question, "--json", *options)[1])
    assert [p["exact"] for p in other["points"]] == [p["exact"] for p in plain["points"]]


def test_a_speed_asked_for_leaves_the_faster_points(run: Run, question: Path) -> None:
    everything = json.loads(run("solve", question, "--json")[1])["points"]
    fast = json.loads(run("solve", question, "--json", "--min-speed", "35")[1])["points"]
    assert 0 < len(fast) < len(everything)
    assert all(point["objectives"]["speed"] >= 35 for point in fast)


def test_a_budget_nobody_can_keep_ends_with_3_and_says_what_would_do(
    run: Run, question: Path
) -> None:
    cheapest = json.loads(run("solve", question, "--json")[1])["points"][-1]["objectives"]["cost"]
    status, out, _ = run("solve", question, "--max-cost", "2")
    assert status == 3
    assert "budget" in out
    assert f"{cheapest:g} US$/h would do" in out


def test_what_nobody_can_serve_is_bad_input(run: Run, question: Path) -> None:
    status, out, err = run("solve", question, "--min-speed", "5000")
    assert (status, out) == (2, "")
    assert "chat" in err
    assert "Traceback" not in err


def test_a_time_limit_that_is_over_at_once_leaves_a_partial_answer(
    run: Run, question: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.json"
    status, told, _ = run("solve", question, "--time-limit", "0.000001", "--out", out)
    assert status == 4
    document = json.loads(out.read_text())
    assert document["open_boxes"]
    assert "time limit" in told
    assert run("verify", out, "--quiet")[0] == 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--formulation", "enumeration"), "enumeration"),
        (("--formulation", "blocks", "--engine", "highs"), "blocks"),
        (("--set", "machines.small.usd_per_hour=3000"), "3000"),
        (("--set", "workloads.chat.points=none.csv"), "none.csv"),
    ],
)
def test_bad_options_end_with_2_and_name_the_slip(
    run: Run, question: Path, options: tuple[str, ...], word: str
) -> None:
    status, out, err = run("solve", question, *options)
    assert (status, out) == (2, "")
    assert word in err
    assert "Traceback" not in err


def test_a_checkpoint_that_is_complete_gives_the_same_points_again(
    run: Run, question: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    plain = json.loads(run("solve", question, "--json")[1])
    for _ in range(2):
        kept = json.loads(run("solve", question, "--json", "--checkpoint", path)[1])
        assert kept["points"] == plain["points"]
    assert path.read_text().startswith('{"fleetfront_checkpoint":')


def test_a_time_limit_and_a_checkpoint_end_where_one_run_ends(
    run: Run, question: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    plain = json.loads(run("solve", question, "--json")[1])
    options = ("--quiet", "--checkpoint", path, "--time-limit", "0.000001")
    assert run("solve", question, *options)[0] == 4
    kept = json.loads(run("solve", question, "--json", "--checkpoint", path)[1])
    assert kept["points"] == plain["points"]


def test_a_checkpoint_of_another_question_is_refused_by_name(
    run: Run, question: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    run("solve", question, "--quiet", "--checkpoint", path)
    more = ("--set", "workloads.chat.requests_per_s=40")
    status, out, err = run("solve", question, "--checkpoint", path, *more)
    assert (status, out) == (2, "")
    assert "belongs to another problem, 'two-machines'" in err


def test_a_result_is_not_written_over_the_question_or_the_checkpoint(
    run: Run, question: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    before = question.read_text()
    assert run("solve", question, "--out", question)[0] == 2
    assert question.read_text() == before
    status, _, err = run("solve", question, "--checkpoint", path, "--out", path)
    assert status == 2
    assert "also the checkpoint" in err


def test_a_damaged_checkpoint_is_mended_on_request_and_that_is_told(
    run: Run, question: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    run("solve", question, "--quiet", "--checkpoint", path)
    path.write_bytes(path.read_bytes().replace(b'"at_least":', b'"at_most":', 1))
    assert run("solve", question, "--quiet", "--checkpoint", path)[0] == 2
    status, out, _ = run("solve", question, "--checkpoint", path, "--recover")
    assert status == 0
    assert "note: damaged lines cut out" in out


@pytest.mark.parametrize(
    "options", [("--workers", "2"), ("--dask", "tcp://h:1"), ("--checkpoint", "x.jsonl")]
)
def test_a_replica_refuses_what_is_for_fleets(
    run: Run, tmp_path: Path, options: tuple[str, str]
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(run("init")[1])
    status, out, err = run("solve", path, *options)
    assert (status, out) == (2, "")
    assert err.startswith(f"{options[0]}: is for fleets")
    assert not Path("x.jsonl").exists()


def test_two_workers_give_the_points_of_one(run: Run, question: Path) -> None:
    plain = json.loads(run("solve", question, "--json")[1])
    shared = json.loads(run("solve", question, "--json", "--workers", "2")[1])
    assert shared["points"] == plain["points"]
    assert shared["claims"] == plain["claims"]


@pytest.mark.parametrize(("cost", "told"), [("2", "conflict"), ("1000", "answers")])
def test_a_chosen_engine_reaches_conflicts_and_answers(
    run: Run, question: Path, monkeypatch: pytest.MonkeyPatch, cost: str, told: str
) -> None:
    from solver.sweep.fleet import asking
    from solver.sweep.fleet.roads import Road

    seen: list[Road] = []
    plain = asking.ask_least

    def watched(problem: object, measure: str, *, road: object, **more: object) -> object:
        assert callable(road)
        assert (road.formulation, road.engine) == ("counts", "cp-sat")  # type: ignore[attr-defined]
        seen.append(road(problem))
        return plain(problem, measure, road=road, **more)  # type: ignore[arg-type]

    for module in ("conflict", "worth", "break_even", "reference"):
        monkeypatch.setattr(f"solver.sweep.fleet.{module}.ask_least", watched)
    question.write_text(question.read_text() + "\n[answers]\nlimits = true\nbreak_even = true\n")
    options = ("--formulation", "counts", "--engine", "cp-sat", "--max-cost", cost)
    document = json.loads(run("solve", question, "--json", *options)[1])
    assert document[told]
    assert seen


def test_show_says_which_limits_bind_at_the_cheapest_plan(run: Run, question: Path) -> None:
    tight = ("--set", "machines.small.stock_devices=9")
    found = json.loads(run("show", question, "--json", *tight)[1])
    assert "cheapest plan" in found["plan"]
    binds = {entry["limit"]: entry["binds"] for entry in found["limits"]}
    # Nine small ones carry 26.5 requests/s for US$9, four large ones 24 for US$10.40.
    assert (binds["stock of small"], binds["stock of large"]) == (True, False)
    text = " ".join(run("show", question, *tight)[1].split())
    assert "What binds there: stock of small." in text


def test_show_says_that_no_plan_meets_the_limits(run: Run, question: Path) -> None:
    status, out, _ = run("show", question, "--max-cost", "2")
    assert status == 0
    assert "No plan meets all limits" in out


def test_show_says_when_the_cheapest_plan_was_not_found_in_time(
    run: Run, question: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solver.cli.show._LOOK_S", 0.0)
    status, out, _ = run("show", question)
    assert status == 0
    assert "no plan was found in 0 s" in out


def test_show_tells_sizes_and_limits(run: Run, question: Path) -> None:
    status, out, _ = run("show", question)
    assert status == 0
    assert "stock of small" in out
    assert json.loads(run("show", question, "--json")[1])


def test_compare_names_what_changed_between_two_fleets(
    run: Run, question: Path, tmp_path: Path
) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    run("solve", question, "--out", before, "--quiet")
    run("solve", question, "--set", "machines.small.stock_devices=6", "--out", after, "--quiet")
    status, out, _ = run("compare", before, after)
    assert status == 0
    assert "stock" in out
    assert json.loads(run("compare", before, after, "--json")[1])["changes"]


def test_a_fleet_is_not_compared_with_a_replica(run: Run, question: Path, tmp_path: Path) -> None:
    fleet, replica, file = tmp_path / "f.json", tmp_path / "r.json", tmp_path / "r.toml"
    run("solve", question, "--out", fleet, "--quiet")
    file.write_text(run("init")[1])
    run("solve", file, "--out", replica, "--quiet")
    status, _, err = run("compare", fleet, replica)
    assert status == 2
    assert "another kind" in err
