"""Deployments of points on every engine: what they carry, what they refuse, what cannot slip in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.deploy.checking import check_deployment
from solver.deploy.engines.flag_table import flag_table
from solver.deploy.engines.registry import ENGINES, build_deployment
from solver.deploy.launch import Argument, Deployment, Role
from solver.errors import Fault, FleetError, OutputError

Solved = Callable[[str], dict[str, Any]]

QUESTIONS = (
    "replica/deepseek-r1-fp8-h200",
    "replica/llama-3.1-70b-speculative-h100",
    "replica/llama-2-70b-groq",
    "fleet/one-model-one-pool",
    "fleet/one-or-two-pools",
    "fleet/clock-and-quality",
    "fleet/four-models-three-machines",
    "fleet/deepseek-disaggregated",
    "placement/workstation-pcie",
)


def parsed(role: Role, engine: str) -> dict[str, str]:
    """The words of a role's command read back with the types of the table."""
    program = flag_table(engine).programs["serve"]
    words = [word for a in role.arguments for word in ((a.flag, a.value) if a.value else (a.flag,))]
    found: dict[str, str] = {}
    while words:
        flag = words.pop(0)
        kind = program.flags[flag].type
        assert flag not in found, f"{flag} stands twice"
        found[flag] = "" if kind == "switch" else words.pop(0)
        assert program.flags[flag].fault_of(found[flag]) is None
    return found


def degrees(role: Role, engine: str) -> tuple[int, int, int, int]:
    """Devices of a stage, stages, expert groups and attention groups that a command makes."""
    told = parsed(role, engine)
    if engine == "vllm":
        groups = int(told.get("--data-parallel-size", 1))
        stage = int(told["--tensor-parallel-size"]) * groups
        experts = stage if "--enable-expert-parallel" in told else 1
        return stage, int(told.get("--pipeline-parallel-size", 1)), experts, groups
    if engine == "sglang":
        groups = int(told.get("--attn-dp-size", 1))
        experts = int(told.get("--ep-size", 1))
        return int(told["--tp-size"]), int(told.get("--pp-size", 1)), experts, groups
    options = role.files[0].options if role.files else {}
    stage = int(told["--tp_size"])
    groups = stage if options.get("enable_attention_dp") else 1
    return stage, int(told.get("--pp_size", 1)), int(told.get("--ep_size", 1)), groups


def check_degrees(deployment: Deployment, engine: str) -> None:
    for role in deployment.roles:
        design = role.design
        stage, stages, experts, groups = degrees(role, engine)
        assert stage * stages == design.devices == role.nodes * role.devices_per_node
        assert stages == design.pipeline_parallel
        assert groups == design.attention_data_parallel
        # Experts of a dense model and of one device lie nowhere in particular.
        assert experts == design.expert_parallel or design.devices == 1


def weights_of(document: dict[str, Any]) -> dict[str, str]:
    """A checkpoint in the plan's format for the model of a replica or placement question."""
    model = document["instance"]["resolved"].get("model")
    return {} if model is None else {model["name"]: "/models/one"}


