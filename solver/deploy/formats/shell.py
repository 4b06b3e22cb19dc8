"""A POSIX shell script that starts one role of a deployment on the host it runs on.

Every word that comes from the plan is quoted for the shell. What only the host knows is asked for
as a variable: its rank and the first host of a replica that spans several, and the addresses of
the servers that a router spreads requests over.
"""

from __future__ import annotations

import re
import shlex

from solver.deploy.formats.comments import (
    comment_lines,
    devices_in_words,
    head_lines,
    role_in_words,
    unspread,
)
from solver.deploy.formats.options import FormOptions
from solver.deploy.formats.words import file_tree
from solver.deploy.formats.yaml_text import Hole, hole_of, yaml_tree
from solver.deploy.launch import Argument, Deployment, OptionFile, Role, Upstream

__all__ = ["write_shell"]

_END = "FLEETFRONT_END"
_EVERYWHERE = "0.0.0.0"
_ADD = '    set -- "$@" '


def write_shell(deployment: Deployment, options: FormOptions) -> str:
    """The script: one function a role, and a choice of the role by the first argument."""
    roles = [*deployment.roles, *deployment.routers]
    usage = [f"How to use it: sh FILE {' | '.join(role.name for role in roles)}"]
    if len(roles) == 1:
        usage = [f"How to use it: sh FILE (or sh FILE {roles[0].name})"]
    usage += unspread(deployment)
    lines = ["#!/bin/sh", *head_lines(deployment, options, form=usage)]
    lines += ["set -eu", "# No word of a list of addresses may turn into file names.", "set -f"]
    for role in roles:
        lines += ["", *_function(role, deployment)]
    return "\n".join([*lines, "", *_choice(roles)]) + "\n"


def _choice(roles: list[Role]) -> list[str]:
    """The end of the script: which function runs."""
    names = " | ".join(role.name for role in roles)
    first = f"${{1:-{roles[0].name}}}" if len(roles) == 1 else "${1:-}"
    lines = [f'case "{first}" in']
    lines += [f"    {role.name}) {_function_name(role)} ;;" for role in roles]
    lines += [
        "    *)",
        f"        echo {shlex.quote(f'give the role that this host runs: {names}')} >&2",
        "        exit 2",
        "        ;;",
        "esac",
    ]
    return lines


def _function_name(role: Role) -> str:
    return f"start_{role.name.replace('-', '_')}"


def _variable(role_name: str) -> str:
    """The variable with the addresses of a role's replicas."""
    return f"URLS_{role_name.replace('-', '_').upper()}"


def _function(role: Role, deployment: Deployment) -> list[str]:
    is_router = role in deployment.routers
    what = f"Role {role.name}: spreads requests over the servers." if is_router else None
    lines = comment_lines(what or role_in_words(role))
    if not is_router:
        lines += comment_lines(
            f"Each replica needs {devices_in_words(role)} of its own; where a host has more, say "
            "which with CUDA_VISIBLE_DEVICES (HIP_VISIBLE_DEVICES on AMD), and give each "
            "replica on it a PORT of its own."
        )
        if _other_ports(role):
            lines += comment_lines(
                "Its other ports are the same for every replica: start several of one host in "
                "containers (--format compose or kubernetes)."
            )
    if role.health_path:
        lines += comment_lines(
            f"Ready when http://HOST:{role.port}{role.health_path} answers with status 200."
        )
    inner = not is_router and deployment.router_of(role) is not None
    if not inner and any(each.flag == "--host" for each in role.arguments):
        lines += comment_lines("It listens to this host alone; BIND=0.0.0.0 opens it to others.")
    lines.append(f"{_function_name(role)}() {{")
    lines += [f"    {line}" if line else "" for line in _asked(role, deployment)]
    for variable in role.environment:
        lines += comment_lines(variable.why, indent=4)
        value = (
            '"${ADDRESS:?the address at which the other servers reach this host}"'
            if variable.is_address
            else shlex.quote(variable.value)
        )
        lines.append(f"    export {variable.name}={value}")
    for file in role.files:
        lines += _file(file)
    lines.append(f"    set -- {' '.join(shlex.quote(word) for word in role.command)}")
    for argument in (*role.positional, *role.arguments):
        lines += _argument(argument, role, inner=inner)
    if role.nodes > 1:
        for argument in role.node_arguments:
            lines += _argument(argument, role, ranked=True)
        if role.worker_arguments:
            lines.append('    if [ "$RANK" -ne 0 ]; then')
            for argument in role.worker_arguments:
                lines += [f"    {line}" for line in _argument(argument, role, ranked=True)]
            lines.append("    fi")
    stated = ""
    for upstream in role.upstreams:
        # A flag that stands once takes the servers of all its roles: the last of two would win.
        lines += _upstream(upstream, goes_on=upstream.once and upstream.flag == stated)
        stated = upstream.flag
    return [*lines, '    exec "$@"', "}"]


