"""``fleetfront verify``: check a result without trusting what produced it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli.exits import COMPLETE, FAILED
from solver.cli.progress import patience

if TYPE_CHECKING:
    from solver.sweep.certificate import Verification

__all__ = ["verify_command"]


def verify_command(
    result: Annotated[Path, typer.Argument(help="A result file of 'solve --out' or 'moip --out'.")],
    instance: Annotated[
        Path | None, typer.Option(help="The question it should answer, as a file.")
    ] = None,
    reprove: Annotated[
        bool,
        typer.Option(
            "--reprove",
            help="Close every box again with another engine; of fleets also work out again what "
            "conflicts and the answers.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but what failed.")] = False,
) -> int:
    """Recompute a result from its instance: points, designs, boxes, ideal, nadir, conflict.

    Works on frontiers ('solve') and on nondominated sets ('moip'). What only solving again can
    tell is listed as not checked where --reprove was not asked for.

    Exit status: 0 all checks passed, 1 one failed, 2 bad input.

    Example: fleetfront verify result.json --reprove
    """
    from solver.api import verify
    from solver.sweep.checking import NotChecked

    with patience("verifying", quiet=quiet, stops=False) as waiting:
        verification = verify(
            result, instance=instance, reprove=reprove, on_progress=waiting.progress
        )
    if as_json:
        checks = [
            {
                "name": check.name,
                "passed": check.passed,
                "checked": not isinstance(check, NotChecked),
                "faults": list(check.faults),
                "detail": check.detail,
            }
            for check in verification.checks
        ]
        print(json.dumps({"passed": verification.passed, "checks": checks}, indent=1))
    else:
        for check in verification.checks:
            if check.passed and not quiet:
                word = "not checked:" if isinstance(check, NotChecked) else "ok     "
                print(f"{word} {check.name}" + (f": {check.detail}" if check.detail else ""))
            for fault in check.faults:
                print(f"FAILED  {check.name}: {fault}")
        if not quiet:
            print(_verdict(verification))
    return COMPLETE if verification.passed else FAILED


def _verdict(verification: Verification) -> str:
    """The last line: no more than what was looked at."""
    from solver.sweep.checking import NotChecked

    if not verification.passed:
        return "verification failed"
    open_parts = any(isinstance(check, NotChecked) for check in verification.checks)
    return "verified but for what is not checked" if open_parts else "verified"
