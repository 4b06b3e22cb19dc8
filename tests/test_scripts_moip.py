"""The speed script of the multi-objective sweep: what it calls right, and what it calls met."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SMALL = ROOT / "instances" / "moip" / "knapsack-30.json"
NAMES = ("measure_moip_speed", "moip_speed_runs", "moip_speed_child", "speed_measuring")
Judge = Callable[..., dict[str, bool | None]]


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The modules of the script, forgotten again afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield {name: importlib.import_module(name) for name in NAMES}
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.fixture
def instance(scripts: dict[str, ModuleType]) -> Any:
    """Two published points."""
    images = frozenset({(Fraction(1), Fraction(2)), (Fraction(2), Fraction(1))})
    return scripts["moip_speed_runs"].Instance(Path("two.json"), "two", 2, 4, 1, 2, images)


@pytest.fixture
def run(scripts: dict[str, ModuleType]) -> Any:
    """A run that meets every bound."""
    return scripts["moip_speed_runs"].Run(
        side="fleetfront",
        name="two",
        status="complete",
        found=100,
        right=True,
        cpu_solve_s=0.5,
        cpu_process_s=1.0,
        peak_bytes=1,
        solves=300,
    )


@pytest.fixture
def judge(scripts: dict[str, ModuleType]) -> Judge:
    """Judge runs that stand for instances of a shape: what is asked to whether it is met."""

    def judged(
        runs: dict[str, Any], *, p: int = 2, n: int = 200, pairs: dict[str, Any] | None = None
    ) -> dict[str, bool | None]:
        module = scripts["moip_speed_runs"]
        instances = [module.Instance(Path(f), f, p, n, 1, 100, None) for f in runs]
        lines = scripts["measure_moip_speed"].bounds(instances, runs, pairs or {})
        return {line.asked.split(":")[0]: line.met for line in lines}

    return judged


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with a small program under a name of choice, published points left out at will."""

    def made(name: str = "small", *, drop: int = 0) -> Path:
        document = json.loads(SMALL.read_text(encoding="utf-8"))
        document["nondominated"] = document["nondominated"][drop:]
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        return tmp_path

    return made


def is_right(scripts: dict[str, ModuleType], *arguments: Any) -> bool:
    """What the script says of an answer."""
    right = scripts["moip_speed_runs"].is_right(*arguments)
    assert isinstance(right, bool)
    return right


def test_the_published_points_in_any_order_are_right(
    scripts: dict[str, ModuleType], instance: Any
) -> None:
    assert is_right(scripts, instance, "complete", [["2", "1"], ["1", "2"]])


def test_a_complete_answer_that_misses_a_point_is_wrong(
    scripts: dict[str, ModuleType], instance: Any
) -> None:
    assert not is_right(scripts, instance, "complete", [["2", "1"]])


def test_a_partial_answer_of_published_points_is_right(
    scripts: dict[str, ModuleType], instance: Any
) -> None:
    assert is_right(scripts, instance, "partial", [["2", "1"]])


def test_a_partial_answer_with_an_unknown_point_is_wrong(
    scripts: dict[str, ModuleType], instance: Any
) -> None:
    assert not is_right(scripts, instance, "partial", [["5/2", "1"]])


def test_the_same_point_twice_is_wrong(scripts: dict[str, ModuleType], instance: Any) -> None:
    assert not is_right(scripts, instance, "complete", [["2", "1"], ["2", "1"]])


def test_where_only_the_count_is_known_the_count_decides(
    scripts: dict[str, ModuleType], instance: Any
) -> None:
    counted = replace(instance, images=None)
    assert is_right(scripts, counted, "complete", [["7", "7"], ["8", "8"]])
    assert not is_right(scripts, counted, "complete", [["7", "7"]])


def test_infeasible_is_right_only_where_nothing_is_published(
    scripts: dict[str, ModuleType], instance: Any
) -> None:
    assert is_right(scripts, replace(instance, count=0, images=frozenset()), "infeasible", [])
    assert not is_right(scripts, instance, "infeasible", [])


def test_a_run_that_crashed_is_wrong(scripts: dict[str, ModuleType], instance: Any) -> None:
    assert not is_right(scripts, instance, "crashed", [])


def test_what_was_not_run_is_neither_met_nor_missed(judge: Judge) -> None:
    assert set(judge({}).values()) == {None}


