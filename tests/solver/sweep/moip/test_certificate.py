"""Honest results pass; every forgery fails, at the latest when boxes are closed again."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import solver
from solver.errors import FleetError
from solver.result import canonical_digest, document_text
from solver.sweep.certificate import Verification
from solver.sweep.moip.certificate import verify_moip
from solver.sweep.moip.claims import Corner, FoundPoint
from solver.sweep.moip.document import outcome_to_dict
from solver.sweep.moip.outcome import ClosedBox, SearchOutcome
from solver.sweep.moip.reprove import reprove_boxes
from tests.oracles import plain_moip as plain
from tests.oracles.small_programs import stated

Document = dict[str, Any]
Forge = Callable[[Document], object]

HONEST: dict[str, dict[str, Any]] = {
    "complete": {},
    "listed": {"claim": plain.listed_claim},
    "partial": {"unseen": [1]},
    "partial with candidates": {"unseen": [1, 2], "unproved": [0]},
}


def written(p: int = 2, **what: Any) -> Document:
    text = document_text(outcome_to_dict(plain.outcome(plain.knapsack(p), **what)))
    document: Document = json.loads(text)
    return document


def signed(document: Document) -> Document:
    document["digest"] = canonical_digest(document)
    return document


def forged(document: Document, forge: Forge) -> Document:
    other = copy.deepcopy(document)
    forge(other)
    assert other != document
    return signed(other)


def failed(verification: Verification) -> set[str]:
    return {check.name for check in verification.checks if not check.passed}


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("what", HONEST.values(), ids=HONEST)
def test_an_honest_result_passes(p: int, what: dict[str, Any]) -> None:
    verification = verify_moip(written(p, **what), program=plain.knapsack(p))
    assert verification.passed, verification


@pytest.mark.parametrize("p", [2, 3])
@pytest.mark.parametrize("what", HONEST.values(), ids=HONEST)
def test_an_honest_result_passes_when_boxes_are_closed_again(p: int, what: dict[str, Any]) -> None:
    verification = verify_moip(written(p, **what), reprove=reprove_boxes)
    assert verification.passed, verification
    assert verification.checks[-1].name == "boxes closed again"


def test_an_honest_infeasible_result_passes() -> None:
    problem = stated([[1, 2], [2, 1]], [([1, 1], 5, 9)]).program
    document = outcome_to_dict(plain.outcome(problem), conflict=["r1"])
    assert document["status"] == "infeasible"
    assert [box["corner"] for box in document["closed_boxes"]] == [list(problem.ceiling)]
    assert verify_moip(document, reprove=reprove_boxes).passed


def test_another_program_than_the_one_solved_is_noticed() -> None:
    verification = verify_moip(written(), program=plain.knapsack(seed=3))
    assert failed(verification) == {"instance"}


def test_a_changed_number_shows_in_the_digest() -> None:
    document = written()
    document["provenance"]["solves"] += 1
    assert failed(verify_moip(document)) == {"digest"}


def drop_point(document: Document) -> None:
    del document["points"][1]


def listing(corner: list[int]) -> dict[str, Any]:
    return {
        "upper": corner, "weights": None, "bound": None, "engine": "labels",
        "closed_by": "enumeration",
    }  # fmt: skip


def wrong_exact(document: Document) -> None:
    document["points"][0]["exact"]["f1"] = "1/2"


def wrong_display(document: Document) -> None:
    document["points"][0]["objectives"]["f1"] += 1


def infeasible_x(document: Document) -> None:
    document["points"][0]["design"]["columns"] = {f"x{j}": 1 for j in range(1, 9)}


def x_out_of_bounds(document: Document) -> None:
    document["points"][0]["design"]["columns"]["x1"] = 2


def other_x(document: Document) -> None:
    document["points"][0]["design"] = document["points"][1]["design"]


def explicit_zero(document: Document) -> None:
    document["points"][1]["design"]["columns"]["x1"] = 0


def drop_closed_box(document: Document) -> None:
    del document["closed_boxes"][0]


def drop_open_box(document: Document) -> None:
    del document["open_boxes"][0]


def shrink_box(document: Document) -> None:
    document["closed_boxes"][-1]["corner"][0] -= 1


def claim_of(document: Document, closed_by: str) -> dict[str, Any]:
    claims = (box["claim"] for box in document["closed_boxes"])
    found: dict[str, Any] = next(claim for claim in claims if claim["closed_by"] == closed_by)
    return found


def lower_bound_of_a_claim(document: Document) -> None:
    claim_of(document, "bound")["bound"] -= 1


def raise_bound_of_a_claim(document: Document) -> None:
    claim_of(document, "bound")["bound"] += 1


def shrink_claim(document: Document) -> None:
    claim_of(document, "infeasible")["upper"][0] -= 1


def widen_claim(document: Document) -> None:
    claim_of(document, "infeasible")["upper"][0] += 1


def bound_called_infeasible(document: Document) -> None:
    claim_of(document, "bound")["closed_by"] = "infeasible"


def infeasible_called_bound(document: Document) -> None:
    claim_of(document, "infeasible")["closed_by"] = "bound"


def infeasible_called_enumeration(document: Document) -> None:
    claim_of(document, "infeasible")["closed_by"] = "enumeration"


def unknown_engine(document: Document) -> None:
    claim_of(document, "infeasible")["engine"] = "oracle"


def swap_claims_of_a_point(document: Document) -> None:
    document["points"][1]["proof"]["claims"].reverse()


def other_word_for_a_proof(document: Document) -> None:
    document["points"][0]["proof"]["closed_by"] = "enumeration"


def swap_points(document: Document) -> None:
    document["points"][:2] = document["points"][1::-1]


def repeat_point(document: Document) -> None:
    document["points"].insert(0, document["points"][0])


def smaller_gap(document: Document) -> None:
    document["gap"]["open"] -= 1


def larger_hypervolume(document: Document) -> None:
    document["gap"]["hypervolume_found"] += 1


def better_nadir(document: Document) -> None:
    document["nadir"]["exact"]["f1"] = document["ideal"]["exact"]["f1"]


def called_complete(document: Document) -> None:
    document["status"] = "complete"


def other_sense(document: Document) -> None:
    document["objectives"][0]["sense"] = "min"


def other_hash(document: Document) -> None:
    document["instance"]["sha256"] = "0" * 64


def other_units(document: Document) -> None:
    document["instance"]["units"] = "apples"


def easier_program(document: Document) -> None:
    document["instance"]["resolved"]["rows"]["upper"] = [0]


def conflict_of_a_feasible_program(document: Document) -> None:
    row = {"row": "r1", "text": "whatever"}
    document["conflict"].append(row)


def no_reason(document: Document) -> None:
    document["open_boxes"][0]["reason"] = " "


def candidate_called_point(document: Document) -> None:
    found = document["candidates"].pop()
    claims = [listing([1, 1]), listing([1, 1])]
    found["proof"] = {"engine": "labels", "closed_by": "enumeration", "claims": claims}
    document["points"].append(found)


FORGED_COMPLETE: list[Forge] = [
    drop_point, wrong_exact, wrong_display, infeasible_x, x_out_of_bounds, other_x, explicit_zero,
    drop_closed_box, shrink_box, lower_bound_of_a_claim, raise_bound_of_a_claim, shrink_claim,
    widen_claim, bound_called_infeasible, infeasible_called_bound, infeasible_called_enumeration,
    unknown_engine, swap_claims_of_a_point, other_word_for_a_proof, swap_points, repeat_point,
    larger_hypervolume, better_nadir, other_sense, other_hash, other_units, easier_program,
    conflict_of_a_feasible_program,
]  # fmt: skip
FORGED_PARTIAL: list[Forge] = [
    drop_open_box, smaller_gap, called_complete, no_reason, candidate_called_point, drop_point,
    drop_closed_box,
]  # fmt: skip


def caught(document: Document) -> bool:
    """Whether a forged document is refused or fails a check."""
    try:
        return not verify_moip(document).passed
    except FleetError:
        return True


@pytest.mark.parametrize("forge", FORGED_COMPLETE, ids=lambda forge: forge.__name__)
def test_a_forged_complete_result_fails(forge: Forge) -> None:
    assert caught(forged(written(), forge))


@pytest.mark.parametrize("forge", FORGED_PARTIAL, ids=lambda forge: forge.__name__)
def test_a_forged_partial_result_fails(forge: Forge) -> None:
    assert caught(forged(written(unseen=[1, 2], unproved=[0]), forge))


def hiding(outcome: SearchOutcome, *corners: Corner) -> SearchOutcome:
    """The outcome with open boxes called closed by a listing that never was."""
    hidden = {box.corner for box in outcome.open_boxes if not corners or box.corner in corners}
    assert hidden
    closed = [ClosedBox(u, plain.listed_claim(outcome.program, u)) for u in sorted(hidden)]
    return replace(
        outcome,
        closed_boxes=tuple(sorted((*outcome.closed_boxes, *closed), key=lambda box: box.corner)),
        open_boxes=tuple(box for box in outcome.open_boxes if box.corner not in hidden),
    )


def test_a_missing_point_behind_plausible_claims_fails_when_boxes_are_closed_again() -> None:
    shorter = plain.outcome(plain.knapsack(), unseen=[1], claim=plain.listed_claim)
    document = outcome_to_dict(hiding(shorter))
    assert document["status"] == "complete"
    assert verify_moip(document).passed
    verification = verify_moip(document, reprove=reprove_boxes)
    assert failed(verification) == {"boxes closed again"}
    assert "not empty" in verification.checks[-1].faults[0]


def test_an_open_box_called_closed_fails_when_boxes_are_closed_again() -> None:
    outcome = plain.outcome(plain.knapsack(3), unseen=[1, 4], claim=plain.listed_claim)
    assert len(outcome.open_boxes) > 1
    document = outcome_to_dict(hiding(outcome, outcome.open_boxes[0].corner))
    assert document["status"] == "partial"
    assert verify_moip(document).passed
    assert failed(verify_moip(document, reprove=reprove_boxes)) == {"boxes closed again"}


def test_a_floor_that_hides_a_point_fails_when_boxes_are_closed_again() -> None:
    outcome = plain.outcome(plain.knapsack(), unseen=[1])
    box = outcome.open_boxes[0]
    hidden = list(plain.nondominated(plain.knapsack()))[1]
    raised = replace(box, floor=(hidden[0] + 1, box.floor[1]))
    document = outcome_to_dict(replace(outcome, open_boxes=(raised,)))
    assert verify_moip(document).passed
    verification = verify_moip(document, reprove=reprove_boxes)
    assert failed(verification) == {"boxes closed again"}
    assert "floor of f1" in verification.checks[-1].faults[0]


def test_a_dominated_point_is_named() -> None:
    problem = plain.knapsack()
    outcome = plain.outcome(problem)
    every = dict(plain.feasible(problem))
    worst = max(every)
    document = outcome_to_dict(replace(outcome, candidates=(FoundPoint(worst, every[worst]),)))
    verification = verify_moip(document)
    assert "mutual nondominance" in failed(verification)
    assert "boxes tile the search region" in failed(verification)


@pytest.mark.parametrize("document", [None, [], "text", 3, {}, {"schema": 1}])
def test_what_is_no_result_is_refused(document: Any) -> None:
    with pytest.raises(FleetError):
        verify_moip(document)


def test_numbers_beyond_64_bits_in_claims_are_compared_exactly() -> None:
    document = written()
    for box in document["closed_boxes"]:
        claim = box["claim"]
        if claim["weights"] is not None:
            claim["weights"] = [2**70 * weight for weight in claim["weights"]]
            claim["bound"] *= 2**70
        claim["upper"] = [2**80 if value > 0 else value for value in claim["upper"]]
    assert verify_moip(signed(document)).passed
    claim_of(document, "bound")["bound"] += 1
    assert failed(verify_moip(signed(document))) == {"no claim is refuted"}


def test_progress_runs_to_the_number_of_claims() -> None:
    told: list[tuple[int, int]] = []
    verify_moip(written(3), on_progress=lambda done, to_do: told.append((done, to_do)))
    assert told
    assert told[-1][0] == told[-1][1] > 0


def test_verify_takes_a_file_and_a_program(tmp_path: Any) -> None:
    path = tmp_path / "set.json"
    path.write_text(document_text(written()))
    assert solver.verify(path, instance=plain.knapsack())
    assert not solver.verify(path, instance=plain.knapsack(seed=3))


def test_verify_takes_an_outcome_and_closes_its_boxes_again() -> None:
    verification = solver.verify(plain.outcome(plain.knapsack()), reprove=True)
    assert verification.passed
    assert verification.checks[-1].name == "boxes closed again"
