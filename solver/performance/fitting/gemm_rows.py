"""Which measured rows of a system and precision a matrix multiplication is fitted to.

The rows are ``gemm.parquet`` of the kernel measurements: system, backend, version, kernel, dtype,
m, n, k and seconds, each timed in a loop. Every backend counts with its newest version.

* 16 bits and weights only stored narrow: TensorRT-LLM, else the first other backend by name. All
  libraries call the same vendor kernels there.
* ``FASTEST`` precisions: libraries differ by up to three, as some count the kernel that quantises
  the activations and some do not, and an engine takes the fastest kernel at hand. So of each shape
  the fastest library is taken. Left out are kernels that are plainly timed with the host's work:
  the median of their fastest tenth lies above ``HOST_BOUND_S``, whatever the shape.
* A system where one library alone was measured at such a precision, and whose design another
  system shares (``LENDERS``): its own times of that library, each times the ratio that the other
  system shows at the same shape between its fastest library and this one. From H100 to H200 and
  back, where the answer is known, this is off by 0.7 % (median) and 10 % (95th percentile).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "FASTEST",
    "HOST_BOUND_S",
    "LENDERS",
    "GemmRows",
    "fastest_rows",
    "gemm_rows",
    "host_bound_kernels",
    "lent_rows",
    "recommended_rows",
]

FloatArray = npt.NDArray[np.float64]

FASTEST = frozenset({"fp8", "fp8_block", "nvfp4"})
"""Precisions at which the fastest library of each shape is taken."""

HOST_BOUND_S = 50e-6
"""A captured graph starts a kernel within 10 us; a host that prepares each call needs more."""

LENDERS: Mapping[str, str] = MappingProxyType(
    {"gb200": "b200_sxm", "b300_sxm": "b200_sxm", "gb300": "b200_sxm"}
)
"""System with one library -> system of the same design with several."""

_SHAPE = ["m", "n", "k"]


@dataclass(frozen=True, slots=True, eq=False)
class GemmRows:
    """Rows of one system and precision, arrays (n,); backend and version name the libraries."""

    system: str
    backend: str
    version: str
    precision: str
    m: FloatArray
    n: FloatArray
    k: FloatArray
    latency_s: FloatArray

    @property
    def shape(self) -> npt.NDArray[np.int64]:
        """The weight matrix each row belongs to, as one whole number."""
        return (self.n * 2**20 + self.k).astype(np.int64)


def gemm_rows(frame: pd.DataFrame, system: str, precision: str) -> GemmRows | None:
    """The rows to fit for a system and precision; None where nothing was measured.

    Parameters
    ----------
    frame
        All kernel measurements, those of the lender included.
    system, precision
        As in the measurements.
    """
    own = frame[(frame["system"] == system) & (frame["dtype"] == precision)]
    if own.empty:
        return None
    lender = LENDERS.get(system)
    if precision not in FASTEST:
        # Which backend is recommended depends on the system, not on the precision.
        chosen = recommended_rows(frame[frame["system"] == system])
        chosen = chosen[chosen["dtype"] == precision]
        if chosen.empty:
            return None
        backend, version = str(chosen["backend"].iloc[0]), str(chosen["version"].iloc[0])
    else:
        chosen = fastest_rows(own)
        backend, version = _libraries(chosen)
        if chosen["kernel"].nunique() == 1 and lender is not None:
            other = frame[(frame["system"] == lender) & (frame["dtype"] == precision)]
            lent = lent_rows(chosen, other)
            if lent is not None:
                chosen = lent
                version += f", times fastest / same library of {lender}"
    return GemmRows(
        system=system,
        backend=backend,
        version=version,
        precision=precision,
        m=chosen["m"].to_numpy(dtype=np.float64),
        n=chosen["n"].to_numpy(dtype=np.float64),
        k=chosen["k"].to_numpy(dtype=np.float64),
        latency_s=chosen["latency_s"].to_numpy(dtype=np.float64),
    )


def recommended_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of one system's newest TensorRT-LLM, else of the newest version of another backend.

    Raises
    ------
    ValueError
        Without rows.
    """
    backends = sorted(frame["backend"].astype(str).unique())
    if not backends:
        raise ValueError("no rows to choose a backend from")
    backend = "trtllm" if "trtllm" in backends else backends[0]
    own = frame[frame["backend"] == backend]
    newest = max(own["version"].astype(str).unique(), key=_version_order)
    rows: pd.DataFrame = own[own["version"] == newest]
    return rows


