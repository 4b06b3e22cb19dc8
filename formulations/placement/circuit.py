r"""One pipeline for CP-SAT: a circuit over single hosts and the way in and out, integer layers.

Sets: hosts :math:`h`, the :math:`c_o` of every orbit written out; node 0 for entry and exit. Data
as in ``chain_tables``. Variables: arc literals :math:`x_{ab}`; :math:`q_{hkn}`, host :math:`h` runs
as option :math:`k` with :math:`n` layers; layers :math:`n_h`; literals :math:`v_{ho}`, host
:math:`h` hands over to orbit :math:`o` or to the exit; latency, pace, price and time.

.. math::
    \text{circuit}(x),\; x_{hh} = 1 - y_h, \quad y_h = \sum_{kn} q_{hkn}, \qquad
    n_h = \sum_{kn} n\, q_{hkn}, \quad \sum_h n_h = L, \qquad v_{ho} = \sum_{b \in o} x_{hb}

.. math::
    \text{latency} = \sum_{hkn} t_{kn} q_{hkn} + \sum_{ab} h_{ab} x_{ab}, \qquad
    \text{price} = \sum_{hkn} p_k q_{hkn}, \qquad
    v_{ho} \Rightarrow \text{pace} \ge \sum_{kn} w_{kno} q_{hkn}, \qquad
    x_{0h} \Rightarrow \text{pace} \ge e_{o(h)}

.. math::
    \text{time} \ge \text{latency}, \qquad \text{time} \ge \text{pace}

Where what a hand-over adds to the pace is the same for every choice,
:math:`w_{kno} = u_{kn} + a_{ho} \ge 0`, the rows of a host become one without condition,
:math:`\text{pace} \ge \sum_{kn} u_{kn} q_{hkn} + \sum_o a_{ho} v_{ho}`.

A trunk :math:`\tau` has the load :math:`\sum_{ab} q_{\tau ab} x_{ab} = g r_\tau`, :math:`g` the
greatest common divisor of its loads, so that :math:`r_\tau` is small. With a factor
:math:`\text{pace} \ge f g r_\tau`; with a capacity :math:`-\text{pace}\, r_\tau \le
\lfloor C / g \rfloor`, which in integers is :math:`\text{pace} \ge -\lfloor C / (g r_\tau)
\rfloor`. A limit of the price bounds its variable; one of hosts is :math:`\sum_h y_h \le H`.

Hosts of one orbit are used in their order, :math:`y_h \ge y_{h+1}`; their places in the chain
remain free. No position variables and no big-M, yet hosts are single: an independent road for small
cases, not the fast one.

Size: for :math:`H` hosts with :math:`K` choices in all, :math:`A` arcs, :math:`e` of them from the
entry, :math:`E` pairs of equal hosts in a row, :math:`T` pairs of a host and an orbit (or the exit)
it may hand over to, :math:`R_h` pace rows of a host (1 where hand-overs add the same for every
choice and no pace is negative, else one for each of its pairs): :math:`4 + A + 2 H + K + T`
variables and :math:`8 + E + 2 H + e + T + \sum_h R_h` constraints, 1 more with a limit of hosts;
for each trunk with a load 2 constraints, and 1 variable with a factor, 2 with a capacity.

Strength: none is stated as rows. CP-SAT relaxes the circuit to degrees and adds cuts for subtours;
of the pace it sees the rows without condition alone.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_hosts import host_orbits, n_arcs, n_equal_pairs
from formulations.placement.chain_pace import n_entry_hosts, n_targets, targets_of
from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from formulations.placement.chain_program import (
    CRITERIA,
    LATENCY,
    PRICE,
    TIME,
    ChainProgram,
    hop_orbits,
)
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.program import CpProgram
from formulations.size import ProgramSize

__all__ = ["PRICE", "TIME", "build_circuit", "size_circuit"]

_REACH = 2**60


class _Stating:
    """Builds the model and remembers which column is which arc and which choice."""

    def __init__(self, tables: ChainTables) -> None:
        from ortools.sat.python import cp_model  # noqa: TID251

        self.tables = tables
        self.model: Any = cp_model.CpModel()
        self.linear: Any = cp_model.LinearExpr
        self.hosts = np.repeat(np.arange(tables.n_orbits), tables.count).tolist()
        slowest = self._most_pace()
        low = [0, -slowest, 0]
        slowest = max(slowest, self._most_trunk_pace())
        top = [self._most_latency(), slowest, self._most_price()]
        top.append(max(top[0], top[1]))
        low.append(0)
        variables = [
            self.model.new_int_var(least, most, name)
            for name, least, most in zip(CRITERIA, low, top, strict=True)
        ]
        self.objectives = {name: v.index for name, v in zip(CRITERIA, variables, strict=True)}
        self.latency, self.pace, self.price, self.time = variables
        self.arcs: dict[tuple[int, int], Any] = {}
        self.choices: dict[tuple[int, int, int], Any] = {}
        self._chain()
        self._hold()
        self._measure()
        for trunk in tables.trunks:
            self._share(trunk)
        self.n_columns = len(self.model.proto.variables)

    def _most_stages(self) -> int:
        return min(self.tables.layers, len(self.hosts))

    def _most_latency(self) -> int:
        each = int(self.tables.stage_time.max(initial=0)) + int(self.tables.hop_time.max())
        return (self._most_stages() + 1) * each

    def _most_pace(self) -> int:
        return max(
            int(np.abs(self.tables.pace).max(initial=0)),
            int(np.abs(self.tables.entry_pace).max(initial=0)),
        )

    def _most_trunk_pace(self) -> int:
        each = (trunk.factor * int(trunk.load.max()) for trunk in self.tables.trunks)
        return (self._most_stages() + 1) * max(each, default=0)

    def _most_price(self) -> int:
        most = self._most_stages() * int(self.tables.price.max(initial=0))
        limit = self.tables.max_price
        return most if limit is None else min(most, limit)

    def _orbit_of(self, node: int) -> int:
        return self.tables.n_orbits if node == 0 else int(self.hosts[node - 1])

    def _chain(self) -> None:
        """The circuit: self-loops are idle hosts; node 0 is always passed."""
        nodes = range(len(self.hosts) + 1)
        for a in nodes:
            for b in nodes:
                linked = bool(self.tables.linked[self._orbit_of(a), self._orbit_of(b)])
                if a == b == 0 or (a != b and not linked):
                    continue
                self.arcs[a, b] = self.model.new_bool_var(f"x{a}_{b}")
        if not self.arcs:
            # No hosts at all: an empty clause, where a circuit takes no empty list.
            self.model.add_bool_or([])
            return
        self.model.add_circuit([(a, b, literal) for (a, b), literal in self.arcs.items()])
        # CP-SAT forgets a node that no arc leads to, or from: said again, so that it is passed.
        self.model.add_bool_or([arc for (a, _), arc in self.arcs.items() if a == 0])
        self.model.add_bool_or([arc for (_, b), arc in self.arcs.items() if b == 0])
        for h, (orbit, following) in enumerate(pairwise(self.hosts), start=1):
            if orbit == following:
                self.model.add_implication(self.arcs[h, h], self.arcs[h + 1, h + 1])
        if self.tables.max_hosts is not None:
            idle = [self.arcs[h, h] for h in range(1, len(self.hosts) + 1)]
            self.model.add(sum(idle) >= len(self.hosts) - self.tables.max_hosts)

    def _hold(self) -> None:
        """Options and layers of every host."""
        tables = self.tables
        held = []
        widest = tables.allowed.shape[1] - 1
        for h, orbit in enumerate(self.hosts, start=1):
            option, layers = np.nonzero(tables.allowed & (tables.orbit == orbit)[:, None])
            for k, n in zip(option.tolist(), layers.tolist(), strict=True):
                self.choices[h, k, n] = self.model.new_bool_var(f"q{h}_{k}_{n}")
            own = {key: q for key, q in self.choices.items() if key[0] == h}
            self.model.add_exactly_one([self.arcs[h, h], *own.values()])
            variable = self.model.new_int_var(0, max(widest, 0), f"n{h}")
            self.model.add(variable == sum(n * q for (_, _, n), q in own.items()))
            held.append(variable)
        self.model.add(sum(held) == tables.layers)

    def _measure(self) -> None:
        """Latency, price and time as sums; the pace of what each host holds and hands over to."""
        tables, model = self.tables, self.model
        terms, weights, prices = [], [], []
        for (a, b), arc in self.arcs.items():
            if a != b:
                terms.append(arc)
                weights.append(int(tables.hop_time[self._orbit_of(a), self._orbit_of(b)]))
            if a == 0:
                entry = int(tables.entry_pace[self._orbit_of(b)])
                model.add(self.pace >= entry).only_enforce_if(arc)
        for (_, k, n), choice in self.choices.items():
            terms.append(choice)
            weights.append(int(tables.stage_time[k, n]))
            prices.append(int(tables.price[k]))
        for what, total in ((LATENCY, sum(weights)), (PRICE, sum(prices))):
            if total >= _REACH:
                raise ValueError(f"{tables.name}: {what} terms add up to {total}, 2^60 or more")
        model.add(self.latency == self.linear.weighted_sum(terms, weights))
        model.add(self.price == self.linear.weighted_sum(list(self.choices.values()), prices))
        model.add(self.time >= self.latency)
        model.add(self.time >= self.pace)
        for h in range(1, len(self.hosts) + 1):
            self._keep_pace(h)

    def _handing_over(self, h: int) -> dict[int, Any]:
        """Literals: host ``h`` hands over to an orbit, or to the exit."""
        found = {}
        for following in range(self.tables.n_orbits + 1):
            onward = [
                arc for (a, b), arc in self.arcs.items()
                if a == h != b and self._orbit_of(b) == following
            ]  # fmt: skip
            if onward:
                found[following] = self.model.new_bool_var(f"v{h}_{following}")
                self.model.add(found[following] == sum(onward))
        return found

    def _keep_pace(self, h: int) -> None:
        """The pace of what a host holds and where it hands over to.

        One row for all choices. A row for each, enforced by choice and hand-over, made CP-SAT 9.15
        call feasible models infeasible from paces of 1e10 on. Where what a hand-over adds is the
        same for every choice, the row needs no enforcement at all, and bounds better.
        """
        tables = self.tables
        own = {key: q for key, q in self.choices.items() if key[0] == h}
        to = self._handing_over(h)
        if not own or not to:
            return
        paces = np.array([[int(tables.pace[k, n, o]) for o in to] for _, k, n in own])
        if int(np.abs(paces).sum(axis=0).max()) >= _REACH:
            raise ValueError(f"{tables.name}: paces of a host add up to 2^60 or more")
        if _adds_alike(paces):
            least = paces.min(axis=1)
            added = paces - least[:, None]
            literals = [*own.values(), *to.values()]
            weights = [*least.tolist(), *added[0].tolist()]
            self.model.add(self.pace >= self.linear.weighted_sum(literals, weights))
            return
        for place, literal in enumerate(to.values()):
            row = self.linear.weighted_sum(list(own.values()), paces[:, place].tolist())
            self.model.add(self.pace >= row).only_enforce_if(literal)

    def _share(self, trunk: Trunk) -> None:
        """The pace of the load of all hand-overs over one link."""
        loads = {
            arc: int(trunk.load[self._orbit_of(a), self._orbit_of(b)])
            for (a, b), arc in self.arcs.items()
            if a != b
        }
        common = math.gcd(*loads.values())
        if not common:
            return
        parts = [load // common for load in loads.values()]
        most = (self._most_stages() + 1) * max(parts)
        total = self.linear.weighted_sum(list(loads), parts)
        if trunk.factor:
            loaded = self.model.new_bool_var(f"{trunk.name} is used")
            self.model.add(total <= most * loaded)
            # Without load there is no pace either, and that of the stages may be negative.
            bound = self.model.add(self.pace >= trunk.factor * common * total)
            bound.only_enforce_if(loaded)
            return
        widest = max(self._most_pace(), self._most_trunk_pace()) * most
        if widest >= _REACH:
            raise ValueError(
                f"{self.tables.name}, {trunk.name}: rate x load can reach {widest}, 2^60 or more"
            )
        load = self.model.new_int_var(0, most, f"load of {trunk.name}")
        self.model.add(load == total)
        carried = self.model.new_int_var(-widest, trunk.capacity // common, trunk.name)
        self.model.add_multiplication_equality(carried, [-self.pace, load])

    def decode(self, x: IntArray) -> ChainPlan:
        """The chain that arcs and choices stand for; ``ValueError`` where they stand for none."""
        onward = {a: b for (a, b), arc in self.arcs.items() if a != b and x[arc.index]}
        chosen = {h: (k, n) for (h, k, n), choice in self.choices.items() if x[choice.index]}
        stages: list[ChainStage] = []
        node = onward.get(0, 0)
        while node:
            if node not in chosen or node not in onward or len(stages) == len(self.hosts):
                raise ValueError(f"{self.tables.name}: the arcs and choices are no chain")
            stages.append(ChainStage(self._orbit_of(node), *chosen[node]))
            node = onward[node]
        if len(stages) != len(chosen):
            raise ValueError(f"{self.tables.name}: a host off the chain holds layers")
        return ChainPlan(tuple(stages))

    def violation(self, x: IntArray) -> str | None:
        """What the values break, evaluated on the tables alone."""
        try:
            plan = self.decode(x)
        except ValueError as fault:
            return str(fault)
        faults = violations(self.tables, plan)
        if faults:
            return faults[0]
        value = value_of(self.tables, plan)
        latency, pace, price, time = (int(x[self.objectives[name]]) for name in CRITERIA)
        if (latency, price) != (value.latency, value.price):
            return f"latency {latency} and price {price} are {value.latency} and {value.price}"
        if pace < value.pace or time < max(latency, pace):
            return f"pace {pace} or time {time} is below that of the chain"
        return None


def _adds_alike(paces: IntArray) -> bool:
    """Whether each target, a column, adds the same to the pace of every choice, none negative."""
    least = paces.min(axis=1)
    added = paces - least[:, None]
    return bool((added == added[0]).all() and least.min() >= 0)


def build_circuit(tables: ChainTables) -> ChainProgram:
    """State the chains for CP-SAT; the model is in the module docstring.

    Raises
    ------
    ValueError
        If the terms of latency or price could add up to 2^60, beyond what CP-SAT takes, or rates
        times loads of a trunk could reach it.

    Notes
    -----
    Tables without hosts give a model that cannot be met.
    """
    stating = _Stating(tables)
    return ChainProgram(
        formulation="circuit",
        problem=tables,
        statement=CpProgram(
            name=f"{tables.name}/circuit",
            model=stating.model,
            objectives=stating.objectives,
            violation=stating.violation,
            n_columns=stating.n_columns,
        ),
        decoder=stating.decode,
    )


def size_circuit(tables: ChainTables) -> ProgramSize:
    """Constraints and variables by the formulas of the module's text; see there for T and R."""
    orbits, pairs = host_orbits(tables), n_targets(tables)
    hosts = len(orbits)
    choices = sum(int(tables.allowed[tables.orbit == orbit].sum()) for orbit in orbits)
    rows = sum(_n_pace_rows(tables, orbit) for orbit in orbits)
    loaded = [trunk for trunk in tables.trunks if _is_loaded(tables, trunk)]
    extra = sum(1 if trunk.factor else 2 for trunk in loaded)
    # Without hosts: an empty clause in the place of the circuit and its two ends.
    chain = 3 + n_equal_pairs(tables) + (tables.max_hosts is not None) if hosts else 1
    entered = n_entry_hosts(tables)
    return ProgramSize(
        chain + 2 * hosts + 1 + entered + 4 + pairs + rows + 2 * len(loaded),
        4 + n_arcs(tables) + 2 * hosts + choices + pairs + extra,
    )


def _n_pace_rows(tables: ChainTables, orbit: int) -> int:
    """R_h, rows that keep the pace of one host of an orbit."""
    option, layers = np.nonzero(tables.allowed & (tables.orbit == orbit)[:, None])
    to = targets_of(tables, orbit)
    if not len(option) or not to:
        return 0
    return 1 if _adds_alike(tables.pace[option, layers][:, to]) else len(to)


def _is_loaded(tables: ChainTables, trunk: Trunk) -> bool:
    """Whether any hop of single hosts puts a load on it."""
    ends = tables.n_orbits
    hops = [(a, b) for a, after in hop_orbits(tables).items() for b in after]
    hops += [(o, ends) for o in hop_orbits(tables) if o != ends and tables.linked[o, ends]]
    return any(trunk.load[hop] for hop in hops)
