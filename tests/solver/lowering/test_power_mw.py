"""Power of candidates: the vectorised path is the scalar one, and clocks do what they should."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solver.instance.domain import Machine, ReplicaInstance
from solver.lowering.families import CandidateFamily, DraftLayout
from solver.lowering.space import ReplicaSpace, lower_replica

Small = Callable[..., ReplicaInstance]
ONE = np.zeros(1, dtype=np.intp)
HOST_W = 37.0
DRAFT = {"model": "Llama-3.1-8B", "acceptance": "0.8", "tokens": [0, 2, 3], "weight_bits": 8}
EPOCH: dict[str, Any] = {
    "workload": {"model": "Llama-3.1-70B", "context_tokens": 2000},
    "design": {
        "accelerator": ["H100 SXM", "A100-80GB SXM"],
        "tensor_parallel": [4, 8],
        "pipeline_parallel": [1, 2],
        "batch": [2, 16, 128],
        "weight_bits": [8],
        "kv_bits": [16],
    },
    "performance": {"model": "epoch2025"},
    "draft": DRAFT,
    "price": {"usd_per_hour": "2"},
}
CALIBRATED: dict[str, Any] = {
    "workload": {"model": "Llama-3.1-8B", "input_tokens": 600, "output_tokens": 200},
    "design": {"accelerator": ["H100 SXM"], "tensor_parallel": [1, 2], "batch": [1, 8, 64, 256]},
    "price": {"usd_per_hour": "2"},
}
OWN_LAYER: dict[str, Any] = {
    "workload": {"model": "DeepSeek-V3", "context_tokens": 3000},
    "design": {
        "accelerator": "H200 SXM",
        "tensor_parallel": [8],
        "expert_parallel": [8],
        "batch": [1, 32],
    },
    "draft": {"model": "mtp", "acceptance": "0.8", "tokens": [0, 1, 2]},
    "price": {"usd_per_hour": "2"},
}
QUESTIONS = pytest.mark.parametrize(
    "tables", [EPOCH, CALIBRATED, OWN_LAYER], ids=["epoch2025", "calibrated", "own layer"]
)


def at_clock(instance: ReplicaInstance, clock_mhz: int | None) -> ReplicaSpace:
    machines = tuple(replace(machine, clock_mhz=clock_mhz) for machine in instance.machines)
    return lower_replica(replace(instance, machines=machines))


def cells(family: CandidateFamily) -> tuple[Any, Any]:
    rows, columns = family.shape
    return np.ix_(np.arange(rows, dtype=np.intp), np.arange(columns, dtype=np.intp))


def alone(space: ReplicaSpace, family: CandidateFamily, row: int, column: int) -> CandidateFamily:
    draft = family.draft
    return CandidateFamily(
        machine=family.machine,
        step=family.step.alone(row, column),
        draft=None
        if draft is None
        else DraftLayout(draft.draft, draft.tokens, draft.step.alone(row, column)),
        rules=family.rules,
        limits=space.instance.limits,
        price_denominator=family.machine.price.usd_per_hour.denominator,
    )


@QUESTIONS
@pytest.mark.parametrize("clock_mhz", [None, 1005])
def test_power_of_a_cell_is_that_of_the_cell_rebuilt_alone(
    mixture: Small, tables: dict[str, Any], clock_mhz: int | None
) -> None:
    space = at_clock(mixture(**tables), clock_mhz)
    for family in space.families:
        power = family.power_mw(*cells(family), host_w=HOST_W)
        assert power is not None
        for row, column in itertools.product(*(range(n) for n in family.shape)):
            single = alone(space, family, row, column).power_mw(ONE, ONE, host_w=HOST_W)
            assert single is not None
            assert single[0] == power[row, column]


@QUESTIONS
def test_power_lies_between_idle_and_the_most_of_board_and_host(
    mixture: Small, tables: dict[str, Any]
) -> None:
    for family in at_clock(mixture(**tables), None).families:
        profile = family.machine.accelerator.power
        assert profile is not None
        power = family.power_mw(*cells(family), host_w=HOST_W)
        assert power is not None
        for row, devices in enumerate(family.devices.tolist()):
            most = max(profile.decode_w, profile.prefill_w)
            assert (power[row] >= int(devices * (profile.idle_w + HOST_W) * 1000)).all()
            assert (power[row] <= devices * (most + HOST_W) * 1000 + 1).all()


@QUESTIONS
def test_a_higher_clock_is_never_slower(mixture: Small, tables: dict[str, Any]) -> None:
    instance = mixture(**tables)
    ladder = [at_clock(instance, clock) for clock in (345, 705, 1005, 1200, 1410)]
    for slow, fast in itertools.pairwise(ladder):
        for below, above in zip(slow.families, fast.families, strict=True):
            at = cells(below)
            assert (above.latency_ps(*at) <= below.latency_ps(*at)).all()


@QUESTIONS
def test_the_highest_clock_is_the_clock_left_alone(mixture: Small, tables: dict[str, Any]) -> None:
    instance = mixture(**tables)
    free = at_clock(instance, None)

    def highest(machine: Machine) -> Machine:
        power = machine.accelerator.power
        assert power is not None
        assert power.clocks is not None
        return replace(machine, clock_mhz=power.clocks.highest_mhz)

    pinned = lower_replica(replace(instance, machines=tuple(map(highest, instance.machines))))
    for one, other in zip(free.families, pinned.families, strict=True):
        at = cells(one)
        assert (one.latency_ps(*at) == other.latency_ps(*at)).all()
        assert np.array_equal(one.power_mw(*at, host_w=HOST_W), other.power_mw(*at, host_w=HOST_W))


@pytest.mark.parametrize("tables", [EPOCH, CALIBRATED], ids=["epoch2025", "calibrated"])
def test_energy_of_a_large_batch_over_the_clock_is_u_shaped(
    mixture: Small, tables: dict[str, Any]
) -> None:
    instance = mixture(**tables, **{"limits": {}})
    instance = replace(
        instance,
        machines=instance.machines[:1],
        draft=None,
        design=replace(instance.design, batch=(256,), tensor_parallel=(4,), pipeline_parallel=(1,)),
    )
    clocks = range(345, 1981, 105)
    energy = []
    for clock in clocks:
        (family,) = at_clock(instance, clock).families
        power = family.power_mw(ONE, ONE, host_w=0.0)
        assert power is not None
        energy.append(int(power[0]) * int(family.latency_ps(ONE, ONE)[0]))
    lowest = energy.index(min(energy))
    assert 0 < lowest < len(energy) - 1
    assert all(energy[i + 1] <= energy[i] * 1.001 for i in range(lowest))
    assert all(energy[i + 1] >= energy[i] * 0.999 for i in range(lowest, len(energy) - 1))


def test_a_machine_whose_power_is_not_known_has_none(mixture: Small) -> None:
    instance = mixture(**EPOCH)
    bare = [
        replace(machine, accelerator=replace(machine.accelerator, power=None))
        for machine in instance.machines
    ]
    for family in lower_replica(replace(instance, machines=tuple(bare))).families:
        assert family.power_mw(ONE, ONE, host_w=HOST_W) is None


def test_more_host_is_more_power_by_exactly_that(mixture: Small) -> None:
    for family in at_clock(mixture(**CALIBRATED), None).families:
        less = family.power_mw(*cells(family), host_w=0.0)
        more = family.power_mw(*cells(family), host_w=HOST_W)
        assert less is not None
        assert more is not None
        difference = more - less - (family.devices * int(HOST_W * 1000))[:, None]
        assert (abs(difference) <= 1).all()
