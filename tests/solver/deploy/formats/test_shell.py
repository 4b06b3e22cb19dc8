"""The shell form: a script that a POSIX shell takes, and what it starts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from solver.deploy.formats.options import FormOptions
from solver.deploy.launch import Argument, Deployment
from solver.deploy.writing import write_deployment
from solver.errors import OutputError

Start = Callable[..., list[str]]

_FAKE = """\
#!/bin/sh
python3 - "$0" "$@" <<'END'
import json, os, sys
folder = os.path.dirname(sys.argv[1])
with open(os.path.join(folder, "started.json"), "w") as stream:
    json.dump({"words": sys.argv[2:], "environment": dict(os.environ)}, stream)
END
"""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Run a script with a program in place of the server; returns the words it was started with."""
    for name in ("vllm", "python3-router"):
        (tmp_path / name).write_text(_FAKE)
        (tmp_path / name).chmod(0o755)

    def run(text: str, *arguments: str, variables: Mapping[str, str] | None = None) -> list[str]:
        script = tmp_path / "servers.sh"
        script.write_text(text.replace("set -- python3 -m router", "set -- python3-router"))
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", str(script), *arguments],
            env={"PATH": path, "TMPDIR": str(tmp_path), **(variables or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        started = json.loads((tmp_path / "started.json").read_text())
        (tmp_path / "environment.json").write_text(json.dumps(started["environment"]))
        return list(started["words"])

    return run


def _script(deployment: Deployment) -> str:
    return write_deployment(deployment, form="shell", options=FormOptions())


@pytest.mark.parametrize("name", ["plain", "disaggregated", "several_hosts"])
def test_a_posix_shell_takes_the_script(name: str, request: pytest.FixtureRequest) -> None:
    text = _script(request.getfixturevalue(name))
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("name", ["plain", "disaggregated", "several_hosts"])
def test_shellcheck_has_nothing_to_say(name: str, request: pytest.FixtureRequest) -> None:
    text = _script(request.getfixturevalue(name))
    # SC2086: lists of addresses are meant to fall into words.
    command = ["shellcheck", "--shell=sh", "--exclude=SC2086", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_server_gets_the_flags_of_the_plan(start: Start, plain: Deployment) -> None:
    assert start(_script(plain)) == [
        "serve",
        "meta-llama/Llama-3.1-70B-Instruct",
        "--tensor-parallel-size",
        "4",
        "--max-num-seqs",
        "48",
        "--enable-prefix-caching",
        "--port",
        "8000",
    ]


def test_two_servers_of_a_host_may_have_ports_of_their_own(start: Start, plain: Deployment) -> None:
    assert start(_script(plain), variables={"PORT": "8001"})[-2:] == ["--port", "8001"]


def test_a_server_listens_to_its_host_alone_unless_told(start: Start, plain: Deployment) -> None:
    host = Argument("--host", "0.0.0.0", "Where it listens.")
    script = _script(replace(plain, roles=(replace(plain.roles[0], arguments=(host,)),)))
    assert start(script)[-1] == "127.0.0.1"
    assert start(script, variables={"BIND": "10.0.0.7"})[-1] == "10.0.0.7"


def test_a_server_behind_a_router_listens_to_all(start: Start, disaggregated: Deployment) -> None:
    host = Argument("--host", "0.0.0.0", "Where it listens.")
    roles = tuple(replace(role, arguments=(host,)) for role in disaggregated.roles)
    assert start(_script(replace(disaggregated, roles=roles)), "decode")[-1] == "0.0.0.0"


def test_ports_that_replicas_of_a_host_would_share_are_told_of(plain: Deployment) -> None:
    role = plain.roles[0]
    port = Argument("--bootstrap-port", "8998", "Where caches are asked for.")
    more = replace(plain, roles=(replace(role, arguments=(*role.arguments, port)),))
    assert "# Its other ports are the same" not in _script(plain)
    assert "# Its other ports are the same" in _script(more)


def test_every_flag_stands_below_its_decision(plain: Deployment) -> None:
    lines = [line.strip() for line in _script(plain).splitlines()]
    for argument in plain.roles[0].arguments:
        at = next(i for i, line in enumerate(lines) if f'"$@" {argument.flag}' in line)
        assert lines[at - 1] == f"# {argument.why}"


def test_a_worker_says_its_rank_and_its_leader(start: Start, several_hosts: Deployment) -> None:
    words = start(_script(several_hosts), variables={"RANK": "1", "LEADER": "host-a"})
    assert words[-7:] == [
        "--nnodes", "2", "--node-rank", "1", "--address", "tcp://host-a:29500", "--headless",
    ]  # fmt: skip


def test_only_workers_are_headless(start: Start, several_hosts: Deployment) -> None:
    words = start(_script(several_hosts), variables={"RANK": "0", "LEADER": "host-a"})
    assert "--headless" not in words


@pytest.mark.parametrize("rank", ["2", "-1", "one", "", "1; touch ran"])
def test_a_rank_that_no_host_has_is_refused(
    rank: str, start: Start, several_hosts: Deployment
) -> None:
    with pytest.raises(RuntimeError, match="RANK"):
        start(_script(several_hosts), variables={"RANK": rank, "LEADER": "host-a"})


def test_a_router_asks_for_addresses(start: Start, disaggregated: Deployment) -> None:
    with pytest.raises(RuntimeError, match="URLS_PREFILL"):
        start(_script(disaggregated), "router")


def test_a_router_is_told_of_every_server(start: Start, disaggregated: Deployment) -> None:
    variables = {"URLS_PREFILL": "http://a:8000", "URLS_DECODE": "http://b:8000 http://c:8000"}
    words = start(_script(disaggregated), "router", variables=variables)
    assert words[-6:] == [
        "--prefill", "http://a:8000", "8998", "--decode", "http://b:8000", "http://c:8000",
    ]  # fmt: skip
    options = YAML(typ="safe").load(Path(words[words.index("--config") + 1]))
    assert options == {"servers": {"urls": ["b:8000", "c:8000"], "number": 2}, "policy": "yes"}


def test_a_server_says_where_it_is_reached(
    start: Start, disaggregated: Deployment, tmp_path: Path
) -> None:
    start(_script(disaggregated), "prefill", variables={"ADDRESS": "10.0.0.7"})
    environment = json.loads((tmp_path / "environment.json").read_text())
    assert environment["SIDE_CHANNEL_HOST"] == "10.0.0.7"


def test_without_a_role_the_choice_is_told(start: Start, disaggregated: Deployment) -> None:
    with pytest.raises(RuntimeError, match=r"prefill \| decode \| router"):
        start(_script(disaggregated))


@pytest.mark.parametrize(
    "text",
    ["$(touch ran)", "`touch ran`", "'; touch ran; '", '"; touch ran; "', "<script>", "a b", "é*?"],
)
def test_names_are_plain_words_of_the_shell(
    text: str, start: Start, with_argument: Callable[[str], Deployment], tmp_path: Path
) -> None:
    words = start(_script(with_argument(text)))
    environment = json.loads((tmp_path / "environment.json").read_text())
    assert (words[-2:], environment["NAME"]) == (["--served-model-name", text], text)
    assert not (tmp_path / "ran").exists()
    assert not Path("ran").exists()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(min_codepoint=32, codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_any_name_is_refused_or_arrives_as_it_is(
    with_argument: Callable[[str], Deployment], text: str
) -> None:
    try:
        script = _script(with_argument(text or "-"))
    except OutputError:
        assert "\u2028" in text or "\u2029" in text
        return
    # Only the last argument and the variable carry the name outside comments.
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("#")]
    probe = "\n".join(lines).replace(
        'exec "$@"', 'for word; do last=$word; done; printf %s "$last"'
    )
    done = subprocess.run(["sh"], input=probe.encode(), capture_output=True, check=True)
    assert done.stdout.decode() == (text or "-")


def test_a_line_break_in_a_name_is_refused(with_argument: Callable[[str], Deployment]) -> None:
    with pytest.raises(OutputError, match="line break or another control character"):
        _script(with_argument("a\nrm -rf /"))


def test_options_of_a_cluster_are_refused(plain: Deployment) -> None:
    with pytest.raises(OutputError, match="--namespace: has no meaning in the form shell"):
        write_deployment(plain, form="shell", options=FormOptions(namespace="prod"))


def test_replicas_that_nothing_spreads_requests_over_are_told_of(plain: Deployment) -> None:
    text = write_deployment(plain, form="shell", options=FormOptions())
    assert "# Nothing here spreads requests over the 2 replicas of server" in text
