r"""One pipeline as a path through layers: a network that has no circle, hosts counted by orbit.

Nodes: :math:`(l, o)`, :math:`l` layers are held and the next host is of orbit :math:`o`;
:math:`(l, o)'`, a host of orbit :math:`o` has just taken it to :math:`l`. Orbits without hosts are
left out, and so are hops within an orbit of one host.

Columns: entries :math:`z_o`; stages :math:`x_{lkn}` from :math:`(l, o(k))` to :math:`(l + n,
o(k))'`, :math:`l + n < L`; last stages :math:`\bar x_{kn}` from :math:`(L - n, o(k))` to the exit;
hops :math:`t_{loo'}` from :math:`(l, o)'` to :math:`(l, o')`, :math:`0 < l < L`; all binary. Each
node hands on what it gets, and

.. math::
    \sum_o z_o = 1, \qquad \sum_{k \in o} \Bigl( \sum_{ln} x_{lkn} + \sum_n \bar x_{kn} \Bigr)
    \le c_o .

Latency adds up over entries, stages and hops; criteria as in ``chain_rows``. Pace: all paces below
:math:`P`, the least of all chains, count as :math:`P`; :math:`u_{kn} = \min_{o'} w_{kno'}` over the
orbits that may follow, the exit apart; hops add between :math:`a_{oo'} = \min_{kn} (w_{kno'} -
u_{kn})` and :math:`M_{oo'} = \max_{kn} (w_{kno'} - u_{kn})` to it. Exactly one stage holds layer
:math:`j`; an integer :math:`p_j \ge P` is what it paces without its hop, and stages that end at
:math:`j` take it there:

.. math::
    p_j = p_{j-1} + \sum_{kn} u_{kn} (x_{jkn} - x_{j-n,kn}) + \sum_{k, n = L - j} w_{kn0} \bar
    x_{kn}, \qquad p_j \le \text{pace}, \qquad j = 0, \dots, L - 1

.. math::
    \text{pace} \ge P + \sum_{l + n = j} (u_{kn} - P) x_{lkn} + \sum_{oo'} a_{oo'} t_{joo'}, \qquad
    0 < j < L, \qquad \text{pace} \ge \sum_o \max(e_o, P)\, z_o .

With :math:`c_o` hosts in an orbit at most, and where :math:`M_{oo'} > a_{oo'}` the second, and for
every position :math:`j` the third, which states what the others only bound:

.. math::
    c_o (\text{pace} - P) &\ge \sum (u_{kn} - P) x_{lkn} + \sum (w_{kn0} - P) \bar x_{kn} + \sum
    a_{oo'} t_{loo'} \\
    c_o (\text{pace} - P) &\ge \sum (w_{kno'} - M_{oo'} - P) x_{lkn} + \sum (w_{kn0} - P)
    \bar x_{kn} + M_{oo'} \sum_l t_{loo'} \\
    \text{pace} - P &\ge \sum_{l + n = j} (w_{kno'} - M_{oo'} - P) x_{lkn} + M_{oo'} t_{joo'}

with sums over the stages and hops of :math:`o`. No order of hosts, and none told from its equal;
:math:`M` is no more than hops differ by.

Size: with :math:`n_o` orbits, :math:`\lambda` links between them and :math:`\mu` of those with
:math:`M > a`, :math:`n_z + \sum_{kn} (L - n) + n_{\bar x} + (L - 1) \lambda + L` columns, the sum
over choices that something may follow; :math:`1 + 3 L + (2 L + 1)\, n_o + \mu L`
rows, both without those of ``chain_rows``.

Strength: at least that of ``chain_layer_flow``, whatever is minimised. Spread a point of the linear
relaxation evenly over equal hosts: choices are the stages of all positions over :math:`c_o`, arcs
and flows come from the hops, :math:`L - l` layers with each hop at :math:`l`. Then degrees, balance
and :math:`x \le f \le (L - 1) x` hold; latency, price and loads are the same. The rows of an orbit,
over :math:`c_o`, are the tight rows of ``chain_pace`` or stronger: there the least pace of a choice
is over the exit too, so that its :math:`M` is no less, and a last stage stands with less than
:math:`w_{kn0}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_hosts import choices_of
from formulations.placement.chain_plan import ChainPlan, ChainStage
from formulations.placement.chain_program import ChainProgram, hop_orbits, least_pace
from formulations.placement.chain_rows import ChainRows, measure_size
from formulations.placement.chain_tables import ChainTables
from formulations.size import ProgramSize

__all__ = ["build_chain_layered", "size_chain_layered"]

_TOP = 2**60


@dataclass(frozen=True, slots=True, eq=False)
class _Onward:
    """What a host of one orbit may hold, and what handing over to a next host adds to its pace.

    Parameters
    ----------
    choices
        (option, layers), fewer than L.
    after
        Orbits that may follow; (n,).
    least : (n_choices,) int64
        u, the least pace over them, P at least.
    paces : (n_choices, n) int64
        w, P at least.
    """

    choices: list[tuple[int, int]]
    after: list[int]
    least: IntArray
    paces: IntArray

    @classmethod
    def of(cls, tables: ChainTables, orbit: int, after: list[int], low: int) -> _Onward:
        choices = [c for c in choices_of(tables, orbit) if c[1] < tables.layers and after]
        paces = np.array(
            [[int(tables.pace[k, n, o]) for o in after] for k, n in choices], dtype=np.int64
        ).reshape(len(choices), len(after))
        paces = np.maximum(paces, low)
        return cls(choices, after, paces.min(axis=1, initial=_TOP), paces)

    @property
    def surely(self) -> IntArray:
        """(n,) a, what each hop adds to the least pace of every choice; 0 without choices."""
        added = self.paces - self.least[:, None]
        least: IntArray = added.min(axis=0) if self.choices else self.at_most
        return least

    @property
    def at_most(self) -> IntArray:
        """(n,) M, what each hop adds to the least pace of a choice, at most; 0 without choices."""
        most: IntArray = (self.paces - self.least[:, None]).max(axis=0, initial=0)
        return most

    @property
    def unlike(self) -> list[int]:
        """Places in ``after`` of hops that do not add the same for every choice."""
        places: list[int] = np.flatnonzero(self.at_most > self.surely).tolist()
        return places


class _Stages(NamedTuple):
    """Columns of stages, one entry each."""

    orbit: IntArray
    option: IntArray
    done: IntArray
    held: IntArray
    column: IntArray
    pace: IntArray


class _Layered:
    """Columns of the network and what is between them."""

    def __init__(self, program: ChainRows, time_most: int | None) -> None:
        self.program = program
        self.tables = tables = program.tables
        ends = tables.n_orbits
        self.time_most = time_most
        hops = hop_orbits(tables)
        self.entries = {
            o: program.add(hop=(ends, o))
            for o in hops.pop(ends)
            if not self._too_slow(int(tables.entry_pace[o]))
        }
        self.ways = {o: _Onward.of(tables, o, after, program.least) for o, after in hops.items()}
        self.inner = self._stages(
            (o, choice, done, pace)
            for o, way in self.ways.items()
            for choice, pace in zip(way.choices, way.least.tolist(), strict=True)
            for done in range(tables.layers - choice[1])
        )
        self.last = self._stages(
            (o, (k, n), tables.layers - n, max(program.least, int(tables.pace[k, n, ends])))
            for o in self.ways
            if tables.linked[o, ends]
            for k, n in choices_of(tables, o)
        )
        self.hops = {
            (done, a, b): program.add(hop=(a, b))
            for a, way in self.ways.items()
            for b in way.after
            for done in range(1, tables.layers)
        }

    def _too_slow(self, pace: int) -> bool:
        return self.time_most is not None and pace > self.time_most

    def _stages(self, told: Iterable[tuple[int, tuple[int, int], int, int]]) -> _Stages:
        """Columns of (orbit, choice, layers before, pace), those not too slow."""
        layers, ends = self.tables.layers, self.tables.n_orbits
        found = []
        for orbit, (option, held), done, pace in told:
            if not self._too_slow(pace):
                out = (orbit, ends) if done + held == layers else None
                column = self.program.add(choice=(option, held), hop=out)
                found.append((orbit, option, done, held, column, pace))
        return _Stages(*np.array(found, dtype=np.int64).reshape(len(found), 6).T)

    def walk(self) -> None:
        """What enters a node leaves it, and no more hosts are passed than there are."""
        rows, layers = self.program.rows, self.tables.layers
        place = {o: index for index, o in enumerate(self.ways)}
        where = np.zeros(self.tables.n_orbits, dtype=np.int64)
        where[list(place)] = list(place.values())
        ready = rows.add_block(layers * len(place), lower=0, upper=0)
        after = rows.add_block((layers - 1) * len(place), lower=0, upper=0)
        used = rows.add_block(
            len(place), upper=np.array([self.tables.count[o] for o in place], dtype=np.int64)
        )
        for stages in (self.inner, self.last):
            rows.put(ready, where[stages.orbit] * layers + stages.done, stages.column, -1)
            rows.put(used, where[stages.orbit], stages.column, 1)
        end = self.inner.done + self.inner.held
        rows.put(after, where[self.inner.orbit] * (layers - 1) + end - 1, self.inner.column, 1)
        for (done, a, b), column in self.hops.items():
            rows.put(after, place[a] * (layers - 1) + done - 1, column, -1)
            rows.put(ready, place[b] * layers + done, column, 1)
        once = rows.add_block(1, lower=1, upper=1)
        for o, column in self.entries.items():
            rows.put(once, 0, column, 1)
            rows.put(ready, place[o] * layers, column, 1)

    def hold_layers(self) -> None:
        """The pace of whoever holds a layer, and of stages that end at one with their hops."""
        program, layers, inner, last = self.program, self.tables.layers, self.inner, self.last
        rows, low = program.rows, program.least
        holding = [program.add(program.most, lower=low) for _ in range(layers)]
        row = rows.add_block(layers, lower=0, upper=0)
        rows.put(row, np.arange(layers), holding, -1)
        rows.put(row, np.arange(1, layers), holding[:-1], 1)
        rows.put(row, inner.done, inner.column, inner.pace)
        rows.put(row, inner.done + inner.held, inner.column, -inner.pace)
        rows.put(row, last.done, last.column, last.pace)
        row = rows.add_block(layers, lower=0)
        rows.put(row, np.arange(layers), program.pace, 1)
        rows.put(row, np.arange(layers), holding, -1)
        row = rows.add_block(layers - 1, lower=low)
        rows.put(row, np.arange(layers - 1), program.pace, 1)
        rows.put(row, inner.done + inner.held - 1, inner.column, low - inner.pace)
        for orbit, way in self.ways.items():
            for b, added in zip(way.after, way.surely.tolist(), strict=True):
                rows.put(row, np.arange(layers - 1), self._hops(orbit, b), -added)
        row = rows.add_block(1, lower=0)
        rows.put(row, 0, program.pace, 1)
        for o, entry in self.entries.items():
            rows.put(row, 0, entry, -max(low, int(self.tables.entry_pace[o])))

    def _hops(self, a: int, b: int) -> list[int]:
        return [self.hops[done, a, b] for done in range(1, self.tables.layers)]

    def pass_hosts(self) -> None:
        """The paces of an orbit, and of hand-overs that do not add the same for every choice."""
        program, tables = self.program, self.tables
        rows, low, layers = program.rows, program.least, tables.layers
        for orbit, way in self.ways.items():
            count = int(tables.count[orbit])
            inner = _Stages(*(part[self.inner.orbit == orbit] for part in self.inner))
            last = self.last.orbit == orbit

            def orbit_row(count: int = count, last: npt.NDArray[np.bool_] = last) -> int:
                row = rows.add_block(1, lower=count * low)
                rows.put(row, 0, program.pace, count)
                rows.put(row, 0, self.last.column[last], low - self.last.pace[last])
                return row

            row = orbit_row()
            rows.put(row, 0, inner.column, low - inner.pace)
            for b, added in zip(way.after, way.surely.tolist(), strict=True):
                rows.put(row, 0, self._hops(orbit, b), -added)
            for index in way.unlike:
                b, most = way.after[index], int(way.at_most[index])
                pace = np.maximum(tables.pace[inner.option, inner.held, b], low)
                row = orbit_row()
                rows.put(row, 0, inner.column, low + most - pace)
                rows.put(row, 0, self._hops(orbit, b), -most)
                row = rows.add_block(layers - 1, lower=low)
                rows.put(row, np.arange(layers - 1), program.pace, 1)
                rows.put(row, inner.done + inner.held - 1, inner.column, low + most - pace)
                rows.put(row, np.arange(layers - 1), self._hops(orbit, b), -most)

    def decode(self, x: IntArray) -> ChainPlan:
        """The path; ``ValueError`` where the columns are none."""
        orbits = [o for o, column in self.entries.items() if x[column]]
        chosen = {
            (int(stages.done[i]), int(stages.orbit[i])): (
                int(stages.option[i]), int(stages.held[i])
            )
            for stages in (self.inner, self.last)
            for i in np.flatnonzero(x[stages.column])
        }  # fmt: skip
        hops = {(done, a): b for (done, a, b), column in self.hops.items() if x[column]}
        plan: list[ChainStage] = []
        done = 0
        while orbits and (done, orbits[-1]) in chosen:
            here = orbits.pop()
            option, held = chosen[done, here]
            plan.append(ChainStage(here, option, held))
            done += held
            if (done, here) in hops:
                orbits.append(hops[done, here])
        if done != self.tables.layers or len(plan) != len(chosen):
            raise ValueError(f"{self.program.name}: the columns are no chain")
        return ChainPlan(tuple(plan))


def build_chain_layered(tables: ChainTables, *, time_most: int | None = None) -> ChainProgram:
    """State the chains as paths through layers; the model is in the module's text.

    Parameters
    ----------
    time_most
        Slower chains are not asked for: entries and stages of a greater pace are left out. ``None``
        keeps all.

    Raises
    ------
    ValueError
        If a trunk has a capacity, or criteria could reach 2^60.
    """
    program = ChainRows(tables, "chain_layered", time_most=time_most)
    layered = _Layered(program, time_most)
    layered.walk()
    layered.hold_layers()
    layered.pass_hosts()
    return program.stated(program.to_milp(), layered.decode)


def size_chain_layered(tables: ChainTables) -> ProgramSize:
    """Rows and columns by the formulas of the module's text, of the program without ``time_most``.

    Raises
    ------
    ValueError
        If a trunk has a capacity.
    """
    measured, hops = measure_size(tables), hop_orbits(tables)
    layers, ends, low = tables.layers, tables.n_orbits, least_pace(tables)
    entries = len(hops.pop(ends))
    ways = {o: _Onward.of(tables, o, after, low) for o, after in hops.items()}
    inner = sum(layers - n for way in ways.values() for _, n in way.choices)
    last = sum(len(choices_of(tables, o)) for o in ways if tables.linked[o, ends])
    links = sum(len(way.after) for way in ways.values())
    unlike = sum(len(way.unlike) for way in ways.values())
    columns = entries + inner + last + (layers - 1) * links + layers
    nodes = (2 * layers - 1) * len(ways)
    rows = 2 + nodes + 2 * len(ways) + 3 * layers - 1 + unlike * layers
    return ProgramSize(measured.rows + rows, measured.columns + columns)
