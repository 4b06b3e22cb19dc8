"""Facts read off placement designs."""

from __future__ import annotations

from fractions import Fraction

import pytest

from solver.report.fleet_facts import goals_of
from solver.report.placement_facts import (
    bracket_gaps,
    busiest_text,
    exact_value,
    flow_bound,
    host_count,
    hosts_by_machine,
    layers_text,
    memory_text,
    pace_text,
    setting_text,
)
from solver.report.placement_short import design_in_short
from solver.report.placement_stages import link_table
from tests.solver.report import placement_texts as made


def chain_of(*held: int) -> dict[str, object]:
    stages, first = [], 0
    for number, layers in enumerate(held):
        stages.append(made.stage(f"l{number}", "l4", 1, 1, first, layers))
        first += layers
    return made.chain(stages, 1, 1)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ((40,), "l4: 40"),
        ((20, 20), "2 × l4: 20 each"),
        ((21, 19), "2 × l4: 21+19"),
        ((8, 8, 8, 8, 6), "5 × l4: 4×8+6"),
        ((8, 8, 6, 6, 6), "5 × l4: 8+8+3×6"),
    ],
)
def test_a_chain_in_short_groups_what_stages_in_a_row_hold(
    held: tuple[int, ...], told: str
) -> None:
    assert design_in_short(chain_of(*held)) == told


def test_a_chain_in_short_keeps_the_order_of_machines() -> None:
    stages = [
        made.stage("a", "l4", 1, 1, 0, 10),
        made.stage("b", "a100", 8, 4, 10, 60),
        made.stage("c", "l4", 1, 1, 70, 10),
    ]
    told = "l4: 10 | a100 TP4: 60 | l4: 10"
    assert design_in_short(made.chain(stages, 1, 1)) == told


def test_a_flow_in_short_tells_ranges_by_first_layer() -> None:
    assert design_in_short(made.flow()["points"][0]["design"]) == "2 × t4: 1-6, a100: 7-12"


def test_a_flow_in_short_joins_hosts_of_one_kind_that_follow_each_other() -> None:
    stages = [made.stage(f"t{k}", "t4", 1, 1, 2 * k, 2) for k in range(3)]
    stages += [made.stage(f"a{k}", "a100", 1, 1, 6 + 4 * k, 4 - k) for k in range(2)]
    told = "3 × t4: 1-6 (2 each), a100: 7-10, a100: 11-13"
    assert design_in_short({"stages": stages, "flows": []}) == told


def test_hosts_of_several_replicas_are_counted_together() -> None:
    design = made.several()["points"][0]["design"]
    assert hosts_by_machine(design) == {"t4": 2}
    assert host_count(design) == 2


def test_replicas_of_different_settings_tell_each_once() -> None:
    chains = [made.chain([made.stage("a", "l4", 1, 1, 0, 8)], m, 2) for m in (4, 4, 8)]
    assert setting_text({"replicas": chains}) == "4 × 2, 8 × 2"


def test_one_layer_is_told_without_a_range() -> None:
    assert layers_text({"first_layer": 7, "layers": 1}) == "8"


def test_memory_that_is_not_quite_full_never_reads_100() -> None:
    assert memory_text({"hbm_used_bytes": 99999, "hbm_capacity_bytes": 100000}) == "99.9 %"


def test_speed_is_one_over_the_exact_latency() -> None:
    document = made.document()
    point = {"objectives": {"speed": 0.3, "cost": 1.0}, "exact": {"latency_ps": 3 * 10**12}}
    assert exact_value(point, goals_of(document)[0]) == Fraction(1, 3)


def test_the_named_link_is_told_in_its_busier_direction() -> None:
    design = made.document()["points"][0]["design"]
    design["links"].append(made.link("leaf", "h0", 0.5))
    assert "(leaf to h0) is busy 50.0 % of the time" in busiest_text(design)


@pytest.mark.parametrize(
    ("share", "told"), [(1e-5, "<0.1 %"), (0.99999, "99.9 %"), (1.0, "100.0 %")]
)
def test_the_share_of_a_link_never_rounds_to_idle_or_full(share: float, told: str) -> None:
    assert f"is busy {told} of the time" in busiest_text({"links": [made.link("x", "y", share)]})


def test_hand_overs_that_share_the_busiest_link_are_counted() -> None:
    design = {"links": [made.link("x", "y", 0.5, [("a", "b"), ("c", "d")])]}
    assert "shared by 2 hand-overs" in busiest_text(design)


def test_a_chain_paced_by_a_link_names_it() -> None:
    told = pace_text({"paced_by": "link", "busiest_link": "wan", "slowest_stage": "h"})
    assert told == "Paced by a link, wan, which is never idle."


def test_the_bound_of_a_flow_is_the_least_that_is_told() -> None:
    document = made.partial_flow()
    document["open_boxes"].append({"region": "", "reason": "", "facts": {"bound": "211/2"}})
    assert flow_bound(document) == 105.5


def test_a_document_without_a_bound_has_none() -> None:
    assert flow_bound(made.document()) is None


def test_gaps_of_a_bracket_are_shares_of_the_best_design() -> None:
    gaps = [gap for _, _, _, gap in bracket_gaps(made.bracketed())]
    assert gaps == pytest.approx([0.1, 0.1])


def test_links_are_listed_from_the_busiest_down() -> None:
    design = made.document()["points"][2]["design"]
    headers, rows = link_table(design)
    busy = [row[headers.index("busy")] for row in rows]
    assert busy == ["25.0 %", "25.0 %", "12.5 %", "12.5 %"]
