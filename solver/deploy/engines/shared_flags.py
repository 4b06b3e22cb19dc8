"""What engines are told alike: under flags of their own, or under the same ones."""

from __future__ import annotations

from collections.abc import Iterator

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.engines.flag_table import Program
from solver.deploy.engines.lengths import longest_request
from solver.deploy.engines.shares import devices_in_words
from solver.deploy.launch import Argument

__all__ = ["longest_taken", "reachable", "several_hosts", "stages"]


def reachable(program: Program, plan: ServerPlan, *, port: int, name: str) -> Iterator[Argument]:
    """Where the server listens, and what clients call its model (the flag ``name``)."""
    yield program.argument("--host", "0.0.0.0", "Reachable from outside its container")
    yield program.argument("--port", port, "Where the router and the health check find it")
    yield program.argument(name, plan.served_name, "The name that clients ask for")


def stages(program: Program, plan: ServerPlan, flag: str) -> Iterator[Argument]:
    """Pipeline stages, where there are several."""
    parallel = plan.design.pipeline_parallel
    if parallel > 1:
        why = f"The layers lie in {parallel} stages, one after the other"
        yield program.argument(flag, parallel, why)


def longest_taken(program: Program, plan: ServerPlan, flag: str) -> Iterator[Argument]:
    """The longest request, where the plan or the user says."""
    longest = longest_request(plan)
    if longest is not None:
        yield program.argument(flag, *longest)


def several_hosts(program: Program, plan: ServerPlan) -> Iterator[Argument]:
    """How many hosts one server spans, and the number of this one (``{rank}``, filled in later)."""
    spans = f"One replica of {devices_in_words(plan.design.devices)} spans {plan.nodes} hosts"
    yield program.argument("--nnodes", plan.nodes, spans)
    yield program.argument("--node-rank", "{rank}", "Which of them this is, from 0")
