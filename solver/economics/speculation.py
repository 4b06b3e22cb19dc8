r"""Where drafting stops paying: along the batch, the best draft length by cost and by energy.

For a batch B and g drafted tokens, over all layouts l that are offered and fit,

.. math::
    c_g(B) = \min_l \frac{p\, N_l\, T_{lg}(B)}{B},\qquad
    e_g(B) = \min_l \frac{w_{lg}(B)\, T_{lg}(B)}{B},

T the time between two output tokens of one user (steps of the draft and of the target over the
tokens that come out: Leviathan, Kalman and Matias 2023, *Fast Inference from Transformers via
Speculative Decoding*), N devices at price p, w watts of devices and hosts. At small batches a step
reads all weights for a few tokens, and checking drafted ones costs next to nothing; at large ones
arithmetic is what a step waits for, and every token that is refused has been paid for. The ratio
:math:`\min_{g>0} c_g(B) / c_0(B)` says how much: drafting pays where it is below 1.

Everything is exact: latencies are whole picoseconds, watts whole milliwatts, ratios are fractions.
Limits of the question on a design hold; those on energy and power do not, which are what is told.
With one layout offered the ratio is that of a replica as it stands; with several each side takes
its own best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.performance.power import host_watts

__all__ = ["DraftsAtBatch", "LengthAtBatch", "Speculation", "speculation_of"]

_JOULES = 10**15
"""Milliwatts times picoseconds in one joule."""


@dataclass(frozen=True, slots=True)
class LengthAtBatch:
    """The best that one draft length does at one batch; ``None`` where nothing fits or is known.

    Parameters
    ----------
    tokens
        Drafted before every step; 0: none.
    usd_per_mtok
        Least cost of a million output tokens.
    latency_ps
        Between two output tokens, of the design of that cost.
    j_per_token
        Least energy of an output token, devices and hosts; maybe of another layout.
    """

    tokens: int
    usd_per_mtok: Fraction | None
    latency_ps: int | None
    j_per_token: Fraction | None


@dataclass(frozen=True, slots=True)
class DraftsAtBatch:
    """All draft lengths at one batch, the shortest first."""

    batch: int
    lengths: tuple[LengthAtBatch, ...]

    def best_by_cost(self) -> int | None:
        """The length of least cost, the shortest of equals; ``None`` where nothing fits."""
        return _best([(entry.tokens, entry.usd_per_mtok) for entry in self.lengths])

    def best_by_energy(self) -> int | None:
        """The length of least energy, the shortest of equals; ``None`` where none is known."""
        return _best([(entry.tokens, entry.j_per_token) for entry in self.lengths])

    def cost_ratio(self, tokens: int | None = None) -> Fraction | None:
        """Cost with ``tokens`` drafted (``None``: the best number above 0) over that without."""
        return _ratio([(entry.tokens, entry.usd_per_mtok) for entry in self.lengths], tokens)

    def energy_ratio(self, tokens: int | None = None) -> Fraction | None:
        """Energy with ``tokens`` drafted (``None``: the best number above 0) over that without."""
        return _ratio([(entry.tokens, entry.j_per_token) for entry in self.lengths], tokens)


_Told = Sequence[tuple[int, Fraction | None]]


def _best(told: _Told) -> int | None:
    known = [(value, tokens) for tokens, value in told if value is not None]
    return min(known)[1] if known else None


def _ratio(told: _Told, tokens: int | None) -> Fraction | None:
    plain = next((value for length, value in told if length == 0), None)
    drafted = [
        value for length, value in told if length and value is not None and tokens in (None, length)
    ]
    return min(drafted) / plain if drafted and plain else None


@dataclass(frozen=True, slots=True)
class Speculation:
    """Drafting on one machine.

    Parameters
    ----------
    machine
        Name of the accelerator, with its clock where that is set.
    draft
        Name of the draft model.
    acceptance
        Of a drafted token.
    batches
        Rising; those at which nothing fits are left out.
    """

    machine: str
    draft: str
    acceptance: Fraction
    batches: tuple[DraftsAtBatch, ...]

    @property
    def stops_paying_in_cost(self) -> int | None:
        """The batch from which no draft is cheaper; ``None``: one is at the greatest of all."""
        return _stops([(entry.batch, entry.cost_ratio()) for entry in self.batches])

    @property
    def stops_paying_in_energy(self) -> int | None:
        """The batch from which no draft takes less energy; ``None``: one does at the greatest of
        all, or energy is not known."""
        return _stops([(entry.batch, entry.energy_ratio()) for entry in self.batches])

    @property
    def knows_energy(self) -> bool:
        """Whether the accelerator's power is known."""
        return any(entry.j_per_token is not None for at in self.batches for entry in at.lengths)

    def at(self, batch: int) -> DraftsAtBatch | None:
        """What was found at a batch; ``None`` where it is not offered or nothing fits."""
        return next((entry for entry in self.batches if entry.batch == batch), None)


