"""``fleetfront deploy``: from a solved question to files that start its servers."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from solver.cli import main
from solver.deploy.engines.flag_table import flag_table
from solver.result import canonical_digest

Document = dict[str, Any]
Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[3]
ENGINES = ("vllm", "sglang", "trtllm")
FORMS = ("shell", "compose", "kubernetes")
POINTS = ("fastest", "knee", "cheapest")
WEIGHTS = {"apart": ("--weights", "Qwen2.5-72B=/models/qwen2.5-72b@fp8")}
"""Checkpoints that no engine here knows by itself."""

DENSE = """\
schema = 1
kind = "replica"
name = "dense"

[workload]
model = "Llama-3.1-8B"
context_tokens = 2048

[design]
accelerator = "H100 SXM"
tensor_parallel = [1, 2, 4]
pipeline_parallel = [1, 2]
batch = "1..32"
weight_bits = [16]
kv_bits = [16]

[price]
usd_per_hour = "2.10"

[rules]
hbm_reserve_fraction = "1/10"

[performance]
model = "epoch2025"
"""
CHANGES = {
    'name = "dense"': 'name = "experts"',
    'model = "Llama-3.1-8B"': 'model = "Mixtral-8x7B"',
    "pipeline_parallel = [1, 2]": "pipeline_parallel = [1]\nexpert_parallel = [1, 2, 4]",
    "tensor_parallel = [1, 2, 4]": "tensor_parallel = [2, 4]",
    '[performance]\nmodel = "epoch2025"\n': "",
}


def _experts() -> str:
    text = DENSE
    for old, new in CHANGES.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A dense replica, one with experts, and a fleet with prefill and decode apart, solved."""
    folder = tmp_path_factory.mktemp("results")
    questions = {"dense": folder / "dense.toml", "experts": folder / "experts.toml"}
    questions["dense"].write_text(DENSE)
    questions["experts"].write_text(_experts())
    questions["apart"] = ROOT / "instances" / "fleet" / "one-or-two-pools.toml"
    found = {}
    for name, question in questions.items():
        found[name] = folder / f"{name}.json"
        assert main(["solve", str(question), "--quiet", "--out", str(found[name])]) == 0
    return found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit status, standard output and standard error of ``fleetfront deploy ...``."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main(["deploy", *(str(argument) for argument in arguments)])
        out, error = capsys.readouterr()
        return status, out, error

    return call


def _documents(text: str) -> list[Document]:
    return [dict(each) for each in YAML(typ="safe").load_all(text)]


def _planned_devices(path: Path, point: str) -> int:
    """Devices of a point, from the result's own figures."""
    from solver.deploy.points import point_index

    document = json.loads(path.read_text())
    design = document["points"][point_index(document, point, where="result")]["design"]
    if "replicas" in design:
        return sum(int(each["count"]) * int(each["devices"]) for each in design["replicas"])
    return int(design["devices"])


def _kubernetes_devices(documents: list[Document]) -> int:
    found = 0
    for each in documents:
        kubernetes_validate.validate(each, "1.31", strict=True)
        if each["kind"] in ("Deployment", "StatefulSet"):
            [container] = each["spec"]["template"]["spec"]["containers"]
            limits = container.get("resources", {}).get("limits", {})
            found += each["spec"]["replicas"] * int(limits.get("nvidia.com/gpu", 0))
    return found


def _compose_devices(documents: list[Document]) -> int:
    [tree] = documents
    numbers = [
        number
        for service in tree["services"].values()
        if "deploy" in service
        for number in service["deploy"]["resources"]["reservations"]["devices"][0]["device_ids"]
    ]
    assert len(numbers) == len(set(numbers))
    return len(numbers)


def _flags(text: str) -> set[str]:
    """Flags that a script adds to a command."""
    lines = [line.strip() for line in text.splitlines()]
    words = [line.split()[3] for line in lines if line.startswith('set -- "$@" -')]
    return set(words)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("question", ["dense", "experts", "apart"])
