"""From runs of a benchmark to parts of a fleet: rows of measured points, and whom they serve.

What a figure of a run becomes:

* ``requests_per_s`` is the rate of completed requests. At a limited rate that is what was asked of
  the server, so that the row says what a replica carried at these latencies: a lower bound of what
  it can carry, and said to be one.
* ``tpot_ms`` is the mean over requests, the project's meaning of TPOT.
* ``ttft_ms`` is the 99th percentile, else the 95th or 90th, whichever is there first: a limit is
  meant for nearly all requests. A mean or median is never taken; the cell then stays empty.
* ``input_tokens``, ``output_tokens`` are means over the completed requests, rounded, or those of
  the workload's class where both means are within 2 % of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from solver.errors import Fault, InstanceError
from solver.importers.answering import check_answers
from solver.importers.benchmarks.cells import check_name, file_word, plain_text
from solver.importers.benchmarks.existing import Existing
from solver.importers.benchmarks.fleet_tables import fleet_tables
from solver.importers.benchmarks.model_ids import catalog_model, same_model
from solver.importers.benchmarks.points_file import points_file
from solver.importers.benchmarks.request_class import class_of
from solver.importers.benchmarks.run import ServingRun
from solver.importers.benchmarks.run_remarks import missing_cells, notes_on
from solver.importers.findings import Answers, Findings
from solver.importers.visible import visible

__all__ = ["findings_of", "refuse"]


def refuse(faults: Sequence[Fault]) -> None:
    """Raise what was found wrong, if anything."""
    if faults:
        raise InstanceError.all_of(faults)


def findings_of(path: Path, runs: Sequence[ServingRun], answers: Answers) -> Findings:
    """Parts of a fleet from the runs of one file, at least one.

    Raises
    ------
    InstanceError
        With every fault: runs of several models, lengths that no class of the workload has, answers
        that contradict the file or are none.
    """
    check_answers(answers)
    where = visible(str(path), 200)
    faults: list[Fault] = []
    existing = Existing(answers)
    model_id = _only_model(runs, where)
    known = _known_model(model_id, answers, where, faults)
    workload = existing.workload_for(answers, known or model_id, where)
    if workload is None:
        workload = known or "benchmark"
    model = _model(known, model_id, workload, existing, where, faults)
    machine = existing.machine_for(answers)
    devices = int(answers.devices) if answers.devices is not None else None
    phase = answers.phase or "aggregated"
    for text, flag in ((workload, "--workload chat"), (machine, "--machine h100")):
        if text is not None:
            check_name(text, flag.partition(" ")[0], faults, flag=flag)
    if model is not None:
        check_name(model, "--model", faults, flag="--model Llama-3.1-8B")
    if answers.layout is not None:
        check_name(answers.layout, "--layout", faults, flag="--layout 'TP2 FP8'")
    refuse(faults)

    notes = [*existing.note_on_points(workload), *existing.note_on_machine(machine)]
    size_class, kept = class_of(runs, answers, existing.classes(workload), where, notes)
    rows = []
    for run in kept:
        count = devices or (run.layout.devices if run.layout else None)
        if devices and run.layout and run.layout.devices != devices:
            notes.append(
                f"{run.where}: {run.layout.source} say {run.layout.devices} devices; "
                f"--devices {devices} is taken"
            )
        notes.extend(notes_on(run))
        rows.append(
            {
                "workload": workload,
                "model": model or "",
                "machine": machine or "",
                "layout": _layout(run, answers, count),
                "phase": phase,
                "devices": str(count) if count else "",
                "requests_per_s": f"{run.requests_per_s:f}",
                "tpot_ms": f"{run.tpot_ms:f}" if run.tpot_ms else "",
                "ttft_ms": f"{run.ttft_ms:f}" if run.ttft_ms else "",
                "input_tokens": str(size_class[0]),
                "output_tokens": str(size_class[1]),
                "source": _source(run, path),
            }
        )
    name = existing.points(workload) or f"points-{file_word(workload)}.csv"
    table = points_file(
        name, [(row, run.where) for row, run in zip(rows, kept, strict=True)], existing, notes
    )
    tables, missing = fleet_tables(
        workload=workload,
        model=model,
        size_class=size_class,
        size_source=_size_source(kept[0], path),
        points=name,
        model_source=f"{_place(kept[0], path)}: model id {plain_text(model_id)}",
        machines=[machine] if machine is not None else [],
        answers=answers,
        existing=existing,
    )
    hints = [run.device_hint for run in kept if run.device_hint]
    no_model = model is None and not existing.has(workload, "model", "models")
    asked = missing_cells(
        workload, name, rows, machine, existing.machines, hints, no_model, model_id
    )
    return Findings(
        question="fleet",
        tables=tables,
        missing=(*asked, *missing),
        notes=tuple(dict.fromkeys(notes)),
        files={name: table.data()},
        answered=existing.cells_answered(table, name, machine),
    )


def _only_model(runs: Sequence[ServingRun], where: str) -> str:
    ids = dict.fromkeys(run.model_id for run in runs)
    if len(ids) > 1:
        raise InstanceError.one(
            f"holds runs of several models: {', '.join(visible(name) for name in ids)}",
            where=where,
            mend="Cut it into one file a model, and import each with --add",
        )
    return next(iter(ids))


def _known_model(model_id: str, answers: Answers, where: str, faults: list[Fault]) -> str | None:
    """The catalog's name of the model, or the one answered; a fault where they contradict."""
    of_id = catalog_model(model_id)
    if answers.model is None:
        return of_id
    if of_id is not None and not same_model(of_id, answers.model):
        faults.append(
            Fault(
                f"--model ({visible(answers.model)})",
                f"contradicts {where}, which is of '{visible(model_id)}'",
                "Leave it out, or name the file that was meant",
            )
        )
    return catalog_model(answers.model) or answers.model


