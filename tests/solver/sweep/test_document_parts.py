"""Parts of result documents of any kind."""

from __future__ import annotations

import platform
from importlib.metadata import version

from solver.sweep.document_parts import extremes, software


def plainly(image: tuple[int, ...]) -> dict[str, object]:
    """An image as it stands."""
    return {"image": image}


def test_ideal_and_nadir_are_best_and_worst_of_each_objective() -> None:
    assert extremes("complete", [(1, 9), (4, 2)], plainly) == {
        "ideal": {"image": (1, 2)},
        "nadir": {"image": (4, 9)},
    }


def test_of_a_partial_set_neither_is_known() -> None:
    assert extremes("partial", [(1, 9)], plainly) == {"ideal": {}, "nadir": {}}


def test_an_engine_has_the_version_of_its_library() -> None:
    assert software(["highs", "scip"])["engines"] == {
        "highs": version("highspy"),
        "scip": version("ortools"),
    }


def test_an_engine_of_our_own_has_the_version_of_this_distribution() -> None:
    told = software(["labels"])
    assert told["engines"] == {"labels": told["fleetfront"]}


def test_python_is_told() -> None:
    assert software([])["python"] == platform.python_version()
