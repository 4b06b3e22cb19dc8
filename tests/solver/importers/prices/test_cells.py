"""Cells of price lists: one reading, or a fault with the cure."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.importers.prices.cells import Term, count, date_fault, money, number, term


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.95", Fraction(59, 20)),
        ("$2.95", Fraction(59, 20)),
        ("2.95 USD", Fraction(59, 20)),
        ("US$ 2.95", Fraction(59, 20)),
        ("$2.95/h", Fraction(59, 20)),
        ("2.95 USD per hour", Fraction(59, 20)),
        ("113/75", Fraction(113, 75)),
        ("1.234", Fraction(1234, 1000)),
        (" 24 ", Fraction(24)),
    ],
)
def test_dollars_are_read_as_people_write_them(text: str, value: Fraction) -> None:
    assert money(text, "x", "US$").value == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1,234", "can be read in two ways"),
        ("2,95", "can be read in two ways"),
        ("1,234.50", "can be read in two ways"),
        ("1'234", "can be read in two ways"),
        ("$1 234", "can be read in two ways"),
        ("=1+1", "is a formula, not a number"),
        ("@SUM(A1:A9)", "is a formula, not a number"),
        ("+cmd|' /C calc'!A0", "is a formula, not a number"),
        ("-2.95", "carries a sign"),
        ("€2.95", "is not in US$"),
        ("2.95 EUR", "is not in US$"),
        ("A$2.95", "is not in US$"),
        ("CA$ 2.95", "is not in US$"),
        ("0", "is not more than 0"),
        ("free", "is not a number"),
        ("1e3", "is not a number"),
        ("nan", "is not a number"),
        ("1.2.3", "is not a number"),
        ("1/0", "is not a number"),
        ("٣", "is not a number"),
        ("9" * 5000, "is not a number"),
        (" " * 60 + "1" + " " * 60 + "2", "two ways"),
    ],
)
def test_what_is_no_amount_or_two_is_refused(text: str, what: str) -> None:
    found = money(text, "quote.csv:3", "US$ per device and hour")
    assert found.value is None
    assert found.fault is not None
    assert what in str(found.fault)


def test_another_currency_is_refused_with_the_cure() -> None:
    fault = money("3.10 EUR", "quote.csv:3", "US$").fault
    assert fault is not None
    assert "Convert it, and state the rate and its day" in fault.mend


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on_demand", Term("on_demand")),
        ("On-Demand", Term("on_demand")),
        ("payg", Term("on_demand")),
        ("spot", Term("spot")),
        ("reserved", Term("reserved")),
        ("reserved-3y", Term("reserved", "3y")),
        ("Reserved (1 year)", Term("reserved", "1y")),
        ("3 yr reserved", Term("reserved", "3y")),
        ("36 months committed", Term("reserved", "36m")),
        ("1y", Term("reserved", "1y")),
        ("owned", Term("owned")),
        ("maybe", None),
        ("", None),
        ("spot 1y", None),
        ("<script>", None),
    ],
)
def test_kinds_of_contract_are_read_with_their_length(text: str, found: Term | None) -> None:
    assert term(text) == found


def test_a_length_is_part_of_the_contracts_name() -> None:
    assert Term("reserved", "3y").name == "reserved-3y"
    assert Term("spot").name == "spot"


@pytest.mark.parametrize("text", ["2026", "2026-11", "2026-11-22", "2024-02-29"])
def test_dates_that_sort_are_taken(text: str) -> None:
    assert date_fault(text, "x") is None


@pytest.mark.parametrize("text", ["11/22/2026", "22.11.2026", "2026-13", "2026-02-30", "soon", ""])
def test_dates_that_can_be_read_in_two_ways_or_are_none_are_refused(text: str) -> None:
    assert date_fault(text, "x") is not None


@pytest.mark.parametrize("text", ["-1", "1.5", "1,000", "=8", "", "1000000000000000"])
def test_counts_are_whole_and_in_range(text: str) -> None:
    value, fault = count(text, "x", most=1000)
    assert value is None
    assert fault is not None


@settings(max_examples=50, deadline=None)
@given(st.decimals(min_value="0.01", max_value=400, places=4))
def test_a_decimal_is_read_exactly(value: object) -> None:
    assert money(f"${value}", "x", "US$").value == Fraction(str(value))
    assert number(str(value), "x", "a number")[0] == Fraction(str(value))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_and_never_both(text: str) -> None:
    found = money(text, "x", "US$")
    assert (found.value is None) == (found.fault is not None)
