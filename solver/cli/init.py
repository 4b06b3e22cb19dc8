"""``fleetfront init`` and ``fleetfront schema``: a commented question, and what editors need."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from solver.cli.exits import COMPLETE

__all__ = ["init_command", "schema_command"]


def _deliver(text: str, out: Path | None) -> int:
    if out is None:
        sys.stdout.write(text)
        return COMPLETE
    from solver.result.writing import check_writable, write_whole

    check_writable({"--out": out})
    write_whole({out: text.encode()})
    return COMPLETE


def init_command(
    kind: Annotated[
        str, typer.Argument(help="Kind of question: replica, fleet or placement.")
    ] = "replica",
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> int:
    """Print a commented instance to start from; it solves as it stands.

    Example: fleetfront init > my.toml
    """
    from solver.errors import InstanceError, OutputError
    from solver.instance.reader import KINDS

    if kind not in KINDS:
        raise InstanceError.one(
            f"{kind!r} is not a kind of question",
            where="fleetfront init",
            mend=f"Choose from {', '.join(KINDS)}",
        )
    if out is not None and out.is_file():
        raise OutputError.one(
            "the file is there already, and what it holds would be lost",
            where=f"--out {out}",
            mend="Name a new file, or delete this one first",
        )
    template = files("solver.instance").joinpath(f"template_{kind}.toml")
    return _deliver(template.read_text(encoding="utf-8"), out)


def schema_command(
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> int:
    """Print the JSON Schema of instance files, for completion and checks in an editor.

    Example: fleetfront schema --out fleetfront-instance.schema.json
    """
    from solver.instance.schema import instance_schema

    return _deliver(json.dumps(instance_schema(), indent=2) + "\n", out)
