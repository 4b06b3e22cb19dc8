"""The standing benchmark: its rows in one file, and the section of the README made from them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from solver.bench.cases import NOT_RUN
from solver.bench.row import Row, row_from_json
from solver.bench.summary import Summary
from solver.bench.tables import best_markdown, summary_markdown
from solver.errors import ResultError

__all__ = ["BEGIN", "END", "read_standing", "standing_text", "written_section"]

BEGIN = "<!-- benchmark: written by scripts/benchmark_readme.py -->"
END = "<!-- end of benchmark -->"
_COLUMNS = ("solved", "mean s (+1 s)", "PAR10 s", "wins", "ratio to †", "LP gap mean")


def standing_text(header: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """One JSON line for the header and for each row, without the course of its bounds."""
    lines = [{"header": dict(header)}]
    lines += [{"row": replace(row, trajectory=()).to_dict()} for row in rows]
    return "".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines
    )


def read_standing(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Header and rows of such a file, which is compressed.

    Raises
    ------
    ResultError
        If it cannot be read.
    """
    try:
        first, *lines = gzip.decompress(path.read_bytes()).decode().split("\n")
        header: dict[str, Any] = json.loads(first)["header"]
        return header, [row_from_json(json.loads(line)) for line in lines if line]
    except (OSError, ValueError, KeyError) as error:
        raise ResultError.one(
            f"is no standing benchmark ({error})", where=str(path), mend="Run the script that does"
        ) from error


def _told(header: Mapping[str, Any], rows: int) -> str:
    versions = header["versions"]
    named = ", ".join(
        f"{label} {versions[name]}"
        for label, name in (("HiGHS", "highspy"), ("OR-Tools", "ortools"), ("Pyomo", "pyomo"))
    )
    return (
        f"{rows:,} solves of set `{header['set']}`, one level each, at most "
        f"{header['time_limit_s']:g} s, {header['workers']} at once on {header['cores']} cores "
        f"({header['processor']}), {str(header['started'])[:10]}; {named} (CP-SAT and SCIP are "
        "those of OR-Tools). Engines look at the clock now and then: a proof that comes a little "
        "late counts. The enumeration of replicas is timed with its candidates evaluated already."
    )


def written_section(readme: str, header: Mapping[str, Any], summary: Summary) -> str:
    """The README with its benchmark section made from a summary.

    Raises
    ------
    ValueError
        If the markers are not there, each once.
    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise ValueError("the README needs both markers of the benchmark section, once")
    solves = sum(row.status not in NOT_RUN for row in summary.rows)
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    body = (
        f"{BEGIN}\n{_told(header, solves)}\n\n{best_markdown(summary)}\n"
        "![performance profiles, one panel a group](instances/bench/profiles.png)\n\n"
        "<details><summary>Every formulation on every engine</summary>\n\n"
        f"{summary_markdown(summary, headers=_COLUMNS)}\n</details>\n{END}"
    )
    return f"{before}{body}{after}"
