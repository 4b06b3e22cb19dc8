r"""Whose prompts who may decode: pools pair only within one model and one width of its KV cache.

A cache that one model filled, or that is kept in 8 bits, is of no use to replicas of another model,
or to those that keep theirs in 16. So where several may serve a workload, prefill and decode are
balanced within each. With :math:`A_g, P_g, D_g` the rates of whole, prefill and decode replicas of
a cache :math:`g` = (model, width), demand d is met if and only if

.. math:: \sum_g \bigl(A_g + \min(P_g, D_g)\bigr) \ge d,

since requests may be shared out over all of them as one likes. A sum of minima is the least of the
sums that take one of the two in each place, so that is one row for every set S of caches:

.. math:: \sum_g A_g + \sum_{g \in S} P_g + \sum_{g \notin S} D_g \ge d.

Caches without pools of their own need no rows; one cache has two, no cache has one. A set of k has
:math:`2^k`, none of which follows from the others, so k is bounded.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.options import KvCache, Option

__all__ = ["MOST_CACHES", "PoolRow", "cache_names", "check_pools", "pool_rows", "with_partner"]

MOST_CACHES = 8
"""2^8 rows for each workload and period."""


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One covering row of a workload: prompts of the caches ``prefill``, tokens of the others."""

    name: str
    prefill: frozenset[KvCache]

    def counts(self, option: Option) -> bool:
        """Whether the rate of an option of this workload is part of the row."""
        if option.phase == "aggregated":
            return True
        return option.phase == ("prefill" if option.cache in self.prefill else "decode")


def _caches(options: Iterable[Option]) -> list[KvCache]:
    """Caches that are handed over, in the order of their first option."""
    return list(dict.fromkeys(o.cache for o in options if o.phase != "aggregated"))


def cache_names(caches: Sequence[KvCache]) -> list[str]:
    """Short names that tell ``caches`` apart: the model, the width, or both."""
    models = {model for model, _ in caches}
    several = {model for model in models if sum(model == m for m, _ in caches) > 1}
    found = []
    for model, bits in caches:
        width = "KV of unknown width" if bits is None else f"KV{bits}"
        parts = [model] if len(models) > 1 or not several else []
        found.append(" ".join([*parts, *([width] if model in several else [])]))
    return found


def with_partner(options: Sequence[Option]) -> list[Option]:
    """Options of one workload without pools that nobody completes: those can serve no request."""
    phases: dict[KvCache, set[str]] = {}
    for option in options:
        phases.setdefault(option.cache, set()).add(option.phase)
    return [
        option
        for option in options
        if option.phase == "aggregated" or phases[option.cache] >= {"prefill", "decode"}
    ]


def pool_rows(options: Sequence[Option]) -> list[PoolRow]:
    """Covering rows of a workload of one size; the first name is for all prompts together.

    Whole replicas alone have one row without a name. ``check_pools`` keeps the number in bounds.
    """
    caches = _caches(options)
    if not caches:
        return [PoolRow("", frozenset())]
    names = dict(zip(caches, cache_names(caches), strict=True))
    found = []
    for chosen in itertools.product((True, False), repeat=len(caches)):
        sides = {
            phase: [names[c] for c, first in zip(caches, chosen, strict=True) if first == wanted]
            for phase, wanted in (("prefill", True), ("decode", False))
        }
        name = ", ".join(
            phase if len(side) == len(caches) else f"{phase} of {' and '.join(side)}"
            for phase, side in sides.items()
            if side
        )
        prefill = frozenset(c for c, first in zip(caches, chosen, strict=True) if first)
        found.append(PoolRow(name, prefill))
    return found


def check_pools(
    instance: FleetInstance, number: int, options: Sequence[Option], *, by_size: bool
) -> None:
    """Refuse more separate pools than can be balanced.

    Parameters
    ----------
    options
        Of workload ``number``.
    by_size
        Its replicas serve it size by size.

    Raises
    ------
    InstanceError
        If there are more than ``MOST_CACHES`` caches, or several where requests are told apart by
        size: there a request's parts are balanced size by size over all replicas alike.
    """
    caches = _caches(options)
    if len(caches) <= (1 if by_size else MOST_CACHES):
        return
    workload = instance.workloads[number]
    listed = ", ".join(cache_names(caches))
    if by_size:
        what = (
            f"{len(workload.sizes)} request sizes cannot be combined with separate pools of "
            f"{len(caches)} kinds of KV cache ({listed}): shares of sizes do not say whose cache "
            "goes where"
        )
        mend = (
            "Give one mean size, or offer prefill and decode apart for one model and one KV width "
            "(design.kv_bits)"
        )
    else:
        what = (
            f"prefill and decode are offered apart for {len(caches)} kinds of KV cache ({listed}), "
            f"and at most {MOST_CACHES} can be balanced"
        )
        mend = (
            "Accept fewer models for it, offer fewer KV widths (design.kv_bits), or offer whole "
            "replicas alone"
        )
    raise InstanceError.one(what, where=f"{instance.source}: workload {workload.name!r}", mend=mend)
