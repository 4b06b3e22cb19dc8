"""What there is to benchmark: sets, families with their parameters, formulations, engines."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from solver.bench.families.catalogue import families
from solver.bench.families.family import Family
from solver.bench.registry import ENGINES, GROUPS, all_entries, engines_of
from solver.bench.set_files import members_of_sets, set_names

__all__ = ["print_listing"]


def _parameters(family: Family) -> str:
    parts = []
    for name, field in family.parameters.model_fields.items():
        default = field.get_default(call_default_factory=True)
        told = list(default) if isinstance(default, tuple) else default
        parts.append(f"{name}={told}")
    return ", ".join(parts)


def print_listing(console: Console | None = None) -> None:
    """Print all names that ``fleetfront bench`` knows."""
    screen = Console(highlight=False) if console is None else console
    screen.print("Sets (fleetfront bench SET; several joined by +):", style="bold")
    sets = Table(box=None, show_header=False, pad_edge=False)
    sets.add_column(no_wrap=True)
    sets.add_column(justify="right")
    for name in set_names():
        sets.add_row(f"  {name}", f"{len(members_of_sets([name]))} instances")
    screen.print(sets)
    screen.print("\nFamilies (FAMILY:key=value,...,seeds=K):", style="bold")
    for name, family in families().items():
        screen.print(f"  {name} ({family.group}): {family.summary}", markup=False)
        screen.print(f"      {_parameters(family)}", markup=False, style="dim")
    for group in GROUPS:
        screen.print(f"\nFormulations of {group}:", style="bold")
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column()
        table.add_column(style="dim")
        for entry in all_entries():
            if entry.group == group:
                mark = " (textbook)" if entry.textbook else ""
                table.add_row(f"  {entry.name}{mark}", entry.summary, ", ".join(engines_of(entry)))
        screen.print(table)
    screen.print(f"\nEngines: {', '.join(ENGINES)}")
