"""Deployments put together by hand, one for each shape that a form has to write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from solver.deploy.launch import (
    Addresses,
    Argument,
    Deployment,
    Environment,
    OptionFile,
    ReplicaDesign,
    Role,
    Upstream,
)

DESIGN = ReplicaDesign(
    name="server",
    model="Llama-3.1-70B",
    workload="chat",
    phase="aggregated",
    count=2,
    machine="h100-host",
    accelerator="H100 SXM",
    devices=4,
    node_devices=8,
    tensor_parallel=4,
    tensor_parallel_2d=1,
    pipeline_parallel=1,
    expert_parallel=1,
    attention_data_parallel=1,
    weight_bits=8,
    weight_format="fp8",
    kv_bits=16,
    max_sequences=48,
    microbatches=1,
    context_tokens=4096,
    hbm_fraction="0.9",
)
ROLE = Role(
    name="server",
    design=DESIGN,
    phase="aggregated",
    replicas=2,
    command=("vllm", "serve"),
    positional=(Argument("", "meta-llama/Llama-3.1-70B-Instruct", "The model of the plan."),),
    arguments=(
        Argument("--tensor-parallel-size", "4", "4 GPUs share each layer."),
        Argument("--max-num-seqs", "48", "48 sequences decode together."),
        Argument("--enable-prefix-caching", "", "Prompts share their beginnings."),
        Argument("--port", "8000", "Where requests come in."),
    ),
    environment=(Environment("VLLM_LOGGING_LEVEL", "INFO", "Say what happens."),),
    image="vllm/vllm-openai:v0.33.0",
    port=8000,
    health_path="/health",
    devices_per_node=4,
)
DEPLOYMENT = Deployment(
    title="Llama-3.1-70B on 2 × 4 H100 SXM",
    result="result 'small', digest 0123",
    engine="vllm",
    engine_version="0.33.0",
    flags_source="vllm/engine/arg_utils.py of 0.33.0",
    roles=(ROLE,),
    notes=("Lock the clock: nvidia-smi -lgc 1500.",),
)


def role_of(name: str, **changes: Any) -> Role:
    """``ROLE`` under another name, with fields changed; ``design_...`` changes its design."""
    own = {key: value for key, value in changes.items() if not key.startswith("design_")}
    inner = {
        key.removeprefix("design_"): value
        for key, value in changes.items()
        if key.startswith("design_")
    }
    return replace(ROLE, name=name, design=replace(DESIGN, name=name, **inner), **own)


@pytest.fixture
def plain() -> Deployment:
    """Two replicas of four devices, nothing between them and the requests."""
    return DEPLOYMENT


@pytest.fixture
def disaggregated() -> Deployment:
    """One prefill and two decode replicas behind a router with flags and an option file."""
    address = Environment("SIDE_CHANNEL_HOST", "", "Where caches are fetched.", is_address=True)
    prefill = role_of(
        "prefill", replicas=1, phase="prefill", environment=(address,), design_phase="prefill"
    )
    decode = role_of("decode", replicas=2, phase="decode", design_phase="decode")
    router = Role(
        name="router",
        design=DESIGN,
        phase="aggregated",
        replicas=1,
        command=("python3", "-m", "router"),
        positional=(),
        arguments=(
            Argument("--port", "9000", "Where requests come in."),
            Argument("--config", "router.yaml", "Its options.", is_file=True),
        ),
        environment=(),
        image="example/router:1.2",
        port=9000,
        health_path="/health",
        devices_per_node=0,
        files=(
            OptionFile(
                "router.yaml",
                {"servers": {"urls": Addresses("decode"), "number": 2}, "policy": "yes"},
                {"servers.number": "Two decode replicas of the plan."},
            ),
        ),
        upstreams=(
            Upstream("--prefill", "prefill", "Prefill replicas.", more=("8998",)),
            Upstream("--decode", "decode", "Decode replicas.", once=True),
        ),
    )
    return replace(DEPLOYMENT, roles=(prefill, decode), routers=(router,))


@pytest.fixture
def several_hosts() -> Deployment:
    """Two replicas that span two hosts of eight devices each."""
    role = role_of(
        "server",
        nodes=2,
        devices_per_node=8,
        design_devices=16,
        node_arguments=(
            Argument("--nnodes", "2", "The replica spans 2 hosts."),
            Argument("--node-rank", "{rank}", "The number of this host."),
            Argument("--address", "tcp://{leader}:29500", "Where host 0 is."),
        ),
        worker_arguments=(Argument("--headless", "", "Host 0 answers the requests."),),
    )
    return replace(DEPLOYMENT, roles=(role,))


@pytest.fixture
def with_argument() -> Callable[[str], Deployment]:
    """The plain deployment with one more argument of a given value and remark."""

    def build(text: str) -> Deployment:
        more = Argument("--served-model-name", text, text)
        variable = Environment("NAME", text, text)
        role = replace(
            ROLE, arguments=(*ROLE.arguments, more), environment=(*ROLE.environment, variable)
        )
        return replace(DEPLOYMENT, title=text, result=text, roles=(role,), notes=(text,))

    return build
