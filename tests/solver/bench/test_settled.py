"""Where no reference is known, proofs are held against each other."""

from __future__ import annotations

from collections.abc import Sequence

from solver.bench.row import Row
from solver.bench.settled import settled


def row(engine: str, **changes: object) -> Row:
    fields: dict[str, object] = {
        "group": "fleet", "instance": "one", "instance_sha256": "ab", "size": "", "family": "",
        "formulation": "counts", "engine": engine, "seed": 1, "level": 0, "objective": "cost",
        "upper": {}, "time_limit_s": 5.0, "status": "optimal", "verdict": "open",
        "incumbent": 9, "bound": 9,
    }  # fmt: skip
    return Row(**(fields | changes))  # type: ignore[arg-type]


def verdicts(rows: Sequence[Row]) -> list[str]:
    return [one.verdict for one in settled(rows)]


def test_proofs_that_agree_are_right() -> None:
    found = settled([row("highs"), row("scip"), row("cp-sat", status="time_limit", bound=4)])
    assert [one.verdict for one in found] == ["right", "right", "open"]
    assert {one.best for one in found} == {9}


def test_proofs_that_differ_are_all_wrong() -> None:
    assert verdicts([row("highs"), row("scip", incumbent=8, bound=8)]) == ["wrong", "wrong"]


def test_a_point_below_a_proof_makes_it_no_proof() -> None:
    rows = [row("highs"), row("scip", status="time_limit", incumbent=7, bound=2)]
    assert "right" not in verdicts(rows)
    assert verdicts(rows)[0] == "wrong"


def test_levels_that_a_reference_proved_keep_their_verdicts() -> None:
    told = [row("highs", verdict="right", best=9, best_by="blocks")]
    assert settled(told) == told


def test_other_instances_do_not_matter() -> None:
    other = {"instance_sha256": "cd", "incumbent": 8, "bound": 8}
    rows = [row("highs"), row("scip"), row("highs", **other), row("scip", **other)]
    assert verdicts(rows) == ["right"] * 4


def test_a_proof_that_nobody_else_has_stays_open() -> None:
    assert verdicts([row("highs"), row("highs", seed=2)]) == ["open", "open"]
