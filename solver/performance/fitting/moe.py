"""Constants of the routed experts from measured times (``moe.parquet``).

What a row means, found by its scaling: the time of one device, the busiest of the group; ``tokens``
are those of the whole expert-parallel group, of which the device computes those routed to its
``experts / moe_ep`` experts (time falls with ``moe_ep`` at equal ``tokens``, and the weights read
match ``min(experts / moe_ep, tokens * topk / moe_ep)`` experts). ``inter`` is the whole width, of
which the device holds a ``moe_tp``-th. Power-law rows are means over five random draws, so part of
their scatter is the draw.

TensorRT-LLM alone was measured. Kernel families: CUTLASS (``deepgemm`` for 8-bit blocks on
Blackwell, Triton or TensorRT-LLM's own for MXFP4); non-gated experts, which have constants of their
own and the suffix `` nongated``; and TensorRT-LLM's own kernels for few tokens
(``moe_torch_flow_min_latency``), suffix `` low_latency``. Of these only power-law rows of layers
with more than ``_GROUPED_EXPERTS`` experts are fitted: in the others the load is not the one that
the row states. Their router picks groups of experts first, which sends every balanced token to the
first half (times at ``moe_ep`` 1 and 2 are equal) and, of eight experts, always to the same few
(weights would be read at up to four times the memory's peak).

Both distributions of a group are fitted together with one set of constants: what differs between
them is the load, not the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import cast, get_args

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
from solver.performance.operators.device import Device, device_of_system
from solver.performance.operators.expert_load import Distribution
from solver.performance.operators.moe import MoeWork, constants_from, moe_work, work_s

__all__ = ["FAMILY", "LOW_LATENCY", "NONGATED", "SIBLINGS", "fit_family", "report_lines"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

FAMILY = "moe"
NONGATED = " nongated"
"""Suffix of the precision of experts with a single up projection."""
LOW_LATENCY = " low_latency"
"""Suffix of the precision at which the kernels for few tokens are fitted."""

SIBLINGS: Mapping[str, str] = MappingProxyType(
    {
        "a100_sxm": "h100_sxm",
        "h100_sxm": "h200_sxm",
        "h200_sxm": "h100_sxm",
        "b200_sxm": "gb200",
        "gb200": "b200_sxm",
        "l40s": "h100_sxm",
    }
)
"""The system whose constants predict another in the split by whole systems."""

_LOW_LATENCY_KERNEL = "moe_torch_flow_min_latency"
_GROUPED_EXPERTS = 8
"""Up to here the low-latency rows do not have the load they state, see the module."""
_FITTED_ROWS = 2000
"""Rows a fit sees at most, chosen at random: eight constants need no more."""
_EVALUATIONS = 40
"""Steps of a fit: the error settles within twenty."""

_FREE = (
    Free("launch_s", "s", 3e-5, 1e-6, 3e-4),
    Free("expert_s", "s", 1e-8, 1e-11, 1e-6),
    Free("token_s", "s", 1e-9, 1e-12, 1e-6),
    Free("compute_share", "1", 0.6, 0.02, 0.95),
    Free("tile_half_rows", "1", 16.0, 0.01, 400.0),
    Free("fill_waves", "1", 1.0, 0.01, 30.0),
    Free("memory_share", "1", 0.8, 0.05, 1.0),
    Free("activation_share", "1", 0.5, 0.02, 1.0),
    Free("overlap_exponent", "1", 2.0, 1.0, 8.0, logarithmic=False),
)


class _Rows:
    """Measured rows of one system and one kernel family, as arrays (n,)."""

    def __init__(self, frame: pd.DataFrame, *, system: str, precision: str) -> None:
        self.device: Device = device_of_system(system)
        self.precision = precision.removesuffix(NONGATED)
        # Distributions apart, as the load of each is another function.
        parts = [frame[frame["distribution"] == name] for name in get_args(Distribution)]
        table = pd.concat(parts)
        self.version = " + ".join(sorted(set(table["version"].astype(str))))
        self.measured_s: FloatArray = table["latency_s"].to_numpy(dtype=np.float64)
        shape = ["hidden", "inter", "topk", "experts"]
        self.shapes: FloatArray = table.groupby(shape).ngroup().to_numpy(dtype=np.float64)
        gated = not precision.endswith(NONGATED)
        works = [
            _work(part, self.device, precision=self.precision, gated=gated, name=name)
            for name, part in zip(get_args(Distribution), parts, strict=True)
            if not part.empty
        ]
        self.work = MoeWork(
            weight_bytes=np.concatenate([w.weight_bytes for w in works]),
            activation_bytes=np.concatenate([w.activation_bytes for w in works]),
            tile_flop={
                rows: np.concatenate([w.tile_flop[rows] for w in works])
                for rows in works[0].tile_flop
            },
            wave_flop={
                rows: np.concatenate([w.wave_flop[rows] for w in works])
                for rows in works[0].wave_flop
            },
            local_experts=np.concatenate([w.local_experts for w in works]),
            tokens=np.concatenate([w.tokens for w in works]),
        )

    def predict(self, values: Mapping[str, float], chosen: BoolArray) -> FloatArray:
        """Seconds of the chosen rows."""
        return self._predict(values, _chosen(self.work, chosen))

    def _predict(self, values: Mapping[str, float], work: MoeWork) -> FloatArray:
        return work_s(constants_from(values), self.device, work, precision=self.precision)

    def fit(self, chosen: BoolArray, *, seed: int) -> dict[str, float]:
        """Constants from at most ``_FITTED_ROWS`` of the chosen rows."""
        rows = np.flatnonzero(chosen)
        if len(rows) > _FITTED_ROWS:
            rows = np.random.default_rng(seed).permutation(rows)[:_FITTED_ROWS]
        seen = np.zeros(chosen.shape, dtype=np.bool_)
        seen[rows] = True
        work = _chosen(self.work, seen)
        return fit_log_time(
            lambda values: self._predict(values, work),
            self.measured_s[seen],
            free=_FREE,
            max_evaluations=_EVALUATIONS,
        )

    def errors(self, groups: npt.ArrayLike, *, seed: int) -> ErrorSummary:
        """Errors of the held-out groups of rows."""
        unseen = held_out(groups, seed=seed)
        values = self.fit(~unseen, seed=seed)
        return summarise_errors(self.predict(values, unseen), self.measured_s[unseen])

    def all_rows(self) -> BoolArray:
        return np.ones(self.measured_s.shape, dtype=np.bool_)


def _work(
    frame: pd.DataFrame, device: Device, *, precision: str, gated: bool, name: str
) -> MoeWork:
    def column(label: str) -> FloatArray:
        values: FloatArray = frame[label].to_numpy(dtype=np.float64)
        return values

    return moe_work(
        device,
        precision=precision,
        gated=gated,
        tokens=column("tokens"),
        hidden=column("hidden"),
        inter=column("inter"),
        top_k=column("topk"),
        experts=column("experts"),
        tensor_parallel=column("moe_tp"),
        expert_parallel=column("moe_ep"),
        distribution=cast(Distribution, name),
    )


def _chosen(work: MoeWork, rows: BoolArray) -> MoeWork:
    return MoeWork(
        weight_bytes=work.weight_bytes[rows],
        activation_bytes=work.activation_bytes[rows],
        tile_flop={height: flop[rows] for height, flop in work.tile_flop.items()},
        wave_flop={height: flop[rows] for height, flop in work.wave_flop.items()},
        local_experts=work.local_experts[rows],
        tokens=work.tokens[rows],
    )


def _tables(frame: pd.DataFrame, system: str) -> dict[str, pd.DataFrame]:
    """The rows to be fitted together, by precision and gating."""
    rows = frame[frame["system"] == system]
    suffix = {"moe_torch_flow_nongated": NONGATED, _LOW_LATENCY_KERNEL: LOW_LATENCY}
    position = rows["dtype"].astype(str) + rows["kernel"].map(suffix).fillna("").astype(str)
    tables = {label: rows[position == label] for label in sorted(set(position))}
    for label, table in tables.items():
        if label.endswith(LOW_LATENCY):
            stated = table["distribution"] != "balanced"
            tables[label] = table[stated & (table["experts"] > _GROUPED_EXPERTS)]
    return {label: table for label, table in tables.items() if not table.empty}


def fit_family(folder: Path, *, systems: Sequence[str] | None = None, seed: int = 0) -> list[Fit]:
    """Fit every system and precision in ``folder/moe.parquet``.

    Parameters
    ----------
    systems
        Names to fit, by default all that were measured.
    seed
        Of the splits and of the choice of rows.

    Returns
    -------
    list of Fit
        The error by whole systems is absent where the sibling has no rows of the precision.
    """
    frame = pd.read_parquet(folder / "moe.parquet")
    wanted = list(SIBLINGS) if systems is None else list(systems)
    needed = dict.fromkeys([*wanted, *(SIBLINGS[s] for s in wanted if s in SIBLINGS)])
    rows = {
        (system, precision): _Rows(table, system=system, precision=precision)
        for system in needed
        for precision, table in _tables(frame, system).items()
    }
    constants = {key: part.fit(part.all_rows(), seed=seed) for key, part in rows.items()}
    fits: list[Fit] = []
    for (system, precision), part in rows.items():
        if system not in wanted:
            continue
        errors = {RANDOM: part.errors(np.arange(len(part.measured_s)), seed=seed)}
        if len(np.unique(part.shapes)) > 1:
            errors[SHAPE] = part.errors(part.shapes, seed=seed)
        carried = constants.get((SIBLINGS.get(system, ""), precision))
        if carried is not None:
            predicted = part.predict(carried, part.all_rows())
            errors[SYSTEM] = summarise_errors(predicted, part.measured_s)
        fits.append(
            Fit(
                family=FAMILY,
                system=system,
                backend="trtllm",
                version=part.version,
                precision=precision,
                constants=constants[system, precision],
                units={free.name: free.unit for free in _FREE},
                rows=len(part.measured_s),
                errors=errors,
            )
        )
    return fits


def report_lines(fits: Sequence[Fit]) -> list[str]:
    """The held-out errors of these fits as a table, one line each (median / 95th percentile)."""
    lines = [f"{'system':9} {'precision':21} {'rows':>6}  random        model shape   system"]
    for fit in fits:
        cells = "  ".join(
            f"{fit.errors[split].median:5.1%} /{fit.errors[split].p95:6.1%}"
            if split in fit.errors
            else f"{'-':>13}"
            for split in (RANDOM, SHAPE, SYSTEM)
        )
        lines.append(f"{fit.system:9} {fit.precision:21} {fit.rows:6}  {cells}")
    return lines
