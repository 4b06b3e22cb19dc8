from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from solver.performance.fitting.mla import MlaContextRows, MlaDecodeRows
from solver.performance.operators.attention_context import context_constants_from
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.mla import mla_decode_constants_from

PRECISION = "bfloat16/kv_bfloat16"
DECODE = {
    "launch_s": 7e-6,
    "merge_s": 1.5e-6,
    "merge_part_s": 1e-7,
    "block_s": 5e-6,
    "head_s": 5e-8,
    "sm_bytes_per_s": 1e13,
    "sm_flop_per_s": 4e13,
    "hbm_share": 0.9,
    "l2_share": 0.3,
    "l2_gain": 1.2,
    "fill_s": 1e-6,
    "reread_share": 0.1,
    "norm_p": 1.5,
    "tile_tokens": 64.0,
    "chunk_tokens": 256.0,
    "waves": 2.0,
    "narrow_tile_heads": 64.0,
    "wide_tile_heads": 64.0,
    "wide_from_heads": 64.0,
    "kv_value_bytes": 2.0,
}


def frame(count: int) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    heads = 2 ** draw.integers(0, 8, count)
    return pd.DataFrame(
        {
            "system": "h100_sxm",
            "backend": "trtllm",
            "version": "1.3.0rc20",
            "kernel": "default",
            "dtype": PRECISION,
            "batch": 2 ** draw.integers(0, 10, count),
            "kv_len": 2 ** draw.integers(1, 17, count),
            "heads": heads,
            "tp_size": 128 // heads,
            "latency_s": 1e-5,
        }
    )


def decode_rows() -> MlaDecodeRows:
    table = frame(300)
    blank = MlaDecodeRows(table, system="h100_sxm", precision=PRECISION)
    exact = blank.predict(DECODE, np.arange(300))
    return MlaDecodeRows(table.assign(latency_s=exact), system="h100_sxm", precision=PRECISION)


def test_a_fit_finds_again_the_times_that_its_own_formula_made() -> None:
    rows = decode_rows()
    given = {name: DECODE[name] for name in rows.setting_names()}
    found = rows.fit(given, np.arange(0, 300, 2))
    ratio = rows.predict(found, np.arange(300)) / rows.measured_s
    assert np.median(np.abs(ratio - 1)) < 0.02


def test_every_constant_has_a_unit() -> None:
    rows = decode_rows()
    assert set(rows.units()) == set(DECODE)


def test_a_shape_is_the_heads_of_a_device_and_the_tensor_degree() -> None:
    rows = decode_rows()
    assert len(np.unique(rows.shapes)) == 8


def test_context_rows_have_the_constants_of_context_attention() -> None:
    rows = MlaContextRows(frame(20), system="h100_sxm", precision=PRECISION)
    assert set(rows.units()) >= rows.setting_names()
    assert rows.family == "mla_context"


@pytest.mark.parametrize("family", ["mla_decode", "mla_context"])
def test_shipped_constants_serve_both_precisions_of_the_large_systems(family: str) -> None:
    catalog = operator_catalog(family)
    build = mla_decode_constants_from if family == "mla_decode" else context_constants_from
    for system in ("h100_sxm", "h200_sxm", "b200_sxm", "gb200"):
        for precision in (PRECISION, "bfloat16/kv_fp8"):
            fit = catalog.find(system=system, precision=precision)
            build(fit.constants)
            assert fit.errors["random"].median <= 0.08
            assert fit.errors["shape"].median <= 0.08
