"""Tables of a fleet around measured points: the workload they serve, the machine they ran on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.errors import Fault, InstanceError
from solver.importers.answering import FLAGS, answered
from solver.importers.benchmarks.existing import Existing
from solver.importers.devices import KnownDevices
from solver.importers.findings import Answers, Figure, Missing, Tables
from solver.importers.prices.given import prices_given
from solver.importers.visible import visible

__all__ = ["fleet_tables"]

_DEMANDED = ("requests_per_s", "tok_per_s", "batch", "service", "by_period")
_SIZED = ("input_tokens", "output_tokens", "sizes", "histogram", "service")
_LIMITS = ("requests_per_s", "min_speed_tok_per_s", "max_ttft_s")


def fleet_tables(
    *,
    workload: str,
    model: str | None,
    size_class: tuple[int, int] | None,
    size_source: str,
    points: str,
    model_source: str,
    machines: Sequence[str],
    answers: Answers,
    existing: Existing,
) -> tuple[Mapping[str, list[Tables]], tuple[Missing, ...]]:
    """The workload with its points, and the machines that the instance does not have yet.

    What the instance states already is left out, so that nothing is said twice.

    Parameters
    ----------
    size_class
        Input and output tokens; None where the points do not tell.

    Raises
    ------
    InstanceError
        If an answer names no device, or a price is none.
    """
    faults: list[Fault] = []
    missing: list[Missing] = []
    entry: dict[str, Figure] = {"name": Figure(workload)}
    if model is not None and not existing.has(workload, "model", "models"):
        entry["model"] = Figure(model, "--model" if answers.model else model_source)
    if not existing.has(workload, *_SIZED):
        if size_class is not None:
            entry["input_tokens"] = Figure(size_class[0], size_source)
            entry["output_tokens"] = Figure(size_class[1], size_source)
        else:
            _ask_lengths(workload, entry, answers, missing)
    for key in _LIMITS:
        figure = answered(answers, key)
        if figure is not None:
            entry[key] = figure
    if answers.requests_per_s is None and not existing.has(workload, *_DEMANDED):
        missing.append(
            Missing(
                key=f"workloads.{workload}.requests_per_s",
                question=f"How many requests per second are there to serve for '{workload}'?",
                flag="--requests-per-s",
                example="20",
            )
        )
    if existing.points(workload) is None:
        entry["points"] = Figure(points, "measured: it is served by these designs alone")
    tables: dict[str, list[Tables]] = {"workloads": [entry]}
    new = [name for name in machines if name not in existing.machines]
    if new:
        tables["machines"] = _machines(new, answers, missing, faults)
    if faults:
        raise InstanceError.all_of(faults)
    return tables, tuple(missing)


def _machines(
    names: Sequence[str], answers: Answers, missing: list[Missing], faults: list[Fault]
) -> list[Tables]:
    """Entries of machines that only measured points run on yet, with their prices."""
    known = KnownDevices(answers.existing_tables)
    accelerator = None
    if answers.accelerator is not None:
        accelerator = known.named(answers.accelerator)
        if accelerator is None:
            faults.append(
                Fault(
                    f"--accelerator ({visible(answers.accelerator)})",
                    "is no accelerator of the catalog",
                    "List them: fleetfront catalog accelerators; or leave it out, since measured "
                    "points need none",
                )
            )
        elif len(names) > 1:
            faults.append(
                Fault(
                    "--accelerator",
                    f"names one, and the points ran on {len(names)} machines: {', '.join(names)}",
                    "Leave it out, and write each into the instance",
                )
            )
    prices = prices_given([(name, accelerator) for name in names], answers, known, faults)
    entries: list[Tables] = []
    for name in names:
        entry = {"name": Figure(name)}
        if accelerator is not None:
            entry["accelerator"] = Figure(accelerator, "--accelerator")
        entry.update(prices[name].keys)
        missing.extend(prices[name].missing)
        entries.append(entry)
    return entries


def _ask_lengths(
    workload: str, entry: dict[str, Figure], answers: Answers, missing: list[Missing]
) -> None:
    for key, what, example in (
        ("input_tokens", "a prompt", "1024"),
        ("output_tokens", "an answer", "256"),
    ):
        figure = answered(answers, key)
        if figure is not None:
            entry[key] = figure
        else:
            question = f"How many tokens has {what} of '{workload}'?"
            missing.append(Missing(f"workloads.{workload}.{key}", question, FLAGS[key], example))
