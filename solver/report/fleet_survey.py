"""What ``fleetfront show`` tells of a fleet question: options, levels, cells, limits, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import COST
from formulations.milp import INFINITY
from solver.engines.blocks import BlockProblem, find_blocks
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.describe import utilisation
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import stated_limits
from solver.report.findings import count_of
from solver.report.fleet_facts import amount, is_helper, is_supply, limit_title
from solver.report.numbers import clean, percent, short
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = ["fleet_survey", "print_fleet_survey", "show_fleet"]

_MOST_ROWS = 40
_KINDS = {
    "replicas": "of replicas",
    "nodes": "of nodes",
    "rate": "for the rate",
    "other": "for choices",
}


def fleet_survey(
    space: FleetSpace, plan: FleetPlan | None = None, *, about_plan: str = ""
) -> dict[str, Any]:
    """Sizes, levels, limits and structure of a fleet question, JSON values only.

    Parameters
    ----------
    plan
        The cheapest plan, or any other: how full it makes each limit is then told.
    about_plan
        What plan that is, or why there is none.

    Returns
    -------
    dict
        ``name``, ``title``, ``trade_off``; ``options`` stated and kept; ``columns`` by kind;
        ``options_by_workload`` and machine; ``rows`` (demands, stated limits, all); ``routed``
        workloads; ``speed_levels`` and ``quality_levels`` from best to worst; ``racks``;
        ``limits``, each with ``at_most`` (``None``: no limit, or what is bought), ``unit``,
        ``columns``, ``kind`` (``stated``, ``supply``) and, with a plan, ``share`` and ``binds``:
        what is left is too little for one more of any column that takes of it; ``plan``
        (``about_plan``); ``blocks`` (how many, or ``None``) and ``structure`` in words; ``notes``;
        ``warnings``. ``racks`` tell ``in_use``, with a plan.

    Raises
    ------
    ValueError
        If the plan does not fit the space.
    """
    if plan is not None and len(plan.counts) != len(space.columns):
        raise ValueError(f"{len(plan.counts)} counts for {len(space.columns)} columns")
    instance, problem = space.instance, space.problem
    counts: dict[str, int] = {}
    for column in space.columns:
        counts[column.kind] = counts.get(column.kind, 0) + 1
    blocks, structure = _structure(space)
    return {
        "name": instance.name,
        "title": instance.title if isinstance(instance, FleetInstance) else "",
        "trade_off": _trade_off(space),
        "options": {"stated": space.stated, "kept": space.pruned},
        "columns": {kind: counts[kind] for kind in _KINDS if kind in counts},
        "options_by_workload": _by_workload(space),
        "rows": {
            "demands": len(problem.demand),
            "limits": len(stated_limits(space)),
            "all": len(problem.demand) + len(problem.limit),
        },
        "routed": len(problem.routings),
        "speed_levels": _speeds(space),
        "quality_levels": [float(level) for level in space.quality_levels],
        "racks": _racks(space, plan),
        "plan": about_plan,
        "limits": _limits(space, plan),
        "blocks": blocks,
        "structure": structure,
        "notes": list(space.notes),
        "warnings": list(instance.warnings) if isinstance(instance, FleetInstance) else [],
    }


def _trade_off(space: FleetSpace) -> list[str]:
    if isinstance(space.instance, FleetInstance):
        return list(space.instance.trade_off)
    return ["speed", "cost"] if space.instance.column_latency_level else ["cost"]


def _by_workload(space: FleetSpace) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for column in space.columns:
        if column.kind == "replicas":
            machines = found.setdefault(column.workload, {})
            machines[column.machine] = machines.get(column.machine, 0) + 1
    return found


def _speeds(space: FleetSpace) -> list[float]:
    levels = space.speed_levels
    if len(levels) == 1 and levels[0].latency_ps is None:
        return []  # stands for a question without speeds
    return [float(level.speed) for level in levels]


def _racks(space: FleetSpace, plan: FleetPlan | None) -> dict[str, Any] | None:
    racks = space.problem.racks
    if racks is None:
        return None
    told: dict[str, Any] = {
        "count": dict(zip(racks.orbit_names, racks.count.tolist(), strict=True)),
        "dimensions": list(racks.dimension_names),
        "one_may_fail": racks.survive_loss,
    }
    if plan is not None:
        used = dict.fromkeys(racks.orbit_names, 0)
        for rack in plan.racks:
            if any(rack.holds.values()):
                used[racks.orbit_names[rack.orbit]] += rack.times
        told["in_use"] = used
    return told


def _limits(space: FleetSpace, plan: FleetPlan | None) -> list[dict[str, Any]]:
    problem = space.problem
    used = None if plan is None else utilisation(space, plan)
    taken = None if plan is None else problem.use.dot(plan.counts)
    found = []
    for row, (name, side) in enumerate(
        zip(problem.limit_names, problem.limit.tolist(), strict=True)
    ):
        if is_helper(name):
            continue
        unit, per_unit = space.limit_units[name]
        supply = is_supply(name)
        entry: dict[str, Any] = {
            "limit": name,
            "kind": "supply" if supply else "stated",
            "at_most": None if supply or side >= INFINITY else float(Fraction(side) / per_unit),
            "unit": unit,
            "columns": len(problem.use.row(row)[0]),
        }
        if used is not None and taken is not None:
            entry["share"] = used[name]["share"]
            values = problem.use.row(row)[1]
            least = int(values[values > 0].min(initial=INFINITY))
            entry["binds"] = not supply and side < INFINITY and side - taken[row] < least
        found.append(entry)
    return found


def _structure(space: FleetSpace) -> tuple[int | None, str]:
    """Whether the problem separates by workload, and by how many limits it is tied together."""
    measures = space.problem.measures
    found = find_blocks(space.problem, COST if COST in measures else next(iter(measures)))
    if not isinstance(found, BlockProblem):
        return None, f"one program over all columns: {found}"
    limits = len(found.limit)
    tied = f"tied by {count_of(limits, 'limit')}" if limits else "tied by nothing"
    return len(found.blocks), f"separates into {count_of(len(found.blocks), 'block')}, {tied}"


def print_fleet_survey(
    space: FleetSpace, console: Console, *, plan: FleetPlan | None = None, about_plan: str = ""
) -> None:
    """Print ``show_fleet`` for this console's width and character set."""
    ascii_only = console.options.ascii_only
    shown = show_fleet(
        space, plan=plan, about_plan=about_plan, width=console.width, ascii_only=ascii_only
    )
    show(console, shown)


