"""Comments of the files: the head that says what a file is, and remarks above a line.

Whatever comes from a plan is put on one line without control characters first, so that no name can
end a comment and begin something that runs.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from solver.deploy.formats.options import FormOptions
from solver.deploy.launch import Deployment, Role
from solver.report.numbers import clean

__all__ = ["comment_lines", "devices_in_words", "head_lines", "role_in_words", "unspread"]

_WIDTH = 96
_LONGEST = 2000
"""Characters of one remark; a longer one is cut, as no decision needs more."""


def comment_lines(text: str, *, indent: int = 0) -> list[str]:
    """``text`` as comment lines ``# ...``, wrapped; at least one, all on the column ``indent``."""
    margin = " " * indent
    wrapped = textwrap.wrap(
        clean(text, limit=_LONGEST),
        width=max(_WIDTH - indent, 40) - 2,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [f"{margin}# {line}" for line in wrapped or [""]]


def devices_in_words(role: Role) -> str:
    """The devices of one replica: ``8 × H100 SXM``, or ``2 hosts of 8 × H100 SXM``."""
    accelerator = role.design.accelerator or role.design.machine
    each = f"{role.devices_per_node} × {accelerator}"
    return each if role.nodes == 1 else f"{role.nodes} hosts of {each}"


def role_in_words(role: Role) -> str:
    """What a role is, how often it runs and on what."""
    design = role.design
    phase = {
        "aggregated": "prefill and decode together",
        "prefill": "prefill only",
        "decode": "decode only",
    }[role.phase]
    place = f" in {design.region_or_rack}" if design.region_or_rack else ""
    machine = (
        f", machine {design.machine}"
        if design.machine and design.machine != design.accelerator
        else ""
    )
    count = "1 replica" if role.replicas == 1 else f"{role.replicas} replicas, each"
    return (
        f"Role {role.name}: {design.model}, {phase}; {count} on {devices_in_words(role)}"
        f"{machine}{place}."
    )


def _sentences(deployment: Deployment, options: FormOptions, form: Iterable[str]) -> list[str]:
    return [
        deployment.title,
        f"From {deployment.result}",
        *options.remarks,
        f"Flags of {deployment.engine} {deployment.engine_version}, checked against "
        f"{deployment.flags_source}",
        *form,
        *(f"To do by hand: {note}" for note in deployment.notes),
    ]


def head_lines(
    deployment: Deployment, options: FormOptions, *, form: Iterable[str] = ()
) -> list[str]:
    """The comment at the top of a file: the plan, the result it is from, how to use the file.

    Parameters
    ----------
    form
        Sentences of the form: how the file is run.
    """
    lines: list[str] = []
    for sentence in _sentences(deployment, options, form):
        ending = sentence.rstrip()
        lines += comment_lines(ending if ending.endswith((".", ":", "?")) else f"{ending}.")
    return lines


def unspread(deployment: Deployment) -> list[str]:
    """What has to be told where several replicas take requests and nothing spreads them."""
    return [
        f"Nothing here spreads requests over the {role.replicas} replicas of {role.name}; put a "
        "load balancer before them, or use --format kubernetes, whose Service does"
        for role in deployment.roles
        if role.replicas > 1 and deployment.router_of(role) is None
    ]
