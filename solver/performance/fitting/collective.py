"""Constants of the collectives from measured times (``comm.parquet``).

Rows used: NCCL's newest version (half precision; a collective moves bytes, so nothing depends on
the precision), and for the all-reduce also the kernels of TensorRT-LLM's newest version, which
itself takes NCCL where its own kernels would be slower. Both are fitted together: NCCL rows by
NCCL's formula, the engine's rows by the fastest of the three. All-reduce over NVLink between nodes
(``TRTLLM_MNNVL_*``, 8 and 16 devices) has kernels of its own and is fitted apart.

A *shape* of the held-out report is a message size, in every world size. Groups are small (30 to 100
rows), so each split is drawn three times and the errors are pooled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from solver.performance.fitting.fit import (
    RANDOM,
    SHAPE,
    SYSTEM,
    ErrorSummary,
    Fit,
    Free,
    fit_log_time,
    held_out,
    summarise_errors,
)
from solver.performance.operators.collective import (
    COLLECTIVE_KINDS,
    CollectiveConstants,
    CollectiveKind,
    collective_s,
    constants_from,
)
from solver.performance.operators.device import device_of_system

__all__ = ["FAMILY", "SIBLINGS", "fit_family", "report_lines"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

FAMILY = "collective"

SIBLINGS: Mapping[str, str] = MappingProxyType(
    {
        "a100_sxm": "h100_sxm",
        "h100_sxm": "h200_sxm",
        "h200_sxm": "h100_sxm",
        "b200_sxm": "b300_sxm",
        "b300_sxm": "b200_sxm",
        "gb200": "gb300",
        "gb300": "gb200",
        "l40s": "rtx_pro_6000_server",
        "rtx_pro_6000_server": "l40s",
    }
)
"""The system whose constants predict another in the split by whole systems."""

_IN_SWITCH = frozenset({"h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm", "gb200", "gb300"})
"""Systems whose switch reduces: NVLink SHARP, from the third NVSwitch on."""

_MNNVL = "all_reduce_mnnvl"
_DRAWS = 3
_SOFT_ERROR = 0.05

_CONTENTION = Free("contention", "1", 0.1, -1.0, 3.0, logarithmic=False)
_NCCL = (
    Free("nccl_launch_s", "s", 5e-6, 1e-7, 1e-4),
    Free("nccl_hop_s", "s", 1.5e-6, 1e-9, 1e-4),
    Free("nccl_link_share", "1", 0.6, 0.01, 1.0),
    Free("nccl_half_bytes", "byte", 1e6, 1e2, 1e9),
    Free("nccl_exponent", "1", 0.5, 0.2, 1.0, logarithmic=False),
)
_CUSTOM = (
    Free("one_shot_launch_s", "s", 3e-6, 1e-7, 1e-4),
    Free("one_shot_hop_s", "s", 1e-7, 1e-10, 1e-5),
    Free("one_shot_link_share", "1", 0.6, 0.01, 1.0),
    Free("two_shot_launch_s", "s", 1e-5, 1e-7, 1e-3),
    Free("two_shot_link_share", "1", 0.6, 0.01, 1.0),
    Free("two_shot_half_bytes", "byte", 1e5, 1e1, 1e8),
)

_ALL = (*_NCCL, *_CUSTOM, _CONTENTION)


class _Rows:
    """Measured rows of one system and one kind of collective, as arrays (n,)."""

    def __init__(self, frame: pd.DataFrame, *, system: str, precision: str) -> None:
        self.system = system
        self.kind: CollectiveKind = (
            "all_reduce"
            if precision == _MNNVL
            else next(kind for kind in COLLECTIVE_KINDS if kind == precision)
        )
        self.device = device_of_system(system)
        self.world: FloatArray = frame["num_gpus"].to_numpy(dtype=np.float64)
        self.message_bytes: FloatArray = frame["bytes"].to_numpy(dtype=np.float64)
        self.measured_s: FloatArray = frame["latency_s"].to_numpy(dtype=np.float64)
        self.by_nccl: BoolArray = (frame["kernel"] == "NCCL").to_numpy(dtype=np.bool_)
        self.free: tuple[Free, ...] = (_CONTENTION,)
        if self.by_nccl.any():
            self.free += _NCCL
        if not self.by_nccl.all():
            self.free += _CUSTOM
        # In the order of the libraries: NCCL's rows come first.
        self.version = " + ".join(dict.fromkeys(frame["version"].astype(str)))

    def predict(self, values: Mapping[str, float], chosen: BoolArray) -> FloatArray:
        """Seconds of the chosen rows."""
        constants = constants_from(_complete(values, self.system))
        world, size = self.world[chosen], self.message_bytes[chosen]
        seconds = collective_s(
            constants, self.device, kind=self.kind, world=world, message_bytes=size
        )
        if constants.custom is not None and constants.nccl is not None:
            alone = CollectiveConstants(
                contention=constants.contention,
                in_switch=constants.in_switch,
                nccl=constants.nccl,
                custom=None,
            )
            nccl_s = collective_s(
                alone, self.device, kind=self.kind, world=world, message_bytes=size
            )
            seconds = np.where(self.by_nccl[chosen], nccl_s, seconds)
        return seconds

    def fit(self, chosen: BoolArray) -> dict[str, float]:
        """Constants from the chosen rows."""
        return fit_log_time(
            lambda values: self.predict(values, chosen),
            self.measured_s[chosen],
            free=self.free,
            soft_error=_SOFT_ERROR,
        )

    def errors(self, groups: npt.ArrayLike, *, seed: int) -> ErrorSummary:
        """Errors of held-out groups of rows, pooled over several draws."""
        predicted: list[FloatArray] = []
        measured: list[FloatArray] = []
        for draw in range(_DRAWS):
            unseen = held_out(groups, seed=seed + draw)
            predicted.append(self.predict(self.fit(~unseen), unseen))
            measured.append(self.measured_s[unseen])
        return summarise_errors(np.concatenate(predicted), np.concatenate(measured))

    def all_rows(self) -> BoolArray:
        return np.ones(self.measured_s.shape, dtype=np.bool_)


def _complete(values: Mapping[str, float], system: str) -> dict[str, float]:
    """All constants of a collective: what was fitted, what is known, infinity where no library."""
    absent = {free.name: math.inf for free in (*_NCCL, *_CUSTOM)}
    return {**absent, **values, "in_switch": float(system in _IN_SWITCH)}


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _newest(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the newest version in the frame."""
    if frame.empty:
        return frame
    versions = frame["version"].astype(str)
    newest: pd.DataFrame = frame[versions == max(versions.unique(), key=_version_key)]
    return newest


