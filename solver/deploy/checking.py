"""Checks of a deployment before any file is written, whatever the engine and the form.

An engine builds its arguments from names that files brought. What would break out of a comment, a
quoted word or a manifest is refused here once, with its place; the forms quote all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from solver.deploy.launch import Argument, Deployment, Role
from solver.errors import Fault, OutputError
from solver.report.numbers import clean

__all__ = ["check_deployment", "check_image"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_FLAG = re.compile(r"--?[A-Za-z][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9]+)*")
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")
# A registry with a port, a path in lower case, a tag or a digest.
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::\d{1,5})?/)?[a-z0-9._-]+(?:/[a-z0-9._-]+)*"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?P<digest>@sha256:[0-9a-f]{64})?"
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST = 8192
"""Characters of one value; a longer one is no flag that a person could check."""


def check_deployment(deployment: Deployment) -> None:
    """Refuse what no form could write safely.

    Raises
    ------
    OutputError
        With every fault found: names, flags, images, ports, hidden characters, roles that a
        router names and that are not there, and replicas whose hosts do not hold their devices.
    """
    faults = list(_faults(deployment))
    if faults:
        raise OutputError.all_of(faults)


def check_image(image: str, where: str) -> Fault | None:
    """Why ``image`` is refused, if it is: it needs a tag or a digest, and none that moves."""
    found = _IMAGE.fullmatch(image)
    if found is None:
        return Fault(
            where,
            f"{clean(image, limit=80)!r} is not the name of an image",
            "Write REGISTRY/NAME:TAG, such as vllm/vllm-openai:v0.33.0",
        )
    if not found["digest"] and found["tag"] in (None, "latest", "nightly", "main"):
        return Fault(
            where,
            f"{image!r} may be another image tomorrow",
            "Name the tag of one version, or a digest (@sha256:...)",
        )
    return None


def _faults(deployment: Deployment) -> Iterator[Fault]:
    roles = [*deployment.roles, *deployment.routers]
    mend = "This is a fault of the engine's table; report it with the result file"
    if not deployment.roles:
        yield Fault("deployment", "has no server to start", mend)
    seen: set[str] = set()
    for role in roles:
        name = clean(role.name, limit=80)
        where = f"role {name}"
        if not _NAME.fullmatch(role.name) or role.name.endswith("-"):
            yield Fault(
                where,
                "is no name of letters, digits and hyphens",
                "Rename the workload or machine in the instance and solve it again",
            )
        if role.name in seen:
            yield Fault(where, "is the name of two roles", mend)
        seen.add(role.name)
        yield from _role_faults(role, where, mend)
    known = {role.name for role in deployment.roles}
    for role in roles:
        for asked in sorted(set(role.asked_roles()) - known):
            yield Fault(
                f"role {clean(role.name, limit=80)}",
                f"asks for the addresses of {clean(asked, limit=80)!r}, which is no role",
                mend,
            )


def _role_faults(role: Role, where: str, mend: str) -> Iterator[Fault]:
    if role.replicas < 1 or role.nodes < 1:
        yield Fault(where, f"{role.replicas} replicas on {role.nodes} hosts each", mend)
    if role.nodes * role.devices_per_node != role.design.devices and role.devices_per_node:
        yield Fault(
            where,
            f"{role.nodes} hosts of {role.devices_per_node} devices are not the "
            f"{role.design.devices} devices of the plan",
            mend,
        )
    if not 1 <= role.port <= 65535:
        yield Fault(where, f"{role.port} is no port", mend)
    if role.health_path and not _PATH.fullmatch(role.health_path):
        yield Fault(where, "its health path is no path", mend)
    fault = check_image(role.image, where)
    if fault is not None:
        yield fault
    files = {file.name for file in role.files}
    for name in files:
        if not _FILE.fullmatch(name):
            yield Fault(where, f"{clean(name, limit=80)!r} is no name of a file", mend)
    arguments = (
        *role.positional,
        *role.arguments,
        *role.node_arguments,
        *role.worker_arguments,
    )
    for argument in arguments:
        yield from _argument_faults(argument, where, mend)
        if argument.is_file and argument.value not in files:
            yield Fault(where, f"{argument.flag} names a file that is not written", mend)
    for variable in role.environment:
        if not _VARIABLE.fullmatch(variable.name):
            yield Fault(where, f"{clean(variable.name, limit=80)!r} is no variable", mend)
        yield from _text_faults(variable.value, f"{where}, {variable.name}")
    for text in (*role.command, *(word for each in role.upstreams for word in each.more)):
        yield from _text_faults(text, where)
    for file in role.files:
        yield from _tree_faults(file.options, f"{where}, {clean(file.name, limit=80)}")


def _argument_faults(argument: Argument, where: str, mend: str) -> Iterator[Fault]:
    if argument.flag and not _FLAG.fullmatch(argument.flag):
        yield Fault(where, f"{clean(argument.flag, limit=80)!r} is no flag", mend)
    if not argument.flag and (not argument.value or argument.value.startswith("-")):
        yield Fault(
            where,
            f"{clean(argument.value, limit=80)!r} would be read as a flag or as nothing",
            "Give a checkpoint whose name begins with a letter, a digit or '/'",
        )
    yield from _text_faults(argument.value, f"{where}, {clean(argument.flag, limit=80)}")


def _text_faults(text: str, where: str) -> Iterator[Fault]:
    if _UNPRINTABLE.search(text):
        yield Fault(
            where,
            f"{clean(text, limit=60)!r} holds a line break or another control character",
            "Take it out of the name",
        )
    if len(text) > _LONGEST:
        yield Fault(where, f"a value of {len(text)} characters", f"Shorten it to {_LONGEST}")


def _tree_faults(tree: Any, where: str) -> Iterator[Fault]:
    if isinstance(tree, str):
        yield from _text_faults(tree, where)
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _text_faults(str(key), where)
            yield from _tree_faults(value, where)
    elif isinstance(tree, list | tuple):
        for entry in tree:
            yield from _tree_faults(entry, where)
