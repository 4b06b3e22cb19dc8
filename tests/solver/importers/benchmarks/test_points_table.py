"""Rows laid into a table that is there: once each, in its columns and units, its text kept."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import Fault, InstanceError
from solver.importers.benchmarks.points_table import (
    COLUMNS,
    PointsTable,
    new_points_table,
    read_points_table,
)
from solver.instance.record_types import exact_fraction

ROW = {
    "workload": "chat",
    "model": "m",
    "machine": "h100",
    "layout": "TP1 batch 4",
    "phase": "aggregated",
    "devices": "1",
    "requests_per_s": "7.4512979",
    "tpot_ms": "8.044",
    "ttft_ms": "96.7",
    "input_tokens": "1024",
    "output_tokens": "256",
    "source": "a.json",
}


def lay(table: PointsTable, row: dict[str, str], *, runs: bool = True) -> list[Fault]:
    faults: list[Fault] = []
    table.lay(row, where="b.json", faults=faults, runs=runs)
    return faults


def with_row(**changes: str) -> PointsTable:
    table = new_points_table([])
    assert not lay(table, ROW | changes)
    return read_points_table(table.data().decode(), "p.csv")


_NUMBERS = st.decimals("0.001", "1000", places=4).map(str)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"requests_per_s": _NUMBERS, "tpot_ms": _NUMBERS, "ttft_ms": _NUMBERS,
             "layout": st.sampled_from(["a", "b", "b (2)"])}
        ),
        max_size=6,
    )
)  # fmt: skip
def test_laying_the_same_rows_again_changes_nothing(changes: list[dict[str, str]]) -> None:
    table = new_points_table(["remark"])
    for change in changes:
        lay(table, ROW | change)
    data = table.data()
    again = read_points_table(data.decode(), "p.csv")
    for change in changes:
        assert not lay(again, ROW | change)
    assert again.data() == data


@settings(max_examples=25, deadline=None)
@given(_NUMBERS, _NUMBERS, _NUMBERS)
def test_figures_are_exact_in_the_units_of_the_table(rate: str, tpot: str, ttft: str) -> None:
    table = PointsTable(
        columns=["devices", "tok_per_s", "speed_tok_per_s", "ttft_s", "input_tokens",
                 "output_tokens"]
    )  # fmt: skip
    row = ROW | {"requests_per_s": rate, "tpot_ms": tpot, "ttft_ms": ttft}
    assert not lay(table, row)
    (cells,) = table.rows
    assert exact_fraction(cells["tok_per_s"]) == Fraction(rate) * 256
    assert exact_fraction(cells["speed_tok_per_s"]) == 1000 / Fraction(tpot)
    assert exact_fraction(cells["ttft_s"]) == Fraction(ttft) / 1000
    assert not lay(table, row)
    assert len(table.rows) == 1


def test_empty_cells_are_filled_in_and_the_rest_is_kept() -> None:
    table = with_row(devices="", machine="", layout="batch 4")
    assert not lay(table, ROW)
    (row,) = table.rows
    assert row == ROW


def test_a_layout_that_a_person_wrote_stays() -> None:
    table = with_row(layout="my own name")
    assert not lay(table, ROW)
    assert [row["layout"] for row in table.rows] == ["my own name"]


def test_the_same_run_on_other_devices_is_refused() -> None:
    (fault,) = lay(with_row(devices="2"), ROW)
    assert "devices '2' where now '1' is given" in str(fault)


def test_equal_figures_of_two_machines_are_two_rows_of_a_plain_table() -> None:
    table = with_row(machine="a100")
    assert not lay(table, ROW, runs=False)
    assert len(table.rows) == 2


def test_another_measurement_of_one_design_gets_a_name_of_its_own() -> None:
    table = with_row()
    assert not lay(table, ROW | {"requests_per_s": "7.5"})
    assert [row["layout"] for row in table.rows] == ["TP1 batch 4", "TP1 batch 4 (2)"]


def test_the_text_of_a_table_is_kept_where_rows_are_added_below() -> None:
    text = 'devices, requests_per_s ,note\n\n1 ,  2.50 ,"kept, as it is"\n# and this\n'
    table = read_points_table(text, "p.csv")
    assert not lay(table, {"devices": "2", "requests_per_s": "5"})
    assert table.data().decode() == text + "2,5,\n"


def test_columns_that_a_table_lacks_are_added() -> None:
    table = read_points_table("devices,requests_per_s\n1,2.5\n", "p.csv")
    assert not lay(table, {"devices": "2", "requests_per_s": "5", "source": "x"})
    assert table.data().decode() == "devices,requests_per_s,source\n1,2.5,\n2,5,x\n"


@pytest.mark.parametrize("text", ["", "a,b\n1\n", 'a\n"open\n'])
def test_a_table_that_rows_cannot_be_added_to_is_refused(text: str) -> None:
    with pytest.raises(InstanceError):
        read_points_table(text, "p.csv")


def test_columns_are_those_that_the_reader_of_points_knows() -> None:
    from solver.instance.fleet import points

    known: Any = points._COLUMNS
    assert set(COLUMNS) <= {*known, "devices"}
