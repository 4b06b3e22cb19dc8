from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.collective import (
    COLLECTIVE_KINDS,
    CollectiveConstants,
    CollectiveKind,
    CustomAllReduceConstants,
    NcclConstants,
    collective_s,
    constants_from,
)
from solver.performance.operators.device import device_of_system

H100 = device_of_system("h100_sxm")
NCCL = NcclConstants(launch_s=4e-6, hop_s=1e-6, link_share=0.5, half_bytes=1e6, exponent=1.0)
CUSTOM = CustomAllReduceConstants(
    one_shot_launch_s=2e-6,
    one_shot_hop_s=0.0,
    one_shot_link_share=0.5,
    two_shot_launch_s=3e-6,
    two_shot_link_share=0.5,
    two_shot_half_bytes=1.0,
)


def library(
    *, custom: bool = False, nccl: bool = True, in_switch: bool = False, contention: float = 0.0
) -> CollectiveConstants:
    return CollectiveConstants(
        contention=contention,
        in_switch=in_switch,
        nccl=NCCL if nccl else None,
        custom=CUSTOM if custom else None,
    )


def test_a_ring_all_reduce_costs_launch_hops_and_twice_the_share_of_the_others() -> None:
    seconds = collective_s(library(), H100, kind="all_reduce", world=4, message_bytes=1e9)
    # 3 hops; 1.5 GB at half of 450 GB/s, and a thousandth more for filling the links.
    assert float(seconds) == pytest.approx(4e-6 + 3e-6 + 1.5e9 / 225e9 * 1.001)


def test_a_switch_that_reduces_needs_one_message_and_one_part_of_it() -> None:
    seconds = collective_s(
        library(in_switch=True), H100, kind="all_reduce", world=8, message_bytes=1e9
    )
    assert float(seconds) == pytest.approx(4e-6 + 7e-6 + 1.125e9 / 225e9 * 1.001)


def test_a_switch_that_reduces_changes_nothing_for_the_other_collectives() -> None:
    for kind in ("all_gather", "reduce_scatter", "alltoall"):
        times = [
            collective_s(library(in_switch=s), H100, kind=kind, world=8, message_bytes=1e6)
            for s in (False, True)
        ]
        assert times[0] == times[1]


def test_one_shot_wins_small_messages_and_two_shot_large_ones() -> None:
    constants = library(custom=True, nccl=False)
    small, large = collective_s(
        constants, H100, kind="all_reduce", world=8, message_bytes=[1e3, 1e8]
    )
    assert small == pytest.approx(2e-6 + 7e3 / 225e9)
    assert large == pytest.approx(3e-6 + 1.75e8 / 225e9 * (1 + 1e-4))


def test_an_engine_is_never_slower_than_nccl_alone() -> None:
    sizes = 2.0 ** np.arange(8, 31)
    with_engine = collective_s(
        library(custom=True), H100, kind="all_reduce", world=8, message_bytes=sizes
    )
    alone = collective_s(library(), H100, kind="all_reduce", world=8, message_bytes=sizes)
    assert np.all(with_engine <= alone)


def test_contention_halves_the_bandwidth_of_each_doubling_at_exponent_one() -> None:
    sizes = 1e12
    wide = collective_s(
        library(contention=1.0), H100, kind="alltoall", world=8, message_bytes=sizes
    )
    narrow = collective_s(library(), H100, kind="alltoall", world=8, message_bytes=sizes)
    assert float(wide / narrow) == pytest.approx(4.0, rel=1e-3)


def test_no_world_makes_a_device_send_above_the_peak_of_its_link() -> None:
    seconds = collective_s(
        library(contention=-1.0), H100, kind="alltoall", world=64, message_bytes=1e12
    )
    assert float(seconds) >= 63 / 64 * 1e12 / H100.scale_up_bytes_per_s


def test_a_lone_device_and_an_empty_message_cost_nothing() -> None:
    seconds = collective_s(
        library(custom=True), H100, kind="all_reduce", world=[1, 8], message_bytes=[1e6, 0.0]
    )
    assert seconds.tolist() == [0.0, 0.0]


@given(
    kind=st.sampled_from(COLLECTIVE_KINDS),
    world=st.integers(2, 72),
    size=st.floats(1.0, 1e10),
    growth=st.floats(1.0, 100.0),
)
def test_a_longer_message_never_takes_less_time(
    kind: CollectiveKind, world: int, size: float, growth: float
) -> None:
    constants = library(custom=kind == "all_reduce", in_switch=True)
    short, long = collective_s(
        constants, H100, kind=kind, world=world, message_bytes=[size, size * growth]
    )
    assert long >= short * (1 - 1e-12)


NAMED = {
    "contention": 0.1,
    "in_switch": 1.0,
    **{f"nccl_{name}": getattr(NCCL, name) for name in NcclConstants.__dataclass_fields__},
    **{name: getattr(CUSTOM, name) for name in CustomAllReduceConstants.__dataclass_fields__},
}


def test_named_numbers_come_back_as_constants() -> None:
    assert constants_from(NAMED) == library(custom=True, in_switch=True, contention=0.1)


def test_a_library_that_never_starts_is_not_at_hand() -> None:
    without = constants_from({**NAMED, "one_shot_launch_s": math.inf})
    assert without == library(in_switch=True, contention=0.1)
    assert constants_from({**NAMED, "nccl_launch_s": math.inf}).nccl is None


def test_a_missing_or_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="nccl_hop_s"):
        constants_from({name: value for name, value in NAMED.items() if name != "nccl_hop_s"})
    with pytest.raises(ValueError, match="speed"):
        constants_from({**NAMED, "speed": 1.0})


def test_constants_of_no_library_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one library"):
        library(nccl=False)


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one device"):
        collective_s(library(), H100, kind="alltoall", world=0, message_bytes=1.0)
    with pytest.raises(ValueError, match="negative bytes"):
        collective_s(library(), H100, kind="alltoall", world=2, message_bytes=-1.0)
    with pytest.raises(ValueError, match="only NCCL"):
        collective_s(
            library(custom=True, nccl=False), H100, kind="alltoall", world=2, message_bytes=1.0
        )


def test_every_shipped_fit_gives_positive_times_that_grow_with_the_message() -> None:
    for (system, precision), fit in operator_catalog("collective").fits.items():
        kind = next(kind for kind in COLLECTIVE_KINDS if precision.startswith(kind))
        times = collective_s(
            constants_from(fit.constants),
            device_of_system(system),
            kind=kind,
            world=8,
            message_bytes=2.0 ** np.arange(8, 30),
        )
        assert np.all(times > 1e-6), (system, precision)
        assert np.all(np.diff(times) > 0), (system, precision)
