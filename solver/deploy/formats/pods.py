"""The pod of a role: container, devices, probes, memory, security, nodes.

Kubernetes expands ``$(NAME)`` in commands, arguments and values of variables, and reads ``$$`` as
``$``; so every ``$`` of the plan is written twice.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from solver.deploy.formats.node_labels import NodeChoice, node_choice
from solver.deploy.formats.options import FormOptions
from solver.deploy.formats.words import (
    OPTIONS_FOLDER,
    Place,
    fetches,
    mounted_paths,
    role_words,
)
from solver.deploy.formats.yaml_text import Remark
from solver.deploy.launch import Role
from solver.errors import OutputError

__all__ = ["escaped", "pod_template"]

_STARTUP_S = 10
_STARTUP_TRIES = 720
"""Two hours: a checkpoint of a terabyte at 200 MB/s takes 80 minutes to come."""
_CACHE = "/var/cache/huggingface"

Tree = dict[Any, Any]


def escaped(text: str) -> str:
    """``text`` as Kubernetes reads it without expanding anything."""
    return text.replace("$", "$$")


def pod_template(
    role: Role,
    options: FormOptions,
    place: Place,
    *,
    labels: dict[str, str],
    config_map: str | None,
    is_router: bool = False,
    part: str = "server",
    host: str | None = None,
) -> Tree:
    """The pod template of a role.

    Parameters
    ----------
    config_map
        Name of the ConfigMap with the role's option files, where it has any.
    part
        ``server``, or ``leader`` and ``worker`` of a replica of several hosts: a worker answers no
        requests, so it has no port and no probes.
    host
        The host of the plan that it has to stand on, where the labels given name one.
    """
    choice = None if is_router else node_choice(role.design, options, host=host)
    spec: Tree = {
        Remark("The servers need nothing of the cluster's own interface."): None,
        "automountServiceAccountToken": False,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
    }
    if choice is not None:
        spec |= _nodes(choice, options)
    spec["containers"] = [_container(role, options, place, choice, config_map, part)]
    volumes = _volumes(role, options, config_map, is_router=is_router)
    if volumes:
        spec["volumes"] = volumes
    return {"metadata": {"labels": labels}, "spec": spec}


def _nodes(choice: NodeChoice, options: FormOptions) -> Tree:
    spec: Tree = {Remark(choice.why): None}
    single = {key: values[0] for key, values in choice.labels if len(values) == 1}
    several = [(key, values) for key, values in choice.labels if len(values) > 1]
    if single:
        spec["nodeSelector"] = single
    if several:
        terms = [{"key": key, "operator": "In", "values": list(values)} for key, values in several]
        spec["affinity"] = {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": terms}]
                }
            }
        }
    spec[Remark("Clusters keep other pods off such nodes by a taint of this name.")] = None
    spec["tolerations"] = [
        {"key": choice.resource, "operator": "Exists", "effect": "NoSchedule"},
        *(toleration.written() for toleration in options.tolerations),
    ]
    return spec


def _container(
    role: Role,
    options: FormOptions,
    place: Place,
    choice: NodeChoice | None,
    config_map: str | None,
    part: str,
) -> Tree:
    is_router = choice is None
    image = role.image if is_router or options.image is None else options.image
    arguments: list[Any] = []
    for words in role_words(role, place, worker=part == "worker"):
        if words.why:
            arguments.append(Remark(words.why))
        arguments += words.words
    container: Tree = {
        "name": "router" if is_router else "server",
        "image": image,
        "command": [escaped(word) for word in role.command],
        "args": arguments,
    }
    environment = _environment(role, options, part=part, is_router=is_router)
    if environment:
        container["env"] = environment
    if part != "worker":
        container["ports"] = [{"name": "http", "containerPort": role.port}]
    if choice is not None:
        each = f"{role.devices_per_node} devices" if role.devices_per_node != 1 else "1 device"
        of = "" if role.nodes == 1 else f" of each of the {role.nodes} hosts of a replica"
        container[Remark(f"{each}{of}, as the plan has it.")] = None
        container["resources"] = {"limits": {choice.resource: str(role.devices_per_node)}}
    if part != "worker" and role.health_path:
        container |= _probes(role)
    container["securityContext"] = {"allowPrivilegeEscalation": False}
    mounts = _mounts(role, options, config_map, is_router=is_router)
    if mounts:
        container["volumeMounts"] = mounts
    return container


def _probes(role: Role) -> Tree:
    get = {"httpGet": {"path": role.health_path, "port": "http"}}
    minutes = _STARTUP_S * _STARTUP_TRIES // 60
    return {
        Remark(f"Loading the weights may take {minutes} minutes before a start has failed."): None,
        "startupProbe": {**get, "periodSeconds": _STARTUP_S, "failureThreshold": _STARTUP_TRIES},
        "readinessProbe": {**get, "periodSeconds": 10, "timeoutSeconds": 5},
        # A long prefill may keep a server from answering for a while.
        "livenessProbe": {
            **get,
            "periodSeconds": 30,
            "timeoutSeconds": 20,
            "failureThreshold": 6,
        },
    }


def _environment(role: Role, options: FormOptions, *, part: str, is_router: bool) -> list[Any]:
    found: list[Any] = []
    for variable in role.environment:
        found.append(Remark(variable.why))
        if variable.is_address:
            source = {"fieldRef": {"fieldPath": "status.podIP"}}
            found.append({"name": variable.name, "valueFrom": source})
        else:
            found.append({"name": variable.name, "value": escaped(variable.value)})
    if part == "worker":
        found.append(Remark("The number of this host in its replica: the ordinal of the pod."))
        label = "metadata.labels['apps.kubernetes.io/pod-index']"
        found.append({"name": "RANK", "valueFrom": {"fieldRef": {"fieldPath": label}}})
    named = {variable.name for variable in role.environment}
    if is_router or not fetches(role, options.weight_paths):
        return found
    if "HF_HOME" not in named:
        found.append(Remark("Where the checkpoint is kept once it has been fetched."))
        found.append({"name": "HF_HOME", "value": _CACHE})
    if "HF_TOKEN" not in named:
        found.append(
            Remark(
                "For checkpoints behind a licence: kubectl create secret generic "
                "huggingface --from-literal=token=..."
            )
        )
        secret = {"name": "huggingface", "key": "token", "optional": True}
        found.append({"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": secret}})
    return found


def _mounts(
    role: Role, options: FormOptions, config_map: str | None, *, is_router: bool
) -> list[Any]:
    found: list[Any] = []
    if config_map is not None:
        found.append({"name": "options", "mountPath": OPTIONS_FOLDER, "readOnly": True})
    if is_router:
        return found
    found.append({"name": "shared-memory", "mountPath": "/dev/shm"})
    if fetches(role, options.weight_paths):
        found.append({"name": "cache", "mountPath": _CACHE})
    for number, path in enumerate(_folders(role, options)):
        name = "claim" if options.weights_claim else f"checkpoint-{number}"
        found.append({"name": name, "mountPath": path, "readOnly": True})
    return found


def _folders(role: Role, options: FormOptions) -> list[str]:
    """What is mounted for checkpoints given by path: with a claim, the folders they lie in."""
    paths = mounted_paths(role, options.weight_paths)
    if options.weights_claim is None:
        return paths
    folders = list(dict.fromkeys(str(PurePosixPath(path).parent) for path in paths))
    if "/" in folders:
        raise OutputError.one(
            f"the claim cannot be mounted at the root, where {paths[0]!r} lies",
            where="--weights-claim",
            mend="Give a path in a folder, such as /models/llama; the claim is mounted at /models",
        )
    return folders


def _volumes(
    role: Role, options: FormOptions, config_map: str | None, *, is_router: bool
) -> list[Any]:
    found: list[Any] = []
    if config_map is not None:
        found.append({"name": "options", "configMap": {"name": config_map}})
    if is_router:
        return found
    found.append(Remark("The processes of one replica exchange data through shared memory."))
    found.append({"name": "shared-memory", "emptyDir": {"medium": "Memory"}})
    claim: Tree = {"claimName": options.weights_claim}
    if fetches(role, options.weight_paths):
        if options.weights_claim is None:
            why = "Every new pod fetches the checkpoint again; --weights-claim CLAIM keeps it."
            source: Tree = {"emptyDir": {}}
        else:
            why = "Checkpoints are kept on this claim; pods on several nodes need ReadWriteMany."
            source = {"persistentVolumeClaim": claim}
        found += [Remark(why), {"name": "cache", **source}]
    folders = _folders(role, options)
    if folders and options.weights_claim is not None:
        found.append(Remark(f"The claim with the checkpoints, seen as {', '.join(folders)}."))
        found.append({"name": "claim", "persistentVolumeClaim": {**claim, "readOnly": True}})
    elif folders:
        found.append(Remark("Every node has to have the checkpoint at this path."))
        found += [
            {"name": f"checkpoint-{number}", "hostPath": {"path": path, "type": "Directory"}}
            for number, path in enumerate(folders)
        ]
    return found
