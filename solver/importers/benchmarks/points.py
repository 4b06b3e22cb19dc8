"""A plain CSV of measured points: checked as the fleet's own reader does, then passed on.

Every row says where it is from: its own ``source``, else the file and line. What the rows leave out
and the instance or an answer gives is filled in: the workload, the machine, the devices.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from solver.errors import Fault, InstanceError
from solver.importers.answering import check_answers
from solver.importers.benchmarks.cells import check_name, file_word, plain_text
from solver.importers.benchmarks.columns import ForeignTable, read_foreign_table
from solver.importers.benchmarks.existing import Existing
from solver.importers.benchmarks.fleet_tables import fleet_tables
from solver.importers.benchmarks.model_ids import catalog_model
from solver.importers.benchmarks.points_file import points_file
from solver.importers.benchmarks.points_table import COLUMNS
from solver.importers.findings import Answers, Findings, Missing, Tables
from solver.importers.safe_reading import read_text
from solver.importers.visible import visible
from solver.instance.fleet.csv_table import MAX_BYTES
from solver.instance.fleet.fault_limit import listed
from solver.instance.fleet.points import read_points

__all__ = ["read_point_table"]

_WHAT = "a CSV of measured points, with the columns devices and requests_per_s"
_REMARKS = ("Measured operating points - each row says where it is from.",)
Row = tuple[int, dict[str, str]]


def read_point_table(path: Path, answers: Answers) -> Findings:
    """Measured operating points from a CSV in the columns of fleets or in usual names of them.

    Raises
    ------
    InstanceError
        With every fault of the table, and of answers that do not fit it.
    """
    check_answers(answers)
    where = visible(str(path), 200)
    faults: list[Fault] = []
    text = read_text(path, what=_WHAT, max_bytes=MAX_BYTES)
    table = read_foreign_table(text, where, faults)
    if not table.rows and not faults:
        raise InstanceError.one("holds no row below its header", where=where, mend="Add rows")
    existing = Existing(answers)
    notes: list[str] = []
    if table.left_out:
        notes.append(f"{where}: columns that are not read: {', '.join(table.left_out[:20])}")
    machine = existing.machine_for(answers)
    notes += existing.note_on_machine(machine)
    _fill(table, path, answers, existing, where, machine)
    faults.extend(_faults(table, where, existing, answers))
    if faults:
        raise InstanceError.all_of(listed(faults, where))

    by_workload: dict[str, list[Row]] = {}
    for line, row in table.rows:
        by_workload.setdefault(row["workload"], []).append((line, row))
    files: dict[str, bytes] = {}
    missing: list[Missing] = []
    answered: list[str] = []
    found: dict[str, list[Tables]] = {}
    for workload, rows in by_workload.items():
        name = existing.points(workload) or f"points-{file_word(workload)}.csv"
        _check_models(workload, rows, existing, where)
        notes += existing.note_on_points(workload)
        laid = points_file(
            name,
            [({key: row[key] for key in table.columns}, f"{where}:{line}") for line, row in rows],
            existing,
            notes,
            runs=False,
            columns=[key for key in (*COLUMNS, *table.columns) if key in table.columns],
            remarks=_REMARKS,
            imported=path,
        )
        files[name] = laid.data()
        tables, asked = _workload(workload, rows, name, answers, existing, path)
        missing += [*_cells(name, rows, existing.machines), *asked]
        answered += existing.cells_answered(laid, name, machine)
        for key, entries in tables.items():
            have = found.setdefault(key, [])
            have += [entry for entry in entries if entry not in have]
    return Findings(
        question="fleet",
        tables=dict(found),
        missing=tuple(dict.fromkeys(missing)),
        notes=tuple(dict.fromkeys(notes)),
        files=files,
        answered=tuple(answered),
    )


def _fill(
    table: ForeignTable,
    path: Path,
    answers: Answers,
    existing: Existing,
    where: str,
    machine: str | None,
) -> None:
    """Give every row a workload, a source, and what the answers say of all rows."""
    for column in ("workload", "model", "machine", "devices", "source"):
        if column not in table.columns:
            table.columns.append(column)
    models = dict.fromkeys(row.get("model", "") for _, row in table.rows)
    only = next(iter(models)) if len(models) == 1 else None
    model = answers.model or (catalog_model(only) or only if only else None)
    unnamed = any(not row.get("workload") for _, row in table.rows)
    workload = existing.workload_for(answers, model, where) if unnamed else None
    for line, row in table.rows:
        stated = row.get("model", "")
        row["model"] = (catalog_model(stated) or stated) if stated else answers.model or ""
        row["workload"] = row.get("workload") or workload or model or "benchmark"
        row["machine"] = row.get("machine") or machine or ""
        row["devices"] = row.get("devices") or answers.devices or ""
        row["source"] = plain_text(row.get("source") or f"{path.name}:{line}")


def _faults(table: ForeignTable, where: str, existing: Existing, answers: Answers) -> list[Fault]:
    """What the fleet's own reader finds wrong with the rows, at their lines in this file."""
    faults: list[Fault] = []
    named = {
        key: dict.fromkeys(row[key] for _, row in table.rows) for key in ("workload", "machine")
    }
    for key, names in named.items():
        for name in names:
            if name:
                check_name(name, f"{where}: {key}", faults, flag=f"--{key} name")
    known_workloads = (*existing.workloads, *([answers.workload] if answers.workload else []))
    known_machines = (*existing.machines, *([answers.machine] if answers.machine else []))
    with tempfile.TemporaryDirectory(prefix="fleetfront-points-") as folder:
        copy = Path(folder) / "points.csv"
        out = io.StringIO()
        writer = csv.DictWriter(out, table.columns, restval="", lineterminator="\n")
        writer.writeheader()
        for _, row in table.rows:
            # A line break in a cell would shift the lines; devices may be asked for later.
            cells = {key: " ".join(text.split()) for key, text in row.items()}
            writer.writerow(cells | {"devices": row["devices"] or "1"})
        copy.write_text(out.getvalue(), encoding="utf-8")
        _, _, found = read_points(
            copy,
            workloads=known_workloads if existing.workloads else tuple(named["workload"]),
            machines=known_machines if existing.machines else tuple(filter(None, named["machine"])),
        )
        lines = [line for line, _ in table.rows]
        faults.extend(_at_home(fault, str(copy), where, lines) for fault in found)
    return faults


