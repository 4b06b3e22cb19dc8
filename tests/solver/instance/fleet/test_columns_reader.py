from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InstanceError, ResultError
from solver.instance.fleet.columns import ColumnFleet, ColumnType
from solver.instance.fleet.columns_reader import (
    columns_from_raw,
    columns_from_resolved,
    read_column_fleet,
    resolved_columns,
)

REFERENCE = Path(__file__).resolve().parents[4] / "../shared/data/fleet"
BASE: dict[str, Any] = {
    "format": "fleet-columns/1",
    "name": "two",
    "types": [
        {"price_cents_per_h": 300, "watts": 700, "stock": 16},
        {"price_cents_per_h": 90, "watts": 200, "stock": None},
    ],
    "power_limit_w": 9000,
    "demand_milli_tok_per_s": [5000, 0],
    "columns": {
        "type": [0, 1, 1],
        "gpus": [1, 2, 4],
        "workload": [0, 0, 1],
        "capacity_milli_tok_per_s": [100, 50, 70],
        "latency_level": ["0.1", "0.25", "1"],
    },
    "best_known": {"upper_cents_per_h": 1},
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(json.dumps(BASE))
    change(raw)
    return raw


def test_every_number_arrives() -> None:
    fleet = columns_from_raw(BASE)
    assert fleet.types == (ColumnType(300, 700, 16), ColumnType(90, 200, None))
    assert (fleet.name, fleet.power_limit_w) == ("two", 9000)
    assert fleet.demand_milli_tok_per_s == (5000, 0)
    assert fleet.column_type == (0, 1, 1)
    assert fleet.column_gpus == (1, 2, 4)
    assert fleet.column_workload == (0, 0, 1)
    assert fleet.column_capacity_milli_tok_per_s == (100, 50, 70)


def test_latency_levels_of_a_file_are_exact_decimals(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(BASE).replace('"0.1"', "0.1"))
    assert read_column_fleet(path).column_latency_level[0] == Fraction(1, 10)


def test_latency_levels_may_be_left_out() -> None:
    fleet = columns_from_raw(changed(lambda raw: raw["columns"].pop("latency_level")))
    assert fleet.column_latency_level == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw.update(format="moip-json/1"), ["format", "'moip-json/1'", "moip"]),
        (lambda raw: raw.pop("format"), ["format", "'None'", "fleet-columns/1"]),
        (lambda raw: raw.update(extra=1), ["extra", "not a known key"]),
        (lambda raw: raw.pop("types"), ["types", "is missing"]),
        (lambda raw: raw.update(types=[]), ["types", "at least 1"]),
        (lambda raw: raw["columns"]["gpus"].pop(), ["columns.gpus", "2 elements, not the 3"]),
        (
            lambda raw: raw["columns"]["latency_level"].pop(),
            ["columns.latency_level", "2 elements, not the 3"],
        ),
        (
            lambda raw: raw["columns"].update(type=[0, 1, 2]),
            ["columns.type.2", "2 is beyond the last of types, 1"],
        ),
        (
            lambda raw: raw["columns"].update(workload=[0, 0, 7]),
            ["columns.workload.2", "7 is beyond the last"],
        ),
        (lambda raw: raw["columns"].update(gpus=[1, 0, 1]), ["columns.gpus.1", "equal to 1", "0"]),
        (lambda raw: raw["columns"].update(type=[0, -1, 1]), ["columns.type.1", "-1"]),
        (lambda raw: raw["columns"].update(gpus=[1, 1.5, 1]), ["columns.gpus.1", "1.5"]),
        (lambda raw: raw["columns"].update(gpus=[1, True, 1]), ["columns.gpus.1", "True"]),
        (lambda raw: raw["columns"].update(gpus=[1, "2", 1]), ["columns.gpus.1", "'2'"]),
        (lambda raw: raw["types"][0].update(stock=-1), ["types.0.stock", "-1"]),
        (lambda raw: raw["types"][0].update(price_cents_per_h=-1), ["price_cents_per_h", "-1"]),
        (lambda raw: raw.update(power_limit_w=10**16), ["power_limit_w", "10000000000000000"]),
        (lambda raw: raw["types"][0].update(watts=None), ["types", "no watts", "every type"]),
        (
            lambda raw: raw.update(demand_milli_tok_per_s=[5, 5, 5]),
            ["demand_milli_tok_per_s.2", "5", "no column serves workload 2"],
        ),
        (
            lambda raw: raw["columns"].update(latency_level=["0.1", "-1", "1"]),
            ["columns.latency_level.1", "-1"],
        ),
    ],
)
def test_a_fault_names_file_key_value_and_cure(
    change: Callable[[dict[str, Any]], object], words: list[str]
) -> None:
    with pytest.raises(InstanceError) as caught:
        columns_from_raw(changed(change), where="bad.json")
    (fault,) = caught.value.faults
    assert fault.where.startswith("bad.json: ")
    for word in words:
        assert word in str(fault)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not JSON"),
        ("[]", "is not a fleet in columns"),
        ('{"format": NaN}', "NaN is not a number"),
        ('{"format": 1, "format": 2}', "'format' is given twice"),
    ],
)
def test_a_file_that_is_no_column_problem_is_refused(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InstanceError, match=word):
        read_column_fleet(path)


