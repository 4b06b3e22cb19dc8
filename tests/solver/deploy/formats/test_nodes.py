"""Which nodes pods may run on: labels that tell machines apart, hosts of stages, taints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from solver.deploy.formats.options import FormOptions
from solver.deploy.formats.tolerations import Toleration, read_toleration
from solver.deploy.launch import Deployment
from solver.deploy.writing import write_deployment
from solver.errors import OutputError

PRODUCT = "nvidia.com/gpu.product"


def pods(deployment: Deployment, options: FormOptions) -> dict[str, dict[str, Any]]:
    """The pod of every Deployment and StatefulSet, by name."""
    text = write_deployment(deployment, form="kubernetes", options=options)
    return {
        tree["metadata"]["name"]: tree["spec"]["template"]["spec"]
        for tree in YAML(typ="safe", pure=True).load_all(text)
        if tree["kind"] in ("Deployment", "StatefulSet")
    }


def labelled(*labels: tuple[str, str]) -> FormOptions:
    return FormOptions(base_name="x", node_labels=labels)


def with_designs(deployment: Deployment, *changes: dict[str, Any]) -> Deployment:
    """A role for each entry of ``changes``, which changes its design."""
    [role] = deployment.roles
    return replace(
        deployment,
        roles=tuple(
            replace(role, name=f"role-{number}", design=replace(role.design, **change))
            for number, change in enumerate(changes)
        ),
    )


def test_two_machines_of_one_accelerator_need_a_label(plain: Deployment) -> None:
    two = with_designs(plain, {"machine": "pool-a"}, {"machine": "pool-b"})
    with pytest.raises(OutputError, match="pool-a, pool-b"):
        pods(two, labelled())
    found = pods(two, labelled(("cloud.google.com/gke-nodepool", "{machine}")))
    told = [pod["nodeSelector"]["cloud.google.com/gke-nodepool"] for pod in found.values()]
    assert told == ["pool-a", "pool-b"]


def test_one_fixed_label_does_not_tell_two_accelerators_apart(plain: Deployment) -> None:
    two = with_designs(plain, {"accelerator": "H100 SXM"}, {"accelerator": "L40S"})
    with pytest.raises(OutputError, match="several machines"):
        pods(two, labelled(("pool", "gpu")))


def test_two_regions_need_a_label_and_keep_the_product(plain: Deployment) -> None:
    two = with_designs(plain, {"region_or_rack": "eu"}, {"region_or_rack": "us"})
    with pytest.raises(OutputError, match="eu, us"):
        pods(two, labelled())
    for pod, region in zip(
        pods(two, labelled(("zone", "{region}"))).values(), ("eu", "us"), strict=True
    ):
        assert pod["nodeSelector"] == {PRODUCT: "NVIDIA-H100-80GB-HBM3", "zone": region}


def test_every_stage_stands_on_its_host(several_hosts: Deployment) -> None:
    [role] = several_hosts.roles
    staged = replace(
        several_hosts,
        roles=(replace(role, replicas=1, design=replace(role.design, hosts=("a", "b"))),),
    )
    with pytest.raises(OutputError, match=r"kubernetes\.io/hostname"):
        pods(staged, labelled())
    found = pods(staged, labelled(("kubernetes.io/hostname", "{host}")))
    told = {name: pod["nodeSelector"]["kubernetes.io/hostname"] for name, pod in found.items()}
    assert sorted(told.values()) == ["a", "b"]
    [leader] = [name for name in told if not name.endswith("-worker-1")]
    assert told[leader] == "a"


def test_single_devices_of_a_machine_are_not_asked_of_a_cluster(plain: Deployment) -> None:
    chosen = with_designs(plain, {"visible_devices": (3, 1, 0, 2)})
    with pytest.raises(OutputError, match="devices 3, 1, 0, 2 of one machine"):
        pods(chosen, labelled())


def test_taints_are_borne_with(plain: Deployment) -> None:
    taints = ("dedicated=inference:NoSchedule", "spot:NoExecute")
    options = FormOptions(base_name="x", tolerations=tuple(map(read_toleration, taints)))
    for pod in pods(plain, options).values():
        assert pod["tolerations"][1:] == [
            {
                "key": "dedicated",
                "operator": "Equal",
                "value": "inference",
                "effect": "NoSchedule",
            },
            {"key": "spot", "operator": "Exists", "effect": "NoExecute"},
        ]


def test_taints_have_no_meaning_on_one_host(plain: Deployment) -> None:
    options = FormOptions(base_name="x", tolerations=(Toleration("a", "", "NoSchedule"),))
    with pytest.raises(OutputError, match="--toleration"):
        write_deployment(plain, form="compose", options=options)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key",
        "key:",
        ":NoSchedule",
        "key=:NoSchedule",
        "key=a b:NoSchedule",
        "k:Never",
        "$(X):NoSchedule",
    ],
)
def test_what_is_no_taint_is_refused(text: str) -> None:
    with pytest.raises(OutputError, match="is no taint"):
        read_toleration(text)
