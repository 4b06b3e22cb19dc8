from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solver.performance.fitting.attention import ContextRows, DecodeRows
from solver.performance.fitting.attention_tables import (
    SIBLINGS,
    best_candidate,
    report_lines,
    select_rows,
    thin,
)
from solver.performance.fitting.fit import ErrorSummary, Fit
from solver.performance.operators.attention import decode_constants_from
from solver.performance.operators.attention_context import context_constants_from
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.device import MEASURED_SYSTEMS

KERNELS = Path(__file__).resolve().parents[4] / "../shared/data/kernels"
CONTEXT = {
    "launch_s": 1.2e-5,
    "flop_share": 0.55,
    "tile_s": 3e-6,
    "tail_tiles": 1.0,
    "hbm_share": 0.5,
    "norm_p": 1.5,
    "tile_queries": 128.0,
    "operand_bits": 16.0,
    "kv_value_bytes": 2.0,
}


def frame(count: int, *, seed: int = 0, **changes: object) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "system": "h100_sxm",
            "backend": "trtllm",
            "version": "1.3.0rc20",
            "kernel": "torch_flow",
            "dtype": "bfloat16/kv_bfloat16",
            "batch": 2 ** draw.integers(0, 9, count),
            "kv_len": 2 ** draw.integers(4, 15, count),
            "heads": 2 ** draw.integers(3, 7, count),
            "kv_heads": 2 ** draw.integers(0, 4, count),
            "head_dim": draw.choice([64, 128], count),
            "window_size": draw.choice([0, 0, 128], count),
            "latency_s": 1e-5,
            **changes,
        }
    )


def rows_of(kind: type[ContextRows], table: pd.DataFrame) -> ContextRows:
    return kind(table, system="h100_sxm", precision="bfloat16/kv_bfloat16")


def measured() -> ContextRows:
    table = frame(400)
    exact = rows_of(ContextRows, table).predict(CONTEXT, np.arange(len(table)))
    return rows_of(ContextRows, table.assign(latency_s=exact))


def test_a_fit_finds_again_the_times_that_its_own_formula_made() -> None:
    rows = measured()
    found = rows.fit(rows.settings(np.arange(400)), np.arange(0, 400, 2))
    ratio = rows.predict(found, np.arange(400)) / rows.measured_s
    assert np.median(np.abs(ratio - 1)) < 0.01


def test_the_tile_is_chosen_among_the_candidates() -> None:
    assert measured().settings(np.arange(400))["tile_queries"] == 128.0


def test_an_fp8_cache_is_multiplied_in_fp8_where_the_device_has_it() -> None:
    table = frame(10)
    wide = ContextRows(table, system="h100_sxm", precision="bfloat16/kv_bfloat16")
    narrow = ContextRows(table, system="h100_sxm", precision="bfloat16/kv_fp8")
    ampere = ContextRows(table, system="a100_sxm", precision="bfloat16/kv_fp8")
    assert [r.operand_bits for r in (wide, narrow, ampere)] == [16.0, 8.0, 16.0]
    assert [r.kv_value_bytes for r in (wide, narrow)] == [2.0, 1.0]


def test_every_decode_constant_has_a_unit_and_both_precisions_have_the_same() -> None:
    table = frame(10)
    names = []
    for precision in ("bfloat16/kv_bfloat16", "bfloat16/kv_fp8"):
        rows = DecodeRows(table, system="h100_sxm", precision=precision)
        names.append(set(rows.units()))
        assert all(rows.units().values())
        fitted = {free.name for prefix in ("grouped_", "per_head_") for free in rows.free(prefix)}
        assert fitted <= set(rows.units())
    assert names[0] == names[1]


def test_rows_come_from_the_newest_version_and_the_engine_s_own_kernels() -> None:
    table = pd.concat(
        [
            frame(3, version="1.2.9"),
            frame(4, version="1.10.0"),
            frame(5, kernel="torch_flow_flashinfer", version="1.10.0"),
            frame(6, backend="vllm", kernel="vllm_flash_attn", version="2.0"),
        ]
    )
    assert len(select_rows(table, "h100_sxm", latent=False)) == 4
    assert select_rows(table, "b60", latent=False).empty


