"""Constants of multi-head latent attention from measured times.

Tables: ``mla_decode.parquet`` and ``mla_context.parquet``; rows and splits as ``attention_tables``
says. A *shape* is the heads a device holds with their tensor degree, that is (whole model, tensor
degree). Whether a sequence is ever split, and how many heads a tile takes, the fit finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solver.performance.fitting.attention import ContextRows
from solver.performance.fitting.attention_tables import (
    KernelRows,
    best_candidate,
    fit_tables,
    report_lines,
    screen,
    thin,
)
from solver.performance.fitting.fit import Fit, Free
from solver.performance.operators.attention_context import context_constants_from
from solver.performance.operators.mla import (
    mla_context_s,
    mla_decode_constants_from,
    mla_decode_s,
)

__all__ = ["MlaContextRows", "MlaDecodeRows", "fit_family", "report_lines"]

FloatArray = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_FREE = (
    Free("launch_s", "s", 6e-6, 1e-6, 1e-4),
    Free("merge_s", "s", 2e-6, 1e-8, 1e-4),
    Free("merge_part_s", "s", 1e-7, 1e-10, 1e-5),
    Free("block_s", "s", 2e-6, 1e-8, 1e-4),
    Free("head_s", "s", 1e-8, 1e-11, 1e-6),
    Free("sm_bytes_per_s", "byte/s", 6e10, 1e9, 1e13),
    Free("sm_flop_per_s", "flop/s", 1e12, 1e10, 1e15),
    Free("hbm_share", "1", 0.85, 0.1, 1.0),
    Free("l2_share", "1", 0.7, 0.05, 5.0),
    Free("l2_gain", "1", 2.0, 0.99, 10.0),
    Free("fill_s", "s", 3e-6, 1e-8, 1e-4),
    Free("reread_share", "1", 0.3, 1e-3, 1.0),
    Free("norm_p", "1", 2.0, 1.0, 12.0),
    Free("tile_tokens", "token", 64.0, 1.01, 512.0),
)

_NEVER = 2.0**30
# On the B200 and GB200 the time of one sequence steps up between 256 and 512 tokens: it is split
# there. Longer chunks fit about as well, and predict held-out rows worse.
_SPLITS = [
    {"chunk_tokens": chunk, "waves": waves}
    for chunk, waves in (
        (256.0, 1.0),
        (256.0, 2.0),
        (_NEVER, 1.0),
    )
]
_TILES = [
    {"narrow_tile_heads": narrow, "wide_tile_heads": wide, "wide_from_heads": 64.0}
    for narrow, wide in ((64.0, 64.0), (64.0, 128.0), (16.0, 64.0), (16.0, 128.0), (16.0, 16.0))
]
_SETTING_UNITS = {
    "chunk_tokens": "token",
    "waves": "block/multiprocessor",
    "narrow_tile_heads": "1",
    "wide_tile_heads": "1",
    "wide_from_heads": "1",
    "kv_value_bytes": "byte",
}


class MlaDecodeRows(KernelRows):
    """Rows of MLA decode; see ``KernelRows``."""

    family = "mla_decode"
    soft_error = 0.03
    shape_columns: tuple[str, ...] = ("heads", "tp_size")

    def predict(self, constants: Mapping[str, float], chosen: npt.ArrayLike) -> FloatArray:
        c = self.columns_of(chosen)
        return mla_decode_s(
            mla_decode_constants_from(constants),
            self.device,
            batch=c["batch"],
            kv_len=c["kv_len"],
            heads=c["heads"],
        )

    def fit(
        self, settings: Mapping[str, float], chosen: Positions, *, evaluations: int = 60
    ) -> dict[str, float]:
        return self.fit_free(
            settings,
            thin(chosen, seed=0),
            free=_FREE,
            predict=self.predict,
            evaluations=evaluations,
        )

    def settings(self, chosen: Positions) -> dict[str, float]:
        few = screen(chosen, seed=0)
        given = {"kv_value_bytes": self.kv_value_bytes}

        def misfit(settings: Mapping[str, float]) -> float:
            return self.misfit(self.predict(self.fit(settings, few, evaluations=20), few), few)

        start = {**given, **_TILES[0]}
        split = best_candidate([{**start, **candidate} for candidate in _SPLITS], misfit)
        tiled = best_candidate([{**split, **candidate} for candidate in _TILES], misfit)
        return best_candidate([{**tiled, **candidate} for candidate in _SPLITS], misfit)

    def setting_names(self) -> frozenset[str]:
        return frozenset(_SETTING_UNITS)

    def units(self) -> Mapping[str, str]:
        return {**{f.name: f.unit for f in _FREE}, **_SETTING_UNITS}


class MlaContextRows(ContextRows):
    """Rows of MLA context attention; see ``KernelRows``."""

    family = "mla_context"
    shape_columns: tuple[str, ...] = ("heads", "tp_size")

    def predict(self, constants: Mapping[str, float], chosen: npt.ArrayLike) -> FloatArray:
        c = self.columns_of(chosen)
        return mla_context_s(
            context_constants_from(constants),
            self.device,
            batch=c["batch"],
            tokens=c["kv_len"],
            heads=c["heads"],
        )


def fit_family(folder: Path, *, systems: Sequence[str] | None = None, seed: int = 0) -> list[Fit]:
    """Fit decode and context MLA of every system and precision.

    Parameters
    ----------
    folder
        Holds ``mla_decode.parquet`` and ``mla_context.parquet``.
    systems
        Names to fit, by default all that have a device description.
    seed
        Of the splits.
    """
    tables: dict[str, type[KernelRows]] = {
        kind.family: kind for kind in (MlaDecodeRows, MlaContextRows)
    }
    return fit_tables(folder, tables, latent=True, systems=systems, seed=seed)
