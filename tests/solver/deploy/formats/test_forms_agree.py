"""All forms of a deployment start the same commands: the script is run, the YAML is read.

The script runs under ``sh`` with programs of the engines' names that print what they were given, so
nothing here shares code with the writers.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from solver.deploy.engines.registry import ENGINES, build_deployment
from solver.deploy.formats.options import Form, FormOptions
from solver.deploy.launch import Argument, Deployment, Environment, Role
from solver.deploy.writing import write_deployment
from solver.errors import FleetError

Solved = Callable[[str], dict[str, Any]]
Commands = Counter[tuple[str, ...]]

_PROGRAMS = ("vllm", "python3", "vllm-router", "trtllm-serve")
# What a form fills in itself: addresses of servers, of the leader, and folders of option files.
_FILLED = (
    (re.compile(r"http://\S+"), "URL"),
    (re.compile(r"[a-z0-9-]+-0\.[a-z0-9-]+(?=:\d+$|$)"), "LEADER"),
    (re.compile(r".*/(?=[a-z]+\.yaml$)"), ""),
)
OPTIONS = FormOptions(base_name="x")


def plain_words(words: list[str]) -> tuple[str, ...]:
    for pattern, text in _FILLED:
        words = [pattern.sub(text, word) for word in words]
    return tuple(words)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with stand-ins for the engines' programs."""
    for name in _PROGRAMS:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nprintf '%s\\0' {name} \"$@\"\n", encoding="utf-8")
        program.chmod(0o755)
    return tmp_path


def started_by_shell(deployment: Deployment, folder: Path) -> Commands:
    script = folder / "start.sh"
    script.write_text(write_deployment(deployment, form="shell", options=OPTIONS), encoding="utf-8")
    urls = {
        f"URLS_{role.name.replace('-', '_').upper()}": " ".join(["http://h"] * role.replicas)
        for role in deployment.roles
    }
    found: Commands = Counter()
    for role in (*deployment.roles, *deployment.routers):
        for rank in range(role.nodes):
            given = {
                "PATH": f"{folder}:/usr/bin:/bin",
                "TMPDIR": str(folder),
                "BIND": "0.0.0.0",
                "ADDRESS": "here",
                "RANK": str(rank),
                "LEADER": "LEADER",
                **urls,
            }
            done = subprocess.run(
                ["sh", str(script), role.name],
                env=given,
                capture_output=True,
                text=True,
                check=True,
            )
            found[plain_words(done.stdout.split("\0")[:-1])] += role.replicas
    return found


def containers(deployment: Deployment, form: Form) -> Iterator[tuple[list[str], Mapping[str, Any]]]:
    text = write_deployment(deployment, form=form, options=OPTIONS)
    for tree in YAML(typ="safe", pure=True).load_all(text):
        if form == "compose":
            for service in tree["services"].values():
                yield [*service["entrypoint"], *service["command"]], service
        elif tree["kind"] in ("Deployment", "StatefulSet"):
            spec = tree["spec"]
            [container] = spec["template"]["spec"]["containers"]
            first = spec.get("ordinals", {}).get("start", 0)
            for pod in range(first, first + spec["replicas"]):
                words = [*container["command"], *container["args"]]
                yield [word.replace("$(RANK)", str(pod)) for word in words], container


def started_by(deployment: Deployment, form: Form) -> Commands:
    return Counter(
        plain_words([word.replace("$$", "$") for word in words])
        for words, _ in containers(deployment, form)
    )


