"""``fleetfront import``: drafts are written whole, added to, and never over what is there."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pty
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli import main
from solver.importers.answering import FLAGS
from solver.importers.kinds import KINDS, reader_of
from solver.importers.toml_edits import missing_in

SAMPLES = Path(__file__).resolve().parents[3] / "instances" / "import"
LLAMA = SAMPLES / "models" / "llama-3.1-8b" / "config.json"
NODES = SAMPLES / "cluster" / "two-pools.nodes.json"
PRICES = SAMPLES / "prices" / "quote.csv"
VLLM = SAMPLES / "benchmarks" / "vllm-concurrency-64.json"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def started(*words: object) -> tuple[int, str, str]:
        status = main(["import", *map(str, words)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return started


def test_without_out_the_draft_is_printed(run: Run) -> None:
    status, printed, told = run("model", LLAMA)
    assert status == 0
    assert tomllib.loads(printed)["models"][0]["layers"] == 32
    assert "missing: On which accelerator? (--accelerator)" in told


def test_a_whole_question_says_how_to_solve_it(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    status, printed, told = run(
        "model", LLAMA, "-o", out, "--accelerator", "L40S", "--context-tokens", 4096
    )
    assert (status, printed) == (0, "")
    assert f"fleetfront solve {out}" in told
    assert main(["solve", str(out), "--quiet"]) == 0


def test_quiet_says_nothing(run: Run, tmp_path: Path) -> None:
    assert run("model", LLAMA, "-o", tmp_path / "plan.toml", "--quiet") == (0, "", "")


def test_a_file_that_is_there_is_not_written_over(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    out.write_text("mine")
    status, _, told = run("model", LLAMA, "-o", out)
    assert status == 2
    assert "--add" in told
    assert out.read_text() == "mine"


def test_adding_twice_leaves_the_file_byte_for_byte(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    run("model", LLAMA, "-o", out)
    once = out.read_bytes()
    assert run("model", LLAMA, "-o", out, "--add")[0] == 0
    assert out.read_bytes() == once


STEPS: dict[str, tuple[object, ...]] = {
    "kubectl": ("kubectl", NODES),
    "prices": ("prices", PRICES),
    "model": (
        *("model", LLAMA, "--requests-per-s", 20, "--input-tokens", 1024),
        *("--output-tokens", 256, "--min-speed", 25, "--max-ttft-s", 2),
    ),
    "vllm": ("vllm", VLLM, "--machine", "h100-pool"),
}


@pytest.mark.parametrize(
    "order",
    [
        order
        for order in itertools.permutations(STEPS)
        if order.index("kubectl") < order.index("prices")
    ][::2],
    ids=" ".join,
)
def test_imports_build_one_fleet_in_any_order_that_has_the_cluster_before_its_prices(
    run: Run, tmp_path: Path, order: tuple[str, ...]
) -> None:
    out = tmp_path / "plan.toml"
    for position, step in enumerate(order):
        status, _, told = run(*STEPS[step], "-o", out, *(["--add"] if position else []))
        assert status == 0, told
    assert "The question is whole" in told
    tables = tomllib.loads(out.read_text())
    assert [machine["name"] for machine in tables["machines"]] == ["h100-pool", "l40s-pool"]
    (workload,) = tables["workloads"]
    assert workload["model"] == "Llama-3.1-8B"
    assert workload["requests_per_s"] == 20
    assert (tmp_path / workload["points"]).is_file()
    assert "missing:" not in out.read_text().partition("schema")[2]


def test_prices_before_the_cluster_are_refused_with_the_order_to_take(
    run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "plan.toml"
    status, _, told = run(*STEPS["prices"], "-o", out)
    assert status == 0
    assert "import it first" in told
    once = out.read_bytes()
    status, _, told = run(*STEPS["kubectl"], "--add", "-o", out)
    assert status == 2
    assert "Import the cluster first" in told
    assert out.read_bytes() == once


def test_prices_of_machines_that_only_points_name_ask_for_the_cluster(
    run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "plan.toml"
    run(*STEPS["vllm"], "-o", out)
    status, _, told = run(*STEPS["prices"], "--add", "-o", out)
    assert status == 2
    assert "h100-pool does not say its device" in told
    assert "Import the cluster first" in told
    assert "None" not in told


@pytest.mark.parametrize("step", ["kubectl", "model", "vllm"])
def test_the_next_command_runs_and_answers_what_was_missing(
    run: Run, tmp_path: Path, step: str
) -> None:
    out = tmp_path / "plan.toml"
    kind, file, *_ = STEPS[step]
    _, _, told = run(kind, file, "-o", out)
    (line,) = (line for line in told.splitlines() if line.startswith("next: "))
    words = shlex.split(line.partition("fleetfront ")[2])
    assert main(words) == 0
    before = {line for line in told.splitlines() if line.startswith("missing: ")}
    after = {one.question for one in missing_in(out.read_text(), "plan.toml")}
    asked = {line for line in before if "(--" in line}
    assert asked
    assert not {line for line in asked for question in after if question in line}


def test_an_option_that_would_be_lost_is_refused(run: Run) -> None:
    status, printed, told = run("kubectl", NODES, "--requests-per-s", 5)
    assert (status, printed) == (2, "")
    assert told.startswith("--requests-per-s: is not used by import kubectl")
    status, _, told = run("model", LLAMA, "--question", "fleet", "--accelerator", "L40S")
    assert status == 2
    assert "is not used by a workload of a fleet" in told


def test_a_name_is_that_of_the_question(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    run("kubectl", NODES, "-o", out, "--name", "autumn")
    assert tomllib.loads(out.read_text())["name"] == "autumn"
    assert run("kubectl", NODES, "-o", out, "--add", "--name", "winter")[0] == 2


def test_a_model_for_measured_points_says_that_they_serve_alone(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    run(*STEPS["vllm"], "-o", out)
    assert "# measured: it is served by these designs alone" in out.read_text()
    _, _, told = run(*STEPS["model"], "--add", "-o", out)
    assert "is served by its measured designs (points-llama-3-1-8b.csv) alone" in told


def test_a_machine_that_the_instance_does_not_have_is_told(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    run(*STEPS["kubectl"], "-o", out)
    _, _, told = run("vllm", VLLM, "--machine", "h100-pol", "--add", "-o", out)
    assert "'h100-pol' is added as a machine; the instance had h100-pool, l40s-pool" in told


def test_a_value_that_differs_leaves_the_file_as_it_is(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    run("model", LLAMA, "-o", out, "--context-tokens", 4096)
    once = out.read_bytes()
    status, _, told = run("model", LLAMA, "-o", out, "--add", "--context-tokens", 8192)
    assert status == 2
    assert "is 4096, where 8192 was found (--context-tokens)" in told
    assert out.read_bytes() == once


def test_adding_needs_an_instance(run: Run, tmp_path: Path) -> None:
    assert run("model", LLAMA, "--add")[0] == 2
    assert run("model", LLAMA, "--add", "-o", tmp_path / "nothing.toml")[0] == 2


def test_a_placement_is_not_added_to(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    out.write_text('schema = 1\nkind = "placement"\nname = "x"\n')
    status, _, told = run("model", LLAMA, "--add", "-o", out)
    assert status == 2
    assert "placement" in told


def test_100_megabytes_of_toml_are_refused_fast(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    out.write_text('schema = 1\nkind = "fleet"\n')
    os.truncate(out, 100_000_000)
    begun = time.perf_counter()
    assert run("model", LLAMA, "--add", "-o", out)[0] == 2
    assert time.perf_counter() - begun < 1


def test_deep_toml_is_refused(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    out.write_text("a = " + "[" * 100_000 + "]" * 100_000)
    status, _, told = run("model", LLAMA, "--add", "-o", out)
    assert status == 2
    assert "not a TOML file" in told


def test_a_file_of_another_owner_is_not_written_over(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.toml"
    run(*STEPS["vllm"], "-o", out)
    table = tmp_path / tomllib.loads(out.read_text())["workloads"][0]["points"]
    table.write_text("mine")
    status, _, told = run(*STEPS["vllm"], "-o", tmp_path / "other.toml")
    assert status == 2
    assert "does not name it" in told
    assert table.read_text() == "mine"
    assert not (tmp_path / "other.toml").exists()


def test_further_files_need_a_place(run: Run) -> None:
    status, printed, told = run(*STEPS["vllm"])
    assert (status, printed) == (2, "")
    assert "--out" in told


def test_an_unknown_kind_lists_those_there_are(run: Run) -> None:
    status, _, told = run("helm", LLAMA)
    assert status == 2
    assert all(kind in told for kind in KINDS)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_has_a_reader_that_refuses_a_pipe(run: Run, tmp_path: Path, kind: str) -> None:
    assert callable(reader_of(KINDS[kind]))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    status, _, told = run(kind, pipe)
    assert status == 2
    assert "is a pipe" in told


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_refuses_an_archive(run: Run, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"PK\x03\x04rest")
    status, _, told = run(kind, path)
    assert status == 2
    assert "zip archive" in told


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--context-tokens", "-1"),
        ("--context-tokens", "4096.5"),
        ("--input-tokens", "many"),
        ("--requests-per-s", "0"),
        ("--requests-per-s", "1e9"),
        ("--usd-per-hour", "nan"),
        ("--usd-per-hour", "1/0"),
        ("--usd-per-hour", "=1+1"),
        ("--as-of", "yesterday"),
        ("--phase", "both"),
        ("--model", "\x1b[31m"),
        ("--name", ""),
        ("--question", "placement"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(run: Run, flag: str, value: str) -> None:
    status, printed, told = run("model", LLAMA, f"{flag}={value}")
    assert (status, printed) == (2, "")
    assert told.startswith(f"{flag}: ")
    assert "\x1b" not in told


def test_every_answer_has_its_option(run: Run) -> None:
    _, printed, _ = run("--help")
    for flag in FLAGS.values():
        assert flag in printed.replace("\n", " ")


def test_hostile_names_come_out_as_text(run: Run, tmp_path: Path) -> None:
    for place, name in enumerate(("<script>alert(1)", "=cmd()", '"""', "\x1b[2J")):
        folder = tmp_path / name
        folder.mkdir()
        document = json.loads(LLAMA.read_text()) | {"num_hidden_layers": 33 + place}
        (folder / "config.json").write_text(json.dumps(document))
        out = tmp_path / f"{place}.toml"
        status, _, told = run("model", folder / "config.json", "-o", out)
        assert status == 0
        held = tomllib.loads(out.read_text())["models"][0]["name"]
        assert held == name.replace("\x1b", r"\x1b")
        assert "\x1b" not in told + out.read_text()


