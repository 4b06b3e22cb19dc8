"""Controls of every shipped instance: they exist, and none asks what the reader does not know."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from solver.errors import FleetError
from solver.explore.changed_toml import tables_in
from solver.explore.controls import GROUPS, Control, controls_of, settings_of
from solver.explore.kinds import resolved_of
from solver.instance.reading import Question, read_any_instance
from tests.solver.explore.asked import FLEET, INSTANCES, README

MANY = 3
"""Of a file with more controls than this only so many are tried alone, spread over all of them."""
FILES = sorted(
    path for path in INSTANCES.rglob("*.toml") if path.parent.name in ("replica", "placement")
) + sorted((INSTANCES / "fleet").glob("*.toml"))
OTHER = {"number": "3", "switch": "true"}


@cache
def opened(path: Path) -> tuple[Question, tuple[Control, ...]]:
    question = read_any_instance(path)
    return question, controls_of(tables_in(path, path.read_bytes()), question)


def tried(path: Path) -> list[Control]:
    controls = opened(path)[1]
    return list(controls[:: max(1, len(controls) // MANY)])


def control(path: Path, key: str) -> Control:
    return next(entry for entry in opened(path)[1] if entry.key == key)


def keys(path: Path) -> set[str]:
    return {entry.key for entry in opened(path)[1]}


def at(name: str) -> Path:
    return INSTANCES / f"{name}.toml"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_question_can_be_changed(path: Path) -> None:
    assert opened(path)[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_two_controls_have_one_key(path: Path) -> None:
    assert len(keys(path)) == len(opened(path)[1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_control_at_its_own_value_leaves_the_question_as_it_is(path: Path) -> None:
    question, controls = opened(path)
    whole = {entry.key: entry.value for entry in controls}
    for changes in (whole, *({entry.key: entry.value} for entry in tried(path))):
        changed = read_any_instance(path, settings=settings_of(controls, changes))
        assert resolved_of(changed) == resolved_of(question), changes


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_reader_knows_every_key_that_a_control_sets(path: Path) -> None:
    changes = {
        entry.key: entry.choices[0] if entry.choices else OTHER[entry.kind]
        for entry in opened(path)[1]
    }
    try:
        read_any_instance(path, settings=settings_of(opened(path)[1], changes))
    except FleetError as error:
        # Values may be out of range together; no key may be unknown or of no use.
        for fault in error.faults:
            assert "not a known key" not in fault.what
            assert "does not know" not in fault.what


@pytest.mark.parametrize("path", [README, FLEET, at("placement/two-mixed-racks")])
def test_controls_come_group_by_group(path: Path) -> None:
    places = [GROUPS.index(entry.group) for entry in opened(path)[1]]
    assert places == sorted(places)


def test_the_price_of_the_readme_question_comes_from_the_catalog() -> None:
    price = control(README, "price.usd_per_hour")
    assert (price.value, price.otherwise) == ("", "2.95 (on-demand)")


def test_a_price_takes_the_place_of_its_tier() -> None:
    settings = settings_of(opened(README)[1], {"price.usd_per_hour": "2.2"})
    assert settings["price.tier"] is None


def test_each_accelerator_on_offer_has_a_price_of_its_own() -> None:
    path = at("replica/qwen3-235b-fp8-h100-or-h200")
    assert {"price.usd_per_hour.H100 SXM", "price.usd_per_hour.H200 SXM"} <= keys(path)


def test_one_price_of_several_leaves_the_others_where_they_were() -> None:
    path = at("replica/qwen3-235b-fp8-h100-or-h200")
    settings = settings_of(opened(path)[1], {"price.usd_per_hour.H100 SXM": "2.2"})
    question: Any = read_any_instance(path, settings=settings)
    assert [float(machine.price.usd_per_hour) for machine in question.machines] == [2.2, 4.75]


def test_widths_are_those_the_accelerator_computes_in() -> None:
    assert control(README, "design.weight_bits").choices == ("16", "8")


def test_a_limit_that_is_stated_can_be_taken_away() -> None:
    path = at("replica/llama-3.1-405b-impossible-h100")
    settings = settings_of(opened(path)[1], {"limits.max_devices": ""})
    question: Any = read_any_instance(path, settings=settings)
    assert question.limits.max_devices is None


def test_a_fleet_offers_price_stock_demand_and_service_level() -> None:
    assert {
        "machines.h100.usd_per_hour",
        "machines.h100.stock_devices",
        "workloads.chat.requests_per_s",
        "workloads.chat.min_speed_tok_per_s",
        "workloads.chat.max_ttft_s",
        "service.wait_percentile",
        "limits.max_usd_per_hour",
    } <= keys(FLEET)


def test_contracts_are_told_apart() -> None:
    path = at("fleet/procurement")
    assert any(".contracts." in key and key.endswith(".usd_per_hour") for key in keys(path))


def test_what_an_owner_paid_can_be_changed() -> None:
    path = at("fleet/owned-against-rented")
    assert any(key.endswith(".purchase_usd") for key in keys(path))


def test_energy_is_offered_where_the_question_has_it() -> None:
    assert "energy.usd_per_kwh" in keys(at("replica/llama-3.1-8b-energy-a100"))


def test_a_figure_for_every_hour_stays_until_one_is_given_for_all() -> None:
    path = at("fleet/energy-by-hour")
    hourly = control(path, "energy.usd_per_kwh")
    assert hourly.otherwise == "24 figures of the file"
    assert settings_of([hourly], {hourly.key: ""}) == {}
    assert settings_of([hourly], {hourly.key: "0.1"}) == {hourly.key: Decimal("0.1")}


def test_a_flow_offers_no_limit_of_pipelines() -> None:
    assert not {"limits.max_hosts", "limits.min_speed_tok_per_s"} & keys(
        at("placement/helix-t4x12_l30b")
    )


def test_a_fleet_in_columns_offers_prices_stock_and_demand(columns_file: Path) -> None:
    assert {"types.0.price_cents_per_h", "types.0.stock", "demand_milli_tok_per_s.1"} <= keys(
        columns_file
    )


def test_a_demand_in_columns_is_laid_over_its_list(columns_file: Path) -> None:
    settings = settings_of(opened(columns_file)[1], {"demand_milli_tok_per_s.1": "7000"})
    question: Any = read_any_instance(columns_file, settings=settings)
    assert question.demand_milli_tok_per_s == (20_000, 7_000)


HOSTILE = "<script>alert(1)</script>"


def fleet_with(tmp_path: Path, *machines: str) -> Path:
    """The smallest fleet with machines of other names, each a little dearer than the last."""
    text = FLEET.read_text().split("[[machines]]")
    entry, rest = text[1].split("[design]")
    listed = [
        entry.replace('"h100"', json.dumps(name)).replace("2.95", f"2.9{place}")
        for place, name in enumerate(machines)
    ]
    path = tmp_path / f"{len(machines)}.toml"
    path.write_text(text[0] + "".join(f"[[machines]]{one}" for one in listed) + "[design]" + rest)
    return path


@pytest.mark.parametrize("names", [("a", "a.b"), ("1", "0"), ("b.contracts", "b"), ("0", "a b")])
def test_a_price_is_laid_on_the_machine_it_is_of(tmp_path: Path, names: tuple[str, str]) -> None:
    path = fleet_with(tmp_path, *names)
    prices = [entry for entry in opened(path)[1] if entry.group == "prices"]
    assert [entry.value for entry in prices] == ["2.90", "2.91"]
    for place, entry in enumerate(prices):
        settings = settings_of(prices, {entry.key: "7"})
        question: Any = read_any_instance(path, settings=settings)
        paid = [float(machine.contracts[0].usd_per_hour) for machine in question.machines]
        assert paid == [7 if at == place else stated for at, stated in enumerate((2.9, 2.91))]


def test_names_are_data_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "named.toml"
    path.write_text(README.read_text().replace("Llama 3.1 70B in FP8", HOSTILE))
    assert opened(path)[0].title.startswith(HOSTILE)
