from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.fleet.domain import (
    Answers,
    CurrentFleet,
    CurrentReplicas,
    FleetInstance,
    FleetLimits,
    Period,
    Preference,
    Service,
)
from solver.instance.fleet.reader import read_fleet_instance

Read = Callable[..., FleetInstance]

TEXT = """
schema = 1
kind = "fleet"
name = "x"
[[workloads]]
name = "chat"
input_tokens = 10
output_tokens = 10
requests_per_s = 0.1
points = "p.csv"
[[machines]]
name = "m"
usd_per_hour = 2.1
"""


def test_a_short_file_means_its_defaults(read: Read) -> None:
    question = read({})
    assert question.trade_off == ("speed", "cost")
    assert question.cost_unit == "usd_per_hour"
    assert question.horizon_hours is None
    assert question.periods == (Period("day", Fraction(24)),)
    assert question.phases == ("aggregated",)
    assert question.limits == FleetLimits()
    assert question.service == Service()
    assert question.answers == Answers()
    assert question.current is None
    assert question.workloads[0].by_period == (1,)
    assert question.machines[0].node_devices == 1


def test_every_limit_arrives_in_its_own_unit(read: Read) -> None:
    limits = {
        "max_usd_per_hour": "99.5",
        "max_kw": "1.5",
        "max_devices": 9,
        "max_layouts": 2,
        "max_spot_fraction": "1/3",
    }
    assert read({"limits": limits}).limits == FleetLimits(
        max_usd_per_hour=Fraction(199, 2),
        max_watts=Fraction(1500),
        max_devices=9,
        max_layouts=2,
        max_spot_fraction=Fraction(1, 3),
    )


def test_service_current_fleet_and_answers_are_carried_over(read: Read) -> None:
    question = read(
        {
            "service": {"wait_percentile": "0.95", "max_wait_s": "0.5", "max_pool": 8},
            "current": {
                "replicas": [{"workload": "chat", "machine": "h100", "layout": "tp1", "count": 4}],
                "max_changes": 2,
            },
            "answers": {
                "limits": True,
                "preferences": [{"name": "one", "machines": "h100", "no_contract": ["spot"]}],
            },
        }
    )
    assert question.service == Service(Fraction(19, 20), Fraction(1, 2), 8)
    assert question.current == CurrentFleet((CurrentReplicas("chat", "h100", "tp1", 4),), 2)
    wish = Preference("one", machines=("h100",), no_contract=("spot",))
    assert question.answers == Answers(limits=True, preferences=(wish,))


def test_a_horizon_of_years_is_in_hours(read: Read) -> None:
    question = read({"cost_in": "usd", "horizon_years": "1.5"})
    assert question.horizon_hours == 13_140


def test_periods_carry_factors_of_demand(read: Read) -> None:
    periods = [{"name": "day", "hours": "13.5"}, {"name": "night", "hours": "10.5"}]
    question = read({"periods": periods, "workloads.0.by_period": [1, "1/3"]})
    assert [period.hours for period in question.periods] == [Fraction(27, 2), Fraction(21, 2)]
    assert question.workloads[0].by_period == (1, Fraction(1, 3))


def test_widths_left_out_are_left_to_each_model(read: Read) -> None:
    design = read({}).design
    assert design is not None
    assert (design.weight_bits, design.kv_bits) == ((), ())


def test_disaggregated_serving_is_two_phases(read: Read) -> None:
    question = read({"design.phases": ["disaggregated", "aggregated"]})
    assert question.phases == ("aggregated", "prefill", "decode")
    assert read({"design.phases": ["disaggregated"]}).phases == ("prefill", "decode")


def test_transfer_is_in_bytes(read: Read) -> None:
    assert read({"transfer.gb_per_s": "12.5"}).transfer.bytes_per_s == 12_500_000_000


def test_several_models_may_serve_with_scores(read: Read) -> None:
    models = [
        {"model": "Llama-3.1-8B", "quality": "66.7", "source": "its card"},
        {"model": "Llama-3.1-70B", "quality": 83, "source": "its card"},
    ]
    question = read(
        {
            "workloads.0.model": None,
            "workloads.0.models": models,
            "trade_off": ["speed", "cost", "quality"],
        }
    )
    found = question.workloads[0].models
    assert [(entry.name, entry.quality) for entry in found] == [
        ("Llama-3.1-8B", Fraction(667, 10)),
        ("Llama-3.1-70B", Fraction(83)),
    ]
    assert all(entry.model is not None for entry in found)


def test_demand_may_be_left_out_where_the_rate_is_maximised(read: Read) -> None:
    changes: dict[str, Any] = {
        "workloads.0.requests_per_s": None,
        "trade_off": ["throughput"],
        "machines.0.stock_devices": 8,
    }
    assert read(changes).workloads[0].requests_per_s == 1


def test_a_machine_without_a_price_will_do_where_cost_does_not_count(read: Read) -> None:
    changes: dict[str, Any] = {
        "machines.0.usd_per_hour": None,
        "machines.0.accelerator": "Gaudi 3",
        "trade_off": ["throughput"],
        "limits.max_devices": 8,
    }
    assert read(changes).machines[0].contracts == ()


def written(tmp_path: Path, points: str = "devices,requests_per_s,tpot_s\n1,1,0.1\n") -> Path:
    (tmp_path / "p.csv").write_text(points)
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    return path


def test_decimals_of_a_file_are_kept_exactly(tmp_path: Path) -> None:
    question = read_fleet_instance(written(tmp_path))
    assert question.workloads[0].requests_per_s == Fraction(1, 10)
    assert question.machines[0].contracts[0].usd_per_hour == Fraction(21, 10)


def test_the_digest_covers_settings_and_tables_of_points(tmp_path: Path) -> None:
    plain = read_fleet_instance(written(tmp_path))
    again = read_fleet_instance(written(tmp_path))
    setting = read_fleet_instance(written(tmp_path), settings={"limits.max_devices": 9})
    table = read_fleet_instance(written(tmp_path, "devices,requests_per_s,tpot_s\n1,2,0.1\n"))
    assert plain == again
    assert len({plain.sha256, setting.sha256, table.sha256}) == 3


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TEXT.replace('"fleet"', '"replica"'))
    with pytest.raises(InstanceError, match="kind is 'replica', where a fleet question"):
        read_fleet_instance(path)


def test_a_table_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    with pytest.raises(InstanceError, match=r"p\.csv: cannot be read"):
        read_fleet_instance(path)
