"""vLLM: ``vllm serve`` and its router, as of the version in ``flags_vllm.toml``.

How it counts, read from its sources: tensor and pipeline degrees are of one data-parallel rank
(``config/parallel.py``); with ``--enable-expert-parallel`` experts lie on all ranks of tensor x
data parallel, without it each expert is cut over them; ``--max-num-seqs`` is of one data-parallel
rank (``config/scheduler.py``); ``--gpu-memory-utilization`` is a share of all memory of a device,
weights included (``config/cache.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.engines.flag_table import Program, flag_table
from solver.deploy.engines.memory import MemoryRule, memory_refusals, memory_share
from solver.deploy.engines.refusals import device_refusals
from solver.deploy.engines.router import router_role
from solver.deploy.engines.shared_flags import longest_taken, reachable, several_hosts, stages
from solver.deploy.engines.shares import (
    cut_in_words,
    decimal_share,
    devices_in_words,
    visible_devices,
    weights_in_words,
)
from solver.deploy.launch import Argument, Environment, Role
from solver.errors import Fault

__all__ = ["Vllm"]

# Its share holds all but the driver's context: config/cache.py, v1/worker/utils.py.
_MEMORY = MemoryRule(Fraction(92, 100), Fraction(97, 100), Fraction(1, 100), Fraction(1, 100))
_ONLINE = {"fp8": "fp8_per_tensor", "fp8_block": "fp8_per_block"}
_KV = {16: "auto", 8: "fp8"}
_PORT = 8000
_ROUTER_PORT = 30000


class Vllm:
    """The engine vLLM."""

    name = "vllm"
    online_formats = frozenset(_ONLINE)

    def misfits(self, plan: ServerPlan) -> Iterator[Fault]:
        """Other vendors than NVIDIA and AMD, and devices before Turing."""
        yield from device_refusals(plan, engine="vLLM", vendors=("NVIDIA", "AMD"), least=75)

    def routing_refusals(self, plans: Sequence[ServerPlan]) -> Iterator[Fault]:
        """None: ``vllm-router`` takes any number of replicas of each phase."""
        del plans
        yield from ()

    def refusals(self, plan: ServerPlan) -> Iterator[Fault]:
        """Expert groups other than all ranks, drafts in pipelines, ranks across hosts."""
        design = plan.design
        yield from device_refusals(plan, engine="vLLM", vendors=("NVIDIA", "AMD"), least=75)
        yield from memory_refusals(plan, _MEMORY)
        if design.expert_parallel not in (1, plan.stage_devices):
            yield plan.fault(
                f"vLLM lays experts on all {plan.stage_devices} devices of a stage (tensor x data "
                f"parallel) or cuts every expert over them; the plan has "
                f"{design.expert_parallel} groups",
                f"Choose a point with expert_parallel 1 or {plan.stage_devices}, or --engine "
                "sglang",
            )
        if design.draft_tokens and design.pipeline_parallel > 1:
            yield plan.fault(
                "vLLM runs a draft model beside one stage, not beside a pipeline of "
                f"{design.pipeline_parallel}",
                "Choose a point without a draft or without a pipeline",
            )
        if plan.nodes > 1 and design.attention_data_parallel > 1:
            group = design.tensor_parallel * design.pipeline_parallel
            local = design.devices // plan.nodes
            if local % group and group % local:
                yield plan.fault(
                    f"attention groups of {devices_in_words(group)} do not lie on hosts of {local}",
                    "Choose a point whose groups fill hosts, or divide them",
                )

    def role(self, plan: ServerPlan) -> Role:
        """``vllm serve`` with every decision of the plan as a flag."""
        program = flag_table(self.name).programs["serve"]
        design, checkpoint = plan.design, plan.checkpoint
        if checkpoint is None:
            raise ValueError("the checkpoint of a plan is settled before its role is made")
        nodes = tuple(_node_arguments(program, plan)) if plan.nodes > 1 else ()
        return Role(
            name=design.name,
            design=design,
            phase=design.phase,
            replicas=design.count,
            command=program.words,
            positional=(
                Argument(
                    "",
                    checkpoint.id,
                    f"{plan.model.name}; the plan computes with weights in "
                    f"{weights_in_words(plan)}",
                ),
            ),
            arguments=tuple(_arguments(program, plan)),
            environment=tuple(_environment(plan)),
            image=program.image_for(plan.devices[0]),
            port=_PORT,
            health_path="/health",
            nodes=plan.nodes,
            devices_per_node=design.devices // plan.nodes,
            node_arguments=nodes,
            worker_arguments=(
                (
                    program.argument(
                        "--headless", "", "Host 0 alone answers requests; the others only compute"
                    ),
                )
                if nodes
                else ()
            ),
        )

    def router(self, roles: Sequence[Role]) -> Role | None:
        """``vllm-router``: over like replicas, or from prefill to decode replicas."""
        program = flag_table(self.name).programs["router"]
        apart = (
            program.argument(
                "--vllm-pd-disaggregation",
                "",
                "Every prompt goes to a prefill replica, then its KV cache to a decode replica",
            ),
            program.argument(
                "--kv-connector", "nixl", "The connector that the servers are started with"
            ),
        )
        return router_role(program, roles, port=_ROUTER_PORT, apart=apart)

    def notes(self, plan: ServerPlan) -> Iterator[str]:
        """Microbatches."""
        design = plan.design
        if design.microbatches not in (1, design.pipeline_parallel):
            yield (
                f"{design.name}: the plan runs {design.microbatches} microbatches; vLLM keeps as "
                "many batches in flight as the pipeline has stages "
                f"({design.pipeline_parallel}) by itself, and has no flag for it."
            )


def _arguments(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    design = plan.design
    yield from reachable(program, plan, port=_PORT, name="--served-model-name")
    yield program.argument(
        "--tensor-parallel-size",
        design.tensor_parallel,
        cut_in_words(design.tensor_parallel),
    )
    yield from stages(program, plan, "--pipeline-parallel-size")
    if design.attention_data_parallel > 1:
        yield program.argument(
            "--data-parallel-size",
            design.attention_data_parallel,
            f"{design.attention_data_parallel} groups of "
            f"{devices_in_words(design.tensor_parallel)} each attend to sequences of their own",
        )
    if design.expert_parallel > 1:
        yield program.argument(
            "--enable-expert-parallel",
            "",
            f"The {plan.model.n_experts} experts lie on {design.expert_parallel} devices "
            f"(expert parallel {design.expert_parallel} = tensor {design.tensor_parallel} x data "
            f"{design.attention_data_parallel})",
        )
    if design.max_sequences is not None:
        groups = design.attention_data_parallel
        rank = -(-design.max_sequences // groups)
        shared = f", {groups} groups of {rank} at most" if groups > 1 else ""
        yield program.argument(
            "--max-num-seqs",
            rank,
            f"One replica decodes {design.max_sequences} sequences together{shared}",
        )
    yield from longest_taken(program, plan, "--max-model-len")
    share, why = memory_share(plan, _MEMORY)
    yield program.argument("--gpu-memory-utilization", decimal_share(share), why)
    yield from _formats(program, plan)
    if design.prefix_hit is not None:
        yield program.argument(
            "--enable-prefix-caching",
            "",
            f"The plan finds {decimal_share(Fraction(design.prefix_hit))} of a prompt in the cache",
        )
    if design.draft_tokens and plan.draft_checkpoint is not None:
        yield program.argument(
            "--speculative-config",
            _speculation(plan),
            f"{plan.design.draft_model} drafts {design.draft_tokens} tokens a step",
        )
    if design.phase != "aggregated":
        role = {"prefill": "kv_producer", "decode": "kv_consumer"}[design.phase]
        told = "hands its KV cache over to" if design.phase == "prefill" else "takes it over from"
        yield program.argument(
            "--kv-transfer-config",
            json.dumps({"kv_connector": "NixlConnector", "kv_role": role}),
            f"This replica does {design.phase} alone and {told} {', '.join(design.paired_with)}",
        )


def _formats(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    design, checkpoint = plan.design, plan.checkpoint
    if checkpoint is not None and plan.format in _ONLINE and checkpoint.format == "bf16":
        yield program.argument(
            "--quantization",
            _ONLINE[plan.format],
            f"The checkpoint is in 16 bits; weights are turned into {weights_in_words(plan)} "
            "while they load",
        )
    if design.kv_bits is not None:
        yield program.argument(
            "--kv-cache-dtype",
            _KV[design.kv_bits]
            if plan.model.family != "deepseek_v32" or design.kv_bits == 8
            else "bfloat16",
            f"The KV cache is planned in {design.kv_bits} bits",
        )


def _speculation(plan: ServerPlan) -> str:
    draft, settings = plan.draft_checkpoint, plan.design
    if draft is None:
        raise ValueError("a plan that drafts has a checkpoint of its draft")
    told: dict[str, str | int] = {
        "method": "draft_model",
        "model": draft.id,
        "num_speculative_tokens": settings.draft_tokens,
        "draft_tensor_parallel_size": settings.tensor_parallel,
    }
    if settings.draft_weight_bits == 8 and draft.format == "bf16":
        told["quantization"] = _ONLINE["fp8"]
    return json.dumps(told)


def _environment(plan: ServerPlan) -> Iterator[Environment]:
    design = plan.design
    yield from visible_devices(plan)
    known = flag_table("vllm").programs["serve"].environment
    found = []
    if design.layers_by_stage:
        found.append(
            Environment(
                "VLLM_PP_LAYER_PARTITION",
                ",".join(map(str, design.layers_by_stage)),
                "The stages hold unequal layers, as the plan lays them",
            )
        )
    if design.phase != "aggregated":
        found += [
            Environment(
                "VLLM_NIXL_SIDE_CHANNEL_HOST",
                "",
                "Where the other phase asks for the KV cache",
                is_address=True,
            ),
            Environment("VLLM_NIXL_SIDE_CHANNEL_PORT", "5600", "The port it listens on for that"),
        ]
    for variable in found:
        if variable.name not in known:
            raise ValueError(f"{variable.name} is not in the table of vLLM")
        yield variable


def _node_arguments(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    yield from several_hosts(program, plan)
    yield program.argument("--master-addr", "{leader}", "Where host 0 is")
    yield program.argument("--master-port", 29501, "The port on which its ranks meet")