def test_faults_past_twenty_are_counted() -> None:
    raw = changed(lambda raw: raw["columns"].update(type=[9] * 30))
    with pytest.raises(InstanceError) as caught:
        columns_from_raw(raw)
    assert len(caught.value.faults) == 21
    assert "faults are not listed" in str(caught.value.faults[-1])


def test_a_setting_changes_the_problem_and_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(BASE))
    plain = read_column_fleet(path)
    fleet = read_column_fleet(path, settings={"types.1.stock": 8, "power_limit_w": 1})
    assert fleet.types[1].stock == 8
    assert fleet.power_limit_w == 1
    assert fleet.sha256 != plain.sha256


@st.composite
def fleets(draw: st.DrawFn) -> ColumnFleet:
    amounts = st.integers(0, 10**12)
    n_types, n_workloads = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    # Every workload has a column, so that all demand can be served.
    workload = [*range(n_workloads), *draw(st.lists(st.integers(0, n_workloads - 1), max_size=5))]
    n = len(workload)

    def each(of: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(draw(st.lists(of, min_size=n, max_size=n)))

    levels = st.fractions(min_value=0, max_value=5, max_denominator=10**6)
    return ColumnFleet(
        name=draw(st.text("ab-", min_size=1)),
        types=tuple(
            ColumnType(draw(amounts), draw(amounts), draw(st.none() | amounts))
            for _ in range(n_types)
        ),
        power_limit_w=draw(st.none() | amounts),
        demand_milli_tok_per_s=tuple(draw(amounts) for _ in range(n_workloads)),
        column_type=each(st.integers(0, n_types - 1)),
        column_gpus=each(st.integers(1, 64)),
        column_workload=tuple(workload),
        column_capacity_milli_tok_per_s=each(st.integers(1, 10**12)),
        column_latency_level=each(levels) if draw(st.booleans()) else (),
    )


def fields_of(fleet: ColumnFleet) -> list[Any]:
    return [getattr(fleet, name) for name in ColumnFleet.__dataclass_fields__]


@given(fleets())
def test_the_resolved_problem_reads_back_as_itself(fleet: ColumnFleet) -> None:
    resolved = json.loads(json.dumps(resolved_columns(fleet)))
    again = columns_from_resolved(resolved, where=fleet.source)
    assert fields_of(again) == fields_of(fleet)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw.pop("kind"),
        lambda raw: raw.update(kind="replica"),
        lambda raw: raw.pop("columns"),
        lambda raw: raw["columns"]["type"].pop(),
        lambda raw: raw.update(power_limit_w="much"),
    ],
)
def test_a_damaged_problem_is_a_result_error(damage: Callable[[dict[str, Any]], object]) -> None:
    resolved = json.loads(json.dumps(resolved_columns(columns_from_raw(BASE))))
    damage(resolved)
    with pytest.raises(ResultError):
        columns_from_resolved(resolved)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="no reference data beside this checkout")
def test_every_reference_problem_is_read_as_plain_json_has_it() -> None:
    paths = sorted(REFERENCE.glob("*.json"))
    assert len(paths) == 40
    for path in paths:
        plain = json.loads(path.read_text(), parse_float=Fraction)
        fleet = read_column_fleet(path)
        assert fleet.name == path.stem
        columns = plain["columns"]
        assert list(fleet.column_latency_level) == columns["latency_level"]
        assert list(fleet.column_capacity_milli_tok_per_s) == columns["capacity_milli_tok_per_s"]
        assert [entry.stock for entry in fleet.types] == [e["stock"] for e in plain["types"]]
