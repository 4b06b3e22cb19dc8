from __future__ import annotations

from solver.catalog.model_errors import MeasuredError, ModelErrorGroup, ModelErrors
from solver.performance.model_error import (
    LEAST_ROWS,
    QuestionKind,
    find_group,
    model_error,
    question_words,
)

KIND = QuestionKind("calibrated", "dense", "H100 SXM", "fp8", "aggregated")


def group(
    family: str = "any",
    accelerator: str = "any",
    weight_format: str = "any",
    mode: str = "any",
    *,
    rows: int = 100,
    median: float = 0.1,
    model: str = "calibrated",
) -> ModelErrorGroup:
    tpot = MeasuredError(median, 3 * median, 0.01)
    return ModelErrorGroup(model, family, accelerator, weight_format, mode, rows, tpot)


def errors(*groups: ModelErrorGroup) -> ModelErrors:
    return ModelErrors("made-up points", "2026-11-21", groups)


EXACT = group("dense", "H100 SXM", "fp8", "aggregated")
NO_MODE = group("dense", "H100 SXM", "fp8")
DENSE = group("dense")
H100 = group(accelerator="H100 SXM")
ALL = group()


def test_the_most_specific_group_speaks() -> None:
    assert find_group(errors(ALL, DENSE, EXACT, NO_MODE), KIND) is EXACT
    assert find_group(errors(ALL, DENSE, NO_MODE), KIND) is NO_MODE
    assert find_group(errors(ALL, DENSE), KIND) is DENSE
    assert find_group(errors(ALL), KIND) is ALL


def test_of_two_groups_equally_specific_the_family_counts_more_than_the_accelerator() -> None:
    assert find_group(errors(H100, DENSE), KIND) is DENSE


def test_a_group_of_another_kind_never_speaks() -> None:
    others = (
        group("moe"),
        group(accelerator="B200"),
        group(weight_format="bf16"),
        group(mode="disaggregated"),
        group(model="epoch2025"),
    )
    assert find_group(errors(*others), KIND) is None


def test_a_group_of_too_few_rows_gives_way_to_a_wider_one() -> None:
    few = group("dense", "H100 SXM", "fp8", "aggregated", rows=LEAST_ROWS - 1)
    assert find_group(errors(few, ALL), KIND) is ALL
    enough = group("dense", "H100 SXM", "fp8", "aggregated", rows=LEAST_ROWS)
    assert find_group(errors(enough, ALL), KIND) is enough


def test_an_exact_group_is_told_without_a_note() -> None:
    told = model_error([KIND], errors=errors(EXACT, ALL))
    assert told == {
        "model": "calibrated",
        "question": "dense, H100 SXM, fp8, prompts and output together",
        "measured": True,
        "tpot_median": 0.1,
        "tpot_p95": 3 * 0.1,
        "bias": 0.01,
        "ttft_median": None,
        "ttft_p95": None,
        "rows": 100,
        "of": "dense models on H100 SXM, fp8 weights, prompts and output together",
        "as_of": "2026-11-21",
        "source": "made-up points",
        "transferred": False,
        "note": "",
    }


def test_a_wider_group_is_named_and_says_for_what_it_stands_in() -> None:
    told = model_error([KIND], errors=errors(DENSE))
    assert told["transferred"] is True
    assert told["of"] == "dense models on any accelerator"
    assert told["note"] == (
        "no group of 20 or more points for just dense models on H100 SXM, fp8 weights, prompts "
        "and output together"
    )


def test_of_several_kinds_the_largest_error_is_told() -> None:
    other = QuestionKind("calibrated", "dense", "B200", "fp8", "aggregated")
    worse = group("dense", "B200", "fp8", "aggregated", median=0.4)
    told = model_error([KIND, other], errors=errors(EXACT, worse))
    assert told["tpot_median"] == 0.4
    assert told["of"].startswith("dense models on B200")
    assert told["note"] == "the largest error of the 2 kinds of design in the question"
    assert told["question"] == "dense, H100 SXM or B200, fp8, prompts and output together"


def test_nothing_is_claimed_where_one_kind_was_not_measured() -> None:
    other = QuestionKind("calibrated", "dense", "B200", "fp8", "aggregated")
    told = model_error([KIND, other], errors=errors(EXACT))
    assert told["measured"] is False
    assert told["note"] == (
        "not compared with measurements of dense models on B200, fp8 weights, prompts and output "
        "together"
    )
    assert "tpot_median" not in told


def test_a_model_that_was_never_compared_says_so() -> None:
    kind = QuestionKind("epoch2025", "moe", "H100 SXM", "8-bit", "disaggregated")
    assert model_error([kind], errors=errors(EXACT)) == {
        "model": "epoch2025",
        "question": "mixture-of-experts, H100 SXM, 8-bit, decode",
        "measured": False,
        "note": "not compared with measurements of this kind",
    }


def test_a_question_of_several_families_and_modes_names_each_once() -> None:
    sparse = QuestionKind("calibrated", "moe", "H100 SXM", "fp8", "disaggregated")
    assert question_words([KIND, sparse, KIND]) == (
        "dense or mixture-of-experts, H100 SXM, fp8, prompts and output together, or decode"
    )