def host_bound_kernels(frame: pd.DataFrame) -> list[str]:
    """Kernels among the rows of one system and precision that were timed with the host's work.

    The median of the fastest tenth of their rows is above ``HOST_BOUND_S``: even the least matrix
    takes that long.
    """
    names = []
    for name, rows in frame.groupby(frame["kernel"].astype(str), sort=True):
        times = np.sort(rows["latency_s"].to_numpy(dtype=np.float64))
        if np.median(times[: max(1, times.size // 10)]) > HOST_BOUND_S:
            names.append(str(name))
    return names


def fastest_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Of each m, n, k the fastest row; newest versions, kernels timed with the host left out.

    Parameters
    ----------
    frame
        Rows of one system and precision, at least one.

    Returns
    -------
    DataFrame
        A row a shape, sorted by shape; where every kernel is host-bound, all of them stay, since
        nothing better is known.
    """
    newest = pd.concat(
        rows[rows["version"] == max(rows["version"].astype(str).unique(), key=_version_order)]
        for _, rows in frame.groupby(frame["backend"].astype(str), sort=True)
    )
    kept = newest[~newest["kernel"].isin(host_bound_kernels(newest))]
    kept = newest if kept.empty else kept
    fastest: pd.DataFrame = kept.sort_values([*_SHAPE, "latency_s"], kind="stable")
    return fastest.drop_duplicates(_SHAPE)


def lent_rows(own: pd.DataFrame, lender: pd.DataFrame) -> pd.DataFrame | None:
    """One library's rows times the ratio fastest to this library that another system shows.

    Parameters
    ----------
    own
        Rows of one kernel on one system.
    lender
        Rows of the other system at the same precision.

    Returns
    -------
    DataFrame or None
        The rows of shapes that the lender has too; None where the lender has not this kernel, or
        no other.
    """
    if lender.empty:
        return None
    fastest = fastest_rows(lender)
    same = lender[lender["kernel"] == own["kernel"].iloc[0]]
    if same.empty or fastest["kernel"].nunique() == 1:
        return None
    best = fastest.set_index(_SHAPE)["latency_s"].rename("best_s")
    this = same.drop_duplicates(_SHAPE).set_index(_SHAPE)["latency_s"].rename("this_s")
    joined = own.join(best, on=_SHAPE).join(this, on=_SHAPE).dropna(subset=["best_s", "this_s"])
    return joined.assign(latency_s=joined["latency_s"] * joined["best_s"] / joined["this_s"])


def _libraries(rows: pd.DataFrame) -> tuple[str, str]:
    """Backends, and versions with kernels, of the rows as two texts."""
    parts = rows[["backend", "version", "kernel"]].astype(str).drop_duplicates()
    parts = parts.sort_values(["backend", "kernel"])
    backend = " + ".join(dict.fromkeys(parts["backend"]))
    version = " + ".join(
        f"{version} {kernel}"
        for version, kernel in zip(parts["version"], parts["kernel"], strict=True)
    )
    return backend, version


def _version_order(version: str) -> tuple[list[int], int, int]:
    """Sorts ``1.3.0`` after ``1.3.0rc20`` and that after ``1.3.0rc3``."""
    release, _, candidate = version.partition("rc")
    numbers = [int(part) for part in re.findall(r"\d+", release)]
    return numbers, int(not candidate), int(candidate or 0)
