"""What an engine has to know of the models and accelerators of a plan, read from the result."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from solver.deploy.reading import Place, damaged

__all__ = ["AcceleratorFacts", "ModelFacts", "accelerator_facts", "model_facts"]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Of a model of the catalog: what decides whether an engine can cut it as planned.

    Parameters
    ----------
    n_experts
        Routed experts of a layer; 0 for a dense model.
    max_context_tokens
        None where the catalog does not know.
    """

    name: str
    family: str
    layers: int
    n_heads: int
    n_kv_heads: int
    n_experts: int
    max_context_tokens: int | None
    native_weight_bits: int


@dataclass(frozen=True, slots=True)
class AcceleratorFacts:
    """Of an accelerator.

    Parameters
    ----------
    compute_capability
        Of an NVIDIA device, times 10 (Hopper: 90); None where unknown or not NVIDIA.
    host_devices
        Devices that one operating system sees, where this is less than the devices of one
        scale-up domain; None elsewhere.
    """

    name: str
    vendor: str
    compute_capability: int | None
    has_fp8: bool
    has_4_bits: bool
    host_devices: int | None


def model_facts(question: Place, name: str) -> ModelFacts:
    """The model of that name among those of the question, drafts included."""
    for record in _models(question):
        if record.text("name") == name:
            moe = record.inner_or_none("moe")
            return ModelFacts(
                name=name,
                family=record.text("family"),
                layers=record.whole("layers"),
                n_heads=record.whole("n_heads"),
                n_kv_heads=record.whole("n_kv_heads"),
                n_experts=0 if moe is None else moe.whole("n_experts"),
                max_context_tokens=record.whole_or_none("max_context_tokens"),
                native_weight_bits=record.whole("native_weight_bits"),
            )
    raise damaged(question.where, f"does not describe the model {name[:60]!r}")


def _models(question: Place) -> Iterator[Place]:
    for holder in (question, question.inner_or_none("draft")):
        if holder is not None and isinstance(holder.table.get("model"), dict):
            yield holder.inner("model")
    for key in ("alternatives", "workloads"):
        if question.table.get(key) is None:
            continue
        for entry in question.tables(key):
            if entry.table.get("model") is not None:
                yield entry.inner("model")
            if entry.table.get("models") is not None:
                for offered in entry.tables("models"):
                    yield offered.inner("model")
                    if offered.table.get("draft") is not None:
                        yield offered.inner("draft").inner("model")
            if entry.table.get("draft") is not None:
                yield entry.inner("draft").inner("model")


def accelerator_facts(question: Place, name: str) -> AcceleratorFacts:
    """The accelerator of that name among the machines of the question."""
    for machine in question.tables("machines"):
        record = machine.inner_or_none("accelerator")
        if record is not None and record.text("name") == name:
            rates = record.inner("flop_per_s").table
            known = _devices().get(name, {})
            capability = known.get("compute_capability")
            return AcceleratorFacts(
                name=name,
                vendor=record.text("vendor"),
                compute_capability=capability,
                # Ampere's 8 bits are integers; from 8.9 on they are FP8 (CUDA C++ guide).
                has_fp8="8" in rates and (capability is None or capability >= 89),
                has_4_bits="4" in rates,
                host_devices=known.get("host_devices"),
            )
    raise damaged(question.at("machines"), f"has no accelerator {name[:60]!r}")


@cache
def _devices() -> dict[str, dict[str, int]]:
    text = files(__package__).joinpath("accelerators.toml").read_text(encoding="utf-8")
    devices: dict[str, dict[str, int]] = tomllib.loads(text)["devices"]
    return devices