def _other_ports(role: Role) -> bool:
    """Whether a server listens to more than the port of its requests."""
    flags = {each.flag for each in role.arguments} - {"--port"}
    names = {each.name for each in role.environment}
    return any(name.lower().endswith("port") for name in flags | names)


def _asked(role: Role, deployment: Deployment) -> list[str]:
    """Checks of the variables that this role needs, before anything starts."""
    lines: list[str] = []
    if role.nodes > 1:
        last = role.nodes - 1
        lines += [
            f': "${{RANK:?the number of this host in its replica, 0 to {last}}}"',
            ': "${LEADER:?the name or address of host 0 of this replica}"',
            'case "$RANK" in',
            "    '' | *[!0-9]*) RANK=-1 ;;",
            "esac",
            f'if [ "$RANK" -lt 0 ] || [ "$RANK" -gt {last} ]; then',
            f"    echo 'RANK has to be a number from 0 to {last}' >&2",
            "    exit 2",
            "fi",
        ]
    by_name = {each.name: each for each in deployment.roles}
    for name in role.asked_roles():
        many = by_name[name].replicas
        example = f"http://HOST:{by_name[name].port}"
        urls = "the address" if many == 1 else f"the {many} addresses, with spaces between,"
        lines.append(f': "${{{_variable(name)}:?{urls} of {name}, such as {example}}}"')
    return lines


def _shell_value(argument: Argument, role: Role, *, ranked: bool, inner: bool) -> str:
    """The value quoted for the shell; variables stand in double quotes, all else is literal.

    Parameters
    ----------
    inner
        Whether a router has to reach this server from elsewhere.
    """
    if argument.is_file:
        return f'"$folder"/{shlex.quote(argument.value)}'
    if argument.flag == "--port" and argument.value == str(role.port):
        return f'"${{PORT:-{role.port}}}"'
    if argument.flag == "--host" and argument.value == _EVERYWHERE:
        # An engine's servers know no passwords: what nothing has to reach stays closed.
        return f'"${{BIND:-{_EVERYWHERE if inner else "127.0.0.1"}}}"'
    if not ranked:
        return shlex.quote(argument.value)
    parts = re.split(r"(\{rank\}|\{leader\})", argument.value)
    words = {"{rank}": '"$RANK"', "{leader}": '"$LEADER"'}
    return "".join(words.get(part) or shlex.quote(part) for part in parts if part)


def _argument(
    argument: Argument, role: Role, *, ranked: bool = False, inner: bool = False
) -> list[str]:
    """The remark of an argument and the line that adds it."""
    words = [shlex.quote(argument.flag)] if argument.flag else []
    if argument.value or not argument.flag:
        words.append(_shell_value(argument, role, ranked=ranked, inner=inner))
    return [*comment_lines(argument.why, indent=4), _ADD + " ".join(words)]


def _upstream(upstream: Upstream, *, goes_on: bool) -> list[str]:
    lines = comment_lines(upstream.why, indent=4)
    flag = shlex.quote(upstream.flag)
    more = "".join(f" {shlex.quote(word)}" for word in upstream.more)
    if upstream.once and not goes_on:
        lines.append(_ADD + flag)
    loop = _ADD + ("" if upstream.once else f"{flag} ") + f'"$url"{more}'
    return [*lines, f"    for url in ${_variable(upstream.role)}; do", f"    {loop}", "    done"]


def _file(file: OptionFile) -> list[str]:
    """Lines that write an option file into a fresh folder."""
    text = yaml_tree(file_tree(file, lambda name: [Hole(name)]))
    lines = [
        "    # The server reads these options from a file.",
        '    folder=$(mktemp -d "${TMPDIR:-/tmp}/fleetfront.XXXXXX")',
        "    {",
    ]
    open_text = False
    for line in text.splitlines():
        hole = hole_of(line)
        if hole is None:
            if not open_text:
                lines.append(f"        cat <<'{_END}'")
                open_text = True
            lines.append(line)
            continue
        if open_text:
            lines.append(_END)
            open_text = False
        margin, name = hole
        lines += [
            f"        for url in ${_variable(name)}; do",
            f'            printf \'{margin}- "%s"\\n\' "${{url#*://}}"',
            "        done",
        ]
    if open_text:
        lines.append(_END)
    return [*lines, f'    }} > "$folder"/{shlex.quote(file.name)}']
