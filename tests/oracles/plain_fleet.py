"""A plain second road to fleets: every count vector of a small problem, judged by the definition.

Routing is decided by all extreme multipliers of its classes, and where requests are served in parts
by every corner of what whole replicas may take on; pools of several KV caches by the lesser of
prefill and decode of each; racks by trying every filling. No code is shared with the formulations,
the engines, the lowering or the exact routing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from hypothesis import strategies as st

from formulations.fleet.problem import FleetProblem
from formulations.fleet.racks import Racks
from formulations.fleet.routing import Routing
from formulations.fleet.sparse import SparseInts

__all__ = [
    "PlainReplica",
    "best_value",
    "can_serve",
    "fleet",
    "fleets",
    "plans",
    "pool_plans",
    "requests_carried",
    "routings",
    "small_racks",
]


def _trees(nodes: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """Every spanning tree of the complete graph over ``nodes``."""
    edges = list(itertools.combinations(nodes, 2))
    for chosen in itertools.combinations(edges, len(nodes) - 1):
        group = {node: node for node in nodes}
        for a, b in chosen:
            old, new = group[a], group[b]
            group = {node: new if g == old else g for node, g in group.items()}
        if len(set(group.values())) == 1:
            yield list(chosen)


def _extreme_multipliers(rate: Sequence[Sequence[int]], n_classes: int) -> Iterator[list[Fraction]]:
    """Multipliers that include every extreme ray of the cells in which each maximum is linear.

    On such a ray the classes with a positive multiplier hang together by ties: for each edge of a
    tree a column for which both ends are equally attractive.
    """
    for k in range(1, n_classes + 1):
        for support in itertools.combinations(range(n_classes), k):
            for tree in _trees(support):
                for ties in itertools.product(rate, repeat=len(tree)):
                    if not all(row[a] and row[b] for (a, b), row in zip(tree, ties, strict=True)):
                        continue
                    y = {support[0]: Fraction(1)}
                    while len(y) < k:
                        for (a, b), row in zip(tree, ties, strict=True):
                            if a in y and b not in y:
                                y[b] = y[a] * row[a] / row[b]
                            elif b in y and a not in y:
                                y[a] = y[b] * row[b] / row[a]
                    yield [y.get(b, Fraction(0)) for b in range(n_classes)]


_Needs = list[tuple[list[Fraction], list[Fraction]]]


def _needs(rate: Sequence[Sequence[int]], n_classes: int) -> _Needs:
    """For all extreme multipliers what they are and what each column is worth."""
    return [
        (
            y,
            [
                max((v * r for v, r in zip(y, row, strict=True)), default=Fraction(0))
                for row in rate
            ],
        )
        for y in _extreme_multipliers(rate, n_classes)
    ]


def _room(needs: _Needs, n: Sequence[int]) -> list[tuple[list[Fraction], Fraction]]:
    """Rows ``y w <= room`` of the traffic ``w`` that ``n`` of each column carry."""
    return [
        (y, sum((worth * k for worth, k in zip(worths, n, strict=True)), Fraction(0)))
        for y, worths in needs
    ]


def _solved(rows: Sequence[tuple[Sequence[Fraction], Fraction]]) -> list[Fraction] | None:
    """The only solution of a square system, by elimination."""
    table = [[*left, right] for left, right in rows]
    for k in range(len(table)):
        pivot = next((i for i in range(k, len(table)) if table[i][k]), None)
        if pivot is None:
            return None
        table[k], table[pivot] = table[pivot], table[k]
        table[k] = [v / table[k][k] for v in table[k]]
        for i in range(len(table)):
            if i != k:
                table[i] = [a - table[i][k] * v for a, v in zip(table[i], table[k], strict=True)]
    return [row[-1] for row in table]


def _has_point(rows: Sequence[tuple[Sequence[Fraction], Fraction]], size: int) -> bool:
    """Whether some w meets all ``row w <= side``; the rows must bound it: then one is a corner."""
    distinct = list(dict.fromkeys((tuple(map(Fraction, left)), right) for left, right in rows))
    return any(
        corner is not None
        and all(
            sum((a * v for a, v in zip(left, corner, strict=True)), Fraction(0)) <= right
            for left, right in distinct
        )
        for chosen in itertools.combinations(distinct, size)
        for corner in [_solved(chosen)]
    )


class _Judge:
    """Whether counts serve a routing."""

    def __init__(self, routing: Routing) -> None:
        self.routing = routing
        b, t = len(routing.demand), max(len(routing.parts), 1)
        rows = routing.rate.tolist()
        does = [[any(row[k * b : (k + 1) * b]) for k in range(t)] for row in rows]
        # Column -> what it carries; whole columns first, then those of each part.
        kinds = [[j for j, parts in enumerate(does) if all(parts)]]
        kinds += [[j for j, p in enumerate(does) if p[k] and not all(p)] for k in range(t)]
        self.kinds = [
            (
                [int(routing.columns[j]) for j in kind],
                _needs([[max(rows[j][size::b]) for size in range(b)] for j in kind], b),
            )
            for kind in kinds
        ]

    def __call__(self, counts: Sequence[int]) -> bool:
        routing = self.routing
        times = 1 if routing.pace is None else int(counts[routing.pace])
        demand = [Fraction(need * times) for need in routing.demand.tolist()]
        rooms = [_room(needs, [int(counts[j]) for j in kind]) for kind, needs in self.kinds]
        if len(routing.parts) < 2:
            return all(
                sum(v * d for v, d in zip(y, demand, strict=True)) <= room for y, room in rooms[0]
            )
        # Whole replicas take on w of the demand, and each part is left with the rest.
        size = len(demand)
        rows: list[tuple[Sequence[Fraction], Fraction]] = list(rooms[0])
        for part in rooms[1:]:
            for y, room in part:
                asked = sum((v * d for v, d in zip(y, demand, strict=True)), Fraction(0))
                rows.append(([-v for v in y], room - asked))
        for k in range(size):
            unit = [Fraction(int(k == other)) for other in range(size)]
            rows += [(unit, demand[k]), ([-v for v in unit], Fraction(0))]
        return _has_point(rows, size)


def can_serve(routing: Routing, counts: Sequence[int]) -> bool:
    """Whether some shares serve every class, by its definition."""
    return _Judge(routing)(counts)


def _can_stand(problem: FleetProblem, racks: Racks, counts: Sequence[int]) -> bool:
    """Whether all items fit into racks, any of which may then be lost if the problem says so."""
    size, items = racks.size.tolist(), racks.items.tolist()
    single = [orbit for orbit, count in enumerate(racks.count.tolist()) for _ in range(count)]
    have = problem.cover.dot(counts)

    def fits(orbit: int, content: Sequence[int]) -> bool:
        if any(q and not racks.admits[orbit, k] for k, q in enumerate(content)):
            return False
        if any(
            sum(q * size[k][d] for k, q in enumerate(content)) > room
            for d, room in enumerate(racks.capacity[orbit].tolist())
        ):
            return False
        if not racks.survive_loss or not any(content):
            return True
        lost = [0] * problem.n_columns
        for k, q in enumerate(content):
            lost[items[k]] = q
        return all(
            a - b >= need
            for a, b, need in zip(
                have, problem.cover.dot(lost), problem.demand.tolist(), strict=True
            )
        )

    @cache
    def place(rack: int, left: tuple[int, ...]) -> bool:
        if not any(left):
            return True
        if rack == len(single):
            return False
        return any(
            fits(single[rack], content)
            and place(rack + 1, tuple(a - q for a, q in zip(left, content, strict=True)))
            for content in itertools.product(*(range(a + 1) for a in left))
        )

    return place(0, tuple(int(counts[j]) for j in items))


def plans(problem: FleetProblem) -> list[tuple[int, ...]]:
    """Every feasible count vector."""
    found = []
    served = [_Judge(routing) for routing in problem.routings]
    for counts in itertools.product(*(range(u + 1) for u in problem.upper.tolist())):
        if any(
            a < d for a, d in zip(problem.cover.dot(counts), problem.demand.tolist(), strict=True)
        ):
            continue
        if any(a > b for a, b in zip(problem.use.dot(counts), problem.limit.tolist(), strict=True)):
            continue
        if not all(serves(counts) for serves in served):
            continue
        if problem.racks is not None and not _can_stand(problem, problem.racks, counts):
            continue
        found.append(counts)
    return found


@dataclass(frozen=True)
class PlainReplica:
    """``rate`` requests/s; ``cache`` says whose KV cache it fills or reads."""

    cache: str
    phase: str
    rate: Fraction
    devices: int = 1
    latency: Fraction = Fraction(0)


def requests_carried(counts: Mapping[PlainReplica, int]) -> Fraction:
    """Requests/s from prompt to last token: a cache is read by replicas of its own kind alone."""
    done: dict[tuple[str, str], Fraction] = {}
    for replica, count in counts.items():
        key = replica.cache, replica.phase
        done[key] = done.get(key, Fraction(0)) + count * replica.rate
    nothing = Fraction(0)
    return sum(
        (
            done.get((cache, "aggregated"), nothing)
            + min(done.get((cache, "prefill"), nothing), done.get((cache, "decode"), nothing))
            for cache in {cache for cache, _ in done}
        ),
        nothing,
    )


def pool_plans(replicas: Sequence[PlainReplica], stock: int) -> Iterator[dict[PlainReplica, int]]:
    """Every fleet of these replicas on at most ``stock`` devices."""
    for counts in itertools.product(*(range(stock // r.devices + 1) for r in replicas)):
        chosen = dict(zip(replicas, counts, strict=True))
        if sum(count * replica.devices for replica, count in chosen.items()) <= stock:
            yield chosen


def best_value(problem: FleetProblem, measure: str) -> int | None:
    """Smallest value of a measure over all plans; ``None`` where there is none."""
    array = problem.measures[measure].tolist()
    return min(
        (sum(c * n for c, n in zip(array, counts, strict=True)) for counts in plans(problem)),
        default=None,
    )


def fleet(
    costs: Sequence[int],
    *,
    upper: Sequence[int],
    cover: Sequence[tuple[Sequence[int], int]] = (),
    use: Sequence[tuple[Sequence[int], int]] = (),
    routings: Sequence[Routing] = (),
    racks: Racks | None = None,
    power: Sequence[int] | None = None,
    speed: Sequence[int] | None = None,
    name: str = "plain",
) -> FleetProblem:
    """A problem written densely: rows are (coefficients, right-hand side)."""

    def matrix(rows: Sequence[tuple[Sequence[int], int]]) -> SparseInts:
        return SparseInts.from_rows([enumerate(row) for row, _ in rows], len(costs))

    def array(values: Sequence[int]) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    measures = {"cost": array(costs)}
    if power is not None:
        measures["power"] = array(power)
    return FleetProblem(
        name=name,
        upper=array(upper),
        measures=measures,
        grades={} if speed is None else {"speed": array(speed)},
        cover=matrix(cover),
        demand=array([need for _, need in cover]),
        use=matrix(use),
        limit=array([most for _, most in use]),
        column_names=tuple(f"c{j}" for j in range(len(costs))),
        cell_names=tuple(f"d{i}" for i in range(len(cover))),
        limit_names=tuple(f"l{i}" for i in range(len(use))),
        routings=tuple(routings),
        racks=racks,
    )


def small_racks(
    items: Sequence[int],
    size: Sequence[Sequence[int]],
    orbits: Sequence[tuple[int, Sequence[int]]],
    *,
    admits: Sequence[Sequence[bool]] | None = None,
    survive_loss: bool = False,
) -> Racks:
    """Racks from orbits (count, capacity), open to all items unless ``admits`` is given."""
    d = len(size[0]) if size else 1
    return Racks(
        items=np.array(items, dtype=np.int64),
        size=np.array(size, dtype=np.int64).reshape(len(items), d),
        count=np.array([count for count, _ in orbits], dtype=np.int64),
        capacity=np.array([room for _, room in orbits], dtype=np.int64).reshape(len(orbits), d),
        admits=np.array(
            admits if admits is not None else [[True] * len(items)] * len(orbits), dtype=np.bool_
        ).reshape(len(orbits), len(items)),
        dimension_names=tuple(f"dim{k}" for k in range(d)),
        orbit_names=tuple(f"orbit{o}" for o in range(len(orbits))),
        survive_loss=survive_loss,
    )


@st.composite
def routings(
    draw: st.DrawFn,
    *,
    columns: Sequence[int],
    most_classes: int = 3,
    largest_rate: int = 12,
    largest_demand: int = 30,
    in_parts: bool | None = False,
    pace: int | None = None,
) -> Routing:
    """A workload of one to three sizes over these columns; some rates and demands are 0.

    With ``in_parts`` (``None``: perhaps) columns do one of two parts or both, and sizes are at most
    two; with a ``pace`` the demand is for one unit of that column.
    """
    apart = draw(st.booleans()) if in_parts is None else in_parts
    b = draw(st.integers(1, min(most_classes, 2) if apart else most_classes))
    rate = st.one_of(st.integers(1, largest_rate), st.integers(0, largest_rate), st.integers(1, 3))
    rates = [draw(st.lists(rate, min_size=b, max_size=b)) for _ in columns]
    demand = draw(st.lists(st.integers(0, largest_demand), min_size=b, max_size=b))
    if apart:
        parts = st.sampled_from([(1, 0), (0, 1), (1, 1)])
        rates = [[does * r for does in draw(parts) for r in row] for row in rates]
    return Routing(
        name="sizes",
        columns=np.array(columns, dtype=np.int64),
        rate=np.array(rates, dtype=np.int64).reshape(len(columns), 2 * b if apart else b),
        demand=np.array(demand, dtype=np.int64),
        class_names=tuple(f"s{k}" for k in range(b)),
        parts=("first", "second") if apart else (),
        pace=pace,
    )


@st.composite
def fleets(
    draw: st.DrawFn,
    *,
    with_racks: bool | None = None,
    with_routing: bool | None = None,
    survive_loss: bool | None = None,
    most_columns: int = 4,
) -> FleetProblem:
    """Small problems with everything in them; ``None`` leaves it to chance.

    Some limits are supplied by a column (a negative use), some covering rows are lessened by one;
    right-hand sides mostly lie around what a drawn fleet reaches.
    """
    n = draw(st.integers(1, most_columns))
    upper = draw(st.lists(st.sampled_from([3, 2, 1, 4, 0]), min_size=n, max_size=n))
    costs = draw(st.lists(st.integers(1, 9), min_size=n, max_size=n))
    power = draw(st.lists(st.integers(-5, 9), min_size=n, max_size=n))
    speed = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    witness = [draw(st.integers(min(1, u), u)) for u in upper]

    def reach(row: Sequence[int]) -> int:
        return sum(a * x for a, x in zip(row, witness, strict=True))

    entry = st.sampled_from([5, 3, 2, 1, 7, 9, 4, 0, -2, -4])
    row = st.lists(entry, min_size=n, max_size=n)
    cover, use = [], []
    for _ in range(draw(st.sampled_from([1, 2, 0]))):
        brings = draw(row)
        cover.append((brings, reach(brings) - draw(st.integers(-1, 4))))
    for _ in range(draw(st.integers(0, 2))):
        takes = draw(row)
        use.append((takes, reach(takes) + draw(st.integers(-1, 6))))
    served = []
    if draw(st.booleans()) if with_routing is None else with_routing:
        inside = sorted(draw(st.sets(st.integers(0, n - 1), min_size=1)))
        pace = draw(st.sampled_from([None, *(j for j in range(n) if j not in inside)]))
        most = 20 if pace is None else 7
        served.append(draw(routings(columns=inside, largest_demand=most, in_parts=None, pace=pace)))
    racks = None
    if draw(st.booleans()) if with_racks is None else with_racks:
        items = sorted(draw(st.sets(st.integers(0, n - 1), max_size=3)))
        d = draw(st.integers(1, 2))
        # Few sizes, so that some items share a shape.
        extent = st.lists(st.sampled_from([1, 2, 0, 3]), min_size=d, max_size=d)
        orbits = [
            (draw(st.integers(0, 3)), draw(st.lists(st.integers(1, 6), min_size=d, max_size=d)))
            for _ in range(draw(st.integers(1, 2)))
        ]
        racks = small_racks(
            items,
            [draw(extent) for _ in items] or [],
            orbits if items else [(count, room[:1]) for count, room in orbits],
            admits=[[draw(st.integers(0, 4)) > 0 for _ in items] for _ in orbits],
            survive_loss=draw(st.booleans()) if survive_loss is None else survive_loss,
        )
    return fleet(
        costs, upper=upper, cover=cover, use=use, routings=served, racks=racks,
        power=power, speed=speed, name="drawn",
    )  # fmt: skip
