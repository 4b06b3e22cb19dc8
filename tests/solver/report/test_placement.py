"""A placement result on the terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from solver.report.placement import print_placement
from tests.solver.report import placement_texts as made

EVERY = [
    made.document,
    made.single,
    made.partial,
    made.infeasible,
    made.bracketed,
    made.measured,
    made.several,
    made.flow,
    made.partial_flow,
]


def printed(document: dict[str, Any], *, width: int = 80, where_all: str = "r.json") -> str:
    stream = io.StringIO()
    print_placement(document, Console(file=stream, width=width, highlight=False), where_all)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def test_a_complete_result_begins_as_pinned() -> None:
    assert printed(made.document()).startswith(
        """\
A small cluster
Llama-3.1-70B; 4 hosts (2 h100x8, 2 l40s); 4 links; speed against cost
Complete: 3 pipelines, and it is proved that no other is better in one of speed
and cost without being worse in another.
formulation labels; 1.50 s

                      speed      cost  token         microb. ×  pipeline: layers
                 tok/s/user  US$/Mtok     ms  hosts  in flight  of its stages
────────────────────────────────────────────────────────────────────────────────
★ fastest, knee         100     4.889     10      2  1 × 2      2 × h100x8 TP8:
                                                                40 each
                         50     2.222     20      1  8 × 1      h100x8 TP8: 80
★ cheapest               25     1.000     40      3  8 × 4      h100x8 TP4: 60 |
                                                                2 × l40s: 11+9

3 points; exact values: r.json
"""
    )


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_console(make: Any, width: int) -> None:
    assert max(cell_len(line) for line in printed(make(), width=width).splitlines()) <= width


@pytest.mark.parametrize("make", EVERY)
def test_a_plain_terminal_is_shown_ascii_alone(make: Any) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_placement(make(), Console(file=stream, width=80, highlight=False), "r.json")
    stream.flush()
    assert stream.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]


def test_the_stages_of_both_ends_are_told_line_by_line() -> None:
    text = printed(made.document())
    assert "Fastest, knee: 100 tok/s/user, US$4.89/Mtok\n" in text
    assert "    2  h1    h100x8    8   41-80        10        0.0100  50.0 %  16.00" in text
    assert "    3  l1    l40s      1   72-80      2.25        0.0100  11.2 %  16.00" in text


def test_the_busiest_link_is_told_with_its_share_and_its_way() -> None:
    assert "Busiest link: h0--leaf (h0 to leaf) is busy 25.0 % of the time." in printed(
        made.document()
    )


def test_a_design_of_one_host_has_no_busiest_link() -> None:
    assert "Busiest" not in printed(made.single())


def test_a_pipeline_paced_by_latency_says_so() -> None:
    assert "Paced by latency: a token waits for every stage in turn" in printed(made.measured())


def test_a_pipeline_of_one_stage_is_paced_by_it() -> None:
    assert "Paced by its one stage, h0.\n" in printed(made.single())


def test_measured_machines_have_no_columns_of_memory_and_price() -> None:
    text = printed(made.measured())
    assert "place  host  machine  layers  stage ms  hand-over ms  tok/s\n" in text


def test_a_setting_that_all_points_share_has_no_column() -> None:
    assert "microb." not in printed(made.measured())
    assert "Microbatch 1, 1 in flight; 1,000 tok/s; in by gw; out by gw." in printed(
        made.measured()
    )


def test_replicas_that_are_alike_share_a_table() -> None:
    text = printed(made.several())
    assert "2 of [t4: 12, 1×1]" in text
    assert "Replica 1 of 2; alike: 2 on t1\n" in text
    assert text.count("place  host") == 1


def test_replicas_that_differ_have_a_table_each() -> None:
    document = made.several()
    chains = document["points"][0]["design"]["replicas"]
    chains[1]["microbatch"] = 4
    text = printed(document)
    assert "Replica 1 of 2\n" in text
    assert "Replica 2 of 2\n" in text


def test_a_flow_tells_rate_bound_gap_and_proof() -> None:
    text = printed(made.flow())
    assert "Complete: 100 tok/s is proved to be the most that the cluster can carry." in text
    assert "Bound: 100 tok/s, gap 0.0 %.\nProved by cover prices (integers).\n" in text


def test_ranges_of_a_flow_are_grouped_by_machine() -> None:
    assert "   1-6  t4           2    100   100  100.0 %  t0, t1\n" in printed(made.flow())


def test_full_links_and_idle_hosts_of_a_flow_are_named() -> None:
    text = printed(made.flow())
    assert "Full links: leaf--t0 (t0 to leaf).\n" in text
    assert "Idle hosts: t2.\n" in text


def test_the_gap_of_an_open_flow_is_taken_from_the_open_region() -> None:
    assert "Bound: 110 tok/s, gap 10.0 %.\nBound proved by total work.\n" in printed(
        made.partial_flow()
    )


def test_open_regions_come_with_what_to_do() -> None:
    text = printed(made.partial())
    assert "  speed 25 to 50 tok/s/user: the time limit was reached\n" in text
    assert "--time-limit" in text


def test_a_reason_that_several_regions_share_is_told_once() -> None:
    document = made.partial()
    document["open_boxes"].append({**document["open_boxes"][0], "region": "elsewhere"})
    text = printed(document)
    assert "Better designs may hide where (the time limit was reached)\n" in text
    assert "  elsewhere\n" in text


def test_a_bracket_tells_design_bound_and_gap() -> None:
    line = "speed: 100 tok/s/user by a design, bound 110 tok/s/user, gap 10.0 %"
    assert line in printed(made.bracketed())


def test_a_conflict_tells_how_far_its_limit_must_give() -> None:
    text = printed(made.infeasible())
    assert "One limit alone rules out every pipeline.\n" in text
    assert "  hbm, now 80 GB: it would have to be 96.5 GB, the others unchanged\n" in text


def test_notes_of_the_run_are_shown() -> None:
    assert printed(made.document()).endswith("note: two orbits")


def test_a_long_frontier_is_thinned_but_keeps_both_ends() -> None:
    document = made.document()
    step = document["points"][1]
    many = [
        {
            **step,
            "objectives": {"speed": 100.0 - k, "cost": 4.8 - k / 20},
            "exact": {"latency_ps": 10**10 + k, "cost": str(4.8 - k / 20)},
        }
        for k in range(1, 60)
    ]
    document["points"][1:2] = many
    text = printed(document)
    assert "12 of 61 points; exact values: r.json" in text
    assert "★ fastest" in text
    assert "★ cheapest" in text


def test_control_characters_of_names_are_not_printed() -> None:
    document = made.document()
    document["points"][0]["design"]["stages"][0]["host"] = "h\x1b[31m0"
    assert "\x1b" not in printed(document)
