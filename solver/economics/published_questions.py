"""Questions of one design, as published measurements state them: one device, one batch.

A published figure names a model, a board and a batch. The answer is one candidate of a replica
question: its latency, the power of its board (no host: such studies meter the board) and the energy
of one output token. What a study does not state is the same for all of them: a context of
``CONTEXT_TOKENS``, and under ``epoch2025`` the efficiencies of its published code for an H100.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files

import numpy as np

from solver.catalog import Catalog, parse_entries, shipped_catalog
from solver.catalog.domain import Model, Price
from solver.errors import CatalogError
from solver.instance.clocks import clocks_on_offer
from solver.instance.domain import (
    DesignSpace,
    Draft,
    Limits,
    Machine,
    Performance,
    ReplicaInstance,
    Rules,
    Traffic,
)
from solver.lowering.families import PS_PER_S, CandidateFamily
from solver.lowering.space import lower_replica

__all__ = [
    "CONTEXT_TOKENS",
    "PERFORMANCE_MODELS",
    "PUBLISHED_FILE",
    "DesignAsked",
    "MeasuredPoint",
    "clocks_of",
    "published_catalog",
]

PUBLISHED_FILE = "published.toml"
CONTEXT_TOKENS = 1024
"""Prompt and answer so far, where a study does not state its lengths: those of a chat."""
PERFORMANCE_MODELS = ("calibrated", "epoch2025")
_EFFICIENCIES = {
    # arXiv 2506.04645, published code, H100; the calibrated model has its own constants.
    "epoch2025": (Fraction(7, 10), Fraction(3, 4)),
    "calibrated": (Fraction(1), Fraction(1)),
}
_ONE = np.zeros(1, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class MeasuredPoint:
    """What the model says of one design: seconds a step, watts a board, joules a token."""

    batch: int
    latency_s: float
    watts: float
    j_per_token: float

    @property
    def tok_per_s(self) -> float:
        """Output tokens per second of all users."""
        return self.batch / self.latency_s


@dataclass(frozen=True, slots=True)
class DesignAsked:
    """One design on one device.

    Parameters
    ----------
    model, accelerator
        By name, of the shipped catalog or of the published file.
    batch
        Sequences decoded together.
    performance
        ``calibrated`` or ``epoch2025``.
    clock_mhz
        ``None``: the highest.
    prompts
        Tokens of the prompts served beside the output and of their answers, in place of
        ``context_tokens``; ``None``: a step of decoding alone.
    draft_model, draft_tokens, acceptance
        Speculative decoding; 0 tokens: none.
    """

    model: str
    accelerator: str
    batch: int
    performance: str
    weight_bits: int = 16
    context_tokens: int = CONTEXT_TOKENS
    clock_mhz: int | None = None
    prompts: tuple[int, int] | None = None
    draft_model: str = ""
    draft_tokens: int = 0
    acceptance: Fraction = Fraction(4, 5)

    def answer(self) -> MeasuredPoint:
        """Latency, board power and energy.

        Raises
        ------
        FleetError
            If the model cannot represent it, or it does not fit.
        ValueError
            If the power of the accelerator is not known.
        """
        family = self._family()
        if not bool(family.fits(_ONE, _ONE)[0]):
            raise ValueError(f"{self.model} at batch {self.batch} does not fit {self.accelerator}")
        power_mw = family.power_mw(_ONE, _ONE, host_w=0.0)
        if power_mw is None:
            raise ValueError(f"the power of {self.accelerator} is not known")
        latency_s = int(family.latency_ps(_ONE, _ONE)[0]) / PS_PER_S
        watts = int(power_mw[0]) / 1000
        return MeasuredPoint(self.batch, latency_s, watts, watts * latency_s / self.batch)

    def fits(self) -> bool:
        """Whether weights and KV cache fit into the memory of the device."""
        return bool(self._family().fits(_ONE, _ONE)[0])

    def _family(self) -> CandidateFamily:
        (family,) = lower_replica(self._instance()).families
        return family

    def _instance(self) -> ReplicaInstance:
        catalog = published_catalog()
        flop_efficiency, hbm_efficiency = _EFFICIENCIES[self.performance]
        price = Price(self.accelerator, "none", Fraction(1), "2026", "not asked")
        traffic = None if self.prompts is None else Traffic(*self.prompts)
        return ReplicaInstance(
            name="published",
            title="published",
            model=self._model(self.model),
            context_tokens=traffic.mean_context_tokens if traffic else self.context_tokens,
            traffic=traffic,
            machines=(Machine(catalog.accelerator(self.accelerator), price, self.clock_mhz),),
            design=DesignSpace(
                tensor_parallel=(1,),
                tensor_parallel_2d=(),
                pipeline_parallel=(1,),
                expert_parallel=(1,),
                attention_data_parallel=(1,),
                batch=(self.batch,),
                weight_bits=(self.weight_bits,),
                kv_bits=(16,),
            ),
            limits=Limits(),
            rules=Rules(),
            performance=Performance(self.performance, flop_efficiency, hbm_efficiency),
            draft=self._draft(),
        )

    def _draft(self) -> Draft | None:
        if not self.draft_tokens:
            return None
        return Draft(
            model=self._model(self.draft_model),
            acceptance=self.acceptance,
            tokens=(self.draft_tokens,),
            weight_bits=self.weight_bits,
            pipeline_parallel=(1,),
        )

    def _model(self, name: str) -> Model:
        model = published_catalog().model(name)
        if self.performance == "epoch2025":
            # It counts input and output embeddings apart, and asks that this be accepted aloud.
            return replace(model, tied_embeddings=False)
        return model


def clocks_of(accelerator: str, *, every: int) -> tuple[int, ...]:
    """Clocks of a board, lowest first: every so many steps from the highest down, and the lowest.

    Raises
    ------
    ValueError
        If its clocks are not known.
    """
    power = published_catalog().accelerator(accelerator).power
    if power is None or power.clocks is None:
        raise ValueError(f"the clocks of {accelerator} are not known")
    offered = clocks_on_offer(power.clocks)
    return tuple(sorted({offered[0], *offered[::-every]}))


@cache
def published_catalog() -> Catalog:
    """The shipped catalog, and the models of published measurements beside it."""
    text = files("solver.catalog").joinpath(PUBLISHED_FILE).read_text(encoding="utf-8")
    raw = tomllib.loads(text, parse_float=Decimal)
    catalog, faults = parse_entries(raw, where=PUBLISHED_FILE, base=shipped_catalog())
    if faults:
        raise CatalogError.all_of(faults)
    return catalog
