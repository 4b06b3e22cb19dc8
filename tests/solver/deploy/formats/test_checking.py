"""What is refused before any form is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from solver.deploy.checking import check_deployment
from solver.deploy.launch import Argument, Deployment, Environment, OptionFile, Upstream
from solver.errors import OutputError


def test_a_sound_deployment_passes(plain: Deployment) -> None:
    check_deployment(plain)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a; rm"}, "no name of letters"),
        ({"name": "Server"}, "no name of letters"),
        ({"replicas": 0}, "0 replicas"),
        ({"devices_per_node": 3}, "are not the 4 devices of the plan"),
        ({"port": 0}, "is no port"),
        ({"health_path": "health'"}, "is no path"),
        ({"image": "vllm/vllm-openai:latest"}, "another image tomorrow"),
        ({"arguments": (Argument("--a b", "1", ""),)}, "is no flag"),
        ({"arguments": (Argument("--a", "x\ny", ""),)}, "line break"),
        ({"arguments": (Argument("--a", "x" * 9000, ""),)}, "9000 characters"),
        ({"arguments": (Argument("--a", "none.yaml", "", is_file=True),)}, "is not written"),
        ({"positional": (Argument("", "-rf", ""),)}, "read as a flag"),
        ({"environment": (Environment("A B", "1", ""),)}, "is no variable"),
        ({"environment": (Environment("A", "\0", ""),)}, "control character"),
        ({"files": (OptionFile("../a", {}, {}),)}, "no name of a file"),
        ({"files": (OptionFile("a.yaml", {"k": ["\x1b[2J"]}, {}),)}, "control character"),
        ({"upstreams": (Upstream("--x", "elsewhere", ""),)}, "is no role"),
    ],
)
def test_what_could_break_out_is_refused(
    plain: Deployment, changes: dict[str, Any], message: str
) -> None:
    broken = replace(plain, roles=(replace(plain.roles[0], **changes),))
    with pytest.raises(OutputError, match=message):
        check_deployment(broken)


def test_two_roles_of_one_name_are_refused(plain: Deployment) -> None:
    with pytest.raises(OutputError, match="the name of two roles"):
        check_deployment(replace(plain, roles=plain.roles * 2))


def test_every_fault_is_told_at_once(plain: Deployment) -> None:
    broken = replace(plain.roles[0], port=0, image="a")
    with pytest.raises(OutputError) as caught:
        check_deployment(replace(plain, roles=(broken,)))
    assert len(caught.value.faults) == 2
