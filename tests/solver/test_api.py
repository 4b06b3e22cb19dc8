from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

import solver
from solver.api import economics as api_economics
from solver.errors import EngineError, InstanceError
from solver.instance.domain import ReplicaInstance

Small = Callable[..., ReplicaInstance]


def keys(frontier: solver.Frontier) -> list[tuple[object, object]]:
    return [(point.exact["latency_ps"], point.exact["cost"]) for point in frontier]


def test_the_public_names_are_these() -> None:
    assert sorted(solver.__all__) == [
        "EconomyFrontier",
        "FleetError",
        "Frontier",
        "InstanceError",
        "NondominatedPoint",
        "NondominatedSet",
        "Point",
        "ReplicaInstance",
        "Result",
        "Verification",
        "nondominated_set",
        "production_economics",
        "read_instance",
        "read_result",
        "solve",
        "verify",
    ]
    for name in solver.__all__:
        assert getattr(solver, name) is not None


def test_economics_has_a_public_name_beside_the_package_it_comes_from() -> None:
    assert solver.production_economics is api_economics


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = solver.nothing


PAIRS = [
    (formulation, engine)
    for formulation, engine in itertools.product(
        ("column_selection", "factored_big_m", "factored_hull", "cp_element"),
        ("highs", "cp-sat", "scip"),
    )
    if formulation != "cp_element" or engine == "cp-sat"
]


@pytest.mark.parametrize(("formulation", "engine"), PAIRS)
def test_every_program_on_every_engine_gives_the_frontier_of_the_enumeration(
    small: Small, formulation: str, engine: str
) -> None:
    question = small(design__batch="1..16", design__tensor_parallel=[1, 2, 8])
    expected = solver.solve(question)
    found = solver.solve(question, formulation=formulation, engine=engine)
    assert found.status == "complete"
    assert keys(found) == keys(expected)
    assert solver.verify(found, instance=question)


def seventeen_hundred_columns(small: Small, **changes: object) -> ReplicaInstance:
    """Every degree to 128 in one or two dimensions, two batches, two precisions."""
    design: dict[str, object] = {
        "design__batch": [64, 256],
        "design__tensor_parallel": "1..128",
        "design__tensor_parallel_2d": "1..128",
        "design__pipeline_parallel": [1, 2, 4],
        "rules": {"degrees_divide": False},
    }
    return small(**{**design, **changes})


def assert_agrees(question: ReplicaInstance, formulation: str, engine: str) -> int:
    """The program's frontier is that of the enumeration; returns the number of columns."""
    expected = solver.solve(question)
    found = solver.solve(question, formulation=formulation, engine=engine)
    assert found.status == "complete"
    assert len(expected) >= 10
    assert keys(found) == keys(expected)
    return int(found.result.provenance["candidates"]["columns_all"])


@pytest.mark.parametrize(("formulation", "engine"), PAIRS)
def test_programs_of_seventeen_hundred_columns_agree_too(
    small: Small, formulation: str, engine: str
) -> None:
    if (formulation, engine) == ("factored_hull", "scip"):
        # SCIP needs minutes for the hull at this size: half of it here, all of it below.
        half = seventeen_hundred_columns(small, design__weight_bits=[8])
        assert assert_agrees(half, formulation, engine) > 800
    else:
        assert assert_agrees(seventeen_hundred_columns(small), formulation, engine) > 1600


@pytest.mark.skipif(
    os.environ.get("FLEETFRONT_FULL_ORACLE") != "1",
    reason="SCIP takes minutes for the hull of 1,700 columns: set FLEETFRONT_FULL_ORACLE=1",
)
def test_the_hull_of_seventeen_hundred_columns_agrees_on_scip(small: Small) -> None:
    assert assert_agrees(seventeen_hundred_columns(small), "factored_hull", "scip") > 1600


def test_limits_reach_the_programs(small: Small) -> None:
    question = small(
        design__batch="1..16",
        limits={"min_speed_tok_per_s": 200, "max_cost_usd_per_mtok": "0.6", "max_devices": 2},
    )
    expected = solver.solve(question)
    assert 0 < len(expected) < len(solver.solve(small(design__batch="1..16")))
    assert keys(solver.solve(question, formulation="factored_big_m")) == keys(expected)


