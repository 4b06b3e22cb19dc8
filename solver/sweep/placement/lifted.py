"""Limits of a question over chains by name, and the question without some of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from formulations.placement.chain_tables import ChainTables
from solver.lowering.placement.space import ChainSpace

__all__ = [
    "HBM", "LINKS", "MAX_COST", "MAX_HOSTS", "MAX_LAYERS", "MAX_PRICE", "MIN_SPEED",
    "stated_limits", "without_limits",
]  # fmt: skip

HBM, MAX_LAYERS, LINKS = "hbm", "max_layers", "links"
MAX_HOSTS, MAX_PRICE = "max_hosts", "max_usd_per_hour"
MIN_SPEED, MAX_COST = "min_speed", "max_cost"
_ENDLESS_BYTES = 2**62


def stated_limits(space: ChainSpace) -> list[str]:
    """Names of all limits that a question over chains has."""
    limits, problem, tables = space.instance.limits, space.problem, space.tables
    linked, names = np.ones((1, 1), dtype=np.bool_), []
    for one in (problem, tables):
        if one is not None:
            linked = one.linked.copy()
            # From the entry straight to the exit, and from a host to itself, nothing ever goes.
            alone = [*np.flatnonzero(one.count == 1).tolist(), -1]
            linked[alone, alone] = True
    if problem is not None and problem.options:
        names.append(HBM)
    capped = (machine.max_layers is not None for machine in space.instance.machines)
    # A measured machine holds as many layers as its table of rates has rows, if it has one.
    if space.instance.is_measured or any(capped):
        names.append(MAX_LAYERS)
    if not linked.all():
        names.append(LINKS)
    for name, value in (
        (MAX_HOSTS, limits.max_hosts),
        (MAX_PRICE, limits.max_usd_per_hour),
        (MIN_SPEED, limits.min_speed_tok_per_s),
        (MAX_COST, limits.max_cost_usd_per_mtok),
    ):
        if value is not None:
            names.append(name)
    return names


def without_limits(space: ChainSpace, lifted: frozenset[str]) -> ChainSpace:
    """The question with some limits lifted: more memory than is needed, links that take no time
    where there was none, and so on.
    """
    limits = space.instance.limits
    if MIN_SPEED in lifted:
        limits = replace(limits, min_speed_tok_per_s=None)
    if MAX_COST in lifted:
        limits = replace(limits, max_cost_usd_per_mtok=None)
    instance = replace(space.instance, limits=limits)
    if space.problem is not None:
        problem = space.problem
        options = list(problem.options)
        if HBM in lifted:
            options = [replace(option, hbm_bytes=_ENDLESS_BYTES) for option in options]
        if MAX_LAYERS in lifted:
            options = [replace(option, max_layers=None) for option in options]
        problem = replace(
            problem,
            options=tuple(options),
            linked=np.ones_like(problem.linked) if LINKS in lifted else problem.linked,
            max_hosts=None if MAX_HOSTS in lifted else problem.max_hosts,
            max_price=None if MAX_PRICE in lifted else problem.max_price,
        )
        return replace(space, instance=instance, problem=problem)
    tables = space.tables
    assert tables is not None  # one of the two is given
    if MAX_LAYERS in lifted:
        tables = _endless(tables)
    tables = replace(
        tables,
        linked=np.ones_like(tables.linked) if LINKS in lifted else tables.linked,
        max_hosts=None if MAX_HOSTS in lifted else tables.max_hosts,
    )
    return replace(space, instance=instance, tables=tables)


def _endless(tables: ChainTables) -> ChainTables:
    """Tables in which every host may hold all layers.

    Beyond what it was measured at, a host takes as long a layer and lets as much through as at the
    most layers it was; one that could hold nothing still does.
    """
    n = tables.layers + 1
    shape = tables.n_options, n
    allowed = np.zeros(shape, dtype=np.bool_)
    stage = np.zeros(shape, dtype=np.int64)
    pace = np.zeros((*shape, tables.n_orbits + 1), dtype=np.int64)
    for option, known in enumerate(tables.allowed):
        held = np.flatnonzero(known[:n])
        for layers in range(1, n) if len(held) else ():
            like = layers if layers in held else int(held[-1])
            allowed[option, layers] = True
            stage[option, layers] = int(tables.stage_time[option, like]) * layers // like
            pace[option, layers] = tables.pace[option, like]
    return replace(tables, allowed=allowed, stage_time=stage, pace=pace)
