"""Kernel tables that the operators themselves wrote, so that every error is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solver.errors import FleetError
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.device import device_of_system
from solver.performance.operators.mla import mla_decode_constants_from, mla_decode_s
from solver.performance.validation.measured.kernels import KERNEL_TABLES, validate_kernels
from solver.performance.validation.measured.kinds import measured_kind_of

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow", reason="kernel tables are parquet files")

SHARED = Path(__file__).resolve().parents[5].parent / "shared" / "data" / "kernels"
WriteTable = Callable[..., Path]


@pytest.fixture
def write_table(tmp_path: Path) -> WriteTable:
    def build(name: str, columns: Mapping[str, Any]) -> Path:
        path = tmp_path / f"{name}.parquet"
        pd.DataFrame(dict(columns)).to_parquet(path)
        return path

    return build


def decode_table(factor: float) -> dict[str, Any]:
    """MLA decode on an H100, each row ``factor`` times what the operator says; one of L4s."""
    fit = operator_catalog("mla_decode").find(system="h100_sxm", precision="bfloat16/kv_bfloat16")
    batch, kv_len, heads = (
        np.array([1, 8, 64]),
        np.array([1024, 4096, 512]),
        np.array([16, 128, 32]),
    )
    seconds = mla_decode_s(
        mla_decode_constants_from(fit.constants),
        device_of_system("h100_sxm"),
        batch=batch.astype(float),
        kv_len=kv_len.astype(float),
        heads=heads.astype(float),
    )
    columns: dict[str, Any] = {
        "system": ["h100_sxm"] * 3 + ["l4"],
        "backend": ["trtllm"] * 4,
        "version": [fit.version] * 4,
        "kernel": ["default"] * 4,
        "dtype": ["bfloat16/kv_bfloat16"] * 4,
        "batch": [*batch, 1],
        "kv_len": [*kv_len, 16],
        "heads": [*heads, 16],
        "tp_size": [8, 1, 4, 8],
        "latency_s": [*(factor * seconds), 1.0],
    }
    return columns


def test_rows_of_the_operator_itself_have_no_error(write_table: WriteTable) -> None:
    report = validate_kernels(write_table("mla_decode", decode_table(1.0)))
    assert report.overall is not None
    assert report.overall.rows == 3
    assert report.overall.p95 == pytest.approx(0.0, abs=1e-12)


def test_rows_twice_as_slow_show_a_bias(write_table: WriteTable) -> None:
    report = validate_kernels(write_table("mla_decode", decode_table(2.0)))
    (score,) = report.scores
    assert (score.system, score.precision) == ("h100_sxm", "bfloat16/kv_bfloat16")
    assert score.errors.bias == pytest.approx(-0.5)


def test_rows_left_out_are_counted_by_reason(write_table: WriteTable) -> None:
    report = validate_kernels(write_table("mla_decode", decode_table(1.0)))
    assert dict(report.left_out) == {"of a system that the catalog does not know": 1}


def test_another_version_is_left_out(write_table: WriteTable) -> None:
    table = decode_table(1.0)
    table["version"] = [table["version"][0]] * 2 + ["0.1"] + [table["version"][0]]
    report = validate_kernels(write_table("mla_decode", table))
    assert report.overall is not None
    assert report.overall.rows == 2


def test_a_table_is_told_by_name_and_columns(write_table: WriteTable) -> None:
    kind = measured_kind_of(write_table("mla_decode", decode_table(1.0)))
    assert kind is not None
    assert not isinstance(kind, str)


def test_a_familiar_name_over_other_columns_is_told(write_table: WriteTable) -> None:
    table = decode_table(1.0)
    del table["heads"]
    told = measured_kind_of(write_table("mla_decode", table))
    assert told == "its columns are not those of its name: it lacks 'heads'"


def test_an_unknown_name_is_foreign(write_table: WriteTable) -> None:
    assert measured_kind_of(write_table("sparse", decode_table(1.0))) is None


def test_a_time_that_is_not_positive_is_told_with_its_row(write_table: WriteTable) -> None:
    table = decode_table(1.0)
    table["latency_s"][1] = 0.0
    with pytest.raises(FleetError, match="row 2: latency_s"):
        validate_kernels(write_table("mla_decode", table))


def test_what_is_no_parquet_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gemm.parquet"
    path.write_text("a,b\n")
    with pytest.raises(FleetError, match="is not a parquet file"):
        measured_kind_of(path)


@pytest.mark.parametrize("name", ["mla_decode", "mla_context", "comm"])
def test_small_shared_tables_are_predicted(name: str) -> None:
    path = SHARED / f"{name}.parquet"
    if not path.is_file():
        pytest.skip("the kernel measurements are not at hand")
    report = validate_kernels(path)
    assert report.overall is not None
    assert report.overall.median < 0.10
    assert report.overall.rows + sum(report.left_out.values()) == report.rows


def test_every_table_has_a_family_with_constants() -> None:
    for table in KERNEL_TABLES.values():
        assert operator_catalog(table.family).fits


def test_a_table_without_the_extra_is_told_what_to_install(
    write_table: WriteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_table("mla_decode", decode_table(1.0))
    monkeypatch.setattr(
        "solver.performance.validation.measured.kinds.find_spec", lambda _name: None
    )
    assert "fleetfront[fit]" in str(measured_kind_of(path))