def test_the_a100_takes_rows_that_do_not_beat_its_memory() -> None:
    table = pd.concat(
        [
            frame(3, system="a100_sxm"),
            frame(5, system="a100_sxm", backend="vllm", kernel="vllm_flash_attn"),
        ]
    )
    assert len(select_rows(table, "a100_sxm", latent=False)) == 5
    assert len(select_rows(table, "a100_sxm", latent=True)) == 3


def test_every_measured_system_has_a_sibling_among_them() -> None:
    assert set(SIBLINGS) == set(MEASURED_SYSTEMS)
    assert set(SIBLINGS.values()) <= set(MEASURED_SYSTEMS)


def test_the_best_candidate_is_the_first_of_the_lowest_score() -> None:
    candidates = [{"a": 3.0}, {"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 1.0}]
    assert best_candidate(candidates, lambda c: c["a"]) == {"a": 1.0, "b": 0.0}


def test_thinning_is_repeatable_and_keeps_small_sets_whole() -> None:
    positions = np.arange(100)
    assert thin(positions, seed=1, most=100).tolist() == positions.tolist()
    few = thin(positions, seed=1, most=10)
    assert few.tolist() == thin(positions, seed=1, most=10).tolist()
    assert len(set(few.tolist())) == 10


def test_the_report_shows_a_missing_split_as_a_dash() -> None:
    fit = Fit(
        family="attention_decode",
        system="h100_sxm",
        backend="trtllm",
        version="1",
        precision="bfloat16/kv_fp8",
        constants={},
        units={},
        rows=7,
        errors={"random": ErrorSummary(median=0.05, p95=0.2, bias=-0.01, rows=2)},
    )
    heading, line = report_lines([fit])
    assert "random" in heading
    assert "5.0% / 20.0% (-1.0%)" in line
    assert line.count(" -") >= 2


@pytest.mark.parametrize("family", ["attention_decode", "attention_context"])
def test_shipped_constants_serve_every_precision_of_the_large_systems(family: str) -> None:
    catalog = operator_catalog(family)
    build = decode_constants_from if family == "attention_decode" else context_constants_from
    for system in ("h100_sxm", "h200_sxm", "b200_sxm", "gb200"):
        for precision in ("bfloat16/kv_bfloat16", "bfloat16/kv_fp8"):
            fit = catalog.find(system=system, precision=precision)
            build(fit.constants)
            assert fit.errors["random"].median < 0.1
            assert fit.errors["shape"].median < 0.1


@pytest.mark.parametrize("precision", ["bfloat16/kv_bfloat16", "bfloat16/kv_fp8"])
@pytest.mark.parametrize("system", ["h100_sxm", "h200_sxm", "b200_sxm", "gb200"])
@pytest.mark.parametrize("split", ["random", "shape"])
def test_shipped_decode_constants_meet_the_target(system: str, precision: str, split: str) -> None:
    fit = operator_catalog("attention_decode").find(system=system, precision=precision)
    assert fit.errors[split].median <= 0.06


def test_errors_beyond_the_soft_one_count_about_linearly() -> None:
    rows = DecodeRows(frame(2), system="h100_sxm", precision="bfloat16/kv_bfloat16")
    both = np.arange(2)
    off = [rows.misfit(rows.measured_s * np.exp(e), both) for e in (0.01, 0.02, 1.0, 2.0)]
    assert off[1] / off[0] > 3.5
    assert off[3] / off[2] < 2.1


@pytest.mark.skipif(not KERNELS.is_dir(), reason="the measured kernel times are not at hand")
@pytest.mark.parametrize(
    ("table", "kind", "family"),
    [
        ("attn_decode", DecodeRows, "attention_decode"),
        ("attn_context", ContextRows, "attention_context"),
    ],
)
def test_shipped_constants_predict_the_measured_times_of_the_h100(
    table: str, kind: type[DecodeRows] | type[ContextRows], family: str
) -> None:
    measured_rows = select_rows(
        pd.read_parquet(KERNELS / f"{table}.parquet"), "h100_sxm", latent=False
    )
    measured_rows = measured_rows[measured_rows["dtype"] == "bfloat16/kv_bfloat16"]
    rows = kind(measured_rows, system="h100_sxm", precision="bfloat16/kv_bfloat16")
    fit = operator_catalog(family).find(system="h100_sxm", precision="bfloat16/kv_bfloat16")
    predicted = rows.predict(fit.constants, np.arange(len(measured_rows)))
    assert np.median(np.abs(predicted / rows.measured_s - 1)) < 0.08
