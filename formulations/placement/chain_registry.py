"""The formulations of single pipelines by name; a builder is imported when it is asked for.

``labels`` (``chain_labels``) is not among them: it is an algorithm and states no program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from formulations.formulation import NamedFormulation, formulation_named
from formulations.placement.chain_program import ChainProgram, not_linear
from formulations.placement.chain_tables import ChainTables

__all__ = ["CHAIN_FORMULATIONS", "ChainFormulation", "get_chain_formulation"]


@dataclass(frozen=True, slots=True)
class ChainFormulation(NamedFormulation):
    """One exact way to state the chains of a topology.

    Parameters
    ----------
    linear
        Whether every pace must be a linear row: links whose pace is a capacity over a load are not.
    """

    family: ClassVar[str] = "placement"

    linear: bool = field(default=True, kw_only=True)

    def build(self, problem: ChainTables) -> ChainProgram:
        """State ``problem`` in this formulation.

        Raises
        ------
        ValueError
            If it cannot be stated, see ``applies``, or its numbers are too large.
        """
        stated: ChainProgram = self.builder()(problem)
        return stated

    def applies(self, problem: ChainTables) -> str | None:
        """Why it cannot state the problem, or ``None``."""
        return not_linear(problem) if self.linear else None


CHAIN_FORMULATIONS: tuple[ChainFormulation, ...] = (
    ChainFormulation(
        "circuit",
        "cp",
        "circuit over single hosts with integer layers, for CP-SAT",
        strength="no linear relaxation of its own: propagation of the circuit and linear rows",
        linear=False,
    ),
    ChainFormulation(
        "chain_positions",
        "milp",
        "position of every host, products linearised, one big-M: the baseline",
        textbook=True,
        strength="weakest measured: hops between hosts vanish as soon as no position is certain",
    ),
    ChainFormulation(
        "chain_mtz",
        "milp",
        "arcs between hosts, Miller-Tucker-Zemlin order, one big-M",
        strength="no stronger than chain_layer_flow where stages may be as many as layers (proved)",
    ),
    ChainFormulation(
        "chain_layer_flow",
        "milp",
        "arcs between hosts, a flow of layers still to be held, lifted pace rows",
        strength="no stronger than chain_layered (proved), at least chain_indicator (proved)",
    ),
    ChainFormulation(
        "chain_layered",
        "milp",
        "path through layers, hosts counted by orbit, pace by layer: no big-M",
        strength="at least chain_layer_flow, whatever is minimised (proved)",
    ),
    ChainFormulation(
        "chain_indicator",
        "indicator",
        "arcs between hosts, a flow of layers, pace as implied rows",
        strength="no stronger than chain_layer_flow (proved): implications are no rows",
    ),
)


def get_chain_formulation(name: str) -> ChainFormulation:
    """The formulation of this name; ``ValueError`` that lists those there are, if there is none."""
    return formulation_named(name, CHAIN_FORMULATIONS, family="single pipeline")