def _at_home(fault: Fault, copy: str, where: str, lines: Sequence[int]) -> Fault:
    """A fault of the copy as one of the file: the same row, another line."""
    rest = fault.where.removeprefix(copy)
    match = re.match(r":(\d+)", rest)
    if match is None:
        return replace(fault, where=where + rest)
    number = int(match[1])
    line = lines[number - 2] if number >= 2 else None
    return replace(fault, where=f"{where}{f':{line}' if line else ''}{rest[match.end() :]}")


def _check_models(workload: str, rows: Sequence[Row], existing: Existing, where: str) -> None:
    """Rows name the model as the workload does; faults where it is served by others alone."""
    faults: list[Fault] = []
    for name in dict.fromkeys(row["model"] for _, row in rows if row["model"]):
        check_name(name, f"{where}: model", faults, flag="--model Llama-3.1-8B")
        spelled = existing.check_model(workload, name, where, faults)
        for _, row in rows:
            if row["model"] == name:
                row["model"] = spelled
    if faults:
        raise InstanceError.all_of(faults)


def _workload(
    workload: str,
    rows: Sequence[Row],
    name: str,
    answers: Answers,
    existing: Existing,
    path: Path,
) -> tuple[Mapping[str, list[Tables]], list[Missing]]:
    """Tables around the rows of one workload, and what they leave open."""
    classes = {
        (int(row["input_tokens"]), int(row["output_tokens"]))
        for _, row in rows
        if row.get("input_tokens") and row.get("output_tokens")
    }
    stated = existing.classes(workload)
    if classes and stated and not classes & set(stated):
        shown, asked = (
            ", ".join(f"{one} and {two}" for one, two in sorted(sizes)[:5])
            for sizes in (classes, set(stated))
        )
        raise InstanceError.one(
            f"was measured on requests of {shown} tokens in and out, where {asked} are asked for",
            where=visible(str(path), 200),
            mend="Measure it on such requests, or state the workload with these lengths",
        )
    models = dict.fromkeys(row["model"] for _, row in rows if row["model"])
    machines = dict.fromkeys(row["machine"] for _, row in rows if row["machine"])
    source = plain_text(path.name)
    found, asked_for = fleet_tables(
        workload=workload,
        model=next(iter(models)) if len(models) == 1 else None,
        size_class=next(iter(classes)) if len(classes) == 1 else None,
        size_source=source,
        points=name,
        model_source=source,
        machines=list(machines),
        answers=answers,
        existing=existing,
    )
    missing = {one.key: one for one in asked_for}
    if len(classes) > 1 and not existing.has(workload, "sizes", "histogram", "service"):
        for key in ("input_tokens", "output_tokens"):
            missing.pop(f"workloads.{workload}.{key}", None)
        one, two = min(classes)
        missing[f"workloads.{workload}.sizes"] = Missing(
            key=f"workloads.{workload}.sizes",
            question=f"What share of the requests has each of the {len(classes)} classes?",
            flag="write it into the instance",
            example=f"[{{ input_tokens = {one}, output_tokens = {two}, share = 1 }}]",
        )
    if not models and not existing.has(workload, "model", "models"):
        missing[f"workloads.{workload}.model"] = Missing(
            key=f"workloads.{workload}.model",
            question=f"Which model was served for '{workload}'?",
            flag="--model",
            example="Llama-3.1-8B",
        )
    return found, list(missing.values())


def _cells(name: str, rows: Sequence[Row], machines: Sequence[str]) -> list[Missing]:
    """Questions for cells that stay empty until somebody answers."""
    return [
        Missing(f"{name}.{key}", question, f"--{key}", example)
        for key, question, example in (
            ("devices", f"How many devices has one replica (column devices of {name})?", "1"),
            (
                "machine",
                f"Which machine did they run on (column machine of {name})?",
                next(iter(machines), "h100"),
            ),
        )
        if not all(row[key] for _, row in rows)
    ]
