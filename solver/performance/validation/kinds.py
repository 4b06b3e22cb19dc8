"""Which reference files there are: their names, their columns, and how they are computed again."""

from __future__ import annotations

import math
import re
from functools import partial

from solver.errors import FleetError
from solver.performance.validation.constants import ReferenceConstants
from solver.performance.validation.fields import (
    AcceleratorName,
    Choice,
    ModelName,
    Number,
    Reader,
    Text,
    UnreadableError,
)
from solver.performance.validation.outputs import (
    COLLECTIVES,
    closed_form_outputs,
    collective_outputs,
)
from solver.performance.validation.rows import Kind, missing_rate
from solver.performance.validation.speculation import speculative_outputs
from solver.performance.validation.steps import component_outputs, exact_outputs, paper_outputs

__all__ = ["KNOWN_COLUMNS", "NAMED_KINDS", "columns_of", "kind_of"]

_STATED = Number(infinite=True)
_POSITIVE = Number(above=0)
_TOKENS = Number(least=0, below=1e12, whole=True)
_FLAG = Number(least=0, below=2, whole=True)
_STAGES = Number(least=1, below=1e6, whole=True)
# Every draft length up to the largest is tried, so that a slip of the pen must not take for ever.
_DRAFT_TOKENS = Number(least=0, below=1001, whole=True)
_WHAT: dict[str, Reader] = {"gpu": AcceleratorName(), "model": ModelName()}
_HOW: dict[str, Reader] = {"n_gpu": _POSITIVE, "batch": _POSITIVE, "input_len": _TOKENS}


def _stated(*names: str) -> dict[str, Reader]:
    return dict.fromkeys(names, _STATED)


NAMED_KINDS: dict[str, Kind] = {
    "collectives.csv": Kind(
        title="collectives",
        arguments={
            "gpu": AcceleratorName(),
            "coll": Choice(tuple(COLLECTIVES)),
            "n_ranks": _POSITIVE,
            "n_nodes": _POSITIVE,
            "bytes": Number(least=0),
        },
        outputs={
            **_stated("time_s", "latency_part_s", "bandwidth_part_s"),
            "chosen_algo": Text(),
        },
        evaluate=collective_outputs,
    ),
    "token_latency_paper.csv": Kind(
        title="step latency as in the paper",
        arguments={**_WHAT, **_HOW},
        outputs=_stated(
            "latency_s",
            "arithmetic_cost_flop",
            "memory_rw_bytes",
            "arithmetic_time_s",
            "memory_time_s",
            "network_time_s",
            "network_latency_part_s",
            "network_bandwidth_part_s",
            "kernel_launch_time_s",
            "total_params",
            "active_params",
            "kv_bytes_per_token",
            "fits",
        ),
        evaluate=paper_outputs,
    ),
    "token_latency_components.csv": Kind(
        title="step latency by branch",
        arguments={**_WHAT, **_HOW, "two_d": _FLAG, "n_pp": _STAGES},
        outputs=_stated(
            "latency_s",
            "network_time_s",
            "memory_rw_bytes",
            "flop",
            "memory_time_s",
            "arithmetic_time_s",
            "kernel_launch_time_s",
        ),
        evaluate=component_outputs,
    ),
    "speculative.csv": Kind(
        title="speculative decoding",
        arguments={
            **_WHAT,
            "draft": ModelName(),
            **_HOW,
            "acceptance": Number(least=0, below=1),
            "gamma_max": _DRAFT_TOKENS,
        },
        outputs=_stated("latency_s", "best_gamma", "base_latency_s", "draft_latency_s"),
        evaluate=speculative_outputs,
    ),
    "toy_closed_form.json": Kind(
        title="closed form of the toy model",
        arguments={**_WHAT, "N_num": _POSITIVE},
        outputs=_stated("N_star", "v_star", "v_num"),
        evaluate=closed_form_outputs,
    ),
}
"""Kinds that a fixed file name stands for."""

_EXACT_ARGUMENTS: dict[str, Reader] = {
    "batch": _POSITIVE,
    "two_d": _FLAG,
    "n_pp": _STAGES,
    "n_tp": _POSITIVE,
}
_EXACT_OUTPUTS = _stated(
    "latency_s", "tok_s_per_request", "gpu_s_per_token", "usd_per_mtok", "n_gpu"
)
_EXACT_NAME = re.compile(
    r"(?P<model>.+?)__(?P<gpu>.+?)__il(?P<context>\d{1,12})"
    r"(?:__cap(?P<cap>\d{1,12})(?P<thousand>k?))?\.csv",
    re.ASCII,
)


KNOWN_COLUMNS: dict[str, tuple[str, ...]] = {
    **{name: (*kind.arguments, *kind.outputs) for name, kind in NAMED_KINDS.items()},
    "MODEL__GPU__ilN[__capK].csv": (*_EXACT_ARGUMENTS, *_EXACT_OUTPUTS),
}
"""Columns by file name; the last is a form: N tokens of context, at most K tokens/s a replica."""


def columns_of(file_name: str) -> tuple[str, ...]:
    """The columns that a file of this name must have; empty if the name is none of ours."""
    if _EXACT_NAME.fullmatch(file_name):
        return (*_EXACT_ARGUMENTS, *_EXACT_OUTPUTS)
    return KNOWN_COLUMNS[file_name] if file_name in NAMED_KINDS else ()


def kind_of(file_name: str, constants: ReferenceConstants, *, where: str) -> Kind:
    """The kind that a file name stands for.

    Raises
    ------
    FleetError
        If the name has the form of exact designs, but the model or the accelerator in it is
        unknown or they do not go together.
    ValueError
        If the name is none of ours.
    """
    if file_name in NAMED_KINDS:
        return NAMED_KINDS[file_name]
    match = _EXACT_NAME.fullmatch(file_name)
    if match is None:
        raise ValueError(f"{file_name!r} is not the name of a reference file")
    try:
        model = str(ModelName()(match["model"], constants))
        gpu = str(AcceleratorName()(match["gpu"], constants))
    except UnreadableError as error:
        raise FleetError.one(error.what, where=f"{where}: file name", mend=error.mend) from error
    what = missing_rate(constants, gpu, model)
    if what:
        raise FleetError.one(what, where=f"{where}: file name", mend="Rename or remove the file")
    context = int(match["context"])
    cap = math.inf
    title = f"exact designs, {context} tokens of context"
    if match["cap"]:
        cap = float(match["cap"]) * (1000 if match["thousand"] else 1)
        title += f", at most {cap:.0f} tok/s"
    evaluate = partial(
        exact_outputs, gpu=gpu, model=model, context_tokens=context, max_tok_per_s=cap
    )
    return Kind(title=title, arguments=_EXACT_ARGUMENTS, outputs=_EXACT_OUTPUTS, evaluate=evaluate)
