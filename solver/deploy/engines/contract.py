"""What an engine is: it refuses what it cannot express, names a server's flags, adds a router."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from solver.deploy.checkpoints import Checkpoint
from solver.deploy.launch import ReplicaDesign, Role
from solver.deploy.model_facts import AcceleratorFacts, ModelFacts
from solver.errors import Fault
from solver.report.numbers import clean

__all__ = ["Engine", "ServerPlan"]


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One kind of replica with everything an engine asks about it.

    Parameters
    ----------
    format
        Of the weights that the plan computes with; None where a measurement does not say.
    devices
        The accelerators of its stages; more than one kind in a mixed placement.
    nodes
        Hosts that one replica spans.
    longest_tokens
        The longest request that the user wants served; None leaves it to the plan.
    checkpoint
        None until the design is known to be one that the engine can express.
    """

    design: ReplicaDesign
    model: ModelFacts
    format: str | None
    devices: tuple[AcceleratorFacts, ...]
    nodes: int
    served_name: str
    checkpoint: Checkpoint | None = None
    draft: ModelFacts | None = None
    draft_checkpoint: Checkpoint | None = None
    longest_tokens: int | None = None

    @property
    def where(self) -> str:
        """For messages."""
        return f"replicas of {self.design.name}"

    @property
    def stage_devices(self) -> int:
        """Devices of one pipeline stage: tensor parallel times attention data parallel."""
        return self.design.tensor_parallel * self.design.attention_data_parallel

    def fault(self, what: str, mend: str) -> Fault:
        """A reason why the engine cannot run it."""
        return Fault(self.where, clean(what, limit=600), clean(mend, limit=400))


class Engine(Protocol):
    """One engine; its flags are in its table (``flag_table``)."""

    name: str
    online_formats: frozenset[str]
    """Formats of weights that it makes itself from 16-bit ones while it loads them."""

    def misfits(self, plan: ServerPlan) -> Iterator[Fault]:
        """Devices and formats of ``plan`` that it does not run; hosts are not counted yet."""

    def refusals(self, plan: ServerPlan) -> Iterator[Fault]:
        """Why it cannot run ``plan``, beside what no engine here can."""

    def routing_refusals(self, plans: Sequence[ServerPlan]) -> Iterator[Fault]:
        """Why its router cannot serve all of ``plans`` together."""

    def role(self, plan: ServerPlan) -> Role:
        """The server of ``plan``, whose checkpoints are known."""

    def router(self, roles: Sequence[Role]) -> Role | None:
        """What spreads the requests of one workload over ``roles``; None where one is enough."""

    def notes(self, plan: ServerPlan) -> Iterator[str]:
        """What its flags cannot carry and a person has to know."""
