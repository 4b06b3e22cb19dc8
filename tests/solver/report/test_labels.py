from __future__ import annotations

import dataclasses

import numpy as np

from solver.report.labels import Box, Request, dense_path, place_labels

FRAME: Box = (0.0, 0.0, 800.0, 400.0)
DIAGONAL = np.array([[0.0, 0.0], [800.0, 400.0]])
AROUND = (135.0, -45.0, 90.0, -90.0)


def boxes(requests: list[Request], frame: Box = FRAME) -> list[Box]:
    placed = place_labels(requests, frame=frame, path=DIAGONAL)
    return [place.box for place in placed if place is not None]


def crowd(count: int) -> list[Request]:
    """Labels for neighbouring spots half-way along the diagonal."""
    return [Request((400 + 6.0 * k, 200 + 3.0 * k), (60.0, 14.0), AROUND) for k in range(count)]


def test_labels_do_not_overlap() -> None:
    found = boxes(crowd(8))
    assert len(found) > 3
    for index, one in enumerate(found):
        for other in found[:index]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or (
                other[3] <= one[1]
            )  # fmt: skip


def test_labels_do_not_cover_the_curve() -> None:
    path = dense_path(DIAGONAL)
    for left, bottom, right, top in boxes(crowd(8)):
        x, y = path[:, 0], path[:, 1]
        assert not ((x > left) & (x < right) & (y > bottom) & (y < top)).any()


def test_labels_stay_inside_the_frame() -> None:
    corner = Request((2.0, 2.0), (50.0, 14.0), (*AROUND, 45.0, 0.0))
    (box,) = boxes([corner])
    assert box[0] >= 0
    assert box[1] >= 0


def test_a_label_without_room_is_left_out() -> None:
    wide = Request((400.0, 200.0), (900.0, 14.0), AROUND)
    assert place_labels([wide], frame=FRAME, path=DIAGONAL) == [None]


def test_a_required_label_is_placed_even_where_it_is_crowded() -> None:
    frame = (330.0, 150.0, 470.0, 262.0)
    wide = Request((400.0, 200.0), (138.0, 40.0), (90.0,), required=False)
    assert boxes([wide], frame) == []
    assert len(boxes([dataclasses.replace(wide, required=True)], frame)) == 1


def test_the_path_is_sampled_densely() -> None:
    steps = np.hypot(*np.diff(dense_path(DIAGONAL), axis=0).T)
    assert steps.max() <= 4.0
