"""How the rows of each family are predicted, and which constants they can tell.

Constants are listed from the one that most rows tell to the one that fewest do; a short table frees
only the first of them and holds the rest (see ``fitting``). Never told, always held:

* ``gemm``: ``l2_speedup`` and ``resident_share`` (operand sets take turns: nothing stays cached),
  and ``quantise_traffic`` where nothing is quantised;
* ``attention_decode``: the kernel that PyTorch did not run, ``tile_tokens``, ``ramp_s`` and other
  details of a kernel, ``fill_s`` (every read is from main memory, so that time cannot be told from
  ``launch_s``); ``l2_share`` is set near 0, since no cache was read from the L2 cache;
* ``attention_context``: ``tile_queries`` is chosen, widths are given;
* ``collective``: the engine's own kernels, which PyTorch does not have, and whether the switch
  reduces; ``hop_s`` and ``contention`` too where only one number of devices was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from solver.calibration.measure import Table
from solver.calibration.reference import Reference
from solver.performance.fitting.attention import CONTEXT_FREE
from solver.performance.fitting.fit import Free
from solver.performance.fitting.gemm import FREE as GEMM_FREE
from solver.performance.operators.attention import attention_decode_s, decode_constants_from
from solver.performance.operators.attention_context import (
    attention_context_s,
    context_constants_from,
)
from solver.performance.operators.collective import CollectiveConstants, collective_s
from solver.performance.operators.collective import constants_from as collective_constants
from solver.performance.operators.device import Device
from solver.performance.operators.gemm import constants_from as gemm_constants
from solver.performance.operators.gemm import gemm_s

__all__ = ["Candidate", "Family", "family_of"]

FloatArray = npt.NDArray[np.float64]
Constants = Mapping[str, float]

_GEMM_ORDER = (
    "hbm_share",
    "share_of_peak",
    "fixed_s",
    "tile_bytes_per_s",
    "wave_s",
    "overlap",
    "k_step_s",
    "activation_traffic",
    "output_traffic",
    "tail_share",
    "split_s",
    "choice",
)
_CONTEXT_ORDER = ("launch_s", "flop_share", "hbm_share", "tile_s", "norm_p", "tail_tiles")
_DECODE_FREE = (
    Free("launch_s", "s", 6e-6, 1e-7, 1e-4),
    Free("hbm_share", "1", 0.85, 0.05, 1.0),
    Free("sm_bytes_per_s", "byte/s", 6e10, 1e8, 1e13),
    Free("block_s", "s", 2e-6, 1e-9, 1e-4),
    Free("lone_bytes_per_s", "byte/s", 2e10, 1e8, 1e13),
    Free("norm_p", "1", 2.0, 1.0, 12.0),
    Free("merge_s", "s", 2e-6, 1e-8, 1e-4),
)
_COLLECTIVE_FREE = (
    Free("nccl_launch_s", "s", 5e-6, 1e-7, 1e-3),
    Free("nccl_link_share", "1", 0.6, 0.01, 1.0),
    Free("nccl_half_bytes", "byte", 1e6, 1e2, 1e9),
    Free("nccl_exponent", "1", 0.5, 0.2, 1.0, logarithmic=False),
    Free("nccl_hop_s", "s", 1.5e-6, 1e-9, 1e-3),
    Free("contention", "1", 0.1, -1.0, 3.0, logarithmic=False),
)
_SPLITTINGS = ((128, 2, 1), (256, 2, 1), (512, 1, 0), (512, 8, 0), (64, 6, 1))
"""Tokens a chunk, blocks a multiprocessor, whether the whole cache counts: to choose from."""
_NEVER_SPLIT = (10**12, 1, 0)
"""As kernels of a CPU, and simple ones of a GPU, do."""
_UNCACHED_SHARE = 1e-3
_MEASURED_SLACK = 1.5
_LOOSE_FLOOR, _LOOSE_CEILING = 0.01, 100.0
_SHARES = frozenset({"share_of_peak", "hbm_share", "flop_share", "nccl_link_share"})


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Constants to start from, choices made, and what may be fitted, most telling first."""

    constants: Constants
    free: tuple[Free, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One table and its model.

    Parameters
    ----------
    predict
        All constants to seconds (n,), one a row of the table.
    candidates
        They differ in what is chosen, not fitted: tiles, splits, kernels.
    shipped
        The reference, without choices: what is predicted without this machine's rows.
    shapes : (n,)
        The shape each row belongs to, as a number, for the rows held out by shape.
    """

    table: Table
    predict: Callable[[Constants], FloatArray]
    candidates: tuple[Candidate, ...]
    shipped: Constants
    units: Mapping[str, str]
    shapes: npt.NDArray[np.int64]


def family_of(
    table: Table, device: Device, reference: Reference, *, measured_peaks: bool
) -> Family:
    """The model of a table.

    Parameters
    ----------
    measured_peaks
        Whether the device's peaks are measured ones: a share of such a peak may exceed 1 a little,
        and bounds meant for GPUs are widened.

    Raises
    ------
    ValueError
        For an unknown family.
    """
    build = _BUILDERS.get(table.family)
    if build is None:
        raise ValueError(f"no family {table.family!r}")
    family = build(table, device, reference)
    if not measured_peaks:
        return family
    widened = (
        replace(candidate, free=tuple(_widened(free) for free in candidate.free))
        for candidate in family.candidates
    )
    return replace(family, candidates=tuple(widened))


def _widened(free: Free) -> Free:
    name = free.name.removeprefix("grouped_").removeprefix("per_head_")
    if name in _SHARES:
        return replace(free, upper=_MEASURED_SLACK)
    if free.unit in ("s", "byte/s"):
        return replace(free, lower=free.lower * _LOOSE_FLOOR, upper=free.upper * _LOOSE_CEILING)
    return free


def _groups(columns: Sequence[FloatArray]) -> npt.NDArray[np.int64]:
    """A number for each different row of some columns."""
    _, position = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return np.asarray(position, dtype=np.int64).reshape(-1)


def _gemm(table: Table, device: Device, reference: Reference) -> Family:
    c = table.columns
    by_name = {free.name: free for free in GEMM_FREE}
    # Only narrow activations are quantised before the product.
    quantised = ("quantise_traffic",) if table.precision != "bfloat16" else ()
    order = (*_GEMM_ORDER[:4], *quantised, *_GEMM_ORDER[4:])

    def predict(values: Constants) -> FloatArray:
        return gemm_s(
            gemm_constants(values),
            device,
            precision=table.precision,
            m=c["m"],
            n=c["n"],
            k=c["k"],
            weights_in_cache=False,
        )

    return Family(
        table=table,
        predict=predict,
        candidates=(Candidate(reference.constants, tuple(by_name[name] for name in order)),),
        shipped=reference.constants,
        units=reference.units,
        shapes=_groups((c["n"], c["k"])),
    )


def _attention_shapes(table: Table) -> npt.NDArray[np.int64]:
    return _groups([table.columns[name] for name in ("heads", "kv_heads", "head_dim")])


def _own_splitting(reference: Reference, prefix: str) -> tuple[float, float, float]:
    """How the shipped kernel splits, in the order of ``_SPLITTINGS``."""
    c = reference.constants
    return (
        c[f"{prefix}chunk_tokens"],
        c[f"{prefix}waves"],
        c[f"{prefix}split_whole_cache"],
    )


def _decode(table: Table, device: Device, reference: Reference) -> Family:
    c = table.columns
    # One kernel serves all rows; which of the two models it is like is chosen.
    uncached = {"grouped_l2_share": _UNCACHED_SHARE, "per_head_l2_share": _UNCACHED_SHARE}
    kernels = {
        "grouped_": {"smallest_group": 1.0, "largest_group": 1024.0, "least_fill": 0.0},
        "per_head_": {"smallest_group": 1024.0, "largest_group": 1024.0, "least_fill": 0.0},
    }
    candidates = [
        Candidate(
            {
                **reference.constants,
                **uncached,
                **rule,
                f"{prefix}chunk_tokens": float(chunk),
                f"{prefix}waves": float(waves),
                f"{prefix}split_whole_cache": float(whole),
            },
            tuple(replace(free, name=prefix + free.name) for free in _DECODE_FREE),
        )
        for prefix, rule in kernels.items()
        for chunk, waves, whole in dict.fromkeys(
            (_own_splitting(reference, prefix), *_SPLITTINGS, _NEVER_SPLIT)
        )
    ]

    def predict(values: Constants) -> FloatArray:
        return attention_decode_s(
            decode_constants_from(values),
            device,
            batch=c["batch"],
            kv_len=c["kv_len"],
            heads=c["heads"],
            kv_heads=c["kv_heads"],
            head_dim=c["head_dim"],
        )

    return Family(
        table=table,
        predict=predict,
        candidates=tuple(candidates),
        shipped={**reference.constants, **uncached},
        units=reference.units,
        shapes=_attention_shapes(table),
    )


def _context(table: Table, device: Device, reference: Reference) -> Family:
    c = table.columns
    by_name = {free.name: free for free in CONTEXT_FREE}
    free = tuple(by_name[name] for name in _CONTEXT_ORDER)

    def predict(values: Constants) -> FloatArray:
        return attention_context_s(
            context_constants_from(values),
            device,
            batch=c["batch"],
            tokens=c["kv_len"],
            heads=c["heads"],
            kv_heads=c["kv_heads"],
            head_dim=c["head_dim"],
        )

    return Family(
        table=table,
        predict=predict,
        candidates=tuple(
            Candidate({**reference.constants, "tile_queries": tile}, free)
            for tile in (32.0, 64.0, 128.0, 256.0)
        ),
        shipped=reference.constants,
        units=reference.units,
        shapes=_attention_shapes(table),
    )


def _collective(table: Table, device: Device, reference: Reference) -> Family:
    c = table.columns
    held = dict(reference.constants)
    if not reference.is_kin:
        # Nobody knows whether an engine has kernels of its own for this device.
        custom = [name for name in held if name.startswith(("one_shot_", "two_shot_"))]
        held |= dict.fromkeys(custom, math.inf)
    worlds = np.unique(c["num_gpus"]).size
    free = _COLLECTIVE_FREE if worlds > 1 else _COLLECTIVE_FREE[:4]

    def predict(values: Constants) -> FloatArray:
        constants = collective_constants(values)
        # The rows are the library's own, whatever kernels an engine may have besides.
        alone = CollectiveConstants(
            contention=constants.contention,
            in_switch=constants.in_switch,
            nccl=constants.nccl,
            custom=None,
        )
        return collective_s(
            alone, device, kind="all_reduce", world=c["num_gpus"], message_bytes=c["bytes"]
        )

    return Family(
        table=table,
        predict=predict,
        candidates=(Candidate(held, free),),
        shipped=held,
        units=reference.units,
        shapes=_groups((c["bytes"],)),
    )


_BUILDERS: Mapping[str, Callable[[Table, Device, Reference], Family]] = {
    "gemm": _gemm,
    "attention_decode": _decode,
    "attention_context": _context,
    "collective": _collective,
}
