"""Candidates as rectangles: layouts of one number of stages, by batch sizes.

Every candidate has two exact objectives:

* latency, the time between two output tokens of one user, in whole picoseconds, rounded up;
* cost, ``price x devices x latency / batch``, a ratio of integers.

With speculative decoding of g drafted tokens accepted each with chance a, latency is
``(step + g draft step) (1 - a) / (1 - a^(g+1))``: time per token of the output.
Where the performance model promises that latency never falls as the batch grows within a family
(``rises_with_batch``), the enumeration prunes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from solver.errors import InstanceError
from solver.instance.domain import Draft, Limits, Machine, Rules
from solver.performance.power import board_watts
from solver.performance.step_table import FloatArray, IndexArray, StepLayout, StepTable

__all__ = [
    "PS_PER_S",
    "BoolArray",
    "CandidateFamily",
    "DraftLayout",
    "IndexArray",
    "IntArray",
    "LimitNumbers",
]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

PS_PER_S = 10**12
LARGEST_LATENCY_PS = 2**52
"""Above this a float no longer holds every picosecond; over an hour a token, so never met."""


@dataclass(frozen=True, slots=True, eq=False)
class DraftLayout:
    """How the draft model runs beside the target: ``tokens`` drafted, on the same devices.

    Row ``i`` of ``step`` is the draft's layout beside row ``i`` of the target.
    """

    draft: Draft
    tokens: int
    step: StepTable

    @property
    def seconds_factor(self) -> float:
        """Steps a token: (1 - a) / (1 - a^(g+1))."""
        a = float(self.draft.acceptance)
        return (1.0 - a) / (1.0 - a ** (self.tokens + 1))


@dataclass(frozen=True, slots=True, eq=False)
class LimitNumbers:
    """Limits of an instance as exact integers.

    ``max_latency_ps`` is the slowest step that still meets the speed floor; ``min_latency_ps`` (by
    batch column) the fastest that keeps the whole replica under its throughput cap; ``max_ttft_ps``
    the longest time to the first token.
    """

    max_latency_ps: int | None
    min_latency_ps: IntArray | None
    rows_allowed: BoolArray
    max_ttft_ps: int | None = None

    @classmethod
    def of(
        cls, limits: Limits, machine: Machine, devices: IntArray, batches: IntArray
    ) -> LimitNumbers:
        """Numbers of ``limits`` for one family."""
        slowest = None
        if limits.min_speed_tok_per_s is not None:
            slowest = min(int(PS_PER_S / limits.min_speed_tok_per_s), LARGEST_LATENCY_PS)
        fastest = None
        if limits.max_tok_per_s is not None:
            cap = limits.max_tok_per_s
            least = (
                -(-batch * PS_PER_S * cap.denominator // cap.numerator)
                for batch in batches.tolist()
            )
            fastest = np.array([min(ps, LARGEST_LATENCY_PS + 1) for ps in least], dtype=np.int64)
        allowed = np.ones(len(devices), dtype=bool)
        if limits.max_devices is not None:
            allowed &= devices <= limits.max_devices
        if limits.max_usd_per_hour is not None:
            most = limits.max_usd_per_hour / machine.price.usd_per_hour
            allowed &= devices <= int(most)
        longest = None
        if limits.max_ttft_s is not None:
            longest = min(int(limits.max_ttft_s * PS_PER_S), LARGEST_LATENCY_PS)
        return cls(slowest, fastest, allowed, longest)


class CandidateFamily:
    """One rectangle of candidates.

    Attributes
    ----------
    tensor_degrees, devices : (n,) int64
    batches : (m,) int64
    cost_weight : tuple of n ints
        ``cost = cost_weight[row] * latency_ps / (batches[column] * cost_scale)`` in US$ per million
        tokens, ``cost_scale`` being the same for all families of a space.
    """

    def __init__(
        self,
        *,
        machine: Machine,
        step: StepTable,
        draft: DraftLayout | None,
        rules: Rules,
        limits: Limits,
        price_denominator: int,
    ) -> None:
        self.machine = machine
        self.step = step
        self.draft = draft
        self.rules = rules
        layouts = step.layouts
        self.tensor_degrees: IntArray = np.array(
            [layout.tensor_degree for layout in layouts], dtype=np.int64
        )
        self.devices: IntArray = np.array([layout.devices for layout in layouts], dtype=np.int64)
        self.batches: IntArray = step.batches.astype(np.int64)
        unit = machine.price.usd_per_hour * price_denominator
        if unit.denominator != 1:
            raise ValueError("the price denominator does not fit this price")
        self.cost_weight: tuple[int, ...] = tuple(
            int(unit) * devices for devices in self.devices.tolist()
        )
        self.cost_weight_float: FloatArray = np.array(self.cost_weight, dtype=np.float64)
        self.limits = LimitNumbers.of(limits, machine, self.devices, self.batches)

    @property
    def shape(self) -> tuple[int, int]:
        """Layouts and batches."""
        return len(self.devices), len(self.batches)

    @property
    def rises_with_batch(self) -> bool:
        """Whether latency and memory of a layout never fall as the batch grows."""
        drafts = self.draft is None or self.draft.step.rises_with_batch
        return self.step.rises_with_batch and drafts

    def layout(self, row: int) -> StepLayout:
        """How the replica of a row lies on its devices."""
        return self.step.layouts[row]

    @property
    def draft_tokens(self) -> int:
        """Drafted tokens a step; 0 without a draft."""
        return self.draft.tokens if self.draft else 0

    def _up_to_whole_ps(self, time_s: FloatArray) -> FloatArray:
        """Picoseconds, rounded up to the resolution of the performance model."""
        resolution = self.step.resolution_ps
        return np.asarray(np.ceil(time_s * (PS_PER_S / resolution)) * resolution)

    def _with_draft_s(
        self, step_s: FloatArray, rows: IndexArray, columns: IndexArray
    ) -> FloatArray:
        """Seconds a token, from those of a step of the target."""
        if self.draft is None:
            return step_s
        drafting_s = self.draft.tokens * self.draft.step.latency_s(rows, columns)
        return np.asarray((step_s + drafting_s) * self.draft.seconds_factor)

    def latency_s(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Latency of the candidates before it is rounded up."""
        return self._with_draft_s(self.step.latency_s(rows, columns), rows, columns)

    def _picoseconds(self, step_s: FloatArray, rows: IndexArray, columns: IndexArray) -> IntArray:
        exact = self._up_to_whole_ps(self._with_draft_s(step_s, rows, columns))
        if exact.size and not exact.max() < LARGEST_LATENCY_PS:
            raise InstanceError.one(
                "a step takes longer than an hour",
                where=f"accelerator {self.machine.accelerator.name!r}",
                mend="Check its rates and bandwidths, the context and the batches for a slip",
            )
        return exact.astype(np.int64)

    def latency_ps(self, rows: IndexArray, columns: IndexArray) -> IntArray:
        """Latency of the candidates; ``rows`` and ``columns`` broadcast together."""
        return self._picoseconds(self.step.latency_s(rows, columns), rows, columns)

    def latency_if_bound_ps(
        self, rows: IndexArray, columns: IndexArray
    ) -> tuple[IntArray, IntArray]:
        """Latency were HBM traffic, or arithmetic, to set the pace; their maximum is the latency.

        Rounding is monotone, so the maximum of the two integers is the integer of the maximum.
        """
        memory_s, arithmetic_s = self.step.latency_if_bound_s(rows, columns)
        return (
            self._picoseconds(memory_s, rows, columns),
            self._picoseconds(arithmetic_s, rows, columns),
        )

    def ttft_ps(self, rows: IndexArray, columns: IndexArray) -> IntArray | None:
        """Time to the first token, rounded up; ``None`` where the question has no prompts."""
        ttft_s = self.step.ttft_s(rows, columns)
        if ttft_s is None:
            return None
        ceiling = float(LARGEST_LATENCY_PS + 1)
        return np.minimum(self._up_to_whole_ps(ttft_s), ceiling).astype(np.int64)

    def power_mw(self, rows: IndexArray, columns: IndexArray, *, host_w: float) -> IntArray | None:
        """Mean power of the replica at full load, milliwatts rounded up; ``None``: not known.

        ``host_w`` is drawn beside every board. Steps of a draft count with those of the target.
        """
        profile = self.machine.accelerator.power
        if profile is None:
            return None
        parts = [(1.0, self.step)]
        if self.draft is not None and self.draft.tokens:
            parts.append((float(self.draft.tokens), self.draft.step))
        total_s, arithmetic_s, hbm_s = np.zeros(()), np.zeros(()), np.zeros(())
        for times, step in parts:
            terms = step.terms(rows, columns)
            total_s = total_s + times * step.latency_s(rows, columns)
            arithmetic_s = arithmetic_s + times * terms.arithmetic_s
            hbm_s = hbm_s + times * terms.hbm_s
        watts = board_watts(
            profile,
            clock_share=self.machine.clock_share,
            arithmetic_share=arithmetic_s / total_s,
            hbm_share=hbm_s / total_s,
        )
        # Sums of floats end a few bits above a whole number of milliwatts as often as below it.
        exact = np.ceil(self.devices[rows] * (watts + host_w) * 1000.0 - 1e-3)
        return np.asarray(exact).astype(np.int64)

    @property
    def hbm_available_bytes(self) -> float:
        """HBM of one device that may be used."""
        reserve = Fraction(1) - self.rules.hbm_reserve_fraction
        return float(self.machine.accelerator.hbm_bytes * reserve)

    def hbm_bytes(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Bytes needed on the fullest device (an even share by the published account)."""
        needed = self.step.hbm_bytes(rows, columns)
        if self.draft is None:
            return needed
        drafts = self.draft.step.hbm_bytes(rows, columns)
        if self.rules.hbm_account == "published":
            # The published code checks draft and target each alone.
            return np.maximum(needed, drafts)
        return np.asarray(needed + drafts)

    def fits(self, rows: IndexArray, columns: IndexArray) -> BoolArray:
        """Whether each candidate fits into HBM."""
        return np.asarray(self.hbm_bytes(rows, columns) <= self.hbm_available_bytes)

    def allowed(self, rows: IndexArray, columns: IndexArray, latency_ps: IntArray) -> BoolArray:
        """Whether each candidate meets every limit but those on the objectives themselves."""
        meets = self.fits(rows, columns) & self.limits.rows_allowed[rows]
        if self.limits.min_latency_ps is not None:
            meets = meets & (latency_ps >= self.limits.min_latency_ps[columns])
        if self.limits.max_ttft_ps is not None:
            meets = meets & self.in_time(rows, columns)
        return meets

    def in_time(self, rows: IndexArray, columns: IndexArray) -> BoolArray:
        """Whether the first token of each candidate comes within its limit."""
        longest, ttft_ps = self.limits.max_ttft_ps, self.ttft_ps(rows, columns)
        if longest is None or ttft_ps is None:
            raise ValueError("asked for a limit on the first token where there is none")
        return np.asarray(ttft_ps <= longest)

    def cost_estimate(
        self, rows: IndexArray, columns: IndexArray, latency_ps: IntArray
    ) -> FloatArray:
        """Cost times ``cost_scale`` as a float, within a few units in the last place."""
        return self.cost_weight_float[rows] * latency_ps / self.batches[columns]
