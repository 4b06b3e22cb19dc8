"""One run of one side, in a process of its own; ``measure_moip_speed.py`` starts it.

    python moip_speed_child.py fleetfront|pyaugmecon FILE ANSWER TIME_LIMIT

FILE is a program in the moip JSON layout; what was found is written to ANSWER as JSON. pyaugmecon
runs in another environment, so nothing but the standard library is imported before the side is
known. Exit status 2, and one line on stderr, if that environment will not do.
"""

from __future__ import annotations

import json
import resource
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn


def own_cpu_s() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run_fleetfront(path: Path, limit_s: float) -> dict[str, Any]:
    """This package on one file."""
    from solver.instance.moip import read_program
    from solver.nondominated import nondominated_set
    from solver.sweep.moip import search

    program = read_program(path)
    before_s = own_cpu_s()
    found = nondominated_set(program, engines=search.ENGINES, time_limit_s=limit_s)
    cpu_s = own_cpu_s() - before_s
    outcome = found.outcome
    notes = list(outcome.notes)
    if outcome.open_boxes:
        known, boxes = len(outcome.candidates), len(outcome.open_boxes)
        notes.append(f"{known} more points found but not proved; {boxes} boxes open")
    return {
        "status": found.status,
        "points": [[str(value) for value in point.objectives.values()] for point in found],
        "cpu_solve_s": cpu_s,
        "solves": sum(outcome.solves.values()),
        "closed_by": Counter(box.claim.engine for box in outcome.closed_boxes),
        "notes": notes,
        "versions": {name: metadata.version(name) for name in ("highspy", "ortools", "numpy")},
    }


def run_pyaugmecon(path: Path) -> dict[str, Any]:
    """pyaugmecon 2 on one file."""
    names = ("pyaugmecon", "highspy", "pyomo", "numpy")
    try:
        versions = {name: metadata.version(name) for name in names}
    except metadata.PackageNotFoundError as error:
        refuse(f"{error.name} is not installed there; pyaugmecon 2 and highspy are needed")
    if not versions["pyaugmecon"].startswith("2."):
        refuse(f"has pyaugmecon {versions['pyaugmecon']}; version 2 is needed")
    import pyaugmecon

    model = pyomo_model(json.loads(path.read_text(encoding="utf-8")))
    config = {
        "mode": "exact",
        "workers": 1,
        "nadir_strategy": "payoff",
        "nadir_undercut": 1.0,
        "solver_name": "appsi_highs",
        "solver_options": {"threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0},
        "write_csv": False,
        "progress_bar": False,
        "log_to_console": False,
    }
    before_s = own_cpu_s()
    result = pyaugmecon.PyAugmecon(model, config).solve()
    cpu_s = own_cpu_s() - before_s
    return {
        "status": "complete",
        # Its values are floats; nearest integers give it the benefit of the doubt.
        "points": [[str(round(value)) for value in point] for point in result.points],
        "cpu_solve_s": cpu_s,
        "solves": result.models_solved,
        "versions": versions,
    }


def pyomo_model(document: dict[str, Any]) -> Any:
    """A moip JSON document as the Pyomo model that pyaugmecon asks for."""
    import pyomo.environ as pyo

    model, matrix = pyo.ConcreteModel(), document["A"]
    model.x = pyo.Var(range(document["n"]), domain=pyo.Integers)
    for j, (low, high) in enumerate(zip(document["lb"], document["ub"], strict=True)):
        model.x[j].setlb(low)
        model.x[j].setub(high)
    model.rows = pyo.ConstraintList()
    for i, (sense, side) in enumerate(zip(document["row_sense"], document["rhs"], strict=True)):
        cells = range(matrix["start"][i], matrix["start"][i + 1])
        row = sum(matrix["value"][k] * model.x[matrix["index"][k]] for k in cells)
        model.rows.add(
            row <= side if sense == "<=" else row >= side if sense == ">=" else row == side
        )
    model.obj_list = pyo.ObjectiveList()
    for sense, costs in zip(document["senses"], document["c"], strict=True):
        goal = sum(cost * model.x[j] for j, cost in enumerate(costs) if cost)
        model.obj_list.add(expr=goal, sense=pyo.maximize if sense == "max" else pyo.minimize)
    return model


def refuse(text: str) -> NoReturn:
    """Say on one line of stderr why this environment will not do, and end."""
    print(f"{sys.executable}: {text}", file=sys.stderr)
    sys.exit(2)


def main(side: str, path: str, told: str, limit_s: str) -> None:
    """Run, and write the answer."""
    if side == "fleetfront":
        answer = run_fleetfront(Path(path), float(limit_s))
    else:
        answer = run_pyaugmecon(Path(path))
    Path(told).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
