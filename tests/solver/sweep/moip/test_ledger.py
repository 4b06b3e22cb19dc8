"""The ledger: what it admits, what it closes, and whom it stops believing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.moip.problem import Image
from solver.sweep.moip.claims import Claim, ClosedBy, Corner, FoundPoint
from solver.sweep.moip.ledger import Ledger
from tests.oracles.small_programs import Stated, small_programs, stated

SOMETIMES = settings(max_examples=40, deadline=None)

SQUARE = stated([[1, 0], [0, 1]], upper=[9, 9])
"""Images are the columns themselves: every pair from 0 to 9. The ceiling is (10, 10)."""


def point(*image: int) -> FoundPoint:
    return FoundPoint(image, np.array(image, dtype=np.int64))


def empty(*corner: int, engine: str = "a") -> Claim:
    return Claim(corner, None, None, engine, "infeasible")


def above(
    corner: Corner,
    weights: tuple[int, ...],
    bound: int,
    engine: str = "a",
    closed_by: ClosedBy = "bound",
) -> Claim:
    return Claim(corner, weights, bound, engine, closed_by)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(SQUARE.program)


def test_before_anything_is_known_one_box_is_open(ledger: Ledger) -> None:
    assert (ledger.open_corners, dict(ledger.closed)) == ([(10, 10)], {})


def test_a_point_splits_the_box_it_lies_in(ledger: Ledger) -> None:
    ledger.admit([point(3, 4)], [])
    assert ledger.open_corners == [(3, 10), (10, 4)]


def test_a_point_outside_its_bounds_is_dropped_with_a_note(ledger: Ledger) -> None:
    points, _ = ledger.admit([FoundPoint((3, 11), np.array([3, 11]))], [])
    assert (points, ledger.archive) == ([], {})
    assert "a point was dropped: column 1 is 11" in ledger.notes[0]


def test_a_point_with_another_image_is_dropped_with_a_note(ledger: Ledger) -> None:
    points, _ = ledger.admit([FoundPoint((3, 3), np.array([3, 4]))], [])
    assert (points, ledger.archive) == ([], {})
    assert "its objectives are (3, 4), not (3, 3)" in ledger.notes[0]


def test_a_point_that_is_known_is_not_new(ledger: Ledger) -> None:
    ledger.admit([point(3, 4)], [])
    assert ledger.admit([point(3, 4)], [])[0] == []


def test_a_claim_that_is_known_is_not_new(ledger: Ledger) -> None:
    ledger.admit([], [empty(3, 10)])
    assert ledger.admit([], [empty(3, 10), empty(4, 10)])[1] == [empty(4, 10)]


def test_a_claim_made_before_a_box_exists_closes_it_later(ledger: Ledger) -> None:
    ledger.admit([], [empty(3, 10)])
    ledger.admit([point(3, 4)], [])
    assert (ledger.open_corners, dict(ledger.closed)) == ([(10, 4)], {(3, 10): empty(3, 10)})


def test_a_claim_made_after_closes_the_boxes_inside_its_own(ledger: Ledger) -> None:
    ledger.admit([point(3, 6), point(6, 3)], [])
    ledger.admit([], [empty(10, 4, engine="b"), empty(6, 6)])
    assert ledger.distrusted == {"b"}
    assert ledger.open_corners == [(3, 10), (10, 3)]


def test_a_half_space_closes_a_box_that_it_swallows(ledger: Ledger) -> None:
    ledger.admit([point(3, 6), point(6, 3)], [])
    # The greatest integer point of the box (6, 6) is (5, 5).
    ledger.admit([], [above((10, 10), (1, 1), 10)])
    assert (6, 6) in ledger.open_corners
    assert ledger.is_open((6, 6))


def test_a_half_space_one_unit_larger_closes_it(ledger: Ledger) -> None:
    ledger.admit([point(3, 8), point(6, 5)], [])
    # The box (6, 8) holds at most (5, 7).
    ledger.admit([], [above((10, 10), (1, 1), 11)])
    assert ledger.is_open((6, 8))
    ledger.admit([point(5, 6)], [])
    # The boxes (5, 8) and (6, 6) hold at most (4, 7), which is 11, and (5, 5), which is 10.
    assert (ledger.is_open((5, 8)), ledger.is_open((6, 6))) == (True, False)


def test_bounds_beyond_64_bits_are_counted_exactly(ledger: Ledger) -> None:
    big = 2**70
    ledger.admit([point(5, 5)], [above((10, 10), (big, 1), 4 * big + 9, "a")])
    assert dict(ledger.closed) == {}
    ledger.admit([], [above((10, 10), (big, 1), 4 * big + 10, "a")])
    assert list(ledger.closed) == [(5, 10)]


def test_a_refuted_engine_loses_all_its_claims_and_no_other_does(ledger: Ledger) -> None:
    ledger.admit([point(5, 5)], [empty(5, 10, engine="a"), empty(10, 5, engine="b")])
    assert ledger.open_corners == []
    ledger.admit([point(4, 6)], [])
    assert ledger.distrusted == {"a"}
    assert ledger.claims == [empty(10, 5, engine="b")]
    assert ledger.open_corners == [(4, 10), (5, 6)]
    assert any(note.startswith("a had proved a box empty") for note in ledger.notes)


def test_a_claim_that_a_known_point_refutes_is_struck_out_on_arrival(ledger: Ledger) -> None:
    ledger.admit([point(4, 6)], [])
    _, claims = ledger.admit([], [empty(5, 10, engine="a"), empty(4, 10, engine="b")])
    assert (claims, ledger.distrusted) == ([empty(4, 10, engine="b")], {"a"})
    assert ledger.open_corners == [(10, 6)]


def test_a_point_and_a_claim_that_contradict_each_other_may_come_together(ledger: Ledger) -> None:
    _, claims = ledger.admit([point(4, 6)], [above((10, 10), (1, 1), 11)])
    assert (claims, ledger.distrusted) == ([], {"a"})


def test_a_point_on_the_edge_of_a_claim_does_not_refute_it(ledger: Ledger) -> None:
    ledger.admit([point(5, 5)], [empty(5, 10), above((10, 10), (1, 1), 10)])
    assert ledger.distrusted == set()


def test_a_distrusted_engine_is_never_believed_again(ledger: Ledger) -> None:
    ledger.admit([point(5, 5)], [empty(6, 6)])
    assert ledger.admit([], [empty(5, 10), empty(10, 5)])[1] == []
    assert ledger.open_corners == [(5, 10), (10, 5)]


def test_points_of_a_distrusted_engine_still_count(ledger: Ledger) -> None:
    ledger.admit([point(5, 5)], [empty(6, 6)])
    ledger.admit([point(4, 4)], [])
    assert ledger.nondominated() == [(4, 4)]


def test_a_proof_has_one_claim_for_each_objective(ledger: Ledger) -> None:
    claims = [empty(5, 10, engine="a"), empty(10, 5, engine="b")]
    ledger.admit([point(5, 5)], claims)
    assert ledger.proofs_of([(5, 5)]) == [tuple(claims)]


def test_half_a_proof_is_none(ledger: Ledger) -> None:
    ledger.admit([point(5, 5)], [empty(5, 10)])
    assert ledger.proofs_of([(5, 5)]) == [None]


def test_no_images_need_no_proofs(ledger: Ledger) -> None:
    assert (ledger.proofs_of([]), ledger.nondominated()) == ([], [])


def test_the_floor_of_a_box_starts_at_the_reach_of_the_columns(ledger: Ledger) -> None:
    assert ledger.floors_of([(10, 10)]) == [(0, 0)]


def test_an_empty_slice_lifts_the_floor(ledger: Ledger) -> None:
    ledger.admit([], [empty(3, 10), empty(5, 4)])
    assert ledger.floors_of([(10, 10), (10, 4)]) == [(3, 0), (5, 0)]


def test_a_half_space_lifts_the_floor_to_what_it_leaves(ledger: Ledger) -> None:
    ledger.admit([], [above((10, 10), (2, 3), 20)])
    # With the other at most 5: 2 * 3 + 3 * 5 = 21 is out of it, 2 * 2 + 3 * 5 = 19 is not.
    assert ledger.floors_of([(10, 6)]) == [(3, 1)]


def test_a_floor_never_passes_its_corner(ledger: Ledger) -> None:
    ledger.admit([], [empty(9, 10)])
    assert ledger.floors_of([(4, 10)]) == [(4, 10)]


def true_claims(question: Stated, draw: st.DataObject) -> list[Claim]:
    """Claims that hold, as strong as they can be."""
    images = question.feasible[1]
    p = question.program.n_objectives
    claims = []
    for k in range(draw.draw(st.integers(0, 6))):
        corner = tuple(
            draw.draw(st.integers(low, high))
            for low, high in zip(question.program.floor, question.program.ceiling, strict=True)
        )
        weights = draw.draw(st.tuples(*[st.integers(0, 5) for _ in range(p)]))
        inside = images[(images < np.array(corner)).all(axis=1)]
        if not len(inside):
            claims.append(Claim(corner, None, None, f"engine {k}", "infeasible"))
        else:
            bound = int((inside @ np.array(weights)).min())
            claims.append(Claim(corner, weights, bound, f"engine {k}", "bound"))
    return claims


@SOMETIMES
@given(small_programs(), st.data())
def test_true_claims_close_no_box_with_an_image_and_lift_no_floor_above_one(
    question: Stated, data: st.DataObject
) -> None:
    x, z = question.feasible
    found = data.draw(st.lists(st.integers(0, max(0, len(x) - 1)), max_size=4)) if len(x) else []
    points = [FoundPoint(tuple(z[i].tolist()), x[i]) for i in found]
    ledger = Ledger(question.program)
    for chunk in itertools.zip_longest(points, true_claims(question, data)):
        point_, claim = chunk
        ledger.admit([point_] if point_ else [], [claim] if claim else [])
    assert ledger.distrusted == set()
    for corner in ledger.closed:
        assert question.inside(corner) == []
    corners = ledger.open_corners
    for corner, floor in zip(corners, ledger.floors_of(corners), strict=True):
        assert all(min(map(int.__sub__, image, floor)) >= 0 for image in question.inside(corner))


@SOMETIMES
@given(small_programs(), st.data())
def test_the_order_of_arrival_does_not_matter(question: Stated, data: st.DataObject) -> None:
    x, z = question.feasible
    points = [FoundPoint(tuple(b.tolist()), a) for a, b in zip(x[:6], z[:6], strict=True)]
    claims = true_claims(question, data)
    arrivals: list[FoundPoint | Claim] = [*points, *claims]
    states: list[tuple[list[Corner], list[Corner], list[Image]]] = []
    for order in (arrivals, data.draw(st.permutations(arrivals))):
        ledger = Ledger(question.program)
        for arrival in order:
            if isinstance(arrival, Claim):
                ledger.admit([], [arrival])
            else:
                ledger.admit([arrival], [])
        states.append((ledger.open_corners, sorted(ledger.closed), ledger.nondominated()))
    assert states[0] == states[1]
