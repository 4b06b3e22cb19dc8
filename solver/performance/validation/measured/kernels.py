"""Measured kernel times against the operators: every row that the shipped constants speak of.

A file is one table of the kernel measurements, told by its name and columns. The constants of a
system and precision are those of one library and version (of several, where the fastest of each
shape was taken): rows of the same library are compared, of other libraries or older versions are
counted as left out, since no operator claims to predict them.

The files are in the parquet format, which needs the extra ``fit``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np
import numpy.typing as npt

from solver.errors import FleetError
from solver.performance.operators.catalog import HeldOutError, operator_catalog
from solver.performance.operators.device import MEASURED_SYSTEMS, device_of_system
from solver.performance.validation.measured.kernel_cells import check_cells
from solver.performance.validation.measured.scores import Errors, errors_of

if TYPE_CHECKING:
    import pandas as pd

    from solver.performance.fitting.attention_tables import KernelRows

__all__ = ["KERNEL_TABLES", "KernelReport", "KernelScore", "KernelTable", "validate_kernels"]

FloatArray = npt.NDArray[np.float64]
_Compared = tuple[str, str, FloatArray, FloatArray]
"""System, precision, predicted and measured seconds (rows,)."""

_OTHER_LIBRARY = "of a library, version or kernel that the operators have no constants of"
_UNKNOWN_SYSTEM = "of a system that the catalog does not know"


@dataclass(frozen=True, slots=True)
class KernelScore:
    """Errors of one operator family on one system at one precision.

    ``errors`` are over all rows of the file; ``held_out`` are those that the fit of the constants
    stated for rows it did not see, by split (``random``, ``shape``, ``system``).
    """

    system: str
    precision: str
    errors: Errors
    held_out: Mapping[str, HeldOutError]

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return {
            "system": self.system,
            "precision": self.precision,
            "errors": self.errors.as_dict(),
            "held_out_median": {split: e.median for split, e in self.held_out.items()},
        }


@dataclass(frozen=True, slots=True, eq=False)
class KernelReport:
    """One table of kernel times against the operators.

    ``overall`` is over all rows compared, ``None`` where there are none; ``left_out`` counts the
    others by reason.
    """

    file: str
    family: str
    rows: int
    overall: Errors | None
    scores: tuple[KernelScore, ...]
    left_out: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return {
            "file": self.file,
            "kind": f"measured kernels: {self.family}",
            "rows": self.rows,
            "counted": 0 if self.overall is None else self.overall.rows,
            "all": None if self.overall is None else self.overall.as_dict(),
            "by system and precision": [score.as_dict() for score in self.scores],
            "left_out": dict(self.left_out),
        }


@dataclass(frozen=True, slots=True)
class KernelTable:
    """What one file name stands for: its operator family, its columns, how it is predicted."""

    family: str
    columns: tuple[str, ...]
    compare: Callable[[pd.DataFrame], Iterator[_Compared]]


def _fits(frame: pd.DataFrame, family: str) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """System, precision and constants of every shipped fit of a system in the frame."""
    present = set(frame["system"].astype(str))
    for (system, precision), fit in operator_catalog(family).fits.items():
        if system in present and system in MEASURED_SYSTEMS:
            yield system, precision, fit.constants


def _gemm(frame: pd.DataFrame) -> Iterator[_Compared]:
    from solver.performance.fitting.gemm import predict_rows_s
    from solver.performance.fitting.gemm_rows import gemm_rows

    for system, precision, constants in _fits(frame, "gemm"):
        rows = gemm_rows(frame, system, precision)
        if rows is None:
            continue
        predicted_s = predict_rows_s(
            constants, device_of_system(system), precision=precision, m=rows.m, n=rows.n, k=rows.k
        )
        yield system, precision, predicted_s, rows.latency_s


def _attention(family: str, *, latent: bool) -> Callable[[pd.DataFrame], Iterator[_Compared]]:
    def compare(frame: pd.DataFrame) -> Iterator[_Compared]:
        from solver.performance.fitting import attention, mla
        from solver.performance.fitting.attention_tables import select_rows

        kinds: dict[str, type[KernelRows]] = {
            kind.family: kind
            for kind in (
                attention.DecodeRows, attention.ContextRows, mla.MlaDecodeRows, mla.MlaContextRows,
            )
        }  # fmt: skip
        for system, precision, constants in _fits(frame, family):
            chosen = select_rows(frame, system, latent=latent)
            chosen = chosen[chosen["dtype"] == precision]
            if chosen.empty:
                continue
            rows = kinds[family](chosen, system=system, precision=precision)
            everything = np.arange(len(rows.measured_s))
            yield system, precision, rows.predict(constants, everything), rows.measured_s

    return compare


def _moe(frame: pd.DataFrame) -> Iterator[_Compared]:
    from solver.performance.fitting.moe import LOW_LATENCY, NONGATED
    from solver.performance.operators.expert_load import Distribution
    from solver.performance.operators.moe import constants_from, moe_work, work_s

    suffix = {"moe_torch_flow_nongated": NONGATED, "moe_torch_flow_min_latency": LOW_LATENCY}
    kernels = frame["kernel"].astype(str)
    labels = frame["dtype"].astype(str) + kernels.map(suffix).fillna("").astype(str)
    # Rows of the low-latency kernels that do not have the load they state, see the fit of experts.
    sound = (kernels != "moe_torch_flow_min_latency") | (
        (frame["experts"] > 8) & (frame["distribution"] != "balanced")
    )
    for system, precision, constants in _fits(frame, "moe"):
        device = device_of_system(system)
        plain = precision.removesuffix(NONGATED)
        for distribution in get_args(Distribution):
            rows = frame[
                (frame["system"] == system)
                & (labels == precision)
                & (frame["distribution"] == distribution)
                & sound
            ]
            if rows.empty:
                continue
            c = {
                name: rows[name].to_numpy(dtype=np.float64)
                for name in (
                    "tokens", "hidden", "inter", "topk", "experts", "moe_tp", "moe_ep", "latency_s",
                )
            }  # fmt: skip
            work = moe_work(
                device,
                precision=plain,
                gated=not precision.endswith(NONGATED),
                tokens=c["tokens"],
                hidden=c["hidden"],
                inter=c["inter"],
                top_k=c["topk"],
                experts=c["experts"],
                tensor_parallel=c["moe_tp"],
                expert_parallel=c["moe_ep"],
                distribution=cast("Distribution", distribution),
            )
            predicted_s = work_s(constants_from(constants), device, work, precision=plain)
            yield system, precision, predicted_s, c["latency_s"]


def _collective(frame: pd.DataFrame) -> Iterator[_Compared]:
    from dataclasses import replace

    from solver.performance.operators.collective import (
        COLLECTIVE_KINDS,
        collective_s,
        constants_from,
    )

    catalog = operator_catalog("collective")
    for system, precision, values in _fits(frame, "collective"):
        kind = next((kind for kind in COLLECTIVE_KINDS if precision.startswith(kind)), None)
        if kind is None:
            continue
        versions = catalog.fits[system, precision].version.split(" + ")
        rows = frame[
            (frame["system"] == system)
            & (frame["collective"] == kind)
            & frame["version"].astype(str).isin(versions)
            & frame["dtype"].isin(("half", "float16", "bfloat16"))
        ]
        constants = constants_from(values)
        names = rows["kernel"].astype(str)
        libraries = [("NCCL", replace(constants, custom=None))] if constants.nccl else []
        if constants.custom is not None:
            libraries.append(("TRTLLM", constants))
        if precision != kind:
            libraries = [(name, constants) for name in sorted(set(names)) if "MNNVL" in name]
        for name, library in libraries:
            own = rows[names == name]
            if own.empty:
                continue
            predicted_s = collective_s(
                library,
                device_of_system(system),
                kind=kind,
                world=own["num_gpus"].to_numpy(dtype=np.float64),
                message_bytes=own["bytes"].to_numpy(dtype=np.float64),
            )
            yield system, precision, predicted_s, own["latency_s"].to_numpy(dtype=np.float64)


_RUN = ("system", "backend", "version", "kernel", "dtype", "latency_s")
_HEADS = ("batch", "kv_len", "heads")
_MANY_HEADS = (*_HEADS, "kv_heads", "head_dim", "window_size")
_EXPERTS = ("tokens", "hidden", "inter", "topk", "experts", "moe_tp", "moe_ep", "distribution")

KERNEL_TABLES: Mapping[str, KernelTable] = MappingProxyType(
    {
        "gemm": KernelTable("gemm", (*_RUN, "m", "n", "k"), _gemm),
        "attn_decode": KernelTable(
            "attention_decode",
            (*_RUN, *_MANY_HEADS),
            _attention("attention_decode", latent=False),
        ),
        "attn_context": KernelTable(
            "attention_context",
            (*_RUN, *_MANY_HEADS),
            _attention("attention_context", latent=False),
        ),
        "mla_decode": KernelTable(
            "mla_decode", (*_RUN, *_HEADS, "tp_size"), _attention("mla_decode", latent=True)
        ),
        "mla_context": KernelTable(
            "mla_context", (*_RUN, *_HEADS, "tp_size"), _attention("mla_context", latent=True)
        ),
        "moe": KernelTable("moe", (*_RUN, *_EXPERTS), _moe),
        "comm": KernelTable("collective", (*_RUN, "collective", "num_gpus", "bytes"), _collective),
    }
)
"""Tables by the name of their file, without ``.parquet``."""


def kernel_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns of a parquet file; its rows are not read.

    Raises
    ------
    FleetError
        If the file is no parquet file.
    ImportError
        Without the extra ``fit``.
    """
    from pyarrow import ArrowInvalid  # type: ignore[import-untyped]
    from pyarrow.parquet import read_schema  # type: ignore[import-untyped]

    try:
        return tuple(read_schema(path).names)
    except (ArrowInvalid, OSError) as error:
        raise FleetError.one(
            f"is not a parquet file ({error})", where=str(path), mend="Write it again"
        ) from error


