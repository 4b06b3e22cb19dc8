"""The error of several kinds of design in one result, and how a checker compares it."""

from __future__ import annotations

from typing import Any

from solver.catalog import shipped_catalog
from solver.performance.model_error import QuestionKind
from solver.sweep.error_of_kinds import check_model_error, error_of_kinds

CATALOG = shipped_catalog()
H100 = CATALOG.accelerator("H100 SXM")
KIND = QuestionKind("calibrated", "dense", "H100 SXM", "fp8", "aggregated")
UNTOLD: dict[str, Any] = {
    "model": "calibrated",
    "question": "dense, H100 SXM, fp8, prompts and output together",
    "measured": False,
    "note": "not compared with measurements of this kind",
}


def ours() -> dict[str, Any]:
    return error_of_kinds([KIND], [H100])


def test_what_else_limits_the_comparison_is_told_first() -> None:
    assert error_of_kinds([KIND], [H100], "of bare metal")["note"].startswith("of bare metal")


def test_kernels_of_others_are_told_once_a_machine() -> None:
    kind = QuestionKind("calibrated", "dense", "MI300X", "fp8", "aggregated")
    machine = CATALOG.accelerator("MI300X")
    note = error_of_kinds([kind], [machine, machine])["note"]
    assert note.count("no kernel of MI300X was measured") == 1


def test_the_same_error_passes() -> None:
    assert check_model_error(ours(), ours()).passed


def test_an_altered_figure_of_the_same_day_fails() -> None:
    assert not check_model_error({**ours(), "tpot_median": 0.0}, ours()).passed


def test_figures_of_another_day_are_not_recomputed() -> None:
    other = {**ours(), "as_of": "2026-01-01", "tpot_median": 0.5}
    assert check_model_error(other, ours()).passed


def test_an_error_of_another_day_is_still_of_the_same_question() -> None:
    other = {**ours(), "as_of": "2026-01-01", "question": "dense, B200 SXM, fp8, decode"}
    assert not check_model_error(other, ours()).passed


def test_an_error_that_was_not_measured_then_still_passes() -> None:
    assert check_model_error(UNTOLD, ours()).passed


def test_a_measured_error_without_its_day_fails() -> None:
    told = {key: value for key, value in ours().items() if key != "as_of"}
    assert not check_model_error({**told, "tpot_median": 0.0}, ours()).passed


def test_an_error_without_anything_fails() -> None:
    assert not check_model_error({}, ours()).passed


def test_an_error_of_a_question_without_calibrated_designs_fails() -> None:
    check = check_model_error(ours(), None)
    assert check.faults == ("is told of a question without designs of the calibrated model",)
