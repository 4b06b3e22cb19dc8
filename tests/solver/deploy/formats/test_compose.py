"""Compose files: the structure of the Compose Specification, on one host, with its devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from solver.deploy.formats.options import FormOptions
from solver.deploy.launch import Deployment
from solver.deploy.writing import write_deployment
from solver.errors import OutputError

Tree = dict[str, Any]

TOP_KEYS = {"name", "services", "volumes", "configs"}
SERVICE_KEYS = {
    "command", "configs", "depends_on", "deploy", "devices", "entrypoint", "environment",
    "group_add", "healthcheck", "image", "ipc", "ports", "restart", "security_opt", "volumes",
}  # fmt: skip
"""Keys of a service in the Compose Specification that this form uses, and no others."""
VOLUME_KEYS = {"type", "source", "target", "read_only", "bind"}
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
DEVICE_KEYS = {"driver", "device_ids", "capabilities"}


def _tree(deployment: Deployment, **options: Any) -> Tree:
    text = write_deployment(deployment, form="compose", options=FormOptions(**options))
    [tree] = YAML(typ="safe").load_all(text)
    return dict(tree)


@pytest.fixture
def on_one_host(disaggregated: Deployment) -> Deployment:
    """The disaggregated deployment with roles small enough for one host."""
    roles = tuple(
        replace(role, devices_per_node=2, design=replace(role.design, devices=2))
        for role in disaggregated.roles
    )
    return replace(disaggregated, roles=roles)


@pytest.mark.parametrize("name", ["plain", "on_one_host"])
def test_only_keys_of_the_specification_are_used(name: str, request: pytest.FixtureRequest) -> None:
    tree = _tree(request.getfixturevalue(name))
    assert set(tree) <= TOP_KEYS
    for service in tree["services"].values():
        assert set(service) <= SERVICE_KEYS
        assert set(service["healthcheck"]) <= HEALTH_KEYS
        for volume in service.get("volumes", []):
            assert set(volume) <= VOLUME_KEYS
            assert volume["type"] == "bind" or volume["source"] in tree["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in tree["configs"]
        devices = service.get("deploy", {"resources": {"reservations": {"devices": []}}})
        for device in devices["resources"]["reservations"]["devices"]:
            assert set(device) == DEVICE_KEYS
        for other in service.get("depends_on", {}):
            assert other in tree["services"]


def _device_ids(tree: Tree) -> list[str]:
    return [
        number
        for service in tree["services"].values()
        if "deploy" in service
        for device in service["deploy"]["resources"]["reservations"]["devices"]
        for number in device["device_ids"]
    ]


@pytest.mark.parametrize(("name", "devices"), [("plain", 8), ("on_one_host", 6)])
def test_every_device_of_the_plan_is_handed_out_once(
    name: str, devices: int, request: pytest.FixtureRequest
) -> None:
    numbers = _device_ids(_tree(request.getfixturevalue(name)))
    assert sorted(numbers) == sorted(str(number) for number in range(devices))


def test_ports_are_open_to_this_host_alone(plain: Deployment) -> None:
    ports = [service["ports"] for service in _tree(plain)["services"].values()]
    assert ports == [["127.0.0.1:8000:8000"], ["127.0.0.1:8001:8000"]]


def test_behind_a_router_only_the_router_is_reached(on_one_host: Deployment) -> None:
    services = _tree(on_one_host)["services"]
    assert [name for name, each in services.items() if "ports" in each] == ["router"]


def test_the_router_waits_for_every_server(on_one_host: Deployment) -> None:
    router = _tree(on_one_host)["services"]["router"]
    assert set(router["depends_on"]) == {"prefill", "decode-1", "decode-2"}
    assert router["command"][-2:] == ["http://decode-1:8000", "http://decode-2:8000"]


def test_an_option_file_is_a_config(on_one_host: Deployment) -> None:
    tree = _tree(on_one_host)
    [use] = tree["services"]["router"]["configs"]
    content = YAML(typ="safe").load(tree["configs"][use["source"]]["content"])
    assert content["servers"]["urls"] == ["decode-1:8000", "decode-2:8000"]
    assert use["target"] in tree["services"]["router"]["command"]


def test_the_token_is_taken_from_the_shell_and_never_written(plain: Deployment) -> None:
    assert _tree(plain)["services"]["server-1"]["environment"]["HF_TOKEN"] is None


def test_a_server_is_reached_by_the_name_of_its_service(on_one_host: Deployment) -> None:
    environment = _tree(on_one_host)["services"]["prefill"]["environment"]
    assert environment["SIDE_CHANNEL_HOST"] == "prefill"


def test_a_replica_of_several_hosts_is_refused(several_hosts: Deployment) -> None:
    with pytest.raises(OutputError, match=r"spans 2 hosts.*--format kubernetes"):
        _tree(several_hosts)


def test_more_devices_than_a_host_has_are_refused(disaggregated: Deployment) -> None:
    with pytest.raises(OutputError, match=r"needs 12 devices, and a host has 8.*kubernetes"):
        _tree(disaggregated)


def test_two_machines_are_refused(on_one_host: Deployment) -> None:
    first, *others = on_one_host.roles
    other = replace(first, design=replace(first.design, machine="h200-host"))
    with pytest.raises(OutputError, match=r"several machines \(h100-host, h200-host\)"):
        _tree(replace(on_one_host, roles=(other, *others)))


def test_a_host_of_unknown_size_is_told_of(plain: Deployment) -> None:
    role = plain.roles[0]
    unknown = replace(role, design=replace(role.design, node_devices=None))
    text = write_deployment(replace(plain, roles=(unknown,)), form="compose", options=FormOptions())
    assert "# The plan does not say how many devices a host has: this one needs 8." in text


def test_amd_devices_are_chosen_by_their_variable(plain: Deployment) -> None:
    role = plain.roles[0]
    amd = replace(role, design=replace(role.design, accelerator="MI300X"))
    services = _tree(replace(plain, roles=(amd,)))["services"]
    told = [each["environment"]["HIP_VISIBLE_DEVICES"] for each in services.values()]
    assert told == ["0,1,2,3", "4,5,6,7"]
    assert services["server-1"]["devices"] == ["/dev/kfd", "/dev/dri"]


def test_a_checkpoint_by_path_is_mounted_read_only(plain: Deployment) -> None:
    role = plain.roles[0]
    local = replace(role, positional=(replace(role.positional[0], value="/models/a$b"),))
    tree = _tree(replace(plain, roles=(local,)), weight_paths=("/models/a$b",))
    [volume] = tree["services"]["server-1"]["volumes"]
    assert (volume["source"], volume["read_only"]) == ("/models/a$$b", True)
    assert "volumes" not in tree


@pytest.mark.parametrize("text", ["$HOME", "${A:?b}", "$$", "yes", "a: b", "{{x}}"])
def test_names_reach_the_server_as_they_are(
    text: str, with_argument: Callable[[str], Deployment]
) -> None:
    service = _tree(with_argument(text))["services"]["server-1"]
    # What Compose makes of it: '$$' is '$'.
    assert service["command"][-1].replace("$$", "$") == text
    assert service["environment"]["NAME"].replace("$$", "$") == text
    assert "$" not in service["command"][-1].replace("$$", "")


def test_replicas_that_nothing_spreads_requests_over_are_told_of(plain: Deployment) -> None:
    text = write_deployment(plain, form="compose", options=FormOptions())
    assert "# Nothing here spreads requests over the 2 replicas of server" in text