def test_a_point_is_written_with_its_devices_or_refused_with_the_reason(
    question: str, engine: str, form: str, point: str, results: dict[str, Path], run: Run
) -> None:
    path = results[question]
    options = ("--engine", engine, "--format", form, *WEIGHTS.get(question, ()))
    status, text, error = run(path, "--point", point, *options)
    if status == 2:
        assert "fault of the program" not in error
        assert "is no engine" not in error
        assert error.count("\n") >= 2
        return
    assert status == 0
    if form == "shell":
        done = subprocess.run(["sh", "-n"], input=text.encode(), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        known = itertools.chain(*(each.flags for each in flag_table(engine).programs.values()))
        assert _flags(text) - set(known) == set()
    else:
        count = _kubernetes_devices if form == "kubernetes" else _compose_devices
        assert count(_documents(text)) == _planned_devices(path, point)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("question", ["dense", "experts", "apart"])
def test_every_engine_can_start_some_point_of_every_shape(
    question: str, engine: str, results: dict[str, Path], run: Run
) -> None:
    count = len(json.loads(results[question].read_text())["points"])
    options = ("--engine", engine, "--format", "kubernetes", *WEIGHTS.get(question, ()))
    told = [
        run(results[question], "--point", number + 1, *options)
        for number in range(0, count, max(count // 6, 1))
    ]
    assert any(status == 0 for status, _, _ in told), told[0][2]


def test_prefill_and_decode_are_roles_of_their_own_behind_a_router(
    results: dict[str, Path], run: Run
) -> None:
    status, text, _ = run(results["apart"], "--point", "cheapest", "--format", "kubernetes")
    assert status == 0
    components = {
        each["metadata"]["labels"]["app.kubernetes.io/component"] for each in _documents(text)
    }
    assert {"documents-prefill", "documents-decode", "router"} <= components


def test_the_same_point_gives_the_same_text(results: dict[str, Path], run: Run) -> None:
    texts = {run(results["dense"], "--point", "1", "--format", "kubernetes")[1] for _ in range(2)}
    assert len(texts) == 1


def test_the_head_names_the_digest_and_the_point(results: dict[str, Path], run: Run) -> None:
    text = run(results["dense"], "--point", "3")[1]
    comment = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    assert json.loads(results["dense"].read_text())["digest"] in comment
    assert "point 3" in comment


def test_without_a_point_the_recommended_ones_are_listed(
    results: dict[str, Path], run: Run
) -> None:
    status, text, error = run(results["dense"])
    assert (status, text) == (2, "")
    assert "fastest" in error
    assert "cheapest" in error


def test_a_doctored_result_is_refused(results: dict[str, Path], run: Run, tmp_path: Path) -> None:
    path = tmp_path / "doctored.json"
    path.write_text(results["dense"].read_text().replace('"batch": 1,', '"batch": 2,', 1))
    status, text, error = run(path, "--point", "1")
    assert (status, text) == (2, "")
    assert "its digest is not that of what it holds" in error


def test_a_partial_frontier_is_deployed_with_a_remark(
    results: dict[str, Path], run: Run, tmp_path: Path
) -> None:
    document = json.loads(results["dense"].read_text())
    document["status"] = "partial"
    document["digest"] = canonical_digest(document)
    path = tmp_path / "partial.json"
    path.write_text(json.dumps(document))
    status, text, _ = run(path, "--point", "1")
    assert status == 0
    assert "# The frontier is partial" in text


def test_a_result_without_points_is_refused(
    results: dict[str, Path], run: Run, tmp_path: Path
) -> None:
    document = json.loads(results["dense"].read_text())
    document |= {"status": "infeasible", "points": []}
    document["digest"] = canonical_digest(document)
    path = tmp_path / "none.json"
    path.write_text(json.dumps(document))
    status, _, error = run(path, "--point", "1")
    assert status == 2
    assert "there is nothing to deploy" in error


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("question.toml", DENSE, "is a question, and its answer is needed"),
        ("list.json", "[1]", "is no result"),
        ("moip.json", '{"instance": {"kind": "moip"}}', "is of kind 'moip'"),
        ("text.json", "hello", "not JSON"),
        ("deep.json", "[" * 100_000, "not JSON"),
        ("kind.json", '{"instance": {"kind": "replica"}}', "its digest is not"),
    ],
)
def test_another_file_is_refused(
    name: str, text: str, message: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    status, _, error = run(tmp_path / name, "--point", "1")
    assert status == 2
    assert message in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--engine", "none"], "Choose from vllm"),
        (["--format", "helm"], "Choose from shell, compose, kubernetes"),
        (["--weights", "Llama-3.1-8B"], "is not KEY=VALUE"),
        (["--weights", "Llama-3.1-8B=../../etc"], "--weights"),
        (["--weights", "Llama-3.1-8B=-rf"], "--weights"),
        (["--node-label", "pool=a"], "has no meaning in the form shell"),
        (["--image", "a:latest", "--format", "compose"], "another image tomorrow"),
        (["--served-name", "$(rm)"], "--served-name"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    options: list[str], message: str, results: dict[str, Path], run: Run
) -> None:
    status, text, error = run(results["dense"], "--point", "1", *options)
    assert (status, text) == (2, "")
    assert message in error


def test_a_checkpoint_by_path_is_mounted(results: dict[str, Path], run: Run) -> None:
    weights = "Llama-3.1-8B=/models/llama@bf16"
    _, text, _ = run(
        results["dense"], "--point", "cheapest", "--format", "kubernetes", "--weights", weights
    )
    [deployment] = [each for each in _documents(text) if each["kind"] == "Deployment"]
    spec = deployment["spec"]["template"]["spec"]
    assert {"path": "/models/llama", "type": "Directory"} in [
        each.get("hostPath") for each in spec["volumes"]
    ]
    assert "/models/llama" in spec["containers"][0]["args"]


def test_a_file_is_written_and_told_of(results: dict[str, Path], run: Run, tmp_path: Path) -> None:
    out = tmp_path / "servers.yaml"
    status, told, _ = run(results["dense"], "--point", "1", "--format", "kubernetes", "-o", out)
    assert status == 0
    assert "vLLM" in told
    assert _kubernetes_devices(_documents(out.read_text())) == _planned_devices(
        results["dense"], "fastest"
    )


def test_the_result_is_never_written_over(
    results: dict[str, Path], run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "result.json"
    path.write_text(results["dense"].read_text())
    status, _, error = run(path, "--point", "1", "--out", path)
    assert status == 2
    assert "which would be lost" in error


def test_hostile_names_stay_names(results: dict[str, Path], run: Run, tmp_path: Path) -> None:
    document = json.loads(results["dense"].read_text())
    hostile = "</script><script>$(touch ran)`touch ran`\n---\nkind: Secret\u202e"
    document["instance"]["name"] = hostile
    document["instance"]["resolved"]["name"] = hostile
    document["digest"] = canonical_digest(document)
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(document))
    for form in FORMS:
        status, text, error = run(path, "--point", "cheapest", "--format", form)
        assert status in (0, 2)
        assert "\u202e" not in text + error
        if status == 0 and form == "kubernetes":
            kinds = [each["kind"] for each in _documents(text)]
            assert "Secret" not in kinds
        if status == 0 and form == "shell":
            assert not [line for line in text.splitlines() if line.startswith("kind: Secret")]


def test_a_name_colours_no_message(results: dict[str, Path], run: Run, tmp_path: Path) -> None:
    text = results["dense"].read_text().replace('"NVIDIA"', '"\\u001b[31mACME\\u202e"')
    document = json.loads(text)
    document["digest"] = canonical_digest(document)
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(document))
    status, _, error = run(path, "--point", "1")
    assert status == 2
    assert "ACME" in error
    assert not {"\u001b", "\u202e"} & set(error)


def test_longer_requests_are_served_where_asked(results: dict[str, Path], run: Run) -> None:
    status, text, _ = run(results["dense"], "--point", "1", "--context-tokens", "8192")
    assert status == 0
    assert "--max-model-len 8192\n" in text


def test_pool_labels_and_taints_reach_the_pods(results: dict[str, Path], run: Run) -> None:
    label = ("--node-label", "kubernetes.azure.com/agentpool=gpu")
    taint = ("--toleration", "dedicated=inference:NoSchedule")
    _, text, _ = run(results["dense"], "--point", "1", "--format", "kubernetes", *label, *taint)
    [deployment] = [each for each in _documents(text) if each["kind"] == "Deployment"]
    spec = deployment["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"kubernetes.azure.com/agentpool": "gpu"}
    assert "inference" in [taint.get("value") for taint in spec["tolerations"]]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of a question that importers alone have filled in, with one measured point."""
    folder = tmp_path_factory.mktemp("imported")
    plan, result = str(folder / "plan.toml"), str(folder / "plan.json")
    given = Path(__file__).resolve().parents[3] / "instances" / "import"
    requests = "--requests-per-s 20 --input-tokens 1024 --output-tokens 256 --min-speed 25"
    steps = (
        f"kubectl {given}/cluster/two-pools.nodes.json",
        f"prices {given}/prices/quote.csv --add",
        f"model {given}/models/llama-3.1-8b/config.json --add {requests} --max-ttft-s 2",
        f"vllm {given}/benchmarks/vllm-concurrency-64.json --add --machine h100-pool --devices 1",
    )
    for step in steps:
        assert main(["import", *step.split(), "-o", plan]) == 0
    assert main(["solve", plan, "--out", result, "--quiet"]) == 0
    return Path(result)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ["vllm", "sglang", "trtllm"])
def test_what_was_imported_ends_in_a_file(measured: Path, run: Run, form: str, engine: str) -> None:
    status, text, error = run(measured, "--point", "1", "--engine", engine, "--format", form)
    assert (status, error) == (0, "")
    assert "meta-llama/Llama-3.1-8B-Instruct" in text
    assert "the measurement" in text


def test_an_imported_pool_is_found_by_its_label(measured: Path, run: Run) -> None:
    label = "eks.amazonaws.com/nodegroup={machine}"
    _, text, _ = run(measured, "--point", "1", "--format", "kubernetes", "--node-label", label)
    [servers] = [each for each in _documents(text) if each["kind"] == "StatefulSet"]
    selector = servers["spec"]["template"]["spec"]["nodeSelector"]
    assert selector == {"eks.amazonaws.com/nodegroup": "h100-pool"}
