"""Hosts that are joined directly: a pipeline as a row of stages, or the hosts on a circle.

In a full mesh every pair has a link and none crosses another's path, so stages are put in the order
of the pipeline and links that carry nothing are left out. Where links are few they say more: then
the hosts stand on a circle, neighbours side by side where that can be.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.numbers import clean
from solver.report.placement_facts import chains_of
from solver.report.placement_fold import fold
from solver.report.placement_network import Carried, Duty, Network
from solver.report.placement_scene import Box, Point, Scene, Stroke, fitted, text_width
from solver.report.placement_strokes import busy_text, path_strokes, shifted
from solver.report.placement_tiers import HOST_HEIGHT, HOST_WIDTH, host_box, moved

__all__ = ["idle_rows", "is_mesh", "mesh_scene"]

_COLUMNS = 8
_STEP_X, _STEP_Y = HOST_WIDTH + 0.44, HOST_HEIGHT + 0.42
_DENSE = 0.5
"""Share of pairs joined from which on unused links are left out."""


def is_mesh(network: Network) -> bool:
    """Whether hosts are joined directly, with no switch that forwards."""
    kinds = {node.kind for node in network.nodes.values()}
    hosts = sum(node.is_host for node in network.nodes.values())
    return hosts > 1 and kinds <= {"host", "gateway"}


def mesh_scene(
    network: Network,
    design: Mapping[str, Any],
    duties: Mapping[str, Duty],
    carried: Sequence[Carried],
    busiest: Carried | None,
) -> Scene:
    """Lay out one or several pipelines over hosts without switches."""
    if _follows(design, carried):
        return _rows(network, design, duties, carried, busiest)
    return _circle(network, duties, carried, busiest)


def _passed(chain: Mapping[str, Any]) -> list[str]:
    """Nodes of a pipeline in order, gateways included."""
    hosts = [str(stage["host"]) for stage in chain["stages"]]
    ends = [chain.get("entry"), chain.get("exit")]
    return [
        *([str(ends[0])] if ends[0] else []),
        *hosts,
        *([str(ends[1])] if ends[1] else []),
    ]


def _follows(design: Mapping[str, Any], carried: Sequence[Carried]) -> bool:
    """Whether each hand-over takes the one link between its hosts."""
    steps = {
        (a, b)
        for chain in chains_of(design)
        for a, b in zip(_passed(chain), _passed(chain)[1:], strict=False)
    }
    return steps == {(entry.start, entry.end) for entry in carried}


def _rows(
    network: Network,
    design: Mapping[str, Any],
    duties: Mapping[str, Duty],
    carried: Sequence[Carried],
    busiest: Carried | None,
) -> Scene:
    """Stages from left to right, the next row from right to left, one pipeline below the other."""
    scene, routes, y = Scene(), {}, 0.0
    by_ends = {(entry.start, entry.end): entry for entry in carried}
    for number, chain in enumerate(chains_of(design)):
        row: list[Box] = []
        passed = _passed(chain)
        for place, name in enumerate(passed):
            line, column = divmod(place, _COLUMNS)
            x = (column if line % 2 == 0 else _COLUMNS - 1 - column) * _STEP_X
            centre = (x, y - line * _STEP_Y)
            if name in duties:
                machine = network.nodes[name].machine
                row.append(host_box(name, (name,), machine, duties[name], centre=centre))
            else:
                row.append(_gateway(name, f"{number}-{place}", centre, entry=place == 0))
        for (a, b), (first, last) in zip(
            itertools.pairwise(passed), itertools.pairwise(row), strict=True
        ):
            routes[a, b] = _between(first, last)
            scene.strokes += path_strokes(
                [by_ends[a, b]], busiest, {(a, b): shifted(routes[a, b], -0.045)}, by_rate=False
            )
        scene.boxes += row
        y -= (1 + (len(passed) - 1) // _COLUMNS) * _STEP_Y + 0.12
    idle_rows(scene, network, duties, y + _STEP_Y - HOST_HEIGHT / 2 - 0.18)
    if busiest is not None:
        scene.name_stroke(busy_text(busiest), routes[busiest.start, busiest.end])
    unused = len(network.wires) - len({entry.name for entry in carried})
    if unused:
        scene.notes.append(f"{unused:,} links that carry nothing are not drawn")
    return scene


def _gateway(name: str, key: str, centre: Point, *, entry: bool) -> Box:
    told = fitted(clean(name, limit=40), 7.5, HOST_WIDTH - 0.1)
    way = "tokens in" if entry else "tokens out"
    return Box(f"{name}#{key}", centre, HOST_WIDTH, 0.42, (told, way), "gateway")


def _between(first: Box, last: Box) -> tuple[Point, Point]:
    """From the side of one box to the facing side of the next."""
    (xa, ya), (xb, yb) = first.centre, last.centre
    if abs(ya - yb) < 1e-6:
        side = 1 if xb > xa else -1
        return ((xa + side * first.width / 2, ya), (xb - side * last.width / 2, yb))
    return ((xa, ya - first.height / 2), (xb, yb + last.height / 2))


def idle_rows(scene: Scene, network: Network, duties: Mapping[str, Duty], top: float) -> None:
    """Idle hosts in rows below ``top``, those of one kind together where they are many."""
    folded = fold(network, set(duties))
    idle = [
        one for one in folded.shown.values() if one.kind == "host" and one.names[0] not in duties
    ]
    left = min((box.rectangle[0] for box in scene.boxes), default=0.0)
    for number, one in enumerate(sorted(idle, key=lambda one: (one.machine, one.key))):
        row, column = divmod(number, _COLUMNS)
        box = host_box(one.key, one.names, one.machine, None)
        centre = (
            left + box.width / 2 + column * (HOST_WIDTH + 0.2),
            top - box.height / 2 - row * (box.height + 0.15),
        )
        scene.boxes.append(moved(box, centre))


def _circle(
    network: Network,
    duties: Mapping[str, Duty],
    carried: Sequence[Carried],
    busiest: Carried | None,
) -> Scene:
    """All nodes on an ellipse, in the order of a walk along links."""
    order = _walk(network)
    # Boxes at the top and the bottom stand side by side, so the ellipse is wider than high.
    around = max(len(order) * 1.5, 8.0)
    wide = around / (2 * math.pi) * 1.35
    tall = max(around / (2 * math.pi) * 0.75, 1.2)
    centres = {
        name: (
            -wide * math.cos(2 * math.pi * place / len(order)),
            tall * math.sin(2 * math.pi * place / len(order)),
        )
        for place, name in enumerate(order)
    }
    scene = Scene()
    for name in order:
        node = network.nodes[name]
        if node.is_host:
            box = host_box(name, (name,), node.machine, duties.get(name), centre=centres[name])
        else:
            told = fitted(clean(name, limit=40), 7.5, 1.4)
            width = text_width(told, 7.5) + 0.2
            box = Box(name, centres[name], width, 0.3, (told,), "gateway")
        scene.boxes.append(box)
    busy = {frozenset((entry.start, entry.end)) for entry in carried}
    hosts = len(order)
    dense = len(network.wires) > _DENSE * hosts * (hosts - 1) / 2 and hosts > 6
    idle = [wire for wire in network.wires if frozenset((wire.a, wire.b)) not in busy]
    if dense and idle:
        scene.notes.append(f"{len(idle):,} links that carry nothing are not drawn")
    else:
        scene.strokes += [Stroke((centres[wire.a], centres[wire.b]), "idle", 0.8) for wire in idle]
    sized = {box.key: box for box in scene.boxes}
    routes = {
        (entry.start, entry.end): _clipped(sized[entry.start], sized[entry.end])
        for entry in carried
    }
    scene.strokes += path_strokes(carried, busiest, routes, by_rate=False)
    if busiest is not None:
        scene.name_stroke(busy_text(busiest), routes[busiest.start, busiest.end])
    return scene


def _walk(network: Network) -> list[str]:
    """All nodes, each behind a neighbour where there is one left; first by name at every choice."""
    neighbours = network.neighbours()
    left = dict.fromkeys(sorted(network.nodes))
    order: list[str] = []
    stack = list(left)[::-1]
    while stack:
        name = stack.pop()
        if name in left:
            del left[name]
            order.append(name)
            stack += [other for other in reversed(neighbours[name]) if other in left]
    return order


def _clipped(first: Box, last: Box) -> tuple[Point, Point]:
    """The line between two boxes' centres, without what lies under the boxes."""

    def edge(box: Box, towards: Point) -> Point:
        (x, y), (tx, ty) = box.centre, towards
        dx, dy = tx - x, ty - y
        reach = min(
            box.width / 2 / abs(dx) if dx else math.inf,
            box.height / 2 / abs(dy) if dy else math.inf,
            0.5,
        )
        return (x + dx * reach, y + dy * reach)

    return (edge(first, last.centre), edge(last, first.centre))
