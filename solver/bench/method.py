"""How a benchmark was measured, in sentences; and the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from solver.bench.kinds.kind import Entry
from solver.bench.row import Row

__all__ = ["command_of", "facts_of", "method_of"]

_NAMES: Mapping[str, str] = {
    "set": "Set",
    "processor": "Processor",
    "machine": "System",
    "cores": "Cores of the machine",
    "workers": "Solves at once",
    "python": "Python",
    "versions": "Versions",
    "time_limit_s": "Time limit of a solve, wall seconds",
    "seeds": "Seeds",
    "levels_asked": "Levels of an instance",
    "engines": "Engines asked for",
    "engines_missing": "Engines missing",
    "started": "Started",
}


def _value(key: str, value: Any) -> str:
    if key == "levels_asked" and value is None:
        return "all"
    if isinstance(value, Mapping):
        joined = "; " if key == "engines_missing" else ", "
        return joined.join(f"{name} {told}" for name, told in value.items() if told) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def facts_of(header: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The header of a run as names and values; keys unknown here are told as they are."""
    keys = [key for key in _NAMES if key in header]
    keys += [key for key in header if key not in _NAMES]
    return [(_NAMES.get(key, key), _value(key, header[key])) for key in keys]


def command_of(
    header: Mapping[str, Any], rows: Sequence[Row] = (), entries: Sequence[Entry] = ()
) -> str:
    """The command that runs the same again.

    Parameters
    ----------
    rows, entries
        What was run and what exists: formulations are named where not all were run.
    """
    words = ["fleetfront", "bench", str(header["set"])]
    groups = {row.group for row in rows}
    run = {row.formulation for row in rows}
    known = list(dict.fromkeys(entry.name for entry in entries if entry.group in groups))
    if run and set(known) - run:
        words += ["--formulations", ",".join(name for name in known if name in run)]
    if header.get("engines"):
        words += ["--engines", ",".join(header["engines"])]
    words += ["--seeds", str(header["seeds"])]
    if "levels_asked" in header:
        levels = header["levels_asked"]
        words += ["--levels", "all" if levels is None else str(levels)]
    words += ["--time-limit", f"{header['time_limit_s']:g}"]
    if "workers" in header:
        words += ["--workers", str(header["workers"])]
    return shlex.join(words)


def method_of(header: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Headings and paragraphs: what was asked, timed, counted and compared."""
    limit = f"{header['time_limit_s']:g} s"
    return [
        (
            "What is asked",
            "Each instance is a file; its frontier has levels, and at a level one integer "
            "objective is minimised under upper bounds on the others. A case is an instance, a "
            "level and a seed. A side is a formulation on an engine. Every side is put every case "
            "of its group, on one thread.",
        ),
        (
            "What is timed",
            "CPU seconds of the solve alone. Reading the instance, stating the program and "
            "loading it are timed apart. The linear relaxation is solved outside the time that "
            f"counts. A solve is stopped after {limit} of wall time.",
        ),
        (
            "What counts as solved",
            "An answer counts only if its proof is believed and it is right: the point is checked "
            "in integers against every row, a claim that does not hold in integers is refused, "
            "and the value is held against the proved optimum, and rows of the same level "
            "against each other. Wrong is any contradiction; missing is called infeasible, or "
            "complete, where there is a point more; open is stopped, or bounded from one side "
            "only, and contradicts nothing.",
        ),
        (
            "Averages",
            "The shifted geometric mean of values v with shift s is the geometric mean of v + s, "
            "less s (Achterberg 2007, Constraint Integer Programming). A case that is not solved "
            "counts as its time limit, whatever the reason, so that all sides of a group are "
            "averaged over the same cases; a side that never ran has no averages. PAR10 is the "
            "mean with ten times the limit for unsolved cases (Hutter, Hoos, Leyton-Brown and "
            "Stützle 2009, ParamILS). A win is the least time on a case; times within 1 % or 1 ms "
            "of it share the win. Ratios of means take only the cases that both sides ran.",
        ),
        (
            "Bounds and effort",
            "The gap of a bound is (optimum - bound) / max(1, |optimum|), over cases with a "
            "proved optimum; its mean is geometric with a shift of 1 %. The linear relaxation "
            "belongs to the formulation and is solved once, by a floating-point engine. Nodes, "
            "iterations and deterministic time are shifted geometric means over solved cases, "
            "comparable within one engine only: what an engine calls a node is its own affair.",
        ),
        (
            "Performance profiles",
            "After Dolan and Moré (2002): for each side the share of cases that it solves within a "
            "multiple of the least time on the same case. At 1 it is the share on which the side "
            "is fastest, at the right end the share that it solves at all. Times below 1 ms count "
            "as equal; cases that nobody solves stay in the denominator.",
        ),
        (
            "Time to gap",
            "Share of cases whose answer is known to within a gap against wall time, the gap being "
            "|point - bound| / max(1, |point|). Proved and right is reached when the solve ends. "
            "Wrong, missing and refused answers reach no gap.",
        ),
    ]
