"""SGLang: ``sglang.launch_server`` and its router, as of the version in ``flags_sglang.toml``.

How it counts, read from its sources: ``--tp-size`` is all devices of a stage, and attention data
parallelism divides them (``srt/arg_groups/fields/parallel.py``); ``--max-running-requests`` is of
the whole server and divided over the attention groups (``srt/mem_cache``);
``--mem-fraction-static`` is the share of memory for weights and KV cache, without activations
(``srt/arg_groups/fields/schedule.py``).
"""

from __future__ import annotations

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

__all__ = ["Sglang"]

# Its share holds weights and KV cache; activations and graphs lie beside them
# (arg_groups/memory_hook.py, which would choose 0.8 to 0.9 itself).
_MEMORY = MemoryRule(Fraction(82, 100), Fraction(95, 100), Fraction(3, 100), Fraction(0))
_KV = {16: "auto", 8: "fp8_e4m3"}
_PORT = 30000
_ROUTER_PORT = 8000
_BOOTSTRAP_PORT = 8998
_MEETING_PORT = 20000


class Sglang:
    """The engine SGLang."""

    name = "sglang"
    online_formats = frozenset({"fp8"})

    def misfits(self, plan: ServerPlan) -> Iterator[Fault]:
        """Other vendors than NVIDIA and AMD, devices before Turing, and those without an image."""
        yield from device_refusals(plan, engine="SGLang", vendors=("NVIDIA", "AMD"), least=75)
        images = flag_table(self.name).programs["serve"].images
        for device in plan.devices:
            if device.vendor == "AMD" and device.name not in images:
                yield plan.fault(
                    f"no image of SGLang for {device.name} is known to us",
                    "Choose a point on MI300X, MI325X, MI355X or a device of NVIDIA",
                )

    def routing_refusals(self, plans: Sequence[ServerPlan]) -> Iterator[Fault]:
        """None: its router takes any number of replicas of each phase."""
        del plans
        yield from ()

    def refusals(self, plan: ServerPlan) -> Iterator[Fault]:
        """Drafts beside attention groups or pipelines, experts that do not divide a stage."""
        design = plan.design
        yield from memory_refusals(plan, _MEMORY)
        if plan.stage_devices % design.expert_parallel:
            yield plan.fault(
                f"{design.expert_parallel} groups of experts do not divide the "
                f"{plan.stage_devices} devices of a stage",
                "Choose another point with --point",
            )
        if design.draft_tokens and design.attention_data_parallel > 1:
            yield plan.fault(
                "SGLang runs no draft model beside attention data parallelism",
                "Choose a point without a draft or with attention_data_parallel 1",
            )
        if design.draft_tokens and design.pipeline_parallel > 1:
            yield plan.fault(
                "SGLang runs no draft model beside a pipeline",
                "Choose a point without a draft or without a pipeline",
            )

    def role(self, plan: ServerPlan) -> Role:
        """``sglang.launch_server`` with every decision of the plan as a flag."""
        program = flag_table(self.name).programs["serve"]
        design = plan.design
        return Role(
            name=design.name,
            design=design,
            phase=design.phase,
            replicas=design.count,
            command=program.words,
            positional=(),
            arguments=tuple(_arguments(program, plan)),
            environment=_environment(program, plan),
            image=program.image_for(plan.devices[0]),
            port=_PORT,
            health_path="/health",
            nodes=plan.nodes,
            devices_per_node=design.devices // plan.nodes,
            node_arguments=tuple(_node_arguments(program, plan)) if plan.nodes > 1 else (),
        )

    def router(self, roles: Sequence[Role]) -> Role | None:
        """``sglang_router``: over like replicas, or from prefill to decode replicas."""
        program = flag_table(self.name).programs["router"]
        apart = program.argument(
            "--pd-disaggregation",
            "",
            "Every prompt goes to a prefill replica, its tokens come from a decode replica",
        )
        return router_role(
            program,
            roles,
            port=_ROUTER_PORT,
            apart=(apart,),
            after_prefill=(str(_BOOTSTRAP_PORT),),
        )

    def notes(self, plan: ServerPlan) -> Iterator[str]:
        """What its flags cannot carry."""
        design = plan.design
        if design.microbatches not in (1, design.pipeline_parallel):
            yield (
                f"{design.name}: the plan runs {design.microbatches} microbatches; SGLang keeps as "
                f"many in flight as the pipeline has stages ({design.pipeline_parallel})."
            )
        if design.phase == "decode" and design.prefix_hit is not None:
            yield (
                f"{design.name}: prefixes are found on the prefill replicas; decode replicas of "
                "SGLang keep none unless told to."
            )


