"""``fleetfront compare``: what changed between two results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solver.cli.exits import COMPLETE

__all__ = ["compare_command"]


def compare_command(
    before: Annotated[Path, typer.Argument(help="A result file.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> int:
    """What changed between two results: the question, the points, cost at equal speed.

    Example: fleetfront compare monday.json tuesday.json
    """
    import json

    from rich.console import Console

    from solver.errors import ResultError
    from solver.report import compare_results, print_comparison
    from solver.result import read_result

    results = read_result(before)[0], read_result(after)[0]
    try:
        changes = compare_results(*results)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResultError.one(
            f"a value is of the wrong kind ({error})",
            where=f"{before} or {after}",
            mend="Check both with 'fleetfront verify'",
        ) from error
    if as_json:
        print(json.dumps(changes.as_dict(), indent=1))
    else:
        print_comparison(changes, Console(highlight=False))
    return COMPLETE
