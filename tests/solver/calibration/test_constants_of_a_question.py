"""``performance.constants``: from the file to the answer, and to a check without the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solver.api import solve, verify
from solver.calibration.run import Calibrated
from solver.cli.main import main
from solver.errors import CatalogError, InstanceError, UnsupportedModelError
from solver.instance.domain import ReplicaInstance
from solver.instance.reader import read_replica_instance, replica_instance_from_raw
from solver.instance.resolved import instance_from_resolved, resolved_instance
from solver.lowering.space import lower_replica
from solver.result import result_to_dict

NAME = "NVIDIA H200 (measured)"
QUESTION = f"""
schema = 1
kind = "replica"
name = "mine"
[workload]
model = "Llama-3.1-8B"
context_tokens = 2000
[design]
accelerator = ["{NAME}", "H200 SXM"]
tensor_parallel = [1, 2]
batch = [1, 8, 64]
[price]
usd_per_hour = "2"
[performance]
constants = "my-gpu.toml"
"""
Raw = Callable[..., dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path, calibrated: Calibrated) -> Path:
    (tmp_path / "my-gpu.toml").write_text(calibrated.text)
    (tmp_path / "q.toml").write_text(QUESTION)
    return tmp_path


@pytest.fixture
def question(folder: Path) -> ReplicaInstance:
    return read_replica_instance(folder / "q.toml")


def built(folder: Path, raw: dict[str, Any]) -> ReplicaInstance:
    return replica_instance_from_raw(raw, where="q.toml", folder=folder)


def faults_of(folder: Path, raw: dict[str, Any]) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        built(folder, raw)
    return [str(fault) for fault in caught.value.faults]


def test_the_accelerator_of_the_file_is_on_offer(
    question: ReplicaInstance, calibrated: Calibrated
) -> None:
    assert question.machines[0].accelerator == calibrated.entry.accelerator


def test_only_its_own_accelerator_runs_on_its_constants(question: ReplicaInstance) -> None:
    one = np.zeros(1, dtype=np.intp)
    measured, shipped = lower_replica(question).families
    # The made-up device is an H200 with smaller shares of its peaks.
    assert measured.machine.accelerator.name == NAME
    slower = measured.latency_ps(one, one)[0] / shipped.latency_ps(one, one)[0]
    assert 1.02 < slower < 1.4


def test_a_result_says_whose_constants_it_stands_on(question: ReplicaInstance) -> None:
    told = solve(question).result.model_error
    assert told is not None
    assert "constants measured here (my-gpu.toml), all else as shipped" in told["note"]
    assert f"collective of {NAME}" in told["note"]


def test_a_result_is_checked_without_the_file(question: ReplicaInstance, folder: Path) -> None:
    document = json.loads(json.dumps(result_to_dict(solve(question).result)))
    (folder / "my-gpu.toml").unlink()
    assert verify(document).passed


def test_constants_that_were_changed_in_a_result_are_noticed(question: ReplicaInstance) -> None:
    document = json.loads(json.dumps(result_to_dict(solve(question).result)))
    constants = document["instance"]["resolved"]["constants"]
    constants["text"] = constants["text"].replace("hbm_share", "hbm_shore", 1)
    checks = {check.name: check for check in verify(document).checks}
    assert "not the one that was read" in checks["instance"].faults[0]


def test_the_question_reads_back_with_its_constants(question: ReplicaInstance) -> None:
    again = instance_from_resolved(json.loads(json.dumps(resolved_instance(question))))
    assert again.constants == question.constants
    assert again.machines == question.machines


def test_the_digest_of_a_question_is_also_that_of_its_constants(
    question: ReplicaInstance, folder: Path
) -> None:
    path = folder / "my-gpu.toml"
    path.write_text(path.read_text() + "\n# another remark\n")
    assert read_replica_instance(folder / "q.toml").sha256 != question.sha256


def test_a_price_has_to_be_stated(folder: Path, mixture_raw: Raw) -> None:
    raw = mixture_raw(
        performance__constants="my-gpu.toml", design__accelerator=NAME, price__usd_per_hour=None
    )
    (fault,) = faults_of(folder, raw)
    assert f"price: the catalog has no price for {NAME!r}" in fault
    assert "usd_per_hour" in fault


def test_constants_of_another_accelerator_are_refused(folder: Path, mixture_raw: Raw) -> None:
    raw = mixture_raw(performance__constants="my-gpu.toml", design__accelerator="H200 SXM")
    (fault,) = faults_of(folder, raw)
    assert f"performance.constants: my-gpu.toml was measured on {NAME!r}" in fault
    assert "it offers H200 SXM" in fault


def test_an_accelerator_of_the_same_name_in_the_question_is_refused(
    folder: Path, mixture_raw: Raw
) -> None:
    raw = mixture_raw(
        performance__constants="my-gpu.toml",
        design__accelerator=NAME,
        accelerators=[{"extends": "H200 SXM", "name": NAME}],
    )
    (fault,) = faults_of(folder, raw)
    assert "one of the question" in fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 1\n", "no measured, accelerators"),
        ("schema = 2\nmeasured = {}\naccelerators = []\n", "schema 2, not 1"),
        ("no toml", "is not a TOML file"),
        ('schema = 1\nmeasured = {}\naccelerators = [{ name = "x" }]\n', "accelerators.0"),
    ],
)
def test_another_kind_of_file_is_refused_by_name(
    folder: Path, mixture_raw: Raw, text: str, words: str
) -> None:
    (folder / "odd.toml").write_text(text)
    faults = faults_of(
        folder, mixture_raw(performance__constants="odd.toml", design__accelerator=NAME)
    )
    assert all("q.toml: performance.constants" in fault for fault in faults)
    assert any("odd.toml" in fault and words in fault for fault in faults)


def test_constants_that_the_model_cannot_read_are_refused(folder: Path) -> None:
    path = folder / "my-gpu.toml"
    path.write_text(path.read_text().replace('family = "gemm"', 'family = "germ"'))
    with pytest.raises(UnsupportedModelError, match=r"my-gpu\.toml: operators\.0\.family"):
        lower_replica(read_replica_instance(folder / "q.toml"))


def test_another_machine_under_the_name_of_the_file_is_refused(question: ReplicaInstance) -> None:
    resolved = resolved_instance(question)
    resolved["machines"][0]["accelerator"]["hbm_bytes_per_s"] *= 2
    with pytest.raises(UnsupportedModelError, match="another accelerator in my-gpu"):
        lower_replica(instance_from_resolved(resolved))


@pytest.mark.parametrize("name", ["gone.toml", "q.toml"])
def test_the_command_names_a_bad_file_and_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = folder / "q.toml"
    path.write_text(QUESTION.replace("my-gpu.toml", name))
    assert main(["solve", str(path)]) == 2
    told = capsys.readouterr().err
    _fault, example = told.splitlines()
    assert example.startswith("Example: ")
    assert name in told


def test_formats_that_were_not_measured_run_on_shipped_constants(folder: Path) -> None:
    path = folder / "q.toml"
    path.write_text(QUESTION.replace("batch =", 'weight_format = "int8"\nbatch ='))
    families = lower_replica(read_replica_instance(path)).families
    assert {family.step.precision.weight_format for family in families} == {"int8"}


def test_a_calibration_is_no_catalog_file(folder: Path) -> None:
    path = folder / "q.toml"
    path.write_text(QUESTION.replace('kind = "replica"', 'kind = "replica"\ncatalog = ["q.toml"]'))
    with pytest.raises((CatalogError, InstanceError), match="unknown key"):
        read_replica_instance(path)