def _arguments(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    design, checkpoint = plan.design, plan.checkpoint
    if checkpoint is None:
        raise ValueError("the checkpoint of a plan is settled before its role is made")
    yield program.argument(
        "--model-path",
        checkpoint.id,
        f"{plan.model.name}; the plan computes with weights in {weights_in_words(plan)}",
    )
    yield from reachable(program, plan, port=_PORT, name="--served-model-name")
    groups = design.attention_data_parallel
    cut = f" (tensor {design.tensor_parallel} x attention data {groups})" if groups > 1 else ""
    yield program.argument(
        "--tp-size",
        plan.stage_devices,
        f"{cut_in_words(plan.stage_devices)}{cut}",
    )
    if groups > 1:
        yield program.argument(
            "--attn-dp-size",
            groups,
            f"{groups} groups of {devices_in_words(design.tensor_parallel)} each attend to "
            "sequences of their own",
        )
    if design.expert_parallel > 1:
        yield program.argument(
            "--ep-size",
            design.expert_parallel,
            f"The {plan.model.n_experts} experts lie on {design.expert_parallel} groups of devices",
        )
    yield from stages(program, plan, "--pp-size")
    if design.max_sequences is not None:
        yield program.argument(
            "--max-running-requests",
            design.max_sequences,
            f"One replica decodes {design.max_sequences} sequences together"
            + (f", over its {groups} groups" if groups > 1 else ""),
        )
        if design.microbatches > 1:
            yield program.argument(
                "--pp-max-micro-batch-size",
                -(-design.max_sequences // (groups * design.microbatches)),
                f"They run in {design.microbatches} microbatches",
            )
    yield from longest_taken(program, plan, "--context-length")
    share, why = memory_share(plan, _MEMORY)
    yield program.argument("--mem-fraction-static", decimal_share(share), why)
    if plan.format == "fp8" and checkpoint.format == "bf16":
        yield program.argument(
            "--quantization",
            "fp8",
            f"The checkpoint is in 16 bits; weights are turned into {weights_in_words(plan)} "
            "while they load",
        )
    if design.kv_bits is not None:
        yield program.argument(
            "--kv-cache-dtype",
            _KV[design.kv_bits],
            f"The KV cache is planned in {design.kv_bits} bits",
        )
    yield from _speculation(program, plan)
    yield from _phase(program, plan)


def _speculation(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    design, draft = plan.design, plan.draft_checkpoint
    if draft is None:
        return
    yield program.argument(
        "--speculative-algorithm", "STANDALONE", "A smaller model drafts, as the plan has it"
    )
    yield program.argument(
        "--speculative-draft-model-path", draft.id, f"The draft model is {design.draft_model}"
    )
    if plan.format == "fp8" or design.draft_weight_bits == 8:
        in_8_bits = design.draft_weight_bits == 8 and draft.format == "bf16"
        yield program.argument(
            "--speculative-draft-model-quantization",
            "fp8" if in_8_bits or draft.format == "fp8" else "unquant",
            "The format of the draft's weights; without this it takes that of the large model",
        )
    yield program.argument(
        "--speculative-num-steps",
        design.draft_tokens,
        f"It drafts {design.draft_tokens} tokens a step, one after the other",
    )
    yield program.argument("--speculative-eagle-topk", 1, "One draft, no tree of drafts")
    yield program.argument(
        "--speculative-num-draft-tokens",
        design.draft_tokens + 1,
        f"The large model checks {design.draft_tokens} drafted tokens and adds its own",
    )


def _phase(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    design = plan.design
    if design.phase == "aggregated":
        return
    told = "hands its KV cache over to" if design.phase == "prefill" else "takes it over from"
    yield program.argument(
        "--disaggregation-mode",
        design.phase,
        f"This replica does {design.phase} alone and {told} {', '.join(design.paired_with)}",
    )
    yield program.argument(
        "--disaggregation-transfer-backend", "nixl", "What carries the KV cache between the two"
    )
    if design.phase == "prefill":
        yield program.argument(
            "--disaggregation-bootstrap-port",
            _BOOTSTRAP_PORT,
            "Where decode replicas ask for the KV cache",
        )


def _environment(program: Program, plan: ServerPlan) -> tuple[Environment, ...]:
    name = "SGLANG_PP_LAYER_PARTITION"
    chosen = tuple(visible_devices(plan))
    if not plan.design.layers_by_stage:
        return chosen
    if name not in program.environment:
        raise ValueError(f"{name} is not in the table of SGLang")
    return (
        *chosen,
        Environment(
            name,
            ",".join(map(str, plan.design.layers_by_stage)),
            "The stages hold unequal layers, as the plan lays them",
        ),
    )


def _node_arguments(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    yield from several_hosts(program, plan)
    yield program.argument(
        "--dist-init-addr", f"{{leader}}:{_MEETING_PORT}", "Where host 0 is and its ranks meet"
    )
