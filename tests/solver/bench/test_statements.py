from __future__ import annotations

import pytest

from solver.bench.kinds.kind import Entry
from solver.bench.statements import model_text, paragraph, statements_of

COLUMN = Entry(
    "replica", "column_selection", "milp", "columns", "formulations.replica.column_selection"
)
BIG_M = Entry(
    "replica", "factored_big_m", "milp", "big-M", "formulations.replica.factored_big_m",
    textbook=True, strength="weak (proved)",
)  # fmt: skip


def test_the_text_of_a_formulation_is_the_docstring_of_its_module() -> None:
    from formulations.replica import column_selection

    assert (
        model_text(COLUMN.module).splitlines()[0] == (column_selection.__doc__ or "").split("\n")[0]
    )


def test_a_paragraph_ends_at_an_empty_line() -> None:
    assert paragraph("Model.\n\nSize: n rows,\nm columns.\n\nStrength: weak.", "Size") == (
        "n rows,\nm columns."
    )


def test_a_heading_leads_to_all_up_to_the_next_one() -> None:
    text = "Size\n----\nn rows.\n\nm columns.\n\nStrength\n--------\nweak."
    assert paragraph(text, "Size") == "n rows.\n\nm columns."


def test_a_paragraph_that_is_not_there_is_empty() -> None:
    assert paragraph("Model.", "Size") == ""


def test_the_textbook_comes_first_and_keeps_the_strength_of_the_registry() -> None:
    first, second = statements_of([COLUMN, BIG_M], "replica")
    assert (first.name, first.strength, second.name) == (
        "factored_big_m", "weak (proved)", "column_selection",
    )  # fmt: skip


def test_sizes_on_paper_are_found_in_the_text() -> None:
    (found,) = statements_of([COLUMN], "replica")
    assert "columns" in found.size


def test_a_module_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no source"):
        model_text("formulations.replica.no_such_module")