def _tables(frame: pd.DataFrame, system: str) -> dict[str, pd.DataFrame]:
    """The rows to be fitted together, by kind (and by network for the all-reduce)."""
    rows = frame[frame["system"] == system]
    nccl = rows[(rows["backend"] == "nccl") & (rows["dtype"] == "half")]
    engine = rows[(rows["backend"] == "trtllm") & (rows["collective"] == "all_reduce")]
    tables: dict[str, pd.DataFrame] = {}
    for kind in COLLECTIVE_KINDS:
        part = _newest(nccl[nccl["collective"] == kind])
        if kind == "all_reduce":
            part = pd.concat([part, _newest(engine[engine["kernel"] == "TRTLLM"])])
        tables[kind] = part
    between_nodes = engine["kernel"].astype(str).str.startswith("TRTLLM_MNNVL")
    tables[_MNNVL] = _newest(engine[between_nodes])
    return {name: table for name, table in tables.items() if not table.empty}


def fit_family(folder: Path, *, systems: Sequence[str] | None = None, seed: int = 0) -> list[Fit]:
    """Fit every system and kind of collective in ``folder/comm.parquet``.

    Parameters
    ----------
    systems
        Names to fit, by default all that have a device description.
    seed
        Of the splits.

    Returns
    -------
    list of Fit
        ``precision`` is the kind of collective, or ``all_reduce_mnnvl``. The error by whole
        systems is absent where neither the system's sibling was fitted nor measured.
    """
    frame = pd.read_parquet(folder / "comm.parquet")
    wanted = list(SIBLINGS) if systems is None else list(systems)
    rows = {
        (system, precision): _Rows(table, system=system, precision=precision)
        for system in dict.fromkeys([*wanted, *(SIBLINGS[s] for s in wanted if s in SIBLINGS)])
        for precision, table in _tables(frame, system).items()
    }
    constants = {key: part.fit(part.all_rows()) for key, part in rows.items()}
    fits: list[Fit] = []
    for (system, precision), part in rows.items():
        if system not in wanted:
            continue
        own = np.arange(len(part.measured_s))
        errors = {
            RANDOM: part.errors(own, seed=seed),
            SHAPE: part.errors(part.message_bytes, seed=seed),
        }
        carried = constants.get((SIBLINGS.get(system, ""), precision))
        if carried is not None:
            predicted = part.predict(carried, part.all_rows())
            errors[SYSTEM] = summarise_errors(predicted, part.measured_s)
        fits.append(
            Fit(
                family=FAMILY,
                system=system,
                backend="nccl + trtllm" if precision == "all_reduce" else _backend(precision),
                version=part.version,
                precision=precision,
                constants=_complete(constants[system, precision], system),
                units={**{free.name: free.unit for free in _ALL}, "in_switch": "1"},
                rows=len(own),
                errors=errors,
            )
        )
    return fits


def _backend(precision: str) -> str:
    return "trtllm" if precision == _MNNVL else "nccl"


def report_lines(fits: Sequence[Fit]) -> list[str]:
    """The held-out errors of these fits as a table, one line each (median / 95th percentile)."""
    lines = [f"{'system':20} {'collective':17} {'rows':>5}  random        message size  system"]
    for fit in fits:
        cells = "  ".join(
            f"{fit.errors[split].median:5.1%} /{fit.errors[split].p95:6.1%}"
            if split in fit.errors
            else f"{'-':>13}"
            for split in (RANDOM, SHAPE, SYSTEM)
        )
        lines.append(f"{fit.system:20} {fit.precision:17} {fit.rows:5}  {cells}")
    return lines
