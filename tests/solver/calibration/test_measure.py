"""Running a plan: columns, what is left out, what is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from solver.calibration.backend import CaseRefusedError, Machine
from solver.calibration.cases import CopyCase, DecodeCase, GemmCase
from solver.calibration.measure import Measurements, measure
from solver.calibration.plan import Plan, plan_cases
from solver.calibration.timing import Timing
from solver.errors import EngineError


@pytest.fixture
def plan(h200: Machine) -> Plan:
    return plan_cases(h200, budget_s=40, seed=0)


def run(backend: Any, plan: Plan) -> Measurements:
    return measure(backend, plan, seed=0, timing=Timing(case_s=0.02))


def test_columns_are_those_of_the_kernel_tables(synthetic: Any, plan: Plan) -> None:
    tables = {(t.family, t.precision): tuple(t.columns) for t in run(synthetic(), plan).tables}
    attention = ("batch", "kv_len", "heads", "kv_heads", "head_dim")
    assert tables == {
        ("gemm", "bfloat16"): ("m", "n", "k"),
        ("gemm", "fp8"): ("m", "n", "k"),
        ("attention_decode", "bfloat16/kv_bfloat16"): attention,
        ("attention_context", "bfloat16/kv_bfloat16"): attention,
        ("collective", "all_reduce"): ("num_gpus", "bytes"),
    }


def test_medians_stand_beside_the_shapes_they_belong_to(synthetic: Any, plan: Plan) -> None:
    backend = synthetic()
    table = run(backend, plan).tables[0]
    for m, n, k, latency_s in zip(*table.columns.values(), table.latency_s, strict=True):
        case = GemmCase(table.precision, int(m), int(n), int(k))
        assert latency_s == pytest.approx(backend.seconds_of(case), rel=1e-6)


def test_copies_count_what_is_read_and_what_is_written(synthetic: Any, plan: Plan) -> None:
    measured = run(synthetic(), plan)
    assert measured.copy_bytes_per_s == pytest.approx(4.3e12, rel=1e-6)
    assert measured.host_bytes_per_s == pytest.approx(55e9, rel=1e-6)


def test_the_launch_time_is_that_of_the_chain(synthetic: Any, plan: Plan) -> None:
    assert run(synthetic(), plan).launch_s == pytest.approx(1.7e-6, rel=1e-6)


def test_refused_cases_are_left_out_and_listed_with_the_reason(synthetic: Any, plan: Plan) -> None:
    wide = [c for c in plan.cases if isinstance(c, DecodeCase) and c.head_dim == 128]
    measured = run(synthetic(refused=lambda case: case in wide), plan)
    assert measured.left_out == {"attention_decode: no kernel": len(wide)}
    decode = next(t for t in measured.tables if t.family == "attention_decode")
    assert np.all(decode.columns["head_dim"] == 64)


def test_a_machine_that_cannot_copy_is_no_machine(synthetic: Any, plan: Plan) -> None:
    with pytest.raises(CaseRefusedError):
        run(synthetic(refused=lambda case: isinstance(case, CopyCase)), plan)


def test_what_the_budget_does_not_suffice_for_is_counted(synthetic: Any, plan: Plan) -> None:
    hurried = Plan(plan.cases, plan.collectives, budget_s=30, measuring_s=0.3)
    measured = run(synthetic(), hurried)
    rows = sum(t.latency_s.size for t in measured.tables if t.family != "collective")
    left = measured.left_out["the budget was spent"]
    assert left > 0
    assert rows + left + 6 == len(plan.cases)


def test_progress_ends_with_everything_done(synthetic: Any, plan: Plan) -> None:
    told: list[tuple[int, int]] = []
    measure(
        synthetic(),
        plan,
        seed=0,
        timing=Timing(case_s=0.02),
        progress=lambda done, total: told.append((done, total)),
    )
    total = len(plan.cases) + len(plan.collectives)
    assert told[0] == (0, total)
    assert told[-1] == (total, total)


def test_a_machine_alone_has_no_collective_rows(synthetic: Any, plan: Plan) -> None:
    alone = Plan(plan.cases, (), plan.budget_s, plan.measuring_s)
    assert all(table.family != "collective" for table in run(synthetic(), alone).tables)


def test_collectives_that_fail_are_left_out_with_the_reason(synthetic: Any, plan: Plan) -> None:
    class Broken(synthetic):  # type: ignore[misc]
        def collectives_s(self, *_: Any, **__: Any) -> list[float]:
            raise EngineError.one("no route", where="all-reduce", mend="Join the devices")

    measured = run(Broken(), plan)
    assert {t.family for t in measured.tables} == {
        "gemm",
        "attention_decode",
        "attention_context",
    }
    reason = "collective: all-reduce: no route. Join the devices."
    assert measured.left_out == {reason: len(plan.collectives)}
