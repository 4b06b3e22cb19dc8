"""Tables of a fleet around measured points: the workload they serve, the machine they ran on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.errors import Fault, InstanceError
from solver.importers.benchmarks.existing import Existing
from solver.importers.devices import KnownDevices
from solver.importers.findings import Answers, Figure, Missing, Tables
from solver.importers.prices.given import prices_given
from solver.importers.visible import visible
from solver.instance.record_types import exact_fraction

__all__ = ["fleet_tables"]

_DEMANDED = ("requests_per_s", "tok_per_s", "batch", "service", "by_period")
_SIZED = ("input_tokens", "output_tokens", "sizes", "histogram", "service")
_LIMITS = (
    ("requests_per_s", "--requests-per-s", "20"),
    ("min_speed_tok_per_s", "--min-speed", "25"),
    ("max_ttft_s", "--max-ttft-s", "2"),
)


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
        If an answer is no number above 0, or names no device.
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
    for key, flag, example in _LIMITS:
        text: str | None = getattr(answers, key)
        if text is None:
            continue
        if _is_positive(text):
            entry[key] = Figure(text, flag)
        else:
            mend = f"Give a number, as in {flag} {example}"
            faults.append(Fault(f"{flag} ({visible(text)})", "is no number above 0", mend))
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
        entry["points"] = Figure(points, "measured operating points")
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
    for key, flag, text, example in (
        ("input_tokens", "--input-tokens", answers.input_tokens, "1024"),
        ("output_tokens", "--output-tokens", answers.output_tokens, "256"),
    ):
        if text is not None and text.isascii() and text.isdigit() and int(text[:12]) > 0:
            entry[key] = Figure(int(text), flag)
        else:
            words = "a prompt" if key == "input_tokens" else "an answer"
            question = f"How many tokens has {words} of '{workload}'?"
            missing.append(Missing(f"workloads.{workload}.{key}", question, flag, example))


def _is_positive(text: str) -> bool:
    try:
        return exact_fraction(text) > 0
    except ValueError:
        return False
