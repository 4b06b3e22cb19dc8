"""What serving adds to kernels: times of graphs, hosts and queues, fitted end to end.

Kernel tables time each operator in a loop of its own; an engine replays a whole step as one graph,
with quantisation fused where it can be, and waits for its host between steps. These constants say
what that costs. They are the same for every model, machine and engine: each is a time, a share or a
number of tokens that an engineer could measure, and a new model or engine needs none of its own.
Written by ``scripts/fit_serving.py``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solver.errors import CatalogError, Fault

__all__ = ["UNITS", "ServingConstants", "read_serving_constants", "serving_constants"]


@dataclass(frozen=True, slots=True)
class ServingConstants:
    """Constants of serving.

    Parameters
    ----------
    kernel_s
        Fixed time of a step between two operators (norm, position, activation, with quantisation)
        in a replayed graph: launch, ramp and drain of its kernels. No operator starts later either.
    expert_kernels_s
        The most that all kernels of a layer of routed experts take beside their work: routing,
        permutation, the grouped multiplications, activation and sum.
    step_s
        Time between two steps in which the device waits for its host.
    sequence_s
        Host time for each sequence and step (sampling, stop conditions, detokenisation).
    request_s
        From the arrival of a request until the engine's queue holds it (network, tokenisation).
    pools_s
        What a request costs beside the transfer of its cache where prefill and decode are apart:
        routing twice, and setting the transfer up.
    admission_steps
        Decode steps until a waiting request is admitted to a batch: half of the one that runs.
    burst_share
        Share of all requests in flight that arrive together, so that prompts queue.
    chunk_tokens
        Prompt tokens that one step carries at most.
    kv_share
        Share of the HBM left by weights, activations and engine that becomes KV cache.
    engine_bytes
        HBM of one device that the engine keeps for itself (context, graphs, workspaces).
    page_tokens
        Tokens of one page of the KV cache; the last page of a sequence is half empty.
    """

    kernel_s: float
    expert_kernels_s: float
    step_s: float
    sequence_s: float
    request_s: float
    pools_s: float
    admission_steps: float
    burst_share: float
    chunk_tokens: float
    kv_share: float
    engine_bytes: float
    page_tokens: float

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not 0 <= value < float("inf"):
                raise ValueError(f"{entry.name} must be finite and not negative, not {value}")
        if not 0 < self.kv_share <= 1:
            raise ValueError(f"kv_share must lie between 0 and 1, not {self.kv_share}")
        if self.chunk_tokens < 1 or self.page_tokens < 1:
            raise ValueError("chunk_tokens and page_tokens are at least 1")


UNITS: dict[str, str] = {
    "kernel_s": "s",
    "expert_kernels_s": "s",
    "step_s": "s",
    "sequence_s": "s",
    "request_s": "s",
    "pools_s": "s",
    "admission_steps": "step",
    "burst_share": "1",
    "chunk_tokens": "token",
    "kv_share": "1",
    "engine_bytes": "byte",
    "page_tokens": "token",
}
"""Unit of every constant."""


class _ServingRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: int = Field(alias="schema", ge=1, le=1)
    source: str = Field(min_length=1)
    as_of: str = Field(min_length=1)
    note: str = ""
    units: dict[str, str]
    constants: dict[str, float]


def read_serving_constants(text: str, *, where: str) -> ServingConstants:
    """The constants in a TOML text.

    Raises
    ------
    CatalogError
        With every fault: not TOML, unknown or missing names or units, values out of range.
    """
    mend = "Write the file again with scripts/fit_serving.py"
    try:
        record = _ServingRecord.model_validate(tomllib.loads(text))
        names = {entry.name for entry in fields(ServingConstants)}
        odd = sorted((record.constants.keys() ^ names) | (record.units.keys() ^ names))
        if odd:
            raise CatalogError.one(f"missing or unknown: {', '.join(odd)}", where=where, mend=mend)
        return ServingConstants(**record.constants)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise CatalogError.all_of(
                Fault(f"{where}: {'.'.join(map(str, fault['loc']))}", fault["msg"], mend)
                for fault in error.errors()
            ) from error
        raise CatalogError.one(str(error), where=where, mend=mend) from error


@cache
def serving_constants() -> ServingConstants:
    """The shipped constants (``solver/catalog/serving.toml``), read once."""
    text = files("solver.catalog").joinpath("serving.toml").read_text(encoding="utf-8")
    return read_serving_constants(text, where="serving.toml")