def test_a_knapsack_that_is_too_slow_misses(judge: Judge, run: Any) -> None:
    slow = replace(run, cpu_process_s=100 / 13.9)
    assert judge({"mokp_p2_n200_1": run})["mokp_p2_n200_*"] is True
    assert judge({"mokp_p2_n200_1": run, "mokp_p2_n200_2": slow})["mokp_p2_n200_*"] is False


def test_three_objectives_with_too_many_solves_miss(judge: Judge, run: Any) -> None:
    asked = "three objectives, n >= 50"
    assert judge({"three": run}, p=3, n=50)[asked] is True
    assert judge({"three": replace(run, solves=351)}, p=3, n=50)[asked] is False


def test_a_partial_answer_meets_no_bound(judge: Judge, run: Any) -> None:
    partial = replace(run, status="partial")
    assert judge({"pyaug_2kp250": run})["pyaug_2kp250"] is True
    assert judge({"pyaug_2kp250": partial})["pyaug_2kp250"] is False


def test_the_smaller_of_the_two_ratios_counts(judge: Judge, run: Any) -> None:
    name = "vopt_spa_sppnw41"
    far = replace(run, cpu_solve_s=50.0, cpu_process_s=3.1)
    near = replace(run, cpu_solve_s=50.0, cpu_process_s=2.9)
    assert judge({}, pairs={name: ([run], [far])})[name] is True
    assert judge({}, pairs={name: ([run], [near])})[name] is False


def test_a_crash_of_the_other_side_is_no_win(judge: Judge, run: Any) -> None:
    crashed = replace(run, status="crashed", cpu_solve_s=99.0, cpu_process_s=99.0)
    pairs = {"pyaug_2kp50": ([run], [crashed])}
    assert judge({}, pairs=pairs)["pyaug_2kp50"] is False


def test_the_other_side_gets_the_same_program(scripts: dict[str, ModuleType]) -> None:
    document = {
        "n": 2,
        "senses": ["max", "min"],
        "c": [[3, 0], [1, -2]],
        "A": {"start": [0, 2, 3], "index": [0, 1, 1], "value": [1, 4, 5]},
        "row_sense": ["<=", ">="],
        "rhs": [6.5, -1],
        "lb": [0, -1],
        "ub": [4, None],
    }
    model = scripts["moip_speed_child"].pyomo_model(document)
    model.x[0].value, model.x[1].value = 2, 1
    assert [(goal(), goal.sense.name) for goal in model.obj_list.values()] == [
        (6, "maximize"),
        (0, "minimize"),
    ]
    assert [(row.lb, row.body(), row.ub) for row in model.rows.values()] == [
        (None, 6, 6.5),
        (-1, 5, None),
    ]
    assert [(x.lb, x.ub, x.is_integer()) for x in model.x.values()] == [
        (0, 4, True),
        (-1, None, True),
    ]


def test_a_run_in_a_process_of_its_own_is_measured(
    scripts: dict[str, ModuleType], folder: Callable[..., Path]
) -> None:
    lines = folder() / "lines.jsonl"
    assert scripts["measure_moip_speed"].main([str(folder()), "--json", str(lines)]) == 0
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    told = next(one for one in records if one["record"] == "run")
    assert told["right"]
    assert told["status"] == "complete"
    assert 0 < told["cpu_solve_s"] < told["cpu_process_s"]


def test_an_answer_that_is_not_as_published_ends_with_status_one(
    scripts: dict[str, ModuleType],
    folder: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert scripts["measure_moip_speed"].main([str(folder(drop=1))]) == 1
    assert "wrong answers: small" in capsys.readouterr().out


def test_an_environment_without_pyaugmecon_is_told_in_one_line(
    scripts: dict[str, ModuleType],
    folder: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    if any(one.name == "pyaugmecon" for one in metadata.distributions()):
        pytest.skip("pyaugmecon is installed here")
    arguments = [str(folder("pyaug_2kp50")), "--against-pyaugmecon", sys.executable]
    assert scripts["measure_moip_speed"].main(arguments) == 2
    error = capsys.readouterr().err
    assert "pyaugmecon is not installed there" in error
    assert error.count("\n") == 1


def test_a_limit_that_is_too_short_is_told_as_partial(
    scripts: dict[str, ModuleType],
    folder: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [str(folder()), "--time-limit", "0.000001"]
    assert scripts["measure_moip_speed"].main(arguments) == 0
    assert "partial under the limit: small" in capsys.readouterr().out


def test_an_unknown_instance_is_told(
    scripts: dict[str, ModuleType],
    folder: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert scripts["measure_moip_speed"].main([str(folder()), "--instances", "none"]) == 2
    assert "no program named none" in capsys.readouterr().err