def built_or_none(
    document: dict[str, Any], point: int, *, engine: str, weights: dict[str, str] | None = None
) -> Deployment | None:
    """The deployment, or None where it is refused; a refusal says what is wrong and the cure."""
    faults: tuple[Fault, ...] = ()
    try:
        return build_deployment(document, point, engine=engine, weights=weights or {})
    except FleetError as error:
        faults = error.faults
    assert all(fault.what and fault.mend for fault in faults)
    return None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_point_is_built_or_refused_with_a_reason(
    solved: Solved, question: str, engine: str
) -> None:
    document = solved(question)
    last = len(document["points"]) - 1
    for point in sorted({0, last // 4, last // 2, last}):
        built = built_or_none(document, point, engine=engine, weights=weights_of(document))
        if built is None:
            continue
        check_deployment(built)
        check_degrees(built, engine)
        for role in built.roles:
            assert all(each.why for each in (*role.arguments, *role.positional))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dense_point_is_built_on_every_engine(solved: Solved, engine: str) -> None:
    document = solved("fleet/one-model-one-pool")
    built = build_deployment(document, 0, engine=engine, weights={})
    [entry] = document["points"][0]["design"]["replicas"]
    [role] = built.roles
    assert role.replicas == entry["count"]
    check_degrees(built, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_point_of_experts_is_built_on_every_engine(solved: Solved, engine: str) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    point = len(document["points"]) - 1
    built = build_deployment(document, point, engine=engine, weights={})
    check_degrees(built, engine)
    assert built.roles[0].design.expert_parallel == 8


@pytest.mark.parametrize("engine", ENGINES)
def test_prefill_and_decode_apart_have_a_router_over_both(solved: Solved, engine: str) -> None:
    weights = {"Qwen2.5-72B": "/models/qwen-fp8@fp8"}
    built = build_deployment(solved("fleet/one-or-two-pools"), 0, engine=engine, weights=weights)
    check_deployment(built)
    assert {role.phase for role in built.roles} == {"prefill", "decode"}
    assert len(built.routers) == 1


def test_vllm_counts_sequences_of_one_attention_group(solved: Solved) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    point = len(document["points"]) - 1
    design = document["points"][point]["design"]
    [role] = build_deployment(document, point, engine="vllm", weights={}).roles
    rank = -(-design["batch"] // design["attention_data_parallel"])
    assert parsed(role, "vllm")["--max-num-seqs"] == str(rank)


def test_sglang_counts_sequences_of_the_whole_replica(solved: Solved) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    point = len(document["points"]) - 1
    design = document["points"][point]["design"]
    [role] = build_deployment(document, point, engine="sglang", weights={}).roles
    assert parsed(role, "sglang")["--max-running-requests"] == str(design["batch"])


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_a_replica_of_two_hosts_names_rank_and_leader(solved: Solved, engine: str) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    kinds = [
        (point["design"]["devices"], point["design"]["expert_parallel"])
        for point in document["points"]
    ]
    [role] = build_deployment(document, kinds.index((16, 16)), engine=engine, weights={}).roles
    assert (role.nodes, role.devices_per_node) == (2, 8)
    values = " ".join(argument.value for argument in role.node_arguments)
    assert "{rank}" in values
    assert "{leader}" in values


def test_trtllm_refuses_a_replica_of_two_hosts(solved: Solved) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    sizes = [point["design"]["devices"] for point in document["points"]]
    with pytest.raises(OutputError, match="spans 2 hosts"):
        build_deployment(document, sizes.index(16), engine="trtllm", weights={})


def test_vllm_refuses_experts_on_some_of_the_devices(solved: Solved) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    point = len(document["points"]) - 1
    document["points"][point]["design"]["expert_parallel"] = 4
    with pytest.raises(OutputError, match="the plan has 4 groups"):
        build_deployment(document, point, engine="vllm", weights={})


def test_unequal_stages_are_set_in_the_environment(solved: Solved) -> None:
    document = solved("placement/workstation-pcie")
    point = len(document["points"]) - 1
    layers = [stage["layers"] for stage in document["points"][point]["design"]["stages"]]
    for engine, name in (
        ("vllm", "VLLM_PP_LAYER_PARTITION"),
        ("sglang", "SGLANG_PP_LAYER_PARTITION"),
    ):
        [role] = build_deployment(document, point, engine=engine, weights={}).roles
        told = {variable.name: variable.value for variable in role.environment}
        assert told[name] == ",".join(map(str, layers))


def test_a_grid_is_refused(solved: Solved) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    document["points"][0]["design"].update(tensor_parallel=1, tensor_parallel_2d=4, devices=4)
    with pytest.raises(OutputError, match="2D grid of 4 devices"):
        build_deployment(document, 0, engine="vllm", weights={})


@pytest.mark.parametrize("engine", ENGINES)
def test_another_vendor_is_refused(solved: Solved, engine: str) -> None:
    with pytest.raises(OutputError, match="does not run on Groq LPU v1 of Groq"):
        build_deployment(solved("replica/llama-2-70b-groq"), 0, engine=engine, weights={})


def test_trtllm_refuses_amd(solved: Solved) -> None:
    document = solved("fleet/four-models-three-machines")
    with pytest.raises(OutputError, match="MI300X of AMD"):
        build_deployment(document, 0, engine="trtllm", weights={})


def test_weights_in_8_bits_are_made_from_16_while_they_load(solved: Solved) -> None:
    document = solved("fleet/one-or-two-pools")
    roles = build_deployment(document, 0, engine="vllm", weights={}).roles
    assert {parsed(role, "vllm")["--quantization"] for role in roles} == {"fp8_per_tensor"}


def test_a_checkpoint_in_the_format_of_the_plan_needs_no_flag(solved: Solved) -> None:
    weights = {"Qwen2.5-72B": "/models/qwen@fp8"}
    roles = build_deployment(
        solved("fleet/one-or-two-pools"), 0, engine="vllm", weights=weights
    ).roles
    assert all("--quantization" not in parsed(role, "vllm") for role in roles)


def test_a_checkpoint_that_nobody_knows_is_asked_for(solved: Solved) -> None:
    with pytest.raises(OutputError, match=r"--weights 'Qwen2\.5-72B=PATH-OR-ID'"):
        build_deployment(solved("fleet/one-or-two-pools"), 0, engine="trtllm", weights={})


def test_a_checkpoint_in_another_format_is_refused(solved: Solved) -> None:
    weights = {"Qwen2.5-72B": "/models/qwen@int4"}
    with pytest.raises(OutputError, match="is in int4, the plan computes in fp8"):
        build_deployment(solved("fleet/one-or-two-pools"), 0, engine="vllm", weights=weights)


def test_a_clock_is_a_note(solved: Solved) -> None:
    built = build_deployment(solved("fleet/clock-and-quality"), 0, engine="vllm", weights={})
    assert any("nvidia-smi -lgc" in note for note in built.notes)


def test_a_draft_model_is_a_flag(solved: Solved) -> None:
    document = solved("replica/llama-3.1-70b-speculative-h100")
    design = document["points"][0]["design"]
    [role] = build_deployment(document, 0, engine="vllm", weights={}).roles
    told = json.loads(parsed(role, "vllm")["--speculative-config"])
    assert told["num_speculative_tokens"] == design["draft_tokens"]
    assert told["model"] == "meta-llama/Llama-3.1-8B-Instruct"
    assert told["quantization"] == "fp8_per_tensor"


@pytest.mark.parametrize(
    "told",
    [
        "../../etc/passwd",
        "/models/../../etc/passwd",
        "-c",
        "--trust-remote-code",
        "$(rm -rf /)",
        "a/b/c",
        "name\nother",
        "'quoted'",
        "<script>alert(1)</script>",
        "",
        "meta-llama/Llama@nothing",
        "x" * 2000,
    ],
)
def test_a_hostile_checkpoint_is_refused(solved: Solved, told: str) -> None:
    with pytest.raises(OutputError, match="--weights"):
        build_deployment(
            solved("fleet/one-or-two-pools"), 0, engine="vllm", weights={"Qwen2.5-72B": told}
        )


@pytest.mark.parametrize("name", ["", "-x", "$(rm)", "a b", "a\nb", "x" * 200])
def test_a_hostile_served_name_is_refused(solved: Solved, name: str) -> None:
    with pytest.raises(OutputError, match="--served-name"):
        build_deployment(
            solved("fleet/one-model-one-pool"), 0, engine="vllm", weights={}, served_name=name
        )


def test_a_model_that_the_point_does_not_use_is_refused(solved: Solved) -> None:
    with pytest.raises(OutputError, match="does not use 'Llama-9'"):
        build_deployment(
            solved("fleet/one-model-one-pool"), 0, engine="vllm", weights={"Llama-9": "a/b"}
        )


@pytest.mark.parametrize(
    "name", ["$(rm -rf ~)", "<script>alert(1)</script>", "--host", "a'b\"c`d`", "名前", "x" * 500]
)
def test_hostile_names_of_a_question_become_plain_words(solved: Solved, name: str) -> None:
    text = json.dumps(solved("fleet/one-model-one-pool"))
    for old in ("Llama-3.1-8B", "chat"):
        text = text.replace(f'"{old}"', json.dumps(name))
    built = build_deployment(
        json.loads(text), 0, engine="vllm", weights={name: "meta-llama/Llama-3.1-8B-Instruct"}
    )
    check_deployment(built)
    [role] = built.roles
    served = parsed(role, "vllm")["--served-model-name"]
    assert all(letter.isalnum() or letter in "._/-" for letter in served)
    assert not served.startswith("-")


def test_engines_that_are_none_are_named(solved: Solved) -> None:
    with pytest.raises(OutputError, match="Choose one of vllm, sglang, trtllm"):
        build_deployment(solved("fleet/one-model-one-pool"), 0, engine="llama.cpp", weights={})


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    engine=st.sampled_from(sorted(ENGINES)),
    tensor=st.sampled_from([1, 2, 3, 4, 8, 16]),
    groups=st.sampled_from([1, 2, 4, 8]),
    stages=st.sampled_from([1, 2, 3, 4]),
    experts=st.sampled_from([1, 2, 4, 8, 16, 32]),
    batch=st.integers(1, 4096),
)
def test_degrees_survive_the_command_or_are_refused(
    solved: Solved, engine: str, tensor: int, groups: int, stages: int, experts: int, batch: int
) -> None:
    document = solved("replica/deepseek-r1-fp8-h200")
    document["points"][0]["design"].update(
        tensor_parallel=tensor,
        attention_data_parallel=groups,
        pipeline_parallel=stages,
        expert_parallel=experts,
        devices=tensor * groups * stages,
        microbatches=stages,
        batch=batch,
    )
    built = built_or_none(document, 0, engine=engine)
    if built is None:
        return
    check_deployment(built)
    check_degrees(built, engine)
    told = parsed(built.roles[0], engine)
    most = {
        "vllm": lambda: int(told["--max-num-seqs"]) * groups,
        "sglang": lambda: int(told["--max-running-requests"]),
        "trtllm": lambda: int(told["--max_batch_size"]) * groups * stages,
    }[engine]()
    assert batch <= most < batch + groups * stages


def test_every_argument_says_which_decision_it_carries(solved: Solved) -> None:
    built = build_deployment(solved("fleet/one-model-one-pool"), 0, engine="vllm", weights={})
    [role] = built.roles
    by_flag: dict[str, Argument] = {argument.flag: argument for argument in role.arguments}
    degree = role.design.tensor_parallel
    assert f"{degree} device" in by_flag["--tensor-parallel-size"].why