def validate_kernels(path: Path, *, name: str | None = None) -> KernelReport:
    """Compare one table of kernel times with the operators.

    Raises
    ------
    FleetError
        As ``kernel_columns``; for columns that are missing; as ``check_cells``.
    """
    import pandas as pd

    table = KERNEL_TABLES[path.stem]
    missing = [column for column in table.columns if column not in kernel_columns(path)]
    if missing:
        raise FleetError.one(
            f"lacks the columns {', '.join(missing)}",
            where=str(path),
            mend="Give every column of the kernel measurements",
        )
    frame = pd.read_parquet(path)
    check_cells(frame, table.columns, path)
    pairs: dict[tuple[str, str], list[tuple[FloatArray, FloatArray]]] = {}
    for system, precision, predicted_s, measured_s in table.compare(frame):
        pairs.setdefault((system, precision), []).append((predicted_s, measured_s))
    return _report(name or str(path), table.family, frame, pairs)


def _report(
    file: str,
    family: str,
    frame: pd.DataFrame,
    pairs: Mapping[tuple[str, str], list[tuple[FloatArray, FloatArray]]],
) -> KernelReport:
    joined = {
        key: (np.concatenate([p for p, _ in parts]), np.concatenate([m for _, m in parts]))
        for key, parts in pairs.items()
    }
    fits = operator_catalog(family).fits
    scores = []
    for (system, precision), (predicted_s, measured_s) in joined.items():
        errors = errors_of(predicted_s, measured_s)
        if errors is not None:
            fit = fits.get((system, precision))
            held_out = {} if fit is None else fit.errors
            scores.append(KernelScore(system, precision, errors, held_out))
    empty: FloatArray = np.empty(0)
    overall = errors_of(
        np.concatenate([empty, *(p for p, _ in joined.values())]),
        np.concatenate([empty, *(m for _, m in joined.values())]),
    )
    unknown = int((~frame["system"].astype(str).isin(list(MEASURED_SYSTEMS))).sum())
    others = len(frame) - unknown - (0 if overall is None else overall.rows)
    left_out = Counter({_OTHER_LIBRARY: others, _UNKNOWN_SYSTEM: unknown})
    return KernelReport(
        file=file,
        family=family,
        rows=len(frame),
        overall=overall,
        scores=tuple(scores),
        left_out={reason: count for reason, count in left_out.most_common() if count},
    )
