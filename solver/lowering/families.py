"""Candidates as rectangles: layouts that differ in tensor degree only, by batch sizes.

Every candidate has two exact objectives:

* latency, the time between two output tokens of one user, in whole picoseconds, rounded up;
* cost, ``price x devices x latency / batch``, a ratio of integers.

With speculative decoding of g drafted tokens accepted each with chance a, latency is
``(step + g draft step) (1 - a) / (1 - a^(g+1))``: time per token of the output.
Latency never falls as the batch grows within a family, which is what the enumeration prunes with.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from solver.errors import InstanceError
from solver.instance.domain import Draft, Limits, Machine, Rules
from solver.performance.epoch2025.memory import deployable_bytes_per_device, published_bytes
from solver.performance.epoch2025.step import FloatArray, IndexArray, StepFamily

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
    """How the draft model runs beside the target: ``tokens`` drafted, on the same devices."""

    draft: Draft
    tokens: int
    step: StepFamily

    @property
    def seconds_factor(self) -> float:
        """Steps a token: (1 - a) / (1 - a^(g+1))."""
        a = float(self.draft.acceptance)
        return (1.0 - a) / (1.0 - a ** (self.tokens + 1))


@dataclass(frozen=True, slots=True, eq=False)
class LimitNumbers:
    """Limits of an instance as exact integers.

    ``max_latency_ps`` is the slowest step that still meets the speed floor; ``min_latency_ps`` (by
    batch column) the fastest that keeps the whole replica under its throughput cap.
    """

    max_latency_ps: int | None
    min_latency_ps: IntArray | None
    rows_allowed: BoolArray

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
        return cls(slowest, fastest, allowed)


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
        step: StepFamily,
        draft: DraftLayout | None,
        rules: Rules,
        limits: Limits,
        price_denominator: int,
    ) -> None:
        self.machine = machine
        self.step = step
        self.draft = draft
        self.rules = rules
        self.tensor_degrees: IntArray = step.tensor_degrees.astype(np.int64)
        self.devices: IntArray = self.tensor_degrees * step.stages
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
    def draft_tokens(self) -> int:
        """Drafted tokens a step; 0 without a draft."""
        return self.draft.tokens if self.draft else 0

    def _picoseconds(self, step_s: FloatArray, rows: IndexArray, columns: IndexArray) -> IntArray:
        if self.draft is not None:
            drafting_s = self.draft.tokens * self.draft.step.latency_s(rows, columns)
            step_s = (step_s + drafting_s) * self.draft.seconds_factor
        exact = np.ceil(step_s * PS_PER_S)
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
        terms = self.step.terms(rows, columns)
        memory_s = terms.launch_s + (terms.network_s + terms.hbm_s)
        arithmetic_s = terms.launch_s + (terms.network_s + terms.arithmetic_s)
        return (
            self._picoseconds(memory_s, rows, columns),
            self._picoseconds(arithmetic_s, rows, columns),
        )

    @property
    def hbm_available_bytes(self) -> float:
        """HBM of one device that may be used."""
        reserve = Fraction(1) - self.rules.hbm_reserve_fraction
        return float(self.machine.accelerator.hbm_bytes * reserve)

    def hbm_bytes(self, rows: IndexArray, columns: IndexArray) -> FloatArray:
        """Bytes needed on the fullest device (an even share by the published account)."""
        if self.rules.hbm_account == "published":
            whole = published_bytes(self.step, columns)
            if self.draft is not None:
                # The published code checks draft and target each alone.
                whole = np.maximum(whole, published_bytes(self.draft.step, columns))
            return np.asarray(whole / self.devices[rows])
        needed = deployable_bytes_per_device(self.step, rows, columns)
        if self.draft is not None:
            needed = needed + deployable_bytes_per_device(self.draft.step, rows, columns)
        return needed

    def fits(self, rows: IndexArray, columns: IndexArray) -> BoolArray:
        """Whether each candidate fits into HBM."""
        return np.asarray(self.hbm_bytes(rows, columns) <= self.hbm_available_bytes)

    def allowed(self, rows: IndexArray, columns: IndexArray, latency_ps: IntArray) -> BoolArray:
        """Whether each candidate meets every limit but those on the objectives themselves."""
        meets = self.fits(rows, columns) & self.limits.rows_allowed[rows]
        if self.limits.min_latency_ps is not None:
            meets &= latency_ps >= self.limits.min_latency_ps[columns]
        return meets

    def cost_estimate(
        self, rows: IndexArray, columns: IndexArray, latency_ps: IntArray
    ) -> FloatArray:
        """Cost times ``cost_scale`` as a float, within a few units in the last place."""
        return self.cost_weight_float[rows] * latency_ps / self.batches[columns]
