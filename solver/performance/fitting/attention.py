"""Constants of decode and context attention from measured times.

Tables: ``attn_decode.parquet`` and ``attn_context.parquet``; rows and splits as
``attention_tables`` says. A *shape* is (heads, KV heads, head width). The two decode
kernels are fitted each on the rows it serves, about a dozen constants each; errors are over both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solver.performance.fitting.attention_tables import (
    KernelRows,
    best_candidate,
    fit_tables,
    report_lines,
    screen,
    thin,
)
from solver.performance.fitting.fit import Fit, Free
from solver.performance.operators.attention import attention_decode_s, decode_constants_from
from solver.performance.operators.attention_context import (
    attention_context_s,
    context_constants_from,
)

__all__ = [
    "CONTEXT_FREE",
    "CONTEXT_UNITS",
    "ContextRows",
    "DecodeRows",
    "fit_family",
    "report_lines",
]

FloatArray = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_KERNEL_FREE = (
    Free("launch_s", "s", 6e-6, 1e-6, 1e-4),
    Free("merge_s", "s", 2e-6, 1e-8, 1e-4),
    Free("merge_part_s", "s", 1e-8, 1e-10, 1e-5),
    Free("block_s", "s", 2e-6, 1e-8, 1e-4),
    Free("sm_bytes_per_s", "byte/s", 6e10, 1e9, 1e13),
    Free("lone_bytes_per_s", "byte/s", 2e10, 1e9, 1e13),
    Free("hbm_share", "1", 0.85, 0.2, 1.0),
    Free("l2_share", "1", 0.7, 0.05, 5.0),
    Free("l2_gain", "1", 2.0, 0.99, 10.0),
    Free("fill_s", "s", 3e-6, 1e-8, 1e-4),
    Free("norm_p", "1", 2.0, 1.0, 12.0),
    Free("head_row_s", "s", 1e-7, -2e-6, 1e-5, logarithmic=False),
)
_GROUPED_FREE = (
    *_KERNEL_FREE,
    Free("sm_s_per_flop", "s/flop", 1e-12, 1e-16, 1e-10),
    Free("tile_tokens", "token", 64.0, 1.01, 512.0),
)
_SHORT_ROW = Free("short_row_s", "s", 1e-7, -1e-5, 1e-5, logarithmic=False)
_PER_HEAD_FREE = (*_KERNEL_FREE, Free("ramp_s", "s", 1e-6, 1e-9, 1e-5))

_SETTING_UNITS = {
    "chunk_tokens": "token",
    "waves": "block/multiprocessor",
    "split_whole_cache": "1",
}
_CHOICES = {"smallest_group": "1", "largest_group": "1", "least_fill": "block/multiprocessor"}
_LARGEST_GROUP = 32.0
_DECODE_FIT_ROWS = 3000


def _splitting(chunk_tokens: float, waves: float, whole: float) -> dict[str, float]:
    return {"chunk_tokens": chunk_tokens, "waves": waves, "split_whole_cache": whole}


_GROUPED_CANDIDATES = [
    _splitting(*numbers)
    for numbers in (
        (128, 2, 1),
        (256, 2, 1),
        (128, 6, 1),
        (256, 6, 1),
        (512, 1, 0),
        (512, 8, 0),
        (1024, 1, 0),
    )
]
_PER_HEAD_CANDIDATES = [
    _splitting(*numbers) for numbers in ((128, 2, 1), (64, 2, 1), (128, 1, 0), (64, 6, 1))
]
_RULES = [
    {"smallest_group": group, "largest_group": _LARGEST_GROUP, "least_fill": fill}
    for group, fill in ((1.0, 0.0), (2.0, 0.0), (2.0, 0.25))
]


def _named(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    return {prefix + name: value for name, value in values.items()}


class DecodeRows(KernelRows):
    """Rows of decode attention; see ``KernelRows``."""

    family = "attention_decode"
    soft_error = 0.03
    shape_columns: tuple[str, ...] = ("heads", "kv_heads", "head_dim")

    def free(self, prefix: str) -> tuple[Free, ...]:
        """Constants of one kernel that are fitted, with their prefix."""
        free = _PER_HEAD_FREE if prefix == "per_head_" else _GROUPED_FREE
        if prefix == "grouped_" and self.kv_value_bytes == 1.0:
            free = (*free, _SHORT_ROW)
        return tuple(
            Free(prefix + f.name, f.unit, f.start, f.lower, f.upper, f.logarithmic) for f in free
        )

    def predict(self, constants: Mapping[str, float], chosen: npt.ArrayLike) -> FloatArray:
        c = self.columns_of(chosen)
        return attention_decode_s(
            decode_constants_from(constants),
            self.device,
            batch=c["batch"],
            kv_len=c["kv_len"],
            heads=c["heads"],
            kv_heads=c["kv_heads"],
            head_dim=c["head_dim"],
            window=c["window_size"],
        )

    def _starts(self) -> dict[str, float]:
        starts = {f.name: f.start for p in ("grouped_", "per_head_") for f in self.free(p)}
        starts |= _named("grouped_", _GROUPED_CANDIDATES[0])
        starts |= _named("per_head_", _PER_HEAD_CANDIDATES[0])
        # A 16-bit row of any head width fills a line: nothing to fit.
        return {"grouped_short_row_s": 0.0, **starts, "kv_value_bytes": self.kv_value_bytes}

    def _served(self, rule: Mapping[str, float], chosen: Positions, prefix: str) -> Positions:
        # The kernel of a row does not depend on the free constants: ask with an absurd launch.
        marked = {**self._starts(), **rule, "grouped_launch_s": 1e6}
        grouped = self.predict(marked, chosen) > 1e5
        return chosen[grouped if prefix == "grouped_" else ~grouped]

    def _fit_kernel(
        self, fixed: Mapping[str, float], served: Positions, prefix: str, *, evaluations: int
    ) -> dict[str, float]:
        return self.fit_free(
            fixed,
            served,
            free=self.free(prefix),
            predict=self.predict,
            evaluations=evaluations,
        )

    def fit(
        self, settings: Mapping[str, float], chosen: Positions, *, evaluations: int = 60
    ) -> dict[str, float]:
        values = {**self._starts(), **settings}
        for prefix in ("grouped_", "per_head_"):
            served = thin(self._served(settings, chosen, prefix), seed=0, most=_DECODE_FIT_ROWS)
            if len(served):
                values = self._fit_kernel(values, served, prefix, evaluations=evaluations)
        return values

    def settings(self, chosen: Positions) -> dict[str, float]:
        few = screen(chosen, seed=0)

        def rule_misfit(rule: Mapping[str, float]) -> float:
            found = self.fit(rule, few, evaluations=10)
            return self.misfit(self.predict(found, few), few)

        settings = {
            **best_candidate(_RULES, rule_misfit),
            "kv_value_bytes": self.kv_value_bytes,
        }
        for prefix, candidates in (
            ("grouped_", _GROUPED_CANDIDATES),
            ("per_head_", _PER_HEAD_CANDIDATES),
        ):
            settings |= self._splitting(settings, chosen, prefix, candidates)
        return settings

    def _splitting(
        self,
        rule: Mapping[str, float],
        chosen: Positions,
        prefix: str,
        candidates: Sequence[Mapping[str, float]],
    ) -> dict[str, float]:
        served = screen(self._served(rule, chosen, prefix), seed=0)
        if not len(served):
            return _named(prefix, candidates[0])
        start = {**self._starts(), **rule}

        def misfit(candidate: Mapping[str, float]) -> float:
            fixed = {**start, **candidate}
            found = self._fit_kernel(fixed, served, prefix, evaluations=12)
            return self.misfit(self.predict(found, served), served)

        return best_candidate([_named(prefix, c) for c in candidates], misfit)

    def setting_names(self) -> frozenset[str]:
        split = [p + name for p in ("grouped_", "per_head_") for name in _SETTING_UNITS]
        return frozenset([*split, *_CHOICES, "kv_value_bytes"])

    def units(self) -> Mapping[str, str]:
        units = {f.name: f.unit for p in ("grouped_", "per_head_") for f in self.free(p)}
        for prefix in ("grouped_", "per_head_"):
            units |= {prefix + name: unit for name, unit in _SETTING_UNITS.items()}
        return units | _CHOICES | {"kv_value_bytes": "byte", "grouped_short_row_s": "s"}


CONTEXT_FREE = (
    Free("launch_s", "s", 1e-5, 1e-6, 1e-4),
    Free("flop_share", "1", 0.6, 0.05, 1.0),
    Free("tile_s", "s", 1e-6, 1e-9, 1e-4),
    Free("tail_tiles", "1", 0.3, 1e-3, 5.0),
    Free("hbm_share", "1", 0.6, 0.05, 1.0),
    Free("norm_p", "1", 1.3, 1.0, 12.0),
)
"""Constants of context attention that are fitted, latent attention included."""

CONTEXT_UNITS: Mapping[str, str] = {
    **{f.name: f.unit for f in CONTEXT_FREE},
    "tile_queries": "token",
    "operand_bits": "bit",
    "kv_value_bytes": "byte",
}
"""Unit of every constant of context attention."""


class ContextRows(KernelRows):
    """Rows of context attention; see ``KernelRows``."""

    family = "attention_context"
    shape_columns: tuple[str, ...] = ("heads", "kv_heads", "head_dim")

    @property
    def operand_bits(self) -> float:
        """Width of the arithmetic: an FP8 cache is multiplied in FP8 where the device can.

        Only so do the times of BF16 attention over an FP8 cache stay below the peak. The A100 has
        no FP8: its 8-bit peak is that of integers.
        """
        fp8 = self.kv_value_bytes == 1.0 and self.system != "a100_sxm"
        return 8.0 if fp8 else 16.0

    def predict(self, constants: Mapping[str, float], chosen: npt.ArrayLike) -> FloatArray:
        c = self.columns_of(chosen)
        return attention_context_s(
            context_constants_from(constants),
            self.device,
            batch=c["batch"],
            tokens=c["kv_len"],
            heads=c["heads"],
            kv_heads=c["kv_heads"],
            head_dim=c["head_dim"],
            window=c["window_size"],
        )

    def fit(
        self, settings: Mapping[str, float], chosen: Positions, *, evaluations: int = 30
    ) -> dict[str, float]:
        return self.fit_free(
            settings,
            thin(chosen, seed=0),
            free=CONTEXT_FREE,
            predict=self.predict,
            evaluations=evaluations,
        )

    def settings(self, chosen: Positions) -> dict[str, float]:
        few = screen(chosen, seed=0)
        given = {"operand_bits": self.operand_bits, "kv_value_bytes": self.kv_value_bytes}

        def misfit(settings: Mapping[str, float]) -> float:
            return self.misfit(self.predict(self.fit(settings, few, evaluations=12), few), few)

        return best_candidate([{**given, "tile_queries": q} for q in (64.0, 128.0, 256.0)], misfit)

    def setting_names(self) -> frozenset[str]:
        return frozenset({"tile_queries", "operand_bits", "kv_value_bytes"})

    def units(self) -> Mapping[str, str]:
        return CONTEXT_UNITS


def fit_family(folder: Path, *, systems: Sequence[str] | None = None, seed: int = 0) -> list[Fit]:
    """Fit decode and context attention of every system and precision.

    Parameters
    ----------
    folder
        Holds ``attn_decode.parquet`` and ``attn_context.parquet``.
    systems
        Names to fit, by default all that have a device description.
    seed
        Of the splits.
    """
    tables: dict[str, type[KernelRows]] = {"attn_decode": DecodeRows, "attn_context": ContextRows}
    return fit_tables(folder, tables, latent=False, systems=systems, seed=seed)
