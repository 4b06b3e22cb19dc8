"""A network with switches as tiers: hosts below by rack, leaves, spines and cores above them.

Regions stand side by side, their long-haul links as arcs on top. Gateways stand at the sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from solver.report.numbers import clean, short, with_prefix
from solver.report.placement_fold import Folded, Shown, fold
from solver.report.placement_network import Carried, Duty, Network, Wire
from solver.report.placement_scene import Box, Label, Point, Scene, Stroke, fitted, text_width
from solver.report.placement_strokes import arc, busy_text, path_strokes, shifted

__all__ = ["HOST_HEIGHT", "HOST_WIDTH", "host_box", "tier_scene"]

HOST_WIDTH, HOST_HEIGHT = 1.04, 0.60
_IDLE_HEIGHT = 0.34
_LANE = 0.26
"""Between two columns of hosts: links to hosts below the first row run there."""
_ROW = HOST_HEIGHT + 0.2
_TIER = 0.98
_GROUP_GAP, _REGION_GAP = 0.35, 0.6
_WIDEST = 12.4
_SWITCH_HEIGHT = 0.27
_MOST_IDLE_LINKS = 300
_RANK = {"nvlink_domain": 1, "leaf": 1, "spine": 2, "core": 3, "region": 4, "wan_router": 5}


@dataclass(slots=True)
class _Placing:
    """What is placed so far: boxes by key, and the row of each host."""

    folded: Folded
    boxes: dict[str, Box] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def host_box(
    key: str, names: Sequence[str], machine: str, duty: Duty | None, *, drop: str = "",
    centre: Point = (0.0, 0.0),
) -> Box:  # fmt: skip
    """A host as a box: name, layers and how it runs; hollow where idle, or several idle ones.

    ``drop`` is left out at the start of the name: a region says it already.
    """
    name = clean(names[0].removeprefix(drop), limit=60)
    if duty is None:
        lines = (fitted(name, 7, HOST_WIDTH - 0.1), "idle")
        if len(names) > 1:
            lines = (f"+{len(names)} idle", fitted(clean(machine, limit=40), 7, HOST_WIDTH - 0.1))
        return Box(key, centre, HOST_WIDTH, _IDLE_HEIGHT, lines, "idle", machine)
    told = [fitted(name, 7, HOST_WIDTH - 0.16, bold=True), duty.held, duty.how]
    lines_used = tuple(line for line in told if line)
    badge = str(duty.place) if duty.place else ""
    return Box(
        key, centre, HOST_WIDTH, HOST_HEIGHT, lines_used, "used", machine, badge, duty.chain
    )  # fmt: skip


def tier_scene(
    network: Network,
    duties: Mapping[str, Duty],
    carried: Sequence[Carried],
    busiest: Carried | None,
    *,
    by_rate: bool = False,
) -> Scene:
    """Lay a network out in tiers.

    Parameters
    ----------
    duties
        Of the hosts in use.
    carried, busiest
        Directions of links in use.
    by_rate
        Draw them as wide as what they carry.
    """
    used = {*duties, *(entry.start for entry in carried), *(entry.end for entry in carried)}
    placing = _Placing(fold(network, used))
    _place_hosts(placing, duties)
    _place_switches(placing, network, used)
    _place_gateways(placing, network, used)
    scene = Scene(boxes=list(placing.boxes.values()))
    _idle_links(scene, placing, network, carried)
    routes = {
        (entry.start, entry.end): _route(placing, entry.start, entry.end) for entry in carried
    }
    scene.strokes += path_strokes(carried, busiest, routes, by_rate=by_rate)
    _frames(scene, placing)
    _long_haul(scene, placing, network)
    if busiest is not None:
        points = shifted(routes[busiest.start, busiest.end], 0.045)
        scene.name_stroke(busy_text(busiest), points[-2:] if len(points) == 4 else points)
    return scene


def _groups(folded: Folded, duties: Mapping[str, Duty]) -> list[list[list[Shown]]]:
    """Boxes of hosts by region and by the switches they hang on, in the order they are drawn."""
    count = max(len(folded.regions), 1)
    regions: list[dict[tuple[str, ...], list[Shown]]] = [{} for _ in range(count)]
    for one in folded.shown.values():
        if one.kind == "host":
            regions[one.region].setdefault(one.above, []).append(one)

    def order(one: Shown) -> tuple[object, ...]:
        duty = duties.get(one.names[0])
        if duty is None:
            return (1, 0, 0, 0, one.machine, one.key)
        return (0, duty.chain, duty.place, duty.first_layer, one.machine, one.key)

    return [[sorted(groups[above], key=order) for above in sorted(groups)] for groups in regions]


def _place_hosts(placing: _Placing, duties: Mapping[str, Duty]) -> None:
    regions = _groups(placing.folded, duties)
    rows = 1
    # As few rows as the width of a page allows.
    while rows < 12 and _width(regions, rows) > _WIDEST:
        rows += 1
    left = 0.0
    for number, groups in enumerate(regions):
        drop = _prefix(placing.folded, number)
        for group in groups:
            columns = -(-len(group) // rows)
            for place, one in enumerate(group):
                row, column = divmod(place, columns)
                x = left + _LANE + column * (HOST_WIDTH + _LANE) + HOST_WIDTH / 2
                box = host_box(
                    one.key, one.names, one.machine, duties.get(one.names[0]), drop=drop,
                    centre=(x, -row * _ROW),
                )  # fmt: skip
                placing.boxes[one.key], placing.rows[one.key] = box, row
            left += columns * (HOST_WIDTH + _LANE) + _GROUP_GAP
        left += _REGION_GAP


def _width(regions: Sequence[Sequence[Sequence[Shown]]], rows: int) -> float:
    columns = sum(-(-len(group) // rows) for groups in regions for group in groups)
    groups = sum(len(groups) for groups in regions)
    return (
        columns * (HOST_WIDTH + _LANE)
        + (groups - 1) * _GROUP_GAP
        + (len(regions) - 1) * _REGION_GAP
    )


def _prefix(folded: Folded, region: int) -> str:
    return f"{folded.regions[region]}/" if folded.regions and folded.regions[region] else ""


def _switch_box(placing: _Placing, one: Shown, used: set[str], centre: Point) -> Box:
    drop = _prefix(placing.folded, one.region)
    name = clean(one.names[0].removeprefix(drop), limit=60)
    if len(one.names) > 1:
        name = f"+{len(one.names)} × {one.kind.replace('_', ' ')}"
    text = fitted(name, 7.5, 1.5)
    width = max(0.5, text_width(text, 7.5) + 0.16)
    style = "used_switch" if one.names[0] in used else "switch"
    if one.kind == "gateway":
        style = "gateway"
    return Box(one.key, centre, width, _SWITCH_HEIGHT, (text,), style)  # type: ignore[arg-type]


def _place_switches(placing: _Placing, network: Network, used: set[str]) -> None:
    """Each tier over what hangs on it, kept in order and apart."""
    folded = placing.folded
    joined: dict[str, set[str]] = {key: set() for key in folded.shown}
    for wire in network.wires:
        a, b = folded.key_of[wire.a], folded.key_of[wire.b]
        joined[a].add(b)
        joined[b].add(a)
    switches = [one for one in folded.shown.values() if one.kind in _RANK]
    ranks = sorted({_RANK[one.kind] for one in switches})
    base = HOST_HEIGHT / 2
    for tier, rank in enumerate(ranks, start=1):
        y = base + tier * _TIER
        for region in range(max(len(folded.regions), 1)):
            row = [one for one in switches if _RANK[one.kind] == rank and one.region == region]
            wanted = {}
            for one in row:
                below = [
                    placing.boxes[key].centre[0]
                    for key in sorted(joined[one.key] & placing.boxes.keys())
                    if _is_below(folded.shown[key], one)
                ]
                inside = [
                    placing.boxes[other.key].centre[0]
                    for other in folded.shown.values()
                    if other.region == region and other.key in placing.boxes
                ]
                xs = below or inside or [0.0]
                wanted[one.key] = sum(xs) / len(xs)
            row.sort(key=lambda one: (round(wanted[one.key], 6), one.key))
            boxes = [_switch_box(placing, one, used, (wanted[one.key], y)) for one in row]
            for box in _apart(boxes):
                placing.boxes[box.key] = box


def _is_below(one: Shown, other: Shown) -> bool:
    """Whether ``one`` hangs on ``other`` in the same region."""
    return one.region == other.region and _RANK.get(one.kind, 0) < _RANK[other.kind]


def _apart(boxes: Sequence[Box], gap: float = 0.22) -> list[Box]:
    """Boxes of one tier moved sideways until none touches the next, each group about its middle."""
    groups: list[tuple[list[Box], float]] = []
    for box in boxes:
        members, wanted = [box], box.centre[0]
        while groups:
            last, middle = groups[-1]
            reach = middle + _span(last, gap) / 2 + gap
            if reach <= wanted - _span(members, gap) / 2:
                break
            groups.pop()
            total = len(last) + len(members)
            wanted = (middle * len(last) + wanted * len(members)) / total
            members = last + members
        groups.append((members, wanted))
    placed = []
    for members, middle in groups:
        left = middle - _span(members, gap) / 2
        for box in members:
            placed.append(moved(box, (left + box.width / 2, box.centre[1])))
            left += box.width + gap
    return placed


def _span(boxes: Sequence[Box], gap: float) -> float:
    return sum(box.width for box in boxes) + gap * (len(boxes) - 1)


def moved(box: Box, centre: Point) -> Box:
    """The same box elsewhere."""
    return Box(
        box.key, centre, box.width, box.height, box.lines, box.style, box.machine, box.badge,
        box.chain,
    )  # fmt: skip


def _place_gateways(placing: _Placing, network: Network, used: set[str]) -> None:
    """Left of everything, then right of it, as high as what they hang on."""
    gateways = [one for one in placing.folded.shown.values() if one.kind == "gateway"]
    if not gateways:
        return
    neighbours = network.neighbours()
    left = min(box.rectangle[0] for box in placing.boxes.values())
    right = max(box.rectangle[2] for box in placing.boxes.values())
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number, one in enumerate(gateways):
        keys = {placing.folded.key_of[other] for other in neighbours[one.names[0]]}
        heights = [placing.boxes[key].centre[1] for key in keys if key in placing.boxes]
        on_left = number % 2 == 0
        y = max(heights, default=0.0)
        while any(abs(y - other) < 0.4 for other in taken[on_left]):
            y += 0.4
        taken[on_left].append(y)
        box = _switch_box(placing, one, used, (0.0, y))
        away = box.width / 2 + 0.35
        placing.boxes[one.key] = moved(box, (left - away if on_left else right + away, y))


def _route(placing: _Placing, start: str, end: str) -> tuple[Point, ...]:
    """The line from one node's box to another's."""
    a, b = placing.folded.key_of[start], placing.folded.key_of[end]
    first, last = placing.boxes[a], placing.boxes[b]
    (xa, ya), (xb, yb) = first.centre, last.centre
    if abs(ya - yb) < 0.05:
        kinds = {placing.folded.shown[key].kind for key in (a, b)}
        if kinds == {"wan_router"}:
            # Drawn from left to right whatever the direction: both directions on one arc.
            left, right = sorted((_top(first), _top(last)))
            points = arc(left, right)
            return points if xa <= xb else points[::-1]
        side = 1 if xb > xa else -1
        return ((xa + side * first.width / 4, ya), (xb - side * last.width / 4, yb))
    if ya > yb:
        return _route(placing, end, start)[::-1]
    upper = (xb + _clamp((xa - xb) * 0.08, last.width / 2 - 0.1), yb - last.height / 4)
    row = placing.rows.get(a, 0)
    if row == 0:
        return ((xa, ya + first.height / 4), upper)
    # Below the first row: up in the lane left of the column, then straight to the switch.
    lane = xa - first.width / 2 - _LANE / 2
    return ((xa - first.width / 4, ya), (lane, ya), (lane, HOST_HEIGHT / 2 + 0.08), upper)


def _top(box: Box) -> Point:
    return (box.centre[0], box.centre[1] + box.height / 2)


def _clamp(value: float, most: float) -> float:
    return max(-most, min(most, value))


def _idle_links(
    scene: Scene, placing: _Placing, network: Network, carried: Sequence[Carried]
) -> None:
    key_of = placing.folded.key_of
    busy = {frozenset((key_of[entry.start], key_of[entry.end])) for entry in carried}
    idle: dict[frozenset[str], Wire] = {}
    for wire in network.wires:
        ends = frozenset((key_of[wire.a], key_of[wire.b]))
        if ends not in busy and len(ends) == 2:
            idle.setdefault(ends, wire)
    if len(idle) > _MOST_IDLE_LINKS:
        scene.notes.append(f"{len(idle):,} kinds of links that carry nothing are not drawn")
        return
    for wire in idle.values():
        scene.strokes.append(Stroke(_route(placing, wire.a, wire.b), "idle", 0.8))


def _frames(scene: Scene, placing: _Placing) -> None:
    """A frame around each region, its name below."""
    folded = placing.folded
    for number, title in enumerate(folded.regions):
        areas = [
            placing.boxes[one.key].rectangle
            for one in folded.shown.values()
            if one.region == number and one.kind not in ("wan_router", "gateway")
        ]
        left, bottom = min(a[0] for a in areas) - 0.26, min(a[1] for a in areas) - 0.12
        right, top = max(a[2] for a in areas) + 0.26, max(a[3] for a in areas) + 0.12
        corners = ((left, bottom), (right, bottom), (right, top), (left, top), (left, bottom))
        scene.strokes.insert(0, Stroke(corners, "frame", 0.8))
        if title:
            scene.labels.append(
                Label(clean(title, limit=40), ((left + right) / 2, bottom - 0.13), 9, bold=True)
            )


def _long_haul(scene: Scene, placing: _Placing, network: Network) -> None:
    """Bandwidth and latency of each link between regions, beside its arc."""
    for wire in network.wires:
        if {network.nodes[wire.a].kind, network.nodes[wire.b].kind} == {"wan_router"}:
            points = _route(placing, wire.a, wire.b)
            middle = points[len(points) // 2]
            rate = with_prefix(8 * wire.bytes_per_s, "bit/s")
            text = f"{rate}, {short(wire.latency_ps / 1e9, 3)} ms"
            scene.labels.append(Label(text, (middle[0], middle[1] + 0.13), 7.5))
