"""What is read from a file stands in the question, exact and in SI units."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import pytest

from solver.errors import InstanceError
from solver.instance.domain import Performance
from solver.instance.placement.domain import PlacementInstance, ServedShape
from solver.instance.placement.reader import read_placement_instance
from solver.instance.reading import read_any_instance
from tests.solver.instance.placement.questions import INLINE, MEASURED, SAMPLES, SOURCES

Read = Callable[..., PlacementInstance]
TEMPLATE = Path(str(files("solver.instance").joinpath("template_placement.toml")))
TODAY = datetime.date(2026, 11, 1)


def test_hosts_carry_machine_devices_memory_and_the_price_of_all_devices(read: Read) -> None:
    host = read(INLINE).topology.host("a1")
    assert (host.accelerator, host.devices, host.hbm_bytes) == ("a100", 2, 80 * 10**9)
    assert host.usd_per_hour == Fraction(19, 5)


def test_a_price_that_is_not_stated_is_the_catalogs_on_demand(read: Read) -> None:
    assert read(INLINE).topology.host("l4-0").usd_per_hour == 4 * Fraction(5, 8)


def test_a_tier_of_the_catalog_may_be_named(read: Read) -> None:
    question = read(INLINE, {"machines.1.tier": "on-demand-low"})
    assert question.topology.host("l4-0").usd_per_hour == 4 * Fraction(9, 20)


def test_a_price_p_by_q_stays_exact(read: Read) -> None:
    question = read(INLINE, {"machines.0.usd_per_hour": "113/75"})
    assert question.topology.host("a0").usd_per_hour == Fraction(226, 75)


def test_prices_are_not_asked_where_cost_does_not_count(read: Read) -> None:
    question = read(INLINE, {"trade_off": ["speed", "throughput"]})
    assert question.topology.host("l4-0").usd_per_hour is None


def test_a_budget_asks_for_prices_too(read: Read) -> None:
    changes = {"trade_off": ["speed", "throughput"], "limits.max_usd_per_hour": 9}
    assert read(INLINE, changes).topology.host("l4-0").usd_per_hour is not None


def test_devices_default_to_those_that_share_a_scale_up_network(read: Read) -> None:
    assert read(INLINE, {"machines.0.devices": None}).topology.host("a0").devices == 8


def test_devices_of_a_host_are_joined_as_the_catalog_says_unless_the_file_does(read: Read) -> None:
    assert read(INLINE).topology.host("l4-0").device_bytes_per_s == 32 * 10**9
    stated = read(INLINE, {"machines.1.device_gb_per_s": 8, "machines.1.device_latency_us": 4})
    host = stated.topology.host("l4-0")
    assert (host.device_bytes_per_s, host.device_latency_ps) == (8 * 10**9, 4 * 10**6)


def test_wires_are_bytes_and_picoseconds(read: Read) -> None:
    link = read(INLINE).topology.link("gw", "leaf")
    assert (link.bytes_per_s, link.latency_ps) == (1_250_000_000, 200_000_000)


def test_a_bandwidth_is_rounded_down_and_a_latency_up(read: Read) -> None:
    changes = {"links.1.mb_per_s": "1000/3", "links.1.latency_ms": "1/3"}
    link = read(INLINE, changes).topology.link("gw", "leaf")
    assert (link.bytes_per_s, link.latency_ps) == (333_333_333, 333_333_334)


def test_a_list_of_nodes_with_itself_joins_every_pair(read: Read) -> None:
    mesh = {"a": "a[0-1],l4-[0-2]", "b": "l4-[0-2],a[0-1]", "gbit_per_s": 1, "latency_us": 1}
    question = read(INLINE, {"links": [mesh], "switches": [], "topology": {}})
    assert len(question.topology.links) == 5 * 4 // 2


def test_the_exit_is_the_entry_unless_it_is_named(read: Read) -> None:
    assert read(INLINE).exit == "gw"
    assert read(INLINE, {"topology.entry": None}).exit is None


def test_widths_default_to_the_models_own(read: Read) -> None:
    design = read(INLINE).design
    assert (design.weight_bits, design.kv_bits) == (16, 16)


def test_times_are_those_of_measured_kernels_unless_another_model_is_named(read: Read) -> None:
    assert read(INLINE, {"performance": None}).performance.model == "calibrated"
    assert read(INLINE).performance.model == "epoch2025"


def test_measured_machines_ask_no_performance_model(read: Read) -> None:
    assert read(MEASURED).performance == Performance()


def test_efficiencies_of_the_published_formula_are_exact_and_1_if_left_out(read: Read) -> None:
    found = read(INLINE, {"performance.hbm_efficiency": "0.7"}).performance
    assert (found.flop_efficiency, found.hbm_efficiency) == (Fraction(1), Fraction(7, 10))


def test_a_format_of_the_weights_brings_its_width(read: Read) -> None:
    design = read(INLINE, {"performance": None, "design.weight_format": "int4"}).design
    assert (design.weight_format, design.weight_bits) == ("int4", 4)


def test_a_width_that_a_machine_lacks_is_left_to_the_calibrated_model(read: Read) -> None:
    changes = {"machines.1.accelerator": "V100-32GB SXM", "design.weight_bits": 8}
    assert read(INLINE, {"performance": None, **changes}).design.weight_bits == 8


def test_choices_that_are_not_made_have_defaults(read: Read) -> None:
    design = read(INLINE, {"design": None}).design
    assert design.tensor_parallel == (1, 2, 4, 8)
    assert design.microbatch == (1, 2, 4, 8, 16, 32, 64)
    assert design.in_flight == (1, 2, 4)


def test_a_flow_has_one_microbatch_in_flight_unless_it_is_stated(read: Read) -> None:
    flow = {"trade_off": ["throughput"]}
    assert read(INLINE, {**flow, "design": None}).design.in_flight == (1,)
    assert read(INLINE, {**flow, "design.in_flight": 8}).design.in_flight == (8,)


def test_tables_of_measurements_are_exact(read: Read) -> None:
    question = read(MEASURED)
    measured = question.machine("A100").measured
    assert question.shape == ServedShape(4, 16384, 2)
    assert measured is not None
    assert measured.tok_per_s[1] == Fraction("11751.67055226967")
    assert measured.layer_time_s == ((8, Fraction(19, 20000)), (30, Fraction(14, 10000)))


def test_a_measured_flow_needs_no_times(read: Read) -> None:
    question = read(SOURCES["flow"], {"measured.layer_times": None})
    machine = question.machine("L4").measured
    assert machine is not None
    assert machine.layer_time_s == ()


def test_a_measured_machine_states_its_memory(read: Read) -> None:
    host = read(MEASURED).topology.host("l4-0")
    assert (host.devices, host.hbm_bytes) == (1, 24 * 10**9)


def test_levels_to_round_to_are_sorted_and_in_si_units(read: Read) -> None:
    levels = {"gbit_per_s": [100, 8, 8], "latency_us": [5]}
    rounding = read(INLINE, {"topology.rounding": levels}).rounding
    assert rounding is not None
    assert rounding.bytes_per_s == (10**9, 12_500_000_000)
    assert rounding.latency_ps == (5_000_000,)


def test_only_machines_in_use_are_part_of_the_question(read: Read) -> None:
    question = read(INLINE)
    spare = [*INLINE["machines"], {"name": "h100", "accelerator": "H100 SXM"}]
    with_spare = read(INLINE, {"machines": spare})
    assert with_spare.machines == question.machines
    assert with_spare.warnings == ("no host of the network is of machine 'h100'",)


def test_an_old_price_is_a_warning(read: Read) -> None:
    (warning,) = read(INLINE, {"machines.0.as_of": "2024-01"}).warnings
    assert "2024-01" in warning


def test_the_digest_covers_every_file_that_is_named(tmp_path: Path) -> None:
    text = (SAMPLES / "measured.toml").read_text()
    shutil.copytree(SAMPLES, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "measured.toml"
    assert path.read_text() == text
    digests = {read_placement_instance(path).sha256}
    for name in ("rates.csv", "times.csv", "links.csv"):
        (tmp_path / name).write_text((tmp_path / name).read_text() + "\n")
        digests.add(read_placement_instance(path).sha256)
    assert len(digests) == 4


def test_the_digest_covers_a_graph_file_and_the_settings(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "graph.toml"
    digests = {
        read_placement_instance(path).sha256,
        read_placement_instance(path, settings={"seed": 1}).sha256,
    }
    graph = tmp_path / "cluster.graphml"
    graph.write_text(graph.read_text() + "\n")
    digests.add(read_placement_instance(path).sha256)
    assert len(digests) == 3


def test_any_reader_knows_the_kind() -> None:
    question = read_any_instance(TEMPLATE, settings={"design.in_flight": 2}, today=TODAY)
    assert isinstance(question, PlacementInstance)
    assert question.design.in_flight == (2,)
    assert question.settings == {"design.in_flight": 2}


def test_a_file_of_another_kind_is_refused() -> None:
    fleet = Path(str(files("solver.instance").joinpath("template_fleet.toml")))
    with pytest.raises(InstanceError, match="a placement question is expected"):
        read_placement_instance(fleet)