def _stops(ratios: Sequence[tuple[int, Fraction | None]]) -> int | None:
    found: int | None = None
    for batch, ratio in reversed([entry for entry in ratios if entry[1] is not None]):
        if ratio is not None and ratio < 1:
            break
        found = batch
    return found


def speculation_of(
    instance: ReplicaInstance, *, lengths: Iterable[int] | None = None
) -> tuple[Speculation, ...]:
    """Drafting along the batch, for every machine of the question on which anything fits.

    Parameters
    ----------
    lengths
        Draft lengths to compare; ``None``: those of the question. No draft is always among them.

    Raises
    ------
    InstanceError
        If the question has no draft, or nothing fits.
    """
    draft = instance.draft
    if draft is None:
        raise InstanceError.one(
            "the question has no draft, so that there is nothing to compare",
            where=f"{instance.source}: draft",
            mend="Add [draft] with a model (or 'mtp') and its acceptance",
        )
    chosen = tuple(sorted({0, *(draft.tokens if lengths is None else lengths)}))
    if len(chosen) == 1:
        raise InstanceError.one(
            "the only draft length on offer is 0, which is no draft",
            where=f"{instance.source}: draft.tokens",
            mend="Offer a length of 1 or more",
        )
    space = lower_replica(replace(instance, draft=replace(draft, tokens=chosen)))
    found: dict[str, dict[tuple[int, int], LengthAtBatch]] = {}
    for family in space.families:
        clock = family.machine.clock_mhz
        name = family.machine.accelerator.name + ("" if clock is None else f" at {clock} MHz")
        cells = found.setdefault(name, {})
        for batch, entry in _least_of(space, family):
            key = batch, entry.tokens
            cells[key] = _lesser(cells[key], entry) if key in cells else entry
    return tuple(
        Speculation(
            machine,
            draft.model.name,
            draft.acceptance,
            tuple(
                DraftsAtBatch(
                    batch,
                    tuple(
                        cells.get((batch, tokens), LengthAtBatch(tokens, None, None, None))
                        for tokens in chosen
                    ),
                )
                for batch in sorted({batch for batch, _ in cells})
            ),
        )
        for machine, cells in found.items()
        if cells
    )


def _lesser(one: LengthAtBatch, other: LengthAtBatch) -> LengthAtBatch:
    """The better of two in each respect: cost with its latency, and energy."""
    cheap = min((one, other), key=lambda entry: (_or_last(entry.usd_per_mtok), entry.latency_ps))
    energies = [entry.j_per_token for entry in (one, other) if entry.j_per_token is not None]
    return replace(cheap, j_per_token=min(energies, default=None))


def _or_last(value: Fraction | None) -> tuple[bool, Fraction]:
    return value is None, value or Fraction(0)


def _least_of(space: ReplicaSpace, family: CandidateFamily) -> Iterator[tuple[int, LengthAtBatch]]:
    """The least of one family at each of its batches at which a layout is allowed."""
    n, m = family.shape
    rows, columns = np.arange(n)[:, None], np.arange(m)[None, :]
    latency_ps = family.latency_ps(rows, columns)
    allowed = np.broadcast_to(family.allowed(rows, columns, latency_ps), (n, m)).copy()
    if family.limits.max_latency_ps is not None:
        allowed &= latency_ps <= family.limits.max_latency_ps
    host_w = host_watts(family.machine.accelerator, space.instance.energy)
    power_mw = family.power_mw(rows, columns, host_w=host_w)
    most = space.instance.limits.max_cost_usd_per_mtok
    for column, batch in enumerate(family.batches.tolist()):
        priced = [
            (space.cost(family, row, column, int(latency_ps[row, column])), row)
            for row in np.flatnonzero(allowed[:, column]).tolist()
        ]
        priced = [(cost, row) for cost, row in priced if most is None or cost <= most]
        if not priced:
            continue
        cost, best = min(priced)
        joules = None
        if power_mw is not None:
            joules = min(
                Fraction(int(power_mw[row, column]) * int(latency_ps[row, column]), batch * _JOULES)
                for _, row in priced
            )
        yield batch, LengthAtBatch(family.draft_tokens, cost, int(latency_ps[best, column]), joules)
