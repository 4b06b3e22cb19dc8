"""Manifests: valid by the published schemas, with the devices and names of the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from solver.deploy.formats.node_labels import node_choice
from solver.deploy.formats.options import FormOptions
from solver.deploy.launch import Argument, Deployment
from solver.deploy.writing import write_deployment
from solver.errors import OutputError

Manifest = dict[str, Any]

VERSIONS = ("1.31", "1.37")
SHAPES = ["plain", "disaggregated", "several_hosts"]


def _manifests(deployment: Deployment, **options: Any) -> list[Manifest]:
    text = write_deployment(deployment, form="kubernetes", options=FormOptions(**options))
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)  # type: ignore[assignment]
    return list(reader.load_all(text))


def _of(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


def _containers(manifests: list[Manifest]) -> list[tuple[int, Manifest]]:
    """Replicas and container of every workload."""
    return [
        (each["spec"]["replicas"], each["spec"]["template"]["spec"]["containers"][0])
        for each in manifests
        if each["kind"] in ("Deployment", "StatefulSet")
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", SHAPES)
def test_every_manifest_is_valid(name: str, version: str, request: pytest.FixtureRequest) -> None:
    for manifest in _manifests(request.getfixturevalue(name), namespace="serving"):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_the_validator_refuses_a_key_that_is_not_there(plain: Deployment) -> None:
    manifest = _manifests(plain)[0]
    manifest["spec"]["template"]["spec"]["nodeSelectors"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[0], strict=True)


@pytest.mark.parametrize(
    ("name", "devices"), [("plain", 8), ("disaggregated", 12), ("several_hosts", 32)]
)
def test_the_devices_are_those_of_the_plan(
    name: str, devices: int, request: pytest.FixtureRequest
) -> None:
    found = sum(
        replicas * int(container["resources"]["limits"]["nvidia.com/gpu"])
        for replicas, container in _containers(_manifests(request.getfixturevalue(name)))
        if container["name"] == "server"
    )
    assert found == devices


@pytest.mark.parametrize("name", SHAPES)
def test_every_service_finds_pods(name: str, request: pytest.FixtureRequest) -> None:
    manifests = _manifests(request.getfixturevalue(name))
    pods = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in manifests
        if each["kind"] in ("Deployment", "StatefulSet")
    ]
    for service in _of(manifests, "Service"):
        wanted = service["spec"]["selector"].items()
        assert any(wanted <= labels.items() for labels in pods)


@pytest.mark.parametrize("name", SHAPES)
def test_no_two_objects_share_a_kind_and_a_name(name: str, request: pytest.FixtureRequest) -> None:
    manifests = _manifests(request.getfixturevalue(name))
    named = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("name", SHAPES)
def test_no_two_workloads_claim_the_same_pods(name: str, request: pytest.FixtureRequest) -> None:
    workloads = [
        each["spec"]
        for each in _manifests(request.getfixturevalue(name))
        if each["kind"] in ("Deployment", "StatefulSet")
    ]
    for spec in workloads:
        wanted = spec["selector"]["matchLabels"].items()
        labels = [each["template"]["metadata"]["labels"].items() for each in workloads]
        assert sum(wanted <= each for each in labels) == 1


def test_a_flag_stands_below_its_decision(plain: Deployment) -> None:
    text = write_deployment(plain, form="kubernetes", options=FormOptions())
    lines = [line.strip() for line in text.splitlines()]
    for argument in plain.roles[0].arguments:
        assert lines[lines.index(f'- "{argument.flag}"') - 1] == f"# {argument.why}"


def test_nodes_are_chosen_by_the_accelerator(plain: Deployment) -> None:
    spec = _of(_manifests(plain), "Deployment")[0]["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}
    assert spec["tolerations"][0]["key"] == "nvidia.com/gpu"


def test_nodes_are_chosen_by_ones_own_label(plain: Deployment) -> None:
    manifests = _manifests(plain, node_labels=(("pool", "{machine}"),))
    spec = _of(manifests, "Deployment")[0]["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"pool": "h100-host"}


def test_several_products_of_one_accelerator_are_all_taken(plain: Deployment) -> None:
    role = plain.roles[0]
    card = replace(role, design=replace(role.design, accelerator="RTX PRO 6000"))
    spec = _of(_manifests(replace(plain, roles=(card,))), "Deployment")[0]["spec"]["template"]
    terms = spec["spec"]["affinity"]["nodeAffinity"]
    [term] = terms["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert len(term["matchExpressions"][0]["values"]) == 2


def test_amd_devices_are_another_resource(plain: Deployment) -> None:
    role = plain.roles[0]
    amd = replace(role, design=replace(role.design, accelerator="MI300X"))
    container = _containers(_manifests(replace(plain, roles=(amd,))))[0][1]
    assert container["resources"]["limits"] == {"amd.com/gpu": "4"}


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (("pool", "{nothing}"), "no name that a design has"),
        (("pool", "{region}"), "states no one region"),
        (("pool", "{"), "cannot be read"),
        (("pool", "a b"), "cannot be the value of a label"),
        (("a b", "c"), "no key of a label"),
        (("pool", "{machine.__class__}"), "no name that a design has"),
    ],
)
def test_a_label_that_no_node_can_have_is_refused(
    plain: Deployment, label: tuple[str, str], message: str
) -> None:
    with pytest.raises(OutputError, match=message):
        _manifests(plain, node_labels=(label,))


def test_an_unknown_accelerator_asks_for_its_resource(plain: Deployment) -> None:
    design = replace(plain.roles[0].design, accelerator="Abacus 9")
    with pytest.raises(OutputError, match="--device-resource"):
        node_choice(design, FormOptions())
    with pytest.raises(OutputError, match="--node-label"):
        node_choice(design, FormOptions(device_resource="example.com/abacus"))


def test_a_router_names_every_pod_of_its_roles(disaggregated: Deployment) -> None:
    manifests = _manifests(disaggregated)
    router = next(c for _, c in _containers(manifests) if c["name"] == "router")
    sets = {each["metadata"]["name"]: each for each in _of(manifests, "StatefulSet")}
    pods = {
        f"http://{name}-{number}.{each['spec']['serviceName']}:8000"
        for name, each in sets.items()
        for number in range(each["spec"]["replicas"])
    }
    assert {word for word in router["args"] if word.startswith("http://")} == pods


def test_an_option_file_is_a_config_map(disaggregated: Deployment) -> None:
    manifests = _manifests(disaggregated)
    [config] = _of(manifests, "ConfigMap")
    options = YAML(typ="safe").load(config["data"]["router.yaml"])
    assert [url.split(":")[1] for url in options["servers"]["urls"]] == ["8000", "8000"]
    router = next(c for _, c in _containers(manifests) if c["name"] == "router")
    assert "/etc/fleetfront/router.yaml" in router["args"]
    assert router["volumeMounts"][0]["mountPath"] == "/etc/fleetfront"


def test_the_address_of_a_server_is_that_of_its_pod(disaggregated: Deployment) -> None:
    variables = _containers(_manifests(disaggregated))[0][1]["env"]
    source = variables[0]["valueFrom"]["fieldRef"]["fieldPath"]
    assert (variables[0]["name"], source) == ("SIDE_CHANNEL_HOST", "status.podIP")


def test_workers_take_their_rank_from_their_ordinal(several_hosts: Deployment) -> None:
    sets = _of(_manifests(several_hosts), "StatefulSet")
    workers = [each for each in sets if "ordinals" in each["spec"]]
    assert [each["spec"]["ordinals"]["start"] for each in workers] == [1, 1]
    words = workers[0]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert words[words.index("--node-rank") + 1] == "$(RANK)"
    assert "--headless" in words


def test_the_leader_is_named_by_its_own_stable_name(several_hosts: Deployment) -> None:
    leader = _of(_manifests(several_hosts), "StatefulSet")[0]
    name, service = leader["metadata"]["name"], leader["spec"]["serviceName"]
    words = leader["spec"]["template"]["spec"]["containers"][0]["args"]
    assert f"tcp://{name}-0.{service}:29500" in words
    assert words[words.index("--node-rank") + 1] == "0"


def test_names_leave_room_for_what_kubernetes_appends(several_hosts: Deployment) -> None:
    long = replace(several_hosts.roles[0], name="a" * 60, replicas=11)
    manifests = _manifests(replace(several_hosts, roles=(long,)))
    assert max(len(each["metadata"]["name"]) for each in _of(manifests, "StatefulSet")) <= 52


@pytest.mark.parametrize("text", ["$(HOME)", "$$", "${A}", "{{ .Values }}", "yes", "'\"", "a: b"])
def test_names_reach_the_server_as_they_are(
    text: str, with_argument: Callable[[str], Deployment]
) -> None:
    container = _containers(_manifests(with_argument(text)))[0][1]
    variable = next(each for each in container["env"] if each["name"] == "NAME")
    # What Kubernetes makes of it: '$$' is '$', and no '$(' is left single.
    assert container["args"][-1].replace("$$", "$") == text
    assert variable["value"].replace("$$", "$") == text
    assert "$(" not in container["args"][-1].replace("$$", "")


def test_a_checkpoint_by_path_is_mounted_where_it_is(plain: Deployment) -> None:
    role = plain.roles[0]
    path = "/models/llama"
    local = replace(role, positional=(replace(role.positional[0], value=path),))
    manifests = _manifests(replace(plain, roles=(local,)), weight_paths=(path,))
    spec = _of(manifests, "Deployment")[0]["spec"]["template"]["spec"]
    assert spec["volumes"][-1]["hostPath"] == {"path": path, "type": "Directory"}
    mount = spec["containers"][0]["volumeMounts"][-1]
    assert (mount["mountPath"], mount["readOnly"]) == (path, True)


def test_a_claim_is_mounted_where_the_checkpoint_lies(plain: Deployment) -> None:
    role = plain.roles[0]
    path = "/models/llama"
    local = replace(role, positional=(replace(role.positional[0], value=path),))
    deployment = replace(plain, roles=(local,))
    manifests = _manifests(deployment, weight_paths=(path,), weights_claim="models")
    mounts = _containers(manifests)[0][1]["volumeMounts"]
    assert mounts[-1] == {"name": "claim", "mountPath": "/models", "readOnly": True}


def test_a_draft_model_by_path_is_mounted_too(plain: Deployment) -> None:
    role = plain.roles[0]
    draft = Argument("--speculative-config", '{"model": "/models/draft"}', "The draft.")
    drafting = replace(
        role,
        arguments=(*role.arguments, draft),
        design=replace(role.design, draft_model="Llama-3.2-1B"),
    )
    manifests = _manifests(replace(plain, roles=(drafting,)), weight_paths=("/models/draft",))
    mounted = {each["mountPath"] for each in _containers(manifests)[0][1]["volumeMounts"]}
    assert {"/models/draft", "/var/cache/huggingface"} <= mounted


def test_checkpoints_may_be_kept_on_a_claim(plain: Deployment) -> None:
    manifests = _manifests(plain, weights_claim="models")
    volumes = _of(manifests, "Deployment")[0]["spec"]["template"]["spec"]["volumes"]
    assert volumes[-1]["persistentVolumeClaim"] == {"claimName": "models"}


def test_no_pod_may_gain_privileges(disaggregated: Deployment) -> None:
    for _, container in _containers(_manifests(disaggregated)):
        assert container["securityContext"]["allowPrivilegeEscalation"] is False


@pytest.mark.parametrize("namespace", ["Prod", "a_b", "-a", "a" * 64, "a\nkind: Secret", "9"])
def test_a_namespace_that_cannot_be_is_refused(plain: Deployment, namespace: str) -> None:
    with pytest.raises(OutputError, match="no name that Kubernetes takes"):
        _manifests(plain, namespace=namespace)


def test_a_namespace_of_63_characters_is_taken(plain: Deployment) -> None:
    assert _manifests(plain, namespace="a" * 63)[0]["metadata"]["namespace"] == "a" * 63


@pytest.mark.parametrize(
    "image", ["vllm/vllm-openai", "vllm/vllm-openai:latest", "a b:1", "x:1\ny"]
)
def test_an_image_that_may_change_is_refused(plain: Deployment, image: str) -> None:
    with pytest.raises(OutputError, match="--image"):
        _manifests(plain, image=image)


def test_ones_own_image_is_used(plain: Deployment) -> None:
    image = "registry.example:5000/llm/server:1.2"
    assert _containers(_manifests(plain, image=image))[0][1]["image"] == image
