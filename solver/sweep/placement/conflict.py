"""Why no pipeline meets a question: limits that conflict, and how far each alone must give.

Limits are the memory of the hosts, most layers stated for a machine, links that are missing, most
hosts, most US$ an hour, least speed and most cost. A set of them is in conflict if nothing meets it
with all others lifted: memory without end, every two hosts joined at no time, any number of hosts.
Sets are tried by size, so the first one found is a minimum. Every try is a whole search; one that
is stopped leaves the set not reduced.

What one limit alone would have to be comes from searches in which all others stay: the least time,
cost or price of any chain, the fewest hosts, the least memory more on every device, by halving over
the amounts at which one more layer fits. A flow has two limits, layers that hosts can hold and
links.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from formulations.placement.chain_labels import nondominated_chains
from formulations.placement.chain_plan import value_of
from formulations.placement.chain_stop import LabelLimitError
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.hosts import usable_hbm_bytes
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import ChainSpace, FlowSpace
from solver.sweep.placement.chain_space import Chains, time_limit_ps
from solver.sweep.placement.chains import find_chains
from solver.sweep.placement.conflict_entries import (
    UNITS,
    entry_of,
    entry_of_degrees,
    stated_value,
)
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.image import COST, Image
from solver.sweep.placement.lifted import (
    HBM,
    LINKS,
    MAX_COST,
    MAX_HOSTS,
    MAX_LAYERS,
    MAX_PRICE,
    MIN_SPEED,
    stated_limits,
    without_limits,
)
from solver.topology.paths import PS_PER_S

__all__ = ["explain_infeasible"]

_GB = 10**9


class _UnansweredError(Exception):
    """A search was stopped; the text says why."""


def explain_infeasible(
    instance: PlacementInstance, *, halt: Halt | None = None
) -> tuple[dict[str, Any], ...]:
    """The limits behind a question that is proved infeasible, JSON values.

    Parameters
    ----------
    halt
        When to give up; what is left out says so.

    Returns
    -------
    tuple of dict
        ``limit``, ``unit``, ``stated``; ``needed`` (rounded so that it can be typed) and
        ``needed_exact`` (``p/q``), ``None`` where the limit cannot mend this alone; ``text``;
        ``set`` (``minimum``, or ``not reduced`` where stopped before); and ``unanswered`` (why)
        where ``needed`` was not worked out. At least one: where no host runs at any degree on
        offer, those degrees are to blame.
    """
    # Links that bind only without some limit have their say where it is lifted.
    space = lower_placement(instance, lifted=True)
    if isinstance(space, FlowSpace):
        return _of_flow(space)
    search = _Conflict(space, Halt() if halt is None else halt)
    names, kind = search.smallest()
    if not names:
        return (entry_of_degrees(instance),)
    return tuple({**search.explained(name), "set": kind} for name in names)


class _Conflict:
    """The limits of one question over chains."""

    def __init__(self, space: ChainSpace, halt: Halt) -> None:
        self.space, self.halt = space, halt
        self.names = stated_limits(space)

    def smallest(self) -> tuple[list[str], str]:
        """Names of a smallest conflict, and how small it is."""
        try:
            for size in range(len(self.names) + 1):
                for kept in itertools.combinations(self.names, size):
                    if not self._meets(kept):
                        return list(kept), "minimum"
        except _UnansweredError:
            return self.names, "not reduced"
        raise ValueError(f"{self.space.instance.name}: a chain meets all limits")

    def _meets(self, kept: tuple[str, ...]) -> bool:
        return bool(
            self._images(without_limits(self.space, frozenset(self.names) - frozenset(kept)))
        )

    def _images(self, space: ChainSpace) -> list[Image]:
        """Allowed images of the frontier; raises ``_UnansweredError`` where stopped before."""
        chains = Chains(space)
        found = find_chains(chains, halt=self.halt)
        images = [chains.image(setting, plan) for setting, plan in found.chains]
        allowed = [image for image in images if chains.allows(image)]
        if found.stopped and not allowed:
            raise _UnansweredError(found.stopped)
        return allowed

    def _complete(self, lifted: str) -> list[Image]:
        """All allowed images with one limit lifted."""
        chains = Chains(without_limits(self.space, frozenset({lifted})))
        found = find_chains(chains, halt=self.halt)
        if found.stopped:
            raise _UnansweredError(found.stopped)
        images = (chains.image(setting, plan) for setting, plan in found.chains)
        return [image for image in images if chains.allows(image)]

    def explained(self, name: str) -> dict[str, Any]:
        """The entry of one limit."""
        stated = stated_value(self.space.instance, name)
        found: dict[str, Callable[[], Fraction | None]] = {
            HBM: self._memory,
            MAX_HOSTS: self._hosts,
            MAX_PRICE: self._price,
            MIN_SPEED: self._speed,
            MAX_COST: self._cost,
        }
        lead = self._lead(name, stated)
        if name not in found:
            return entry_of(name, stated, None, lead)
        try:
            needed = found[name]()
        except _UnansweredError as reason:
            entry = entry_of(name, stated, None, lead)
            text = f"{lead}; what would do was not worked out ({reason})"
            return {**entry, "text": text, "unanswered": str(reason)}
        entry = entry_of(name, stated, needed, lead)
        if needed is None:
            text = f"{lead}; no other value mends this while every other limit stays"
        elif name == HBM:
            text = f"{lead}; {entry['needed']:.12g} GB more on every device would do"
            text += ", while every other limit stays"
        else:
            unit = UNITS[name]
            text = f"{lead}; {entry['needed']:.12g} {unit} would do, while every other limit stays"
        return {**entry, "text": text}

    def _lead(self, name: str, stated: Fraction) -> str:
        layers = self.space.instance.layers
        if name in (HBM, MAX_LAYERS):
            what = "memory" if name == HBM else "most layers of a machine"
            most = self._most_layers()
            if most >= layers:
                return f"{name}: {what} as stated"
            return f"{name}: by {what}, all hosts together hold at most {most} of {layers} layers"
        if name == LINKS:
            return "links: hosts that could hold the model are not joined in any order"
        return f"{name}: {float(stated):.6g} {UNITS[name]} stated"

    def _most_layers(self) -> int:
        """Layers that all hosts hold at best, one pipeline at one setting."""
        best = 0
        for setting in range(Chains(self.space).n_settings):
            tables = self.space.tables_of(setting)
            held = int((tables.count * tables.most_layers).sum())
            best = max(best, held)
        return best

    def _speed(self) -> Fraction | None:
        times = [int(image[0]) for image in self._complete(MIN_SPEED)]
        return Fraction(PS_PER_S, min(times)) if times else None

    def _cost(self) -> Fraction | None:
        costs = [Fraction(image[1]) for image in self._complete(MAX_COST)]
        return min(costs, default=None)

    def _price(self) -> Fraction | None:
        """Least US$ an hour of any chain within the other limits."""
        chains = Chains(without_limits(self.space, frozenset({MAX_PRICE})))
        problem = chains.space.problem
        if problem is None:
            return None
        slowest = time_limit_ps(chains.space)
        dearest = chains.space.instance.limits.max_cost_usd_per_mtok
        best: int | None = None
        for setting in range(chains.n_settings):
            tables = chains.tables(setting)
            try:
                plans = nondominated_chains(tables, joint=True, priced=True, should_stop=self.halt)
            except LabelLimitError as error:
                raise _UnansweredError(self.halt.reason() or str(error)) from error
            for plan in plans:
                value = value_of(tables, plan)
                late = slowest is not None and value.time > slowest
                cost = chains.cost_of(setting, value.price, value.time)
                if late or (
                    chains.trade_off[-1] == COST and dearest is not None and cost > dearest
                ):
                    continue
                best = value.price if best is None else min(best, value.price)
        return None if best is None else Fraction(best, problem.price_per_usd)

    def _hosts(self) -> Fraction | None:
        """Fewest hosts of any chain within the other limits."""
        total = sum(len(hosts) for hosts in self.space.orbits)
        base = without_limits(self.space, frozenset({MAX_HOSTS}))

        def meets(hosts: int) -> bool:
            if base.problem is not None:
                return bool(
                    self._images(replace(base, problem=replace(base.problem, max_hosts=hosts)))
                )
            assert base.tables is not None  # one of the two is given
            return bool(self._images(replace(base, tables=replace(base.tables, max_hosts=hosts))))

        most = min(total, self.space.instance.layers)
        least = _least(range(self.space.instance.limits.max_hosts or 0, most + 1), meets)
        return None if least is None else Fraction(least)

    def _memory(self) -> Fraction | None:
        """Least GB more on every device at which some chain meets all other limits."""
        problem = self.space.problem
        if problem is None:
            return None
        instance, layers = self.space.instance, self.space.instance.layers
        hosts = [self.space.topology.host(self.space.orbits[o.orbit][0]) for o in problem.options]
        # Of what is added to a device, the share that is kept free is of no use.
        share = 1 - instance.rules.hbm_reserve_fraction
        amounts = {
            math.ceil(
                (
                    n * option.layer_bytes[s]
                    + option.fixed_bytes[s]
                    + (option.alone_bytes[s] if n == layers and option.alone_bytes else 0)
                )
                / share
            )
            - host.hbm_bytes
            for option, host in zip(problem.options, hosts, strict=True)
            for s in range(len(problem.settings))
            for n in range(1, layers + 1)
        }
        steps = [0, *sorted(amount for amount in amounts if amount > 0)]

        def meets(more: int) -> bool:
            assert problem is not None  # looked at above
            larger = (replace(host, hbm_bytes=host.hbm_bytes + more) for host in hosts)
            options = tuple(
                replace(option, hbm_bytes=usable_hbm_bytes(instance, host))
                for option, host in zip(problem.options, larger, strict=True)
            )
            return bool(
                self._images(replace(self.space, problem=replace(problem, options=options)))
            )

        least = _least(steps, meets)
        return None if least is None else Fraction(least, _GB)


def _least(values: Any, meets: Callable[[int], bool]) -> int | None:
    """The least of rising values that meets a question, which the first does not, by halving."""
    low, high = 0, len(values) - 1
    if high <= 0 or not meets(values[high]):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if meets(values[middle]) else (middle, high)
    return int(values[high])


def _of_flow(space: FlowSpace) -> tuple[dict[str, Any], ...]:
    """Layers that hosts can hold, or else links: a flow has no other limits."""
    problem, layers = space.problem, space.problem.layers
    reached = any(problem.source.tolist()) or any(problem.sink.tolist())
    held = sum(problem.held(i)[-1] for i in range(problem.n_orbits)) if reached else 0
    name = HBM if not space.instance.is_measured else MAX_LAYERS
    if held < layers:
        lead = f"{name}: all hosts together hold at most {held} of {layers} layers"
    else:
        name = LINKS
        lead = "links: hosts that could hold the model are not joined in any order"
    return ({**entry_of(name, Fraction(0), None, lead), "set": "minimum"},)