def _model(
    known: str | None,
    model_id: str,
    workload: str,
    existing: Existing,
    where: str,
    faults: list[Fault],
) -> str | None:
    """The name of the model in the table; None where it has to be asked for."""
    if known is not None:
        return existing.check_model(workload, known, where, faults)
    if model_id:
        # An id that the table does not have may still be what the instance calls its model.
        stated = existing.models(workload)
        for name in stated:
            if same_model(name, model_id):
                return name
        if stated:
            faults.append(
                Fault(
                    where,
                    f"is of the model '{visible(model_id)}', which is not known to be "
                    f"{' or '.join(visible(name) for name in stated)}",
                    f"Say so if it is: --model '{visible(stated[0])}'",
                )
            )
    return None


def _layout(run: ServingRun, answers: Answers, devices: int | None) -> str:
    """A name of the design and its load: rows of one design differ in how it was loaded."""
    if answers.layout is not None:
        design = answers.layout
    elif run.layout is not None:
        design = run.layout.name
    elif devices is not None:
        design = f"{devices} device{'s' if devices > 1 else ''}"
    else:
        design = ""
    # As tables of points call it: no more sequences than that were ever decoded together.
    load = run.load.replace("concurrency", "batch")
    return " ".join(f"{design} {load}".split())


def _source(run: ServingRun, path: Path) -> str:
    statistic = f" and TTFT {run.ttft_statistic}" if run.ttft_statistic else ""
    load = run.load or "unknown load"
    return plain_text(
        f"{_place(run, path)} ({run.tool}): {run.completed} requests at {load}: "
        f"TPOT mean{statistic}"
    )


def _place(run: ServingRun, path: Path) -> str:
    """Where a run stands, without the folder of its file."""
    return plain_text(path.name + run.where.removeprefix(visible(str(path), 200)))


def _size_source(run: ServingRun, path: Path) -> str:
    means = f"{float(run.input_tokens):.6g} in and {float(run.output_tokens):.6g} out"
    return f"{_place(run, path)}: mean of {run.completed} requests, {means}, rounded"
