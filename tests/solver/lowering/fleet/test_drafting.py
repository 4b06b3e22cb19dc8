"""Drafts beside a fleet's designs: options, their names, and that each is what a replica says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from solver.api import solve, verify
from solver.catalog import shipped_catalog
from solver.instance.domain import DesignSpace, Performance, Traffic
from solver.instance.fleet.domain import (
    Contract,
    DraftOffer,
    FleetInstance,
    MachineOffer,
    Period,
    RequestSize,
    Workload,
    WorkloadModel,
)
from solver.lowering.families import PS_PER_S
from solver.lowering.fleet.designs import design_options
from solver.lowering.fleet.drafting import draft_beside, drafted_name
from solver.lowering.fleet.replica_questions import replica_question
from solver.lowering.space import lower_replica

F = Fraction
CATALOG = shipped_catalog()
LARGE, SMALL = CATALOG.models["Llama-3.3-70B"], CATALOG.models["Llama-3.1-8B"]
H100 = CATALOG.accelerators["H100 SXM"]
DESIGN = DesignSpace((2, 4), (), (1,), (1,), (1,), (1, 16, 128), (8,), (8,))


def offer(acceptance: str, *tokens: int) -> DraftOffer:
    return DraftOffer(SMALL, F(acceptance), tokens, 8, (1,))


def fleet(*drafts: DraftOffer | None) -> FleetInstance:
    """One workload for each draft, all alike."""
    return FleetInstance(
        name="small",
        title="",
        trade_off=("speed", "cost"),
        cost_unit="usd_per_hour",
        horizon_hours=None,
        periods=(Period("day", F(24)),),
        workloads=tuple(
            Workload(
                name=f"w{k}",
                models=(WorkloadModel("Llama-3.3-70B", LARGE),),
                sizes=(RequestSize(1000, 300, F(1)),),
                requests_per_s=F(2),
                by_period=(F(1),),
                draft=draft,
            )
            for k, draft in enumerate(drafts)
        ),
        machines=(
            MachineOffer(
                "h100", H100, 1, F(1000), (Contract("on_demand", "on_demand", F(3), False),)
            ),
        ),
        design=DESIGN,
        performance=Performance(model="calibrated"),
    )


def test_a_drafted_option_has_the_latency_and_rate_of_the_replica_question() -> None:
    instance = fleet(offer("0.8", 4))
    options, _, _ = design_options(instance, 0)
    space = lower_replica(
        replica_question(
            instance,
            LARGE,
            (H100,),
            replace(DESIGN, weight_bits=(8,)),
            size=instance.workloads[0].sizes[0],
            traffic=Traffic(1000, 300),
            draft=draft_beside(instance.workloads[0], LARGE),
        )
    )
    expected = {
        (int(family.devices[row]), int(family.batches[column]), int(latency))
        for family in space.families
        for row, line in enumerate(_latencies(family))
        for column, latency in enumerate(line)
    }
    (grain,) = {int(family.step.resolution_ps) for family in space.families}
    # Fleets keep the digits that a replica question rounds up.
    told = {
        (option.devices, option.facts["batch"], -(-(option.latency_ps or 0) // grain) * grain)
        for option in options
    }
    assert told
    assert told <= expected
    for option in options:
        latency_ps = option.latency_ps
        assert latency_ps is not None
        ideal = F(option.facts["batch"] * PS_PER_S, 300 * latency_ps)
        assert abs(option.rates[0] / ideal - 1) < F(1, 10**5)


def _latencies(family):  # type: ignore[no-untyped-def]
    import numpy as np

    n, m = family.shape
    return family.latency_ps(np.arange(n)[:, None], np.arange(m)[None, :]).tolist()


def test_layouts_tell_how_many_tokens_are_drafted() -> None:
    options, _, _ = design_options(fleet(offer("0.8", 0, 4)), 0)
    drafted = {(option.facts.get("draft_tokens"), "drafted" in option.layout) for option in options}
    assert drafted == {(None, False), (4, True)}
    assert any(option.layout.endswith(" +4 drafted") for option in options)


def test_no_draft_adds_nothing_to_a_name() -> None:
    assert drafted_name(0) == ""


def test_a_workload_without_a_draft_has_none_beside_its_model() -> None:
    assert draft_beside(fleet(None).workloads[0], LARGE) is None


def test_a_prediction_layer_is_that_of_the_model() -> None:
    workload = replace(fleet(None).workloads[0], draft=DraftOffer(None, F(1, 2), (0, 1), 0, (1,)))
    served = CATALOG.models["DeepSeek-V3"]
    draft = draft_beside(workload, served)
    assert draft is not None
    assert draft.own_layer
    assert draft.model.name == "DeepSeek-V3 prediction layer"
    assert draft.weight_bits == served.native_weight_bits


def test_the_option_not_to_draft_makes_no_fleet_dearer() -> None:
    plain, drafted = (solve(fleet(draft)) for draft in (None, offer("0.5", 0, 2)))
    cheapest = [min(F(str(point.exact["cost"])) for point in found) for found in (plain, drafted)]
    assert cheapest[1] <= cheapest[0]


def test_drafting_makes_the_fastest_fleet_faster() -> None:
    plain, drafted = (solve(fleet(draft)) for draft in (None, offer("0.8", 0, 4)))
    assert drafted[0].objectives["speed"] > 1.3 * plain[0].objectives["speed"]


@pytest.mark.parametrize(("acceptance", "drafts"), [("0.9", True), ("0", False)])
def test_acceptance_decides_by_workload_who_drafts(acceptance: str, drafts: bool) -> None:
    options, _, _ = design_options(fleet(offer("0.9", 0, 2), offer(acceptance, 0, 2)), 1)
    single = min((o for o in options if o.devices == 2), key=lambda option: option.latency_ps or 0)
    assert ("draft_tokens" in single.facts) == drafts


def test_a_fleet_with_drafts_is_proved_again_by_another_engine() -> None:
    found = solve(fleet(offer("0.8", 0, 4), offer("0.5", 0, 1)))
    assert found.status == "complete"
    assert verify(found.to_dict(), reprove=True).passed