def show_fleet(
    space: FleetSpace,
    *,
    plan: FleetPlan | None = None,
    about_plan: str = "",
    width: int = 80,
    ascii_only: bool = False,
) -> RenderableType:
    """``fleet_survey`` for people, on a terminal of ``width`` cells.

    Raises
    ------
    ValueError
        If the plan does not fit the space.
    """
    found = fleet_survey(space, plan, about_plan=about_plan)
    parts: list[RenderableType] = [
        Text(clean(found["title"] or found["name"], limit=120), style="bold"),
        Text(""),
        _facts(found),
    ]
    parts += _workload_table(found["options_by_workload"], width=width, ascii_only=ascii_only)
    parts += _limit_table(found["limits"], width=width, ascii_only=ascii_only)
    if about_plan:
        parts.append(Text(clean(_binding(found), limit=600)))
    for kind in ("note", "warning"):
        parts += [
            Text(f"{kind}: {clean(text, limit=400)}", style="yellow") for text in found[f"{kind}s"]
        ]
    return Group(*parts)


def _binding(found: Mapping[str, Any]) -> str:
    """Which limits bind, in a sentence."""
    about: str = found["plan"]
    limits, racks = found["limits"], found["racks"] or {}
    if limits and "binds" in limits[0]:
        names = [limit_title(entry["limit"]) for entry in limits if entry["binds"]]
        shown = ", ".join(names[:_MOST_ROWS])
        about += f" What binds there: {shown}." if names else " No limit binds there."
    if "in_use" in racks:
        about += (
            f" Racks in use: {sum(racks['in_use'].values())} of {sum(racks['count'].values())}."
        )
    return about


