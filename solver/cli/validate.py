"""``fleetfront validate``: the performance model against published outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from solver.cli.exits import COMPLETE, FAILED

__all__ = ["validate_command"]


def validate_command(
    path: Annotated[Path, typer.Argument(help="A folder or a file of reference outputs.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> int:
    """Compare the performance model epoch2025 with reference outputs, row by row.

    What a file is is told by its name and columns; others are listed as ignored. Exit status: 0 all
    rows agree to 1e-9, 1 some do not, 2 bad input.

    Example: fleetfront validate reference/ --json
    """
    from rich.console import Console

    from solver.performance.validation import validate_path
    from solver.report import print_validation

    report = validate_path(path)
    if as_json:
        print(json.dumps(report.as_dict(), indent=1))
    else:
        print_validation(report, Console(highlight=False))
    return COMPLETE if report.passed else FAILED
