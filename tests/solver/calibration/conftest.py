"""A machine that is not there: an H200 whose kernels take the time that known constants say.

It has a host and a queue with clocks of their own, events and graphs, so that whatever is wrong in
the way a GPU is timed shows as a wrong time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest

from solver.calibration.backend import CaptureRefusedError, CaseRefusedError, Event, Machine
from solver.calibration.cases import (
    KV_BFLOAT16,
    Case,
    CollectiveCase,
    ContextCase,
    CopyCase,
    DecodeCase,
    GemmCase,
    LaunchCase,
)
from solver.calibration.run import Calibrated, calibrate
from solver.performance.operators.attention import attention_decode_s, decode_constants_from
from solver.performance.operators.attention_context import (
    attention_context_s,
    context_constants_from,
)
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.collective import collective_s
from solver.performance.operators.collective import constants_from as collective_constants
from solver.performance.operators.device import Device, device_of_system
from solver.performance.operators.gemm import constants_from as gemm_constants
from solver.performance.operators.gemm import gemm_s

H200 = Machine(
    kind="cuda",
    name="NVIDIA H200",
    library="2.13.0",
    driver="driver 580.0, CUDA 13.0",
    memory_bytes=150_754_820_096,
    free_bytes=150_000_000_000,
    multiprocessors=132,
    cache_bytes=50.0 * 2**20,
    cache_source="the driver",
    devices=8,
    precisions=("bfloat16", "fp8"),
    collective_library="nccl",
)
COPY_BYTES_PER_S = 4.3e12
HOST_BYTES_PER_S = 55e9
LAUNCH_S = 1.7e-6
EAGER_S = 6e-6


def shipped(family: str, precision: str) -> dict[str, float]:
    """The constants that ship for an H200."""
    return dict(operator_catalog(family).find(system="h200_sxm", precision=precision).constants)


def true_constants() -> dict[tuple[str, str], dict[str, float]]:
    """What this machine is like: an H200, but with other shares and fixed times."""
    slower = {"share_of_peak": 0.71, "hbm_share": 0.78, "fixed_s": 3.1e-6}
    decode = shipped("attention_decode", KV_BFLOAT16) | {
        "smallest_group": 1.0,
        "largest_group": 1024.0,
        "least_fill": 0.0,
        "grouped_l2_share": 1e-3,
        "per_head_l2_share": 1e-3,
        "grouped_launch_s": 7.5e-6,
        "grouped_hbm_share": 0.74,
    }
    context = shipped("attention_context", KV_BFLOAT16) | {"launch_s": 1.1e-5, "flop_share": 0.52}
    reduce = shipped("collective", "all_reduce") | {
        "nccl_launch_s": 1.2e-5,
        "nccl_link_share": 0.64,
    }
    return {
        ("gemm", "bfloat16"): shipped("gemm", "bfloat16") | slower,
        ("gemm", "fp8"): shipped("gemm", "fp8") | slower,
        ("attention_decode", KV_BFLOAT16): decode,
        ("attention_context", KV_BFLOAT16): context,
        ("collective", "all_reduce"): reduce,
    }


class SyntheticEvent:
    def __init__(self, owner: SyntheticBackend) -> None:
        self._owner = owner
        self._at_s = float("nan")

    def record(self) -> None:
        self._at_s = self._owner.queue_s

    def elapsed_s(self, end: Event) -> float:
        assert isinstance(end, SyntheticEvent)
        assert self._owner.host_s >= end._at_s, "asked before the queue had passed the mark"
        return end._at_s - self._at_s


class SyntheticBackend:
    """See the module; what is off can be switched."""

    def __init__(
        self,
        machine: Machine = H200,
        *,
        device: Device | None = None,
        graphs: bool = True,
        events: bool = True,
        refused: Callable[[Case], bool] = lambda _case: False,
        uncapturable: Callable[[Case], bool] = lambda _case: False,
        interrupted_after: int | None = None,
    ) -> None:
        self._machine = machine
        self._device = device or device_of_system("h200_sxm")
        self._graphs, self._events = graphs, events
        self._refused, self._uncapturable = refused, uncapturable
        self._left = interrupted_after
        self._truth = true_constants()
        self._case: Case | None = None
        self._recording: list[float] | None = None
        self.host_s = self.queue_s = 0.0
        self.prepared: list[tuple[Case, int]] = []
        self.released = 0

    @property
    def machine(self) -> Machine:
        return self._machine

    def prepare(self, case: Case, *, sets: int, seed: int) -> Callable[[int], None]:
        del seed
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
        self.host_s += 0.01
        if self._refused(case):
            raise CaseRefusedError("no kernel")
        self.prepared.append((case, sets))
        self._case = case
        seconds = self.seconds_of(case)

        def call(_index: int) -> None:
            if self._recording is not None:
                self._recording.append(seconds)
                return
            self.host_s += EAGER_S
            self.queue_s = max(self.queue_s, self.host_s) + seconds
            if not self._events:
                self.host_s = self.queue_s

        return call

    def release(self) -> None:
        self.released += 1

    def synchronize(self) -> None:
        self.host_s = self.queue_s = max(self.host_s, self.queue_s)

    def now_s(self) -> float:
        return self.host_s

    def event(self) -> Event | None:
        return SyntheticEvent(self) if self._events else None

    def capture(self, work: Callable[[], None]) -> Callable[[], None] | None:
        if not self._graphs:
            return None
        if self._case is not None and self._uncapturable(self._case):
            raise CaptureRefusedError("not in a graph")
        self._recording = []
        work()
        seconds, self._recording = sum(self._recording), None

        def replay() -> None:
            self.host_s += EAGER_S
            # The queue is marked as busy from the moment the replay is sent.
            self.queue_s += seconds

        return replay

    def collectives_s(self, cases: Sequence[CollectiveCase], *, limit_s: float) -> list[float]:
        assert limit_s > 0
        constants = replace(
            collective_constants(self._truth["collective", "all_reduce"]), custom=None
        )
        return [
            float(
                collective_s(
                    constants,
                    self._device,
                    kind="all_reduce",
                    world=case.world,
                    message_bytes=case.message_bytes,
                )
            )
            for case in cases
        ]

    def seconds_of(self, case: Case) -> float:
        """What one call takes on the device."""
        if isinstance(case, LaunchCase):
            return LAUNCH_S
        if isinstance(case, CopyCase):
            rate = HOST_BYTES_PER_S if case.from_host else COPY_BYTES_PER_S
            return case.moved_bytes / rate
        if isinstance(case, GemmCase):
            values = self._truth["gemm", case.precision]
            return float(
                gemm_s(
                    gemm_constants(values),
                    self._device,
                    precision=case.precision,
                    m=case.m,
                    n=case.n,
                    k=case.k,
                )
            )
        shape = {"heads": case.heads, "kv_heads": case.kv_heads, "head_dim": case.head_dim}
        if isinstance(case, DecodeCase):
            decode = decode_constants_from(self._truth["attention_decode", KV_BFLOAT16])
            return float(
                attention_decode_s(
                    decode, self._device, batch=case.batch, kv_len=case.kv_len, **shape
                )
            )
        assert isinstance(case, ContextCase)
        context = context_constants_from(self._truth["attention_context", KV_BFLOAT16])
        return float(
            attention_context_s(
                context, self._device, batch=case.batch, tokens=case.kv_len, **shape
            )
        )


@pytest.fixture(scope="session")
def truth() -> Mapping[tuple[str, str], Mapping[str, float]]:
    return true_constants()


@pytest.fixture
def synthetic() -> type[SyntheticBackend]:
    return SyntheticBackend


@pytest.fixture(scope="session")
def h200() -> Machine:
    return H200


@pytest.fixture(scope="session")
def calibrated() -> Calibrated:
    """One calibration of the made-up H200, shared by the tests that only look at it."""
    return calibrate(SyntheticBackend(), budget_s=80.0, seed=0, today=date(2026, 11, 21))