@pytest.mark.parametrize("shape", ["plain", "disaggregated", "several_hosts"])
def test_every_form_starts_the_commands_of_the_script(
    shape: str, request: pytest.FixtureRequest, programs: Path
) -> None:
    deployment: Deployment = request.getfixturevalue(shape)
    wanted = started_by_shell(deployment, programs)
    assert started_by(deployment, "kubernetes") == wanted
    if shape == "plain":
        assert started_by(deployment, "compose") == wanted


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["replica/deepseek-r1-fp8-h200", "fleet/one-or-two-pools"])
def test_plans_start_alike_in_every_form(
    solved: Solved, programs: Path, name: str, engine: str
) -> None:
    document = solved(name)
    weights = {"Qwen2.5-72B": "/models/q@fp8"} if name.startswith("fleet") else {}
    seen = 0
    for point in {0, len(document["points"]) - 1}:
        try:
            built = build_deployment(document, point, engine=engine, weights=weights)
        except FleetError:
            continue
        wanted = started_by_shell(built, programs)
        assert started_by(built, "kubernetes") == wanted
        seen += 1
    assert seen


def two_kinds(plain: Deployment) -> Deployment:
    """``plain`` behind a router together with a second role for the same requests."""
    [role] = plain.roles
    small = replace(role.design, devices=2, tensor_parallel=2)
    first = replace(role, devices_per_node=2, design=small)
    second = replace(
        first,
        name="server-2",
        replicas=1,
        arguments=(Argument("--max-num-seqs", "7", "The second kind."),),
    )
    return replace(plain, roles=(first, second))


def test_a_router_of_two_kinds_is_told_of_all_servers_by_one_flag(
    solved: Solved, programs: Path
) -> None:
    """argparse keeps the last of two lists: the servers of the first would get no requests."""
    document = solved("fleet/one-model-one-pool")
    [entry] = document["points"][0]["design"]["replicas"]
    document["points"][0]["design"]["replicas"] = [
        dict(entry, count=2),
        dict(entry, count=3, batch=entry["batch"] + 1),
    ]
    weights = {entry["model"]: "/models/m"}
    built = build_deployment(document, 0, engine="vllm", weights=weights)
    [router] = [words for words in started_by_shell(built, programs) if words[0] == "vllm-router"]
    at = router.index("--worker-urls")
    assert router.count("--worker-urls") == 1
    assert router[at + 1 :] == ("URL",) * 5


def test_a_role_called_like_a_replica_of_another_is_started_too(
    plain: Deployment, programs: Path
) -> None:
    deployment = two_kinds(plain)
    assert started_by(deployment, "compose") == started_by_shell(deployment, programs)


def test_a_container_numbers_the_devices_of_stages_as_it_sees_them(plain: Deployment) -> None:
    [role] = plain.roles
    wanted = (5, 2, 7, 3)
    seen = Environment("CUDA_VISIBLE_DEVICES", "5,2,7,3", "The stages stand on these devices")
    staged = replace(
        role,
        replicas=1,
        environment=(seen,),
        design=replace(role.design, visible_devices=wanted),
    )
    [(_, service)] = containers(replace(plain, roles=(staged,)), "compose")
    reserved = service["deploy"]["resources"]["reservations"]["devices"][0]["device_ids"]
    within = [int(each) for each in service["environment"]["CUDA_VISIBLE_DEVICES"].split(",")]
    assert tuple(int(reserved[each]) for each in within) == wanted
    # The container runtime gives devices in the order of the host, whatever the list says.
    assert reserved == sorted(reserved)


def routed(deployment: Deployment) -> dict[str, tuple[str, ...]]:
    return {router.name: router.asked_roles() for router in deployment.routers}


def test_two_workloads_apart_have_a_router_each(solved: Solved, programs: Path) -> None:
    document = solved("fleet/one-or-two-pools")
    question, design = document["instance"]["resolved"], document["points"][0]["design"]
    [workload] = question["workloads"]
    question["workloads"].append(dict(workload, name="second"))
    design["replicas"] += [dict(each, workload="second") for each in design["replicas"]]
    weights = {"Qwen2.5-72B": "/models/q@fp8"}
    built = build_deployment(document, 0, engine="sglang", weights=weights)
    told = routed(built)
    assert len(told) == 2
    roles: list[Role] = list(built.roles)
    assert sorted(name for names in told.values() for name in names) == sorted(
        role.name for role in roles
    )
    assert started_by(built, "kubernetes") == started_by_shell(built, programs)
