"""Which nodes a role may run on, and what its devices are called there."""

from __future__ import annotations

import string
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from solver.deploy.formats.names import LABEL_VALUE, QUALIFIED_KEY
from solver.deploy.formats.options import FormOptions
from solver.deploy.launch import ReplicaDesign
from solver.errors import OutputError
from solver.report.numbers import clean

__all__ = ["NodeChoice", "node_choice"]

_FIELDS = ("accelerator", "machine", "host", "region")


@dataclass(frozen=True, slots=True)
class NodeChoice:
    """Labels a node must carry, and the resource of a device.

    Parameters
    ----------
    labels
        Key to the values of which a node has one; one value is the plain case.
    why
        Which decision it carries and where the label is from.
    """

    resource: str
    labels: tuple[tuple[str, tuple[str, ...]], ...]
    why: str


@cache
def _table() -> dict[str, dict[str, object]]:
    text = files("solver.deploy.formats").joinpath("node_labels.toml").read_text(encoding="utf-8")
    return {entry["name"]: entry for entry in tomllib.loads(text)["accelerators"]}


def node_choice(
    design: ReplicaDesign, options: FormOptions, *, host: str | None = None
) -> NodeChoice:
    """Labels and resource for a design: the user's own, else those of the accelerator.

    Parameters
    ----------
    host
        Of a pipeline over several hosts, the one that is meant; None means its only one.

    Raises
    ------
    OutputError
        If neither the table nor the options tell them, or a label is none that a node can carry.
    """
    known = _table().get(design.accelerator)
    name = clean(design.accelerator or design.machine, limit=60)
    where = f"design {clean(design.name, limit=60)}"
    resource = options.device_resource or (str(known["resource"]) if known else None)
    if resource is None:
        raise OutputError.one(
            f"nothing tells which Kubernetes resource a device of {name!r} is",
            where=where,
            mend="Say so, such as --device-resource nvidia.com/gpu",
        )
    if not QUALIFIED_KEY.fullmatch(resource):
        raise OutputError.one(
            "is no name of a resource",
            where=f"--device-resource {clean(resource, limit=60)}",
            mend="Write it as the node's capacity has it, such as nvidia.com/gpu",
        )
    own = tuple((key, (_filled(key, text, design, host),)) for key, text in options.node_labels)
    if any(not _is_region(text) for _, text in options.node_labels):
        return NodeChoice(resource, own, f"Nodes with {name}, by the labels given (--node-label).")
    values = known["values"] if known else []
    if known is None or not isinstance(values, list) or not values:
        raise OutputError.one(
            f"no label is known that all nodes with {name!r} carry",
            where=where,
            mend="Give the label of your nodes, such as --node-label pool={machine}",
        )
    return NodeChoice(
        resource,
        ((str(known["label"]), tuple(str(value) for value in values)), *own),
        f"Nodes with {name}, the accelerator of the plan ({known['source']}).",
    )


def _is_region(text: str) -> bool:
    """Whether a label says where a node stands and nothing of its devices."""
    return "{region}" in text and not any(
        f"{{{field}}}" in text for field in _FIELDS if field != "region"
    )


def _filled(key: str, text: str, design: ReplicaDesign, host: str | None) -> str:
    """The value of a label with the design's names in place of the fields."""
    where = f"--node-label {clean(key, limit=60)}={clean(text, limit=60)}"
    if not QUALIFIED_KEY.fullmatch(key):
        raise OutputError.one(
            "is no key of a label",
            where=where,
            mend="Write KEY=VALUE as 'kubectl get nodes --show-labels' shows it",
        )
    hosts = {host} if host is not None else set(design.hosts)
    values = {
        "accelerator": design.accelerator,
        "machine": design.machine,
        "host": hosts.pop() if len(hosts) == 1 else "",
        "region": design.region_or_rack,
    }
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise OutputError.one(
            f"cannot be read ({error})", where=where, mend="Close every '{' with '}'"
        ) from error
    filled = ""
    for literal, field, form, conversion in pieces:
        filled += literal
        if field is None:
            continue
        if field not in values or form or conversion:
            raise OutputError.one(
                f"{{{field}}} is no name that a design has",
                where=where,
                mend=f"Use one of {', '.join('{' + name + '}' for name in _FIELDS)}",
            )
        if not values[field]:
            raise OutputError.one(
                f"the design {clean(design.name, limit=60)!r} states no one {field}",
                where=where,
                mend="Give a label without it",
            )
        filled += values[field]
    if not filled or not LABEL_VALUE.fullmatch(filled):
        raise OutputError.one(
            f"{clean(filled, limit=80)!r} cannot be the value of a label",
            where=where,
            mend="Use up to 63 letters, digits, '-', '_' and '.', a letter or digit at both ends",
        )
    return filled