def test_on_a_terminal_what_is_missing_is_asked(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    out = tmp_path / "plan.toml"
    program = "from solver.cli import main; raise SystemExit(main())"
    words = [sys.executable, "-c", program, "import", "model", str(LLAMA), "-o", str(out)]
    asked = subprocess.Popen(words, stdin=follower, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    os.write(leader, b"4096\nL40S\n")
    told = b""
    # Linux reports an error where the other end of a terminal has gone.
    with contextlib.suppress(OSError):
        while part := os.read(leader, 4096):
            told += part
    os.close(leader)
    assert asked.wait(timeout=30) == 0
    tables = tomllib.loads(out.read_text())
    assert tables["workload"]["context_tokens"] == 4096
    assert tables["design"]["accelerator"] == "L40S"
    assert b"On which accelerator?" in told
    assert b"The question is whole" in told


def test_a_name_with_blanks_or_markup_is_made_plain_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "q.toml"
    asked = ["import", "model", str(LLAMA), "--name", "My <b>Question</b>", "-o", str(out)]
    assert main([*asked, "--accelerator", "H100 SXM", "--context-tokens", "2048"]) == 0
    assert tomllib.loads(out.read_text())["name"] == "My-b-Question-b"
    assert "only plain characters" in capsys.readouterr().err
