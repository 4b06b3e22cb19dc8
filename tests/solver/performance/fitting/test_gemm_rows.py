"""Which measured rows a matrix multiplication is fitted to."""

from __future__ import annotations

import pandas as pd
import pytest

from solver.performance.fitting.gemm_rows import (
    LENDERS,
    fastest_rows,
    gemm_rows,
    host_bound_kernels,
    lent_rows,
    recommended_rows,
)

SHAPES = [(1.0, 128.0, 128.0), (64.0, 4096.0, 4096.0), (4096.0, 8192.0, 8192.0)]


def _rows(
    kernel: str, times_s: list[float], *, system: str = "b200_sxm", backend: str = "trtllm"
) -> pd.DataFrame:
    m, n, k = zip(*SHAPES, strict=True)
    return pd.DataFrame(
        {"system": system, "backend": backend, "version": "1.0", "kernel": kernel,
         "dtype": "fp8", "m": m, "n": n, "k": k, "latency_s": times_s}
    )  # fmt: skip


QUANTISING = _rows("torch_flow", [12e-6, 15e-6, 400e-6])
LEAN = _rows("cutlass", [4e-6, 7e-6, 500e-6], backend="vllm")
PREPARED_BY_THE_HOST = _rows("deep", [80e-6, 81e-6, 300e-6], backend="vllm")
BOTH = pd.concat([QUANTISING, LEAN, PREPARED_BY_THE_HOST], ignore_index=True)


def test_the_newest_tensorrt_llm_is_recommended() -> None:
    frame = pd.DataFrame(
        {
            "backend": ["vllm", "trtllm", "trtllm", "trtllm"],
            "version": ["9.0", "1.3.0rc9", "1.3.0rc20", "1.0.0"],
        }
    )
    assert recommended_rows(frame)["version"].tolist() == ["1.3.0rc20"]
    released = pd.DataFrame({"backend": ["trtllm"] * 2, "version": ["1.3.0rc20", "1.3.0"]})
    assert recommended_rows(released)["version"].tolist() == ["1.3.0"]
    others = pd.DataFrame({"backend": ["vllm"] * 2, "version": ["0.9.0", "0.24.0"]})
    assert recommended_rows(others)["version"].tolist() == ["0.24.0"]
    with pytest.raises(ValueError, match="no rows"):
        recommended_rows(frame.iloc[:0])


def test_kernels_that_take_long_at_every_size_are_timed_with_the_host() -> None:
    assert host_bound_kernels(BOTH) == ["deep"]


def test_of_each_shape_the_fastest_kernel_is_taken_but_none_timed_with_the_host() -> None:
    fastest = fastest_rows(BOTH)
    assert fastest["kernel"].tolist() == ["cutlass", "cutlass", "torch_flow"]
    assert fastest["latency_s"].tolist() == [4e-6, 7e-6, 400e-6]


def test_where_all_kernels_are_timed_with_the_host_they_stay() -> None:
    assert len(fastest_rows(PREPARED_BY_THE_HOST)) == len(SHAPES)


def test_an_older_version_is_no_rival_of_a_newer() -> None:
    older = QUANTISING.assign(version="0.9", latency_s=1e-6)
    assert fastest_rows(pd.concat([QUANTISING, older]))["latency_s"].min() == 12e-6


def test_a_system_with_one_library_borrows_the_ratio_another_shows() -> None:
    own = _rows("torch_flow", [24e-6, 30e-6, 800e-6], system="gb200")
    lent = lent_rows(own, BOTH)
    assert lent is not None
    assert lent["latency_s"].tolist() == pytest.approx([8e-6, 14e-6, 800e-6])


def test_nothing_is_borrowed_where_the_library_was_not_measured_elsewhere() -> None:
    own = _rows("another", [1e-6] * 3, system="gb200")
    assert lent_rows(own, BOTH) is None
    assert lent_rows(_rows("torch_flow", [1e-6] * 3), QUANTISING) is None


def test_the_catalog_is_told_which_libraries_and_whose_ratio_the_rows_came_from() -> None:
    assert LENDERS["gb200"] == "b200_sxm"
    frame = pd.concat([BOTH, _rows("torch_flow", [24e-6, 30e-6, 800e-6], system="gb200")])
    mixed, borrowed = gemm_rows(frame, "b200_sxm", "fp8"), gemm_rows(frame, "gb200", "fp8")
    assert mixed is not None
    assert borrowed is not None
    assert (mixed.backend, mixed.version) == ("trtllm + vllm", "1.0 torch_flow + 1.0 cutlass")
    assert borrowed.version == "1.0 torch_flow, times fastest / same library of b200_sxm"
    assert borrowed.latency_s.tolist() == pytest.approx([8e-6, 14e-6, 800e-6])


def test_a_precision_that_was_not_measured_has_no_rows() -> None:
    assert gemm_rows(BOTH, "b200_sxm", "nvfp4") is None
    assert gemm_rows(BOTH, "b200_sxm", "bfloat16") is None
