"""A Compose file that starts a deployment on one host.

Compose expands ``$`` in every value; so every ``$`` of the plan is written twice. Option files are
``configs`` with their content in the file (Docker Compose 2.23.1 and later).

Source of the keys: the Compose Specification, https://github.com/compose-spec/compose-spec,
schema/compose-spec.json, read on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ruamel.yaml.scalarstring import LiteralScalarString

from solver.deploy.formats.comments import head_lines, role_in_words, unspread
from solver.deploy.formats.names import dns_label
from solver.deploy.formats.options import FormOptions
from solver.deploy.formats.service_names import service_names
from solver.deploy.formats.words import (
    OPTIONS_FOLDER,
    Place,
    fetches,
    file_tree,
    mounted_paths,
    role_words,
)
from solver.deploy.formats.yaml_text import Remark, yaml_document, yaml_tree
from solver.deploy.launch import Deployment, Role
from solver.errors import OutputError
from solver.report.numbers import clean

__all__ = ["write_compose"]

Tree = dict[Any, Any]

_CACHE = "/var/cache/huggingface"
_KUBERNETES = "Use --format kubernetes, or --format shell on each host"
_AMD = frozenset({"MI300X", "MI325X", "MI355X"})
_OTHER = frozenset({"Gaudi 3"})


def _escaped(text: str) -> str:
    return text.replace("$", "$$")


def write_compose(deployment: Deployment, options: FormOptions) -> str:
    """The Compose file.

    Raises
    ------
    OutputError
        If one host of the plan cannot hold all replicas, with the cure.
    """
    remarks = _check_host(deployment)
    services: Tree = {}
    configs: Tree = {}
    names = service_names(deployment)
    addresses = {
        role.name: [f"{name}:{role.port}" for name in names[role.name]] for role in deployment.roles
    }
    place = Place(_escaped, addresses=addresses)
    first_device = 0
    host_port = deployment.roles[0].port
    for role in deployment.roles:
        for number, name in enumerate(names[role.name]):
            devices: Sequence[int] = role.design.visible_devices
            if not devices:
                devices = range(first_device, first_device + role.devices_per_node)
                first_device += role.devices_per_node
            published = None
            if deployment.router_of(role) is None:
                published, host_port = host_port, host_port + 1
            what = role_in_words(role) if number == 0 else f"Replica {number + 1} of {role.name}."
            services[Remark(what)] = None
            services[name] = _server(name, role, options, place, devices, published)
        _add_configs(configs, role, place)
    taken: set[int] = set(range(deployment.roles[0].port, host_port))
    for router in deployment.routers:
        services[Remark("The router, which spreads requests over the servers.")] = None
        port = next(port for port in range(router.port, 65536) if port not in taken)
        taken.add(port)
        behind = [name for asked in router.asked_roles() for name in names[asked]]
        services[router.name] = _router(router, place, behind, port)
        _add_configs(configs, router, place)
    tree: Tree = {"name": dns_label(options.base_name or deployment.title), "services": services}
    if configs:
        tree["configs"] = configs
    if any(fetches(role, options.weight_paths) for role in deployment.roles):
        tree["volumes"] = {Remark("Checkpoints, fetched once."): None, "checkpoints": {}}
    head = head_lines(
        deployment,
        options,
        form=[
            "How to use it: docker compose -f FILE up --detach --wait",
            *remarks,
            *unspread(deployment),
        ],
    )
    return yaml_document(head, [tree])


def _check_host(deployment: Deployment) -> list[str]:
    """Refuse what one host cannot hold; returns what the plan leaves open."""
    roles = deployment.roles
    several = next((role for role in roles if role.nodes > 1), None)
    if several is not None:
        raise OutputError.one(
            f"a replica of {several.name} spans {several.nodes} hosts, and a Compose file "
            "starts one",
            where="--format compose",
            mend=_KUBERNETES,
        )
    machines = {(role.design.machine, role.design.accelerator) for role in roles}
    if len(machines) > 1:
        named = ", ".join(sorted(clean(machine or kind, limit=40) for machine, kind in machines))
        raise OutputError.one(
            f"the plan runs on several machines ({named}), and a Compose file starts one host",
            where="--format compose",
            mend=_KUBERNETES,
        )
    odd = next((role for role in roles if role.design.accelerator in _OTHER), None)
    if odd is not None:
        raise OutputError.one(
            f"no way is known to hand single devices of {odd.design.accelerator} to a container",
            where="--format compose",
            mend=_KUBERNETES,
        )
    needed = sum(role.replicas * role.devices_per_node for role in roles)
    # A plan that buys devices one by one does not say how many a host has either.
    sizes = [
        role.design.node_devices
        for role in roles
        if role.design.node_devices is not None
        and role.design.node_devices >= role.devices_per_node
    ]
    if not sizes:
        return [f"The plan does not say how many devices a host has: this one needs {needed}"]
    held = min(sizes)
    if needed > held:
        raise OutputError.one(
            f"the plan needs {needed} devices, and a host has {held}",
            where="--format compose",
            mend=_KUBERNETES,
        )
    return []


def _command(role: Role, place: Place) -> Tree:
    """The command as entrypoint, so that what an image would put before it does not matter."""
    arguments: list[Any] = []
    for words in role_words(role, place):
        if words.why:
            arguments.append(Remark(words.why))
        arguments += words.words
    return {"entrypoint": [_escaped(word) for word in role.command], "command": arguments}


def _health(role: Role) -> Tree:
    """Asked with Python, which every engine's image has; few have curl."""
    if not role.health_path:
        return {}
    url = f"http://127.0.0.1:{role.port}{role.health_path}"
    program = f"import urllib.request; urllib.request.urlopen('{_escaped(url)}', timeout=5)"
    return {
        "healthcheck": {
            "test": ["CMD", "python3", "-c", program],
            "interval": "10s",
            "timeout": "10s",
            "retries": 6,
            "start_period": "2h",
        }
    }


