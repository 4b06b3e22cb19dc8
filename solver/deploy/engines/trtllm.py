"""TensorRT-LLM: ``trtllm-serve``, as of the version in ``flags_trtllm.toml``.

How it counts, from its API reference: ``--tp_size`` is all devices of a stage, and attention data
parallelism is either off or over all of them (``enable_attention_dp``), where ``--max_batch_size``
is of one device; ``--free_gpu_memory_fraction`` is the share for the KV cache of what is free once
the weights are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.engines.flag_table import Program, flag_table
from solver.deploy.engines.lengths import longest_request
from solver.deploy.engines.memory import MemoryRule, memory_refusals, memory_share
from solver.deploy.engines.refusals import device_refusals
from solver.deploy.engines.routing import by_workload
from solver.deploy.engines.shared_flags import longest_taken, reachable, stages
from solver.deploy.engines.shares import (
    cut_in_words,
    decimal_share,
    visible_devices,
    weights_in_words,
)
from solver.deploy.launch import Addresses, Argument, OptionFile, Role
from solver.errors import Fault

__all__ = ["Trtllm"]

# Of what weights and buffers leave free, which is less than of all: what holds a share of all HBM
# holds the plan.
_MEMORY = MemoryRule(Fraction(9, 10), Fraction(95, 100), Fraction(2, 100), Fraction(0))
_KV = {16: "auto", 8: "fp8"}
_PORT = 8000
_ROUTER_PORT = 8080
_OPTIONS = "options.yaml"
_ROUTES = "disaggregated.yaml"


class Trtllm:
    """The engine TensorRT-LLM."""

    name = "trtllm"
    online_formats: frozenset[str] = frozenset()

    def misfits(self, plan: ServerPlan) -> Iterator[Fault]:
        """Other vendors than NVIDIA, devices before Ampere, and formats it does not read."""
        yield from device_refusals(plan, engine="TensorRT-LLM", vendors=("NVIDIA",), least=80)
        if plan.format == "int8":
            yield plan.fault(
                "TensorRT-LLM serves no weights and activations in INT8",
                "Choose a point in fp8 or bf16, or --engine vllm",
            )
        if plan.format == "nvfp4" and not all(device.has_4_bits for device in plan.devices):
            yield plan.fault(
                "TensorRT-LLM runs NVFP4 on devices with 4-bit arithmetic alone",
                "Choose a point on Blackwell or in another format",
            )

    def routing_refusals(self, plans: Sequence[ServerPlan]) -> Iterator[Fault]:
        """Several kinds of replica for one phase: its file of servers has one list for each."""
        for mates in by_workload((plan.design, plan) for plan in plans).values():
            for phase in ("prefill", "decode"):
                kinds = [plan.design.name for plan in mates if plan.design.phase == phase]
                if len(kinds) > 1:
                    yield Fault(
                        "deployment",
                        f"the plan has {len(kinds)} kinds of {phase} replicas "
                        f"({', '.join(kinds)}), and the router of TensorRT-LLM takes one here",
                        "Choose another point with --point, or --engine vllm",
                    )

    def refusals(self, plan: ServerPlan) -> Iterator[Fault]:
        """Attention groups of several devices, replicas over hosts, drafts in pipelines."""
        design = plan.design
        yield from device_refusals(plan, engine="TensorRT-LLM", vendors=("NVIDIA",), least=80)
        yield from memory_refusals(plan, _MEMORY)
        groups = design.attention_data_parallel
        if groups > 1 and design.tensor_parallel > 1:
            yield plan.fault(
                f"TensorRT-LLM gives every device its own attention group or none; the plan has "
                f"{groups} groups of {design.tensor_parallel} devices",
                "Choose a point with tensor_parallel 1 or attention_data_parallel 1, or --engine "
                "sglang",
            )
        if plan.stage_devices % design.expert_parallel:
            yield plan.fault(
                f"{design.expert_parallel} groups of experts do not divide the "
                f"{plan.stage_devices} devices of a stage",
                "Choose another point with --point",
            )
        if plan.nodes > 1:
            yield plan.fault(
                f"a replica of {design.devices} devices spans {plan.nodes} hosts, and trtllm-serve "
                "starts ranks on several hosts through MPI or Slurm, which these files do not",
                "Choose a point whose replicas fit a host, or --engine vllm",
            )
        if design.draft_tokens and design.pipeline_parallel > 1:
            yield plan.fault(
                "TensorRT-LLM runs no draft model beside a pipeline",
                "Choose a point without a draft or without a pipeline",
            )

    def role(self, plan: ServerPlan) -> Role:
        """``trtllm-serve`` with every decision of the plan as a flag or an option."""
        program = flag_table(self.name).programs["serve"]
        design, checkpoint = plan.design, plan.checkpoint
        if checkpoint is None:
            raise ValueError("the checkpoint of a plan is settled before its role is made")
        file = _options(program, plan)
        arguments = list(_arguments(program, plan))
        if file.options:
            arguments.append(
                program.argument("--config", file.name, "What has no flag is in this file")
            )
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
            arguments=tuple(arguments),
            environment=tuple(visible_devices(plan)),
            image=program.image_for(plan.devices[0]),
            port=_PORT,
            health_path="/health",
            nodes=plan.nodes,
            devices_per_node=design.devices // plan.nodes,
            files=(file,) if file.options else (),
        )

    def router(self, roles: Sequence[Role]) -> Role | None:
        """``trtllm-serve disaggregated``; like replicas have no router of its own."""
        by_phase: Mapping[str, list[Role]] = {
            phase: [role for role in roles if role.phase == phase]
            for phase in ("prefill", "decode")
        }
        if not by_phase["prefill"]:
            return None
        program = flag_table(self.name).programs["router"]
        [prefill], [decode] = by_phase["prefill"], by_phase["decode"]
        options: dict[str, Any] = {
            "hostname": "0.0.0.0",
            "port": _ROUTER_PORT,
            "context_servers": {
                "num_instances": prefill.replicas,
                "urls": Addresses(prefill.name),
            },
            "generation_servers": {
                "num_instances": decode.replicas,
                "urls": Addresses(decode.name),
            },
        }
        whys = {
            "port": "Where clients send their requests",
            "context_servers": f"{prefill.replicas} prefill replicas, as the plan has",
            "generation_servers": f"{decode.replicas} decode replicas, as the plan has",
        }
        return Role(
            name="router",
            design=prefill.design,
            phase="aggregated",
            replicas=1,
            command=program.words,
            positional=(),
            arguments=(program.argument("--config_file", _ROUTES, "The servers of both phases"),),
            environment=(),
            image=program.image,
            port=_ROUTER_PORT,
            health_path="/health",
            devices_per_node=0,
            files=(program.option_file(_ROUTES, options, whys),),
        )

    def notes(self, plan: ServerPlan) -> Iterator[str]:
        """What its flags cannot carry."""
        design = plan.design
        if design.phase == "aggregated" and design.count > 1:
            yield (
                f"{design.name}: TensorRT-LLM has no router over like replicas; put any load "
                f"balancer before its {design.count}."
            )
        if design.microbatches not in (1, design.pipeline_parallel):
            yield (
                f"{design.name}: the plan runs {design.microbatches} microbatches; TensorRT-LLM "
                f"keeps as many in flight as the pipeline has stages ({design.pipeline_parallel})."
            )


def _arguments(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    design = plan.design
    yield from reachable(program, plan, port=_PORT, name="--served_model_name")
    yield program.argument(
        "--tp_size",
        plan.stage_devices,
        cut_in_words(plan.stage_devices),
    )
    yield from stages(program, plan, "--pp_size")
    if design.expert_parallel > 1:
        yield program.argument(
            "--ep_size",
            design.expert_parallel,
            f"The {plan.model.n_experts} experts lie on {design.expert_parallel} groups of devices",
        )
    if design.max_sequences is not None:
        # Attention groups batch on their own, and so does every batch in flight of a pipeline.
        parts = design.attention_data_parallel * design.pipeline_parallel
        yield program.argument(
            "--max_batch_size",
            -(-design.max_sequences // parts),
            f"One replica decodes {design.max_sequences} sequences together"
            + (f", in {parts} batches (attention groups x stages)" if parts > 1 else ""),
        )
    yield from longest_taken(program, plan, "--max_seq_len")
    share, why = memory_share(plan, _MEMORY)
    yield program.argument(
        "--free_gpu_memory_fraction",
        decimal_share(share),
        f"{why}; the flag counts from what is free after the weights are loaded",
    )


def _options(program: Program, plan: ServerPlan) -> OptionFile:
    design = plan.design
    options: dict[str, Any] = {}
    whys: dict[str, str] = {}
    if design.attention_data_parallel > 1:
        options["enable_attention_dp"] = True
        whys["enable_attention_dp"] = (
            f"{design.attention_data_parallel} devices each attend to sequences of their own"
        )
    if design.layers_by_stage:
        options["pp_partition"] = list(design.layers_by_stage)
        whys["pp_partition"] = "The stages hold unequal layers, as the plan lays them"
    cache: dict[str, Any] = {}
    if design.kv_bits is not None:
        cache["dtype"] = _KV[design.kv_bits]
        whys["kv_cache_config.dtype"] = f"The KV cache is planned in {design.kv_bits} bits"
    if design.prefix_hit is not None:
        cache["enable_block_reuse"] = True
        whys["kv_cache_config.enable_block_reuse"] = (
            f"The plan finds {decimal_share(Fraction(design.prefix_hit))} of a prompt in the cache"
        )
    if cache:
        options["kv_cache_config"] = cache
    draft = plan.draft_checkpoint
    if draft is not None:
        options["speculative_config"] = {
            "decoding_type": "Draft_Target",
            "max_draft_len": design.draft_tokens,
            "speculative_model": draft.id,
        }
        whys["speculative_config"] = f"{design.draft_model} drafts {design.draft_tokens} tokens"
    if design.phase != "aggregated":
        transfer: dict[str, Any] = {"backend": "DEFAULT"}
        longest = longest_request(plan)
        if longest is not None:
            transfer["max_tokens_in_buffer"] = longest[0]
        options["cache_transceiver_config"] = transfer
        whys["cache_transceiver_config"] = (
            f"This replica does {design.phase} alone; the KV cache goes between it and "
            f"{', '.join(design.paired_with)}"
        )
    if draft is not None or design.phase == "prefill":
        options["disable_overlap_scheduler"] = True
        whys["disable_overlap_scheduler"] = (
            "Prefill replicas and draft models run without overlapped scheduling"
        )
    return program.option_file(_OPTIONS, options, whys)