def _facts(found: Mapping[str, Any]) -> RenderableType:
    options, rows = found["options"], found["rows"]
    rest = "; others miss a limit or are dominated" if options["kept"] < options["stated"] else ""
    routed = found["routed"]
    pairs = [
        ("trade-off", " against ".join(found["trade_off"])),
        ("options", f"{options['stated']:,} stated, {options['kept']:,} kept{rest}"),
        ("columns", ", ".join(f"{n:,} {_KINDS[kind]}" for kind, n in found["columns"].items())),
        (
            "rows",
            f"{count_of(rows['demands'], 'demand')}, {count_of(rows['limits'], 'limit')}, "
            f"{count_of(rows['all'], 'row')} in all"
            + (f"; {count_of(routed, 'workload')} with routed request sizes" if routed else ""),
        ),
    ]
    if found["racks"] is not None:
        count = found["racks"]["count"]
        told = f"{count_of(sum(count.values()), 'rack')} of {count_of(len(count), 'kind')}"
        if found["racks"]["dimensions"]:
            told += f", with {', '.join(found['racks']['dimensions'])}"
        pairs.append(("racks", told + ("; any one may fail" * found["racks"]["one_may_fail"])))
    pairs += [
        (name.replace("_", " "), _range(found[name]))
        for name in ("speed_levels", "quality_levels")
        if found[name]
    ]
    pairs.append(("structure", found["structure"]))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in pairs:
        table.add_row(Text(name), Text(clean(value, limit=300)))
    return table


def _range(values: list[float]) -> str:
    if len(values) == 1:
        return f"1: {short(values[0])}"
    return f"{len(values):,}: from {short(max(values))} down to {short(min(values))}"


def _workload_table(
    counts: Mapping[str, Mapping[str, int]], *, width: int, ascii_only: bool
) -> list[RenderableType]:
    """Columns kept by workload and machine."""
    if not counts:
        return []
    machines = list(dict.fromkeys(machine for row in counts.values() for machine in row))
    titles = [clean(machine, limit=40) or "unnamed" for machine in machines]
    shown = list(counts.items())[:_MOST_ROWS]
    names = [clean(name, limit=40) for name, _ in shown]
    # Many machines would not fit side by side: then a workload tells how many it may run on.
    if sum(cell_len(title) + 2 for title in titles) + 30 <= width:
        headers = ["columns of", *titles]
        cells = [[f"{row.get(machine, 0):,}" for machine in machines] for _, row in shown]
    else:
        headers = ["columns of", "columns", "machines"]
        cells = [[f"{sum(row.values()):,}", f"{len(row):,}"] for _, row in shown]
    table = fitted_table(
        headers,
        [[name, *row] for name, row in zip(names, cells, strict=True)],
        width=width,
        give_up=[0] * len(headers),
        numeric=[False] + [True] * (len(headers) - 1),
        folds=frozenset({0}),
        ascii_only=ascii_only,
    )
    return [Text(""), table, *_rest(len(counts) - len(shown), "more workload")]


def _limit_table(
    limits: list[dict[str, Any]], *, width: int, ascii_only: bool
) -> list[RenderableType]:
    if not limits:
        return [Text(""), Text("No limit on the whole fleet is stated.")]
    shown = limits[:_MOST_ROWS]
    with_plan = "share" in limits[0]
    rows = []
    for entry in shown:
        supply = entry["kind"] == "supply"
        if entry["at_most"] is None:
            stated = "nodes bought" if supply else "no limit"
        else:
            stated = amount(entry["at_most"], entry["unit"])
        cells = [limit_title(clean(entry["limit"], limit=60)), stated, f"{entry['columns']:,}"]
        if with_plan:
            share = entry["share"]
            cells.append("" if share is None else percent(share))
            cells.append("yes" if entry["binds"] else "")
        rows.append(cells)
    headers = ["limit", "at most", "columns"] + (["used", "binds"] if with_plan else [])
    table = fitted_table(
        headers,
        rows,
        width=width,
        give_up=[0] * len(headers),
        numeric=[False, True, True, True, False][: len(headers)],
        folds=frozenset({0}),
        ascii_only=ascii_only,
    )
    return [Text(""), table, *_rest(len(limits) - len(shown), "more limit")]


def _rest(count: int, noun: str) -> list[RenderableType]:
    return [Text(f"and {count_of(count, noun)}", style="dim")] if count else []
