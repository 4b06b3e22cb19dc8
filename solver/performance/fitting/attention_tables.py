"""What the fits of attention kernels have in common: which rows, which splits, which report.

Rows used: TensorRT-LLM in the newest version of each system (its kernels were timed inside CUDA
graphs), and only its own attention kernels, not FlashInfer's. For ordinary attention on the A100
vLLM's rows are taken: TensorRT-LLM's there read the cache at 1.3 to 1.5 times the vendor's
bandwidth, which no kernel can. Systems without a device description (``b60``) are left out.

Settings that are whole numbers or choices of a kernel (tile sizes, when a sequence is split, which
kernel serves which group) are chosen among a few candidates on the rows that neither split holds
out, then kept; the other constants are fitted anew without each held-out part.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from solver.performance.fitting.fit import (
    RANDOM,
    SHAPE,
    SPLITS,
    SYSTEM,
    Fit,
    Free,
    fit_log_time,
    held_out,
    summarise_errors,
)
from solver.performance.operators.device import MEASURED_SYSTEMS, Device, device_of_system

__all__ = [
    "SIBLINGS",
    "KernelRows",
    "best_candidate",
    "fit_rows",
    "fit_tables",
    "report_lines",
    "screen",
    "select_rows",
    "thin",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

SIBLINGS: Mapping[str, str] = MappingProxyType(
    {
        "a100_sxm": "h100_sxm",
        "h100_sxm": "h200_sxm",
        "h200_sxm": "h100_sxm",
        "b200_sxm": "gb200",
        "gb200": "b200_sxm",
        "b300_sxm": "b200_sxm",
        "gb300": "gb200",
        "l40s": "rtx_pro_6000_server",
        "rtx_pro_6000_server": "l40s",
    }
)
"""The system whose constants predict another in the split by whole systems."""

_ENGINE_KERNELS = ("torch_flow", "default", "vllm_flash_attn")
_IMPOSSIBLE = frozenset({"a100_sxm"})
_FIT_ROWS = 1500
_SCREEN_ROWS = 400


def best_candidate(
    candidates: Sequence[Mapping[str, float]], score: Callable[[Mapping[str, float]], float]
) -> dict[str, float]:
    """The candidate of the lowest score, the first of equals."""
    scores = [score(candidate) for candidate in candidates]
    return dict(candidates[int(np.argmin(scores))])


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def select_rows(frame: pd.DataFrame, system: str, *, latent: bool) -> pd.DataFrame:
    """The rows of one system that are fitted, see the module; empty where there are none."""
    backend = "vllm" if system in _IMPOSSIBLE and not latent else "trtllm"
    rows = frame[
        (frame["system"] == system)
        & (frame["backend"] == backend)
        & frame["kernel"].isin(_ENGINE_KERNELS)
    ]
    if rows.empty:
        return rows
    versions = rows["version"].astype(str)
    newest: pd.DataFrame = rows[versions == max(versions.unique(), key=_version_key)]
    return newest


class KernelRows(ABC):
    """Measured rows of one family, system and precision.

    Subclasses say how long a row should take (``predict``), which constants are free and which
    candidates there are for the settings.
    """

    family: str
    shape_columns: tuple[str, ...]
    soft_error: float = 0.1
    """Error beyond which a row counts about linearly. Decode times stand in steps (a split more, a
    wave more, a clock of 2 us on some systems): there a smaller one keeps to the middle."""

    def __init__(self, frame: pd.DataFrame, *, system: str, precision: str) -> None:
        self.system = system
        self.precision = precision
        self.device: Device = device_of_system(system)
        self.backend = str(frame["backend"].iloc[0])
        self.version = str(frame["version"].iloc[0])
        self.measured_s: FloatArray = frame["latency_s"].to_numpy(dtype=np.float64)
        self.columns: dict[str, FloatArray] = {
            name: frame[name].to_numpy(dtype=np.float64)
            for name in ("batch", "kv_len", "heads", "kv_heads", "head_dim", "window_size")
            if name in frame
        }
        self.shapes: npt.NDArray[np.int64] = np.asarray(
            frame.groupby(list(self.shape_columns), observed=True).ngroup(), dtype=np.int64
        )

    @property
    def kv_value_bytes(self) -> float:
        """Bytes of one cached value, from the name of the precision."""
        return 1.0 if self.precision.endswith("kv_fp8") else 2.0

    def columns_of(self, chosen: npt.ArrayLike) -> dict[str, FloatArray]:
        """Shapes of the chosen rows (a mask or positions), by column."""
        where = np.asarray(chosen)
        return {name: column[where] for name, column in self.columns.items()}

    @abstractmethod
    def predict(self, constants: Mapping[str, float], chosen: npt.ArrayLike) -> FloatArray:
        """Seconds of the chosen rows (a mask or positions)."""

    @abstractmethod
    def settings(self, chosen: npt.NDArray[np.intp]) -> dict[str, float]:
        """The best of the candidate settings on the chosen rows."""

    @abstractmethod
    def fit(
        self, settings: Mapping[str, float], chosen: npt.NDArray[np.intp], *, evaluations: int = 30
    ) -> dict[str, float]:
        """Settings and fitted constants together, from the chosen rows."""

    @abstractmethod
    def setting_names(self) -> frozenset[str]:
        """Constants that are chosen or given, not fitted."""

    @abstractmethod
    def units(self) -> Mapping[str, str]:
        """Unit of every constant."""

    def fit_free(
        self,
        fixed: Mapping[str, float],
        chosen: npt.NDArray[np.intp],
        *,
        free: Sequence[Free],
        predict: Callable[[Mapping[str, float], npt.NDArray[np.intp]], FloatArray],
        evaluations: int,
    ) -> dict[str, float]:
        """Fixed and fitted constants together."""
        found = fit_log_time(
            lambda values: predict({**fixed, **values}, chosen),
            self.measured_s[chosen],
            free=free,
            soft_error=self.soft_error,
            max_evaluations=evaluations,
        )
        return {**fixed, **found}

    def misfit(self, predicted_s: FloatArray, chosen: npt.NDArray[np.intp]) -> float:
        """Mean of the robust loss of log time, as the fit minimises it."""
        off = np.log(predicted_s / self.measured_s[chosen]) / self.soft_error
        return float(np.mean(np.sqrt(1.0 + off * off) - 1.0))


def thin(
    positions: npt.NDArray[np.intp], *, seed: int, most: int = _FIT_ROWS
) -> npt.NDArray[np.intp]:
    """At most so many of the positions, drawn without repetition; sorted."""
    if len(positions) <= most:
        return positions
    return np.sort(np.random.default_rng(seed).choice(positions, size=most, replace=False))


def screen(positions: npt.NDArray[np.intp], *, seed: int) -> npt.NDArray[np.intp]:
    """Few of the positions, enough to choose between candidates."""
    return thin(positions, seed=seed, most=_SCREEN_ROWS)


def fit_rows(
    load: Callable[[str], Sequence[KernelRows]], *, systems: Sequence[str] | None, seed: int
) -> list[Fit]:
    """Fit every precision of every system and hold rows out in three ways.

    Parameters
    ----------
    load
        Gives the rows of one system, one item a precision.
    systems
        Names to fit, by default all that have a device description.
    seed
        Of the splits and of the rows drawn for the fit.
    """
    wanted = list(MEASURED_SYSTEMS) if systems is None else list(systems)
    fits: list[Fit] = []
    complete: dict[tuple[str, str], dict[str, float]] = {}
    tables: dict[str, Sequence[KernelRows]] = {}

    def rows_of(system: str) -> Sequence[KernelRows]:
        if system not in tables:
            tables[system] = load(system)
        return tables[system]

    def whole(rows: KernelRows) -> tuple[dict[str, float], dict[str, BoolArray]]:
        count = len(rows.measured_s)
        unseen = {
            RANDOM: held_out(np.arange(count), seed=seed),
            SHAPE: held_out(rows.shapes, seed=seed),
        }
        key = (rows.system, rows.precision)
        if key not in complete:
            neither = np.flatnonzero(~(unseen[RANDOM] | unseen[SHAPE]))
            settings = rows.settings(neither)
            complete[key] = rows.fit(settings, np.arange(count))
        return complete[key], unseen

    for system in wanted:
        for rows in rows_of(system):
            constants, unseen = whole(rows)
            settings = {k: v for k, v in constants.items() if k in rows.setting_names()}
            errors = {}
            for split, mask in unseen.items():
                found = rows.fit(settings, np.flatnonzero(~mask))
                errors[split] = summarise_errors(
                    rows.predict(found, np.flatnonzero(mask)), rows.measured_s[mask]
                )
            for sibling in rows_of(SIBLINGS[system]):
                if sibling.precision == rows.precision:
                    carried, _ = whole(sibling)
                    everything = np.arange(len(rows.measured_s))
                    errors[SYSTEM] = summarise_errors(
                        rows.predict(carried, everything), rows.measured_s
                    )
            fits.append(
                Fit(
                    family=rows.family,
                    system=system,
                    backend=rows.backend,
                    version=rows.version,
                    precision=rows.precision,
                    constants=constants,
                    units={name: rows.units()[name] for name in constants},
                    rows=len(rows.measured_s),
                    errors=errors,
                )
            )
    return fits


def fit_tables(
    folder: Path,
    tables: Mapping[str, type[KernelRows]],
    *,
    latent: bool,
    systems: Sequence[str] | None,
    seed: int,
) -> list[Fit]:
    """Fit every system and precision of some tables.

    Parameters
    ----------
    folder, tables
        Name of a table -> what its rows are; ``name.parquet`` in the folder.
    latent
        Whether the rows are of latent attention, see ``select_rows``.
    systems, seed
        As for ``fit_rows``.
    """
    fits: list[Fit] = []
    for table, kind in tables.items():
        frame = pd.read_parquet(folder / f"{table}.parquet")

        def load(
            system: str, frame: pd.DataFrame = frame, kind: type[KernelRows] = kind
        ) -> list[KernelRows]:
            rows = select_rows(frame, system, latent=latent)
            return [
                kind(part, system=system, precision=str(precision))
                for precision, part in rows.groupby("dtype", observed=True)
            ]

        fits += fit_rows(load, systems=systems, seed=seed)
    return fits


def report_lines(fits: Sequence[Fit]) -> list[str]:
    """The held-out errors of these fits as a table: median / 95th percentile (bias)."""
    lines = [
        f"{'family':18} {'system':20} {'precision':21} {'rows':>6}  "
        + "  ".join(f"{split:>22}" for split in SPLITS)
    ]
    for fit in fits:
        cells = [
            f"{e.median:6.1%} /{e.p95:6.1%} ({e.bias:+5.1%})"
            if (e := fit.errors.get(split))
            else f"{'-':>22}"
            for split in SPLITS
        ]
        lines.append(
            f"{fit.family:18} {fit.system:20} {fit.precision:21} {fit.rows:6}  " + "  ".join(cells)
        )
    return lines