def _server(
    name: str,
    role: Role,
    options: FormOptions,
    place: Place,
    devices: Sequence[int],
    published: int | None,
) -> Tree:
    service: Tree = {"image": options.image or role.image, **_command(role, place)}
    needs_cache = fetches(role, options.weight_paths)
    environment: Tree = {}
    for variable in role.environment:
        environment[Remark(variable.why)] = None
        value = name if variable.is_address else variable.value
        if variable.name == "CUDA_VISIBLE_DEVICES":
            # A container numbers the devices it is given from 0, in the order of the host.
            value = ",".join(str(sorted(devices).index(device)) for device in devices)
        environment[variable.name] = _escaped(value)
    if needs_cache:
        environment.setdefault("HF_HOME", _CACHE)
        environment[Remark("Taken from the shell that starts it, where it is set.")] = None
        environment.setdefault("HF_TOKEN", None)
    on_amd = role.design.accelerator in _AMD
    if on_amd:
        # All devices of the host are seen here, so these are its own numbers.
        environment.setdefault("HIP_VISIBLE_DEVICES", ",".join(str(each) for each in devices))
    if environment:
        service["environment"] = environment
    if published is not None:
        service[Remark("Only this host can reach it.")] = None
        service["ports"] = [f"127.0.0.1:{published}:{role.port}"]
    service[Remark("The processes of one replica exchange data through shared memory.")] = None
    service["ipc"] = "host"
    service["security_opt"] = ["no-new-privileges:true"]
    if on_amd:
        service["devices"] = ["/dev/kfd", "/dev/dri"]
        service["group_add"] = ["video", "render"]
    else:
        service[Remark(_devices_told(devices))] = None
        service["deploy"] = {
            "resources": {
                "reservations": {
                    "devices": [
                        {
                            "driver": "nvidia",
                            "device_ids": [str(device) for device in sorted(devices)],
                            "capabilities": ["gpu"],
                        }
                    ]
                }
            }
        }
    if role.files:
        service["configs"] = _config_uses(role)
    volumes: list[Tree] = []
    if needs_cache:
        volumes.append({"type": "volume", "source": "checkpoints", "target": _CACHE})
    volumes += [
        {
            "type": "bind",
            "source": _escaped(path),
            "target": _escaped(path),
            "read_only": True,
            "bind": {"create_host_path": False},
        }
        for path in mounted_paths(role, options.weight_paths)
    ]
    service["volumes"] = volumes
    return {**service, **_health(role), "restart": "unless-stopped"}


def _devices_told(devices: Sequence[int]) -> str:
    count = len(devices)
    return f"{count} device{'s' if count != 1 else ''} of the host, as the plan has it."


def _router(role: Role, place: Place, servers: list[str], published: int) -> Tree:
    service: Tree = {"image": role.image, **_command(role, place)}
    if role.environment:
        environment: Tree = {}
        for variable in role.environment:
            environment[Remark(variable.why)] = None
            environment[variable.name] = _escaped(variable.value)
        service["environment"] = environment
    service[Remark("Only this host can reach it.")] = None
    service["ports"] = [f"127.0.0.1:{published}:{role.port}"]
    service["security_opt"] = ["no-new-privileges:true"]
    service["depends_on"] = {name: {"condition": "service_healthy"} for name in servers}
    if role.files:
        service["configs"] = _config_uses(role)
    return {**service, **_health(role), "restart": "unless-stopped"}


def _config_uses(role: Role) -> list[Tree]:
    return [
        {
            "source": _config_name(role, file.name),
            "target": f"{OPTIONS_FOLDER}/{file.name}",
        }
        for file in role.files
    ]


def _config_name(role: Role, file: str) -> str:
    return dns_label(role.name, file)


def _add_configs(configs: Tree, role: Role, place: Place) -> None:
    known = place.addresses or {}
    for file in role.files:
        text = yaml_tree(file_tree(file, lambda name: list(known[name])))
        configs[_config_name(role, file.name)] = {"content": LiteralScalarString(_escaped(text))}
