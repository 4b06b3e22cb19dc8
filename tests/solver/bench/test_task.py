"""One line of a benchmark: what becomes a refusal, a failure, or the row of a restriction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from solver.bench import task as task_module
from solver.bench.families.catalogue import families
from solver.bench.kinds.fleet import RacksKind
from solver.bench.kinds.level import Level
from solver.bench.kinds.program_run import NotTakenError
from solver.bench.task import Task, perform
from solver.errors import EngineError


@pytest.fixture(scope="module")
def racks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Level]:
    """A small fleet in racks, and its middle level."""
    family = families()["fleet-racks"]
    made = family.make(
        family.parameters.model_validate({"racks": 4, "rows": 2, "nodes": 2, "batches": 2}), 0
    )
    path = tmp_path_factory.mktemp("racks") / "fleet.toml"
    path.write_text(made.text, encoding="utf-8")
    kind = RacksKind()
    (level,) = kind.levels(kind.problem(path), 1, time_limit_s=60.0)
    return path, level


def line(racks: tuple[Path, Level], formulation: str, engine: str = "highs") -> Task:
    path, level = racks
    return Task(
        group="racks", path=str(path), instance="fleet", instance_sha256="ab", size="", family="",
        formulation=formulation, engine=engine, seed=1, level=level, time_limit_s=20.0,
    )  # fmt: skip


def test_an_exact_formulation_is_right(racks: tuple[Path, Level]) -> None:
    row = perform(line(racks, "rack_patterns"))
    assert (row.status, row.verdict) == ("optimal", "right")


def test_a_restriction_has_no_bound_and_no_course(racks: tuple[Path, Level]) -> None:
    row = perform(line(racks, "column_generation"))
    assert (row.status, row.verdict) == ("bound_only", "open")
    assert (row.bound, row.root_bound, row.trajectory) == (None, None, ())
    assert row.incumbent is not None


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotTakenError("too large"), "not_applicable"),
        (EngineError.one("a plan does not hold", where="x", mend="Report this"), "failed"),
        (MemoryError(), "failed"),
    ],
    ids=["refusal", "failed check", "memory"],
)
def test_refusals_and_failures_are_told_apart(
    racks: tuple[Path, Level],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: str,
) -> None:
    def broken(_: Task) -> Any:
        raise error

    monkeypatch.setattr(task_module, "_outcome", broken)
    assert perform(line(racks, "counts")).status == status


def test_a_bug_is_no_row(racks: tuple[Path, Level], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Task) -> Any:
        raise ValueError("operands could not be broadcast together")

    monkeypatch.setattr(task_module, "_outcome", broken)
    with pytest.raises(ValueError, match="broadcast"):
        perform(line(racks, "counts"))