def test_an_infeasible_question_is_proved_empty_by_programs_as_well(small: Small) -> None:
    question = small(design__batch="1..4", limits={"min_speed_tok_per_s": 100000})
    for formulation in ("enumeration", "column_selection", "cp_element"):
        frontier = solver.solve(question, formulation=formulation)
        assert frontier.status == "infeasible"
        assert frontier.result.conflict is not None
        assert solver.verify(frontier)


def test_a_program_that_is_stopped_is_partial_and_verifies(small: Small) -> None:
    asked = iter(range(10**6))
    frontier = solver.solve(
        small(design__batch="1..16"),
        formulation="column_selection",
        should_stop=lambda: next(asked) >= 9,
    )
    assert frontier.status == "partial"
    assert len(frontier) > 0
    assert frontier.result.open_boxes
    assert solver.verify(frontier)


def test_a_space_too_large_for_a_factored_program_is_refused_with_a_cure(small: Small) -> None:
    question = small(design__batch="1..4096", design__tensor_parallel=[1, 2, 4, 8])
    with pytest.raises(InstanceError, match=r"too many for factored_hull.*enumeration"):
        solver.solve(question, formulation="factored_hull")


def test_column_selection_over_nondominated_columns_serves_a_large_space(small: Small) -> None:
    question = small(
        design__batch="1..4096",
        design__tensor_parallel=[1, 2, 4, 8],
        design__tensor_parallel_2d="1..16",
        limits={"min_speed_tok_per_s": 200},
    )
    expected = solver.solve(question)
    found = solver.solve(question, formulation="column_selection")
    assert found.result.provenance["candidates"]["columns_nondominated"] == len(expected)
    assert keys(found) == keys(expected)


def test_names_that_do_not_exist_are_refused_with_those_that_do(small: Small) -> None:
    with pytest.raises(InstanceError, match="column_selection"):
        solver.solve(small(), formulation="simplex")
    with pytest.raises(EngineError, match="highs, cp-sat, scip"):
        solver.solve(small(), formulation="column_selection", engine="gurobi")
    with pytest.raises(EngineError, match="cannot read cp_element"):
        solver.solve(small(), formulation="cp_element", engine="scip")
    with pytest.raises(InstanceError, match="uses no engine"):
        solver.solve(small(), engine="highs")
    with pytest.raises(InstanceError, match="leaves no time"):
        solver.solve(small(), time_limit_s=0)


def test_the_cheapest_at_a_speed_and_the_fastest_at_a_cost_are_on_the_frontier(
    small: Small,
) -> None:
    frontier = solver.solve(small())
    middle = frontier[len(frontier) // 2]
    speed, cost = middle.objectives["speed"], Fraction(middle.exact["cost"])
    assert frontier.cheapest(min_speed=speed * 0.999999) == middle
    assert frontier.fastest(max_cost=cost) == middle
    assert frontier.cheapest() == frontier[-1]
    assert frontier.fastest() == frontier[0]
    assert frontier.cheapest(min_speed=10**9) is None
    assert frontier.fastest(max_cost="0.0000001") is None


def test_a_limit_in_the_question_is_a_slice_of_the_frontier(small: Small) -> None:
    whole = solver.solve(small())
    sliced = solver.solve(small(limits={"min_speed_tok_per_s": 250}))
    assert keys(sliced) == [
        key
        for key, point in zip(keys(whole), whole, strict=True)
        if point.objectives["speed"] >= 250
    ]


def test_a_frontier_becomes_a_table_a_plot_and_a_notebook_cell(
    small: Small, tmp_path: Path
) -> None:
    frontier = solver.solve(small())
    frame = frontier.to_frame()
    assert len(frame) == len(frontier)
    frontier.plot(tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert "<" in frontier._repr_html_()
    assert "complete" in repr(frontier)
    assert frontier.knee() in list(frontier)


def test_a_result_file_reads_back_as_the_same_result(small: Small, tmp_path: Path) -> None:
    frontier = solver.solve(small())
    path = tmp_path / "r.json"
    path.write_text(frontier.to_json())
    result, document = solver.read_result(path)
    assert result == frontier.result
    assert document == json.loads(frontier.to_json()) == frontier.to_dict()


def test_the_same_question_gives_the_same_result_but_for_the_clock(small: Small) -> None:
    one, two = solver.solve(small()).to_dict(), solver.solve(small()).to_dict()
    for document in (one, two):
        document.pop("digest")
        for key in ("wall_s", "cpu_s"):
            document["provenance"].pop(key)
    assert one == two
