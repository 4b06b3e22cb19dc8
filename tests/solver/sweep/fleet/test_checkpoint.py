"""Fleet sweeps that are stopped and go on: the same frontier, plans included."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from formulations.fleet.plan import FilledRack, FleetPlan
from formulations.fleet.problem import FleetProblem
from formulations.fleet.racks import Racks
from solver.errors import ResultError
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.checkpoint_lines import DamageError, sealed
from solver.sweep.fleet.checkpoint import BoxCodec, problem_digest
from solver.sweep.fleet.document import outcome_to_dict
from solver.sweep.fleet.frontier import FleetProgress, sweep_fleet
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.settling import BoxJob, Roads, Settled, given_up
from tests.oracles.fleet_spaces import dressed
from tests.oracles.plain_fleet import fleet

TWO = ("speed", "cost")
THREE = ("speed", "cost", "power")


def problem(**changes: Any) -> FleetProblem:
    """Two workloads, fast dear and slow cheap replicas, one stock that binds."""
    made = fleet(
        [7, 4, 3, 8, 5, 2],
        upper=[9] * 6,
        cover=[([5, 4, 4, 0, 0, 0], 17), ([0, 0, 0, 6, 5, 3], 20)],
        use=[([1, 1, 1, 1, 1, 1], 8), ([0, 1, 0, 0, 1, 0], 4)],
        power=[3, 2, 2, 3, 2, 1],
        speed=[0, 1, 3, 0, 2, 3],
    )
    return replace(made, **changes)


def swept(names: tuple[str, ...], **options: Any) -> FleetOutcome:
    objectives = dressed(problem(), names)
    return sweep_fleet(objectives.space, objectives=objectives, **options)


def told(outcome: FleetOutcome) -> tuple[Any, ...]:
    """All that should not change: points with their plans and proofs, claims, the work done."""
    points = [
        (p.image, p.plan.counts.tolist(), p.plan.shares, p.plan.racks, p.proof)
        for p in outcome.points
    ]
    return outcome.status, points, outcome.claims, outcome.open_regions, outcome.solves


@pytest.mark.parametrize("names", [TWO, THREE])
@pytest.mark.parametrize("formulation", [None, "counts"])
def test_stopped_at_any_look_it_goes_on_to_the_same_end(
    names: tuple[str, ...], formulation: str | None, tmp_path: Path
) -> None:
    whole = told(swept(names, formulation=formulation))
    stopped = 0
    for most in (1, 3, 6, 9):
        path = tmp_path / f"{most}.jsonl"
        looks = itertools.count()
        part = swept(
            names,
            formulation=formulation,
            checkpoint=path,
            should_stop=lambda n=most, c=looks: next(c) >= n,
        )
        stopped += part.status == "partial"
        assert told(swept(names, formulation=formulation, checkpoint=path)) == whole
    assert stopped


@pytest.mark.parametrize("names", [TWO, THREE])
def test_after_ctrl_c_it_goes_on_to_the_same_end(names: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"

    def interrupt(progress: FleetProgress) -> None:
        if progress.solves >= 3:
            raise KeyboardInterrupt

    part = swept(names, checkpoint=path, on_progress=interrupt)
    assert part.status == "partial"
    assert path.read_bytes().count(b"\n") > 1
    assert told(swept(names, checkpoint=path)) == told(swept(names))


def test_a_finished_checkpoint_answers_without_a_solve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.jsonl"
    whole = told(swept(TWO, checkpoint=path))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a box was asked for again")

    monkeypatch.setattr("solver.sweep.fleet.roads.Road.least", refuse)
    assert told(swept(TWO, checkpoint=path)) == whole


def test_a_checkpoint_of_another_fleet_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    swept(TWO, checkpoint=path)
    other = dressed(problem(demand=problem().demand + 1, name="larger"), TWO)
    with pytest.raises(ResultError, match=r"another problem.*'larger'"):
        sweep_fleet(other.space, objectives=other, checkpoint=path)


def test_a_checkpoint_of_another_trade_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    swept(TWO, checkpoint=path)
    with pytest.raises(ResultError, match="belongs to another problem"):
        swept(THREE, checkpoint=path)


def test_a_checkpoint_begun_with_another_engine_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    swept(TWO, checkpoint=path)
    with pytest.raises(ResultError, match=r"begun with no --formulation.*has --formulation counts"):
        swept(TWO, checkpoint=path, formulation="counts")


def test_a_question_is_known_by_every_number_of_it() -> None:
    plain = problem()
    digests = {
        problem_digest(dressed(changed, TWO))
        for changed in (
            plain,
            replace(plain, upper=plain.upper + 1),
            replace(plain, limit=plain.limit + 1),
            replace(plain, measures={**plain.measures, "cost": plain.measures["cost"] + 1}),
            replace(plain, column_names=tuple("uvwxyz")),
        )
    }
    assert len(digests) == 5


def codec_of(objectives: Objectives) -> BoxCodec:
    return BoxCodec(objectives, Roads())


def test_racks_come_back_as_they_were() -> None:
    racks = Racks(
        items=np.array([0], dtype=np.int64),
        size=np.array([[1]], dtype=np.int64),
        count=np.array([3], dtype=np.int64),
        capacity=np.array([[2]], dtype=np.int64),
        admits=np.ones((1, 1), dtype=np.bool_),
        dimension_names=("slots",),
        orbit_names=("row",),
    )
    plain = fleet([1], upper=[5], cover=[([2], 8)], speed=[0])
    objectives = dressed(replace(plain, racks=racks), TWO)
    counts = np.array([4], dtype=np.int64)
    plan = FleetPlan(counts, (), (FilledRack(0, 2, {0: 2}),))
    box = BoxJob(objectives.ceiling, 0)
    kept = Settled(box, plan, (0, 4), 4, "cp-sat", "bound", 2)
    again = codec_of(objectives).read(codec_of(objectives).write(kept).rstrip(b"\n"))
    assert again.plan is not None
    assert (again.job, again.image, again.bound, again.solves) == (box, (0, 4), 4, 2)
    assert again.plan.racks == plan.racks
    assert again.plan.counts.tolist() == [4]


def line_of(objectives: Objectives, **changes: Any) -> bytes:
    """A line for the cheapest plan of ``problem``, changed, with a check that fits."""
    outcome = sweep_fleet(objectives.space, objectives=objectives)
    point = outcome.points[-1]
    content = {
        "box": {"corner": list(objectives.ceiling), "at_least": 0},
        "answer": {
            "bound": point.image[1], "closed_by": "bound", "engine": "blocks", "solves": 1,
        },
        "plan": {
            "counts": {str(j): int(point.plan.counts[j]) for j in range(6)},
            "shares": [],
            "racks": [],
        },
        **changes,
    }  # fmt: skip
    return sealed(content, problem_digest(objectives))


def test_a_line_that_fits_is_read() -> None:
    objectives = dressed(problem(), TWO)
    assert codec_of(objectives).read(line_of(objectives)).whole


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"plan": {"counts": {"0": 1}, "shares": [], "racks": []}}, "fails in integers"),
        ({"plan": {"counts": {"9": 1}, "shares": [], "racks": []}}, "its plan is none"),
        ({"plan": {"counts": {"0": 1.5}, "shares": [], "racks": []}}, "no[t]? a whole number"),
        ({"plan": {"counts": {}}}, "its plan is none"),
        ({"plan": None}, "its answer is none"),
        ({"box": {"corner": [1, 1], "at_least": 0}}, "do not fit its box"),
        ({"box": {"corner": [1], "at_least": 0}}, "its answer is none"),
        ({"box": {}}, "it holds no box"),
    ],
)
def test_a_line_that_does_not_hold_is_damage(changes: dict[str, Any], why: str) -> None:
    objectives = dressed(problem(), TWO)
    line = line_of(objectives, **changes)
    if changes == {"plan": None}:
        line = line_of(
            objectives,
            plan=None,
            answer={"bound": None, "closed_by": "bound", "engine": "blocks", "solves": 1},
        )
    with pytest.raises(DamageError, match=why):
        codec_of(objectives).read(line)


def test_what_is_not_settled_is_not_kept() -> None:
    objectives = dressed(problem(), TWO)
    with pytest.raises(ValueError, match="settled"):
        codec_of(objectives).write(given_up(BoxJob(objectives.ceiling, 0), "time limit"))


def lowered(make: Any) -> FleetSpace:
    """Two layouts on one machine, one fast and one slow."""
    machine = make.machine("small", make.contract("2"), stock_devices=9)
    chat = make.workload(
        7, make.point("small", 2), make.point("small", 1, layout="slow", tpot_s=Fraction(1, 50))
    )
    return lower_fleet(make.question([chat], [machine]))


def test_a_lowered_question_goes_on_to_the_same_document(make: Any, tmp_path: Path) -> None:
    space = lowered(make)
    looks = itertools.count()
    path = tmp_path / "run.jsonl"
    sweep_fleet(space, checkpoint=path, should_stop=lambda: next(looks) >= 2)
    again, whole = sweep_fleet(space, checkpoint=path), sweep_fleet(space)
    documents = [json.loads(json.dumps(outcome_to_dict(o))) for o in (again, whole)]
    assert documents[0]["points"] == documents[1]["points"]


def test_a_mended_checkpoint_is_told_in_the_provenance(make: Any, tmp_path: Path) -> None:
    space, path = lowered(make), tmp_path / "run.jsonl"
    sweep_fleet(space, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-5])
    notes = outcome_to_dict(sweep_fleet(space, checkpoint=path))["provenance"]["notes"]
    assert notes == [f"the last line of {path} was cut short and is dropped"]
