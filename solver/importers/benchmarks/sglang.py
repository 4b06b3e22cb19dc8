"""Results of ``sglang.bench_serving``: JSON, one run a line.

Keys are those of SGLang 0.5.23 (``sglang/benchmark/serving.py``). ``server_info`` in them is what
the server said of itself (``build_server_info`` in ``srt/utils/common.py``), and gives the layout.

The devices of a server are ``dp_size * tp_size * pp_size``, as ``compute_world_size`` in
``srt/server_args.py`` counts them: expert parallelism and the data parallelism of attention run
inside the tensor-parallel group. Servers that do not know ``attn_dp_size`` yet count the groups of
attention with ``dp_size`` where ``enable_dp_attention`` is set, and then it adds no devices.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from solver.importers.benchmarks.model_ids import catalog_model
from solver.importers.benchmarks.reading import read_runs
from solver.importers.benchmarks.run import Fields, ServerLayout, ServingRun
from solver.importers.benchmarks.run_checks import check_failures
from solver.importers.benchmarks.shared_keys import first_token, load_of, measured
from solver.importers.findings import Answers, Findings

__all__ = ["read_sglang"]

_TOOL = "sglang.bench_serving"
_WHAT = "the JSONL result of 'python -m sglang.bench_serving --output-file'"
_MOST = 4096
_WRITTEN = "Name the file as the tool wrote it"
_QUANTIZATION = re.compile(r"^[a-z0-9][a-z0-9_-]{0,23}$")


def read_sglang(path: Path, answers: Answers) -> Findings:
    """Measured operating points from runs of ``sglang.bench_serving``.

    Raises
    ------
    InstanceError
        With every fault: what is missing, contradicts itself, or does not fit the answers.
    """
    return read_runs(path, answers, _run, what=_WHAT, smaller="without --output-details")


def _run(fields: Fields, limit: Fraction) -> ServingRun | None:
    if not fields.has("request_throughput") or not fields.has("completed"):
        fields.fault("request_throughput", f"is not {_WHAT}", f"Name {_WHAT}")
        return None
    figures = measured(
        fields,
        input_hint="A run of several turns does not count its prompts: run one of single turns",
    )
    ttft_ms, statistic = first_token(fields)
    load, offered = load_of(fields)
    servers = _servers(fields)
    layout, notes = _layout(servers)
    if figures is None:
        return None
    failed = _failed(fields)
    if failed:
        check_failures(fields, figures.completed, failed, limit)
    accepted = fields.number("accept_length", zero=True)
    if accepted is not None and accepted > 1:
        notes.append(f"ran with speculative decoding, {accepted:.3g} tokens a step")
    return ServingRun(
        where=fields.where,
        tool=_TOOL,
        model_id=_model_id(servers),
        requests_per_s=figures.rate,
        tpot_ms=figures.tpot_ms,
        ttft_ms=ttft_ms,
        ttft_statistic=statistic,
        input_tokens=figures.input_tokens,
        output_tokens=figures.output_tokens,
        completed=figures.completed,
        failed=failed,
        load=load,
        offered_per_s=offered,
        layout=layout,
        notes=tuple(notes),
    )


def _failed(fields: Fields) -> int | None:
    """Requests with an error, which only ``--output-details`` lists."""
    errors = fields.record.get("errors")
    if not isinstance(errors, list):
        return None
    return sum(1 for error in errors if isinstance(error, str) and error)


def _servers(fields: Fields) -> list[tuple[str, Fields]]:
    """Every server behind the address, with its role; a router lists its own under two keys."""
    info = fields.inside("server_info")
    if info is None:
        return []
    if not any(isinstance(info.record.get(role), list) for role in ("prefill", "decode")):
        return [("", info)]
    found = []
    for role in ("decode", "prefill"):
        listed: Any = info.record.get(role)
        for number, entry in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(entry, dict):
                prefix = f"server_info.{role}[{number}]."
                found.append((role, Fields(entry, info.where, info.faults, prefix)))
    return found


def _model_id(servers: Sequence[tuple[str, Fields]]) -> str:
    """The weights' name; what the server calls itself where that is the one that is known."""
    if not servers:
        return ""
    _, info = servers[0]
    names = [name for name in (info.text("model_path"), info.text("served_model_name")) if name]
    return next((name for name in names if catalog_model(name)), next(iter(names), ""))


def _layout(servers: Sequence[tuple[str, Fields]]) -> tuple[ServerLayout | None, list[str]]:
    """The layout of the server, or of all servers of a router as one unit."""
    parts = []
    for role, info in servers:
        one = _server_layout(info)
        if one is None:
            return None, []
        parts.append((role, *one))
    if not parts:
        return None, []
    keys = "tp_size, pp_size and dp_size of server_info"
    if len(parts) == 1 and not parts[0][0]:
        _, name, devices = parts[0]
        return ServerLayout(name, devices, keys), []
    names = dict.fromkeys(f"{role} {name}" for role, name, _ in reversed(parts))
    counts = {name: sum(f"{r} {n}" == name for r, n, _ in parts) for name in names}
    name = " + ".join(f"{counts[name]} {name}" for name in names)
    devices = sum(devices for _, _, devices in parts)
    note = (
        f"the servers behind the router ({name}) are one row of {devices} devices, not to be split"
    )
    return ServerLayout(name[:60], devices, keys), [note]


def _server_layout(info: Fields) -> tuple[str, int] | None:
    tensor, pipeline = info.count("tp_size"), info.count("pp_size") or 1
    if tensor is None:
        return None
    replicas = info.count("dp_size") or 1
    groups = info.count("attn_dp_size")
    if groups is None:
        groups = 1
        if info.record.get("enable_dp_attention") is True:
            groups, replicas = replicas, 1
    experts = info.count("ep_size") or 1
    if tensor % groups:
        info.fault("tp_size", f"{tensor} is not shared by {groups} groups of attention", _WRITTEN)
        return None
    # As results of this project name a layout: TP within a group, DP groups, EP experts, PP stages.
    words = [f"{replicas}x"] if replicas > 1 else []
    words.append(f"TP{tensor // groups}")
    words += [
        f"{word}{degree}"
        for word, degree in (("DP", groups), ("EP", experts), ("PP", pipeline))
        if degree > 1
    ]
    quantization = info.text("quantization")
    if _QUANTIZATION.match(quantization):
        words.append(quantization)
    if info.text("kv_cache_dtype").startswith("fp8"):
        words.append("KV8")
    devices = tensor * pipeline * replicas
    if devices > _MOST:
        info.fault("tp_size", f"makes {devices} devices", f"A server has at most {_MOST}")
        return None
    return " ".join(words), devices
