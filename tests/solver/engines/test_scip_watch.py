"""Lines of SCIP's log become a trajectory."""

from __future__ import annotations

import pytest

from solver.engines.scip_watch import ScipWatch

HEAD = " time | node  | left  |LP iter|  dualbound   | primalbound  |  gap   | compl. "
LINES = [
    "presolving:",
    " a line with | one bar",
    HEAD,
    "p 0.0s|     1 |     0 |     0 |-1.799000e+03 |      --      |    Inf | unknown",
    "  0.0s|     1 |     0 |     6 |-9.352109e+02 |-7.280000e+02 |  28.46%| unknown",
    "(run 1, node 1) restarting",
    HEAD,
    "  0.2s|   100 |    53 |   655 |-9.321455e+02 |-9.260000e+02 |   0.66%|   6.08%",
]


def watched(*, closed: bool = True) -> ScipWatch:
    watch = ScipWatch()
    watch.read(LINES[:4])
    watch.read(LINES[4:])
    if closed:
        watch.close(incumbent=-926.0, bound=-926.0)
    return watch


def test_incumbents_and_bounds_are_read() -> None:
    steps = [step[1:] for step in watched().steps]
    assert [incumbent for incumbent, _ in steps] == [None, -728, -926, -926]
    assert [bound for _, bound in steps] == pytest.approx(
        [-1799, -935.2109, -932.1455, -926], abs=1e-3
    )


def test_a_rounded_bound_is_moved_outwards() -> None:
    bound = watched(closed=False).steps[-1][2]
    assert bound is not None
    assert -932.1455 - 1e-3 < bound < -932.1455


def test_the_end_is_exact() -> None:
    assert watched().steps[-1][1:] == (-926, -926)


def test_the_root_bound_is_the_last_before_branching() -> None:
    assert watched().root_bound == pytest.approx(-935.2109, abs=1e-3)


def test_a_program_settled_before_its_root_has_no_root_bound() -> None:
    watch = ScipWatch()
    watch.read(LINES[:3])
    assert watch.root_bound is None


def test_the_log_is_kept() -> None:
    assert watched().text.splitlines() == LINES
