"""Parts of the economics of a question: which there are, and which a question can have.

Asked for nothing, a question tells all it can. A part that is asked for by name and cannot be told
is a slip, and says what it would need.
"""

from __future__ import annotations

from collections.abc import Sequence

from solver.errors import Fault, InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import EconomicsTerms
from solver.instance.fleet.domain import FleetInstance

__all__ = ["SECTIONS", "sections_of"]

COSTS = "costs"
PRINCIPLES = "principles"
LONG_RUN = "long-run"
UTILISATION = "utilisation"
BREAK_EVEN = "break-even"
OWNING = "owning"
JOB = "job"
ENERGY = "energy"
SPECULATION = "speculation"
PREFERENCES = "preferences"
BILLS = "bills"
VALLEYS = "valleys"

SECTIONS = (
    COSTS,
    PRINCIPLES,
    LONG_RUN,
    UTILISATION,
    BREAK_EVEN,
    OWNING,
    JOB,
    ENERGY,
    SPECULATION,
    PREFERENCES,
    BILLS,
    VALLEYS,
)
"""In the order in which they are told."""

_OF_A_REPLICA = frozenset(SECTIONS) - {VALLEYS}
_OF_A_FLEET = frozenset(SECTIONS) - {PRINCIPLES, LONG_RUN, JOB, ENERGY, SPECULATION}
_Question = ReplicaInstance | FleetInstance


def sections_of(
    instance: _Question, terms: EconomicsTerms, asked: Sequence[str] = ()
) -> frozenset[str]:
    """The parts to work out: those ``asked`` for, or all that the question can have.

    Raises
    ------
    InstanceError
        With every name that is unknown, or that the question lacks something for.
    """
    replica = isinstance(instance, ReplicaInstance)
    lacking = _lacking(instance, terms)
    possible = (_OF_A_REPLICA if replica else _OF_A_FLEET) - set(lacking)
    if not asked:
        return possible
    kind, other = ("replica", "fleet") if replica else ("fleet", "replica")
    faults = []
    for name in dict.fromkeys(asked):
        where = f"--section {name}"
        if name not in SECTIONS:
            faults.append(
                Fault(where, "there is no such section", f"Choose from {', '.join(SECTIONS)}")
            )
        elif name in lacking:
            what, mend = lacking[name]
            faults.append(Fault(where, what, mend))
        elif name not in possible:
            told = ", ".join(entry for entry in SECTIONS if entry in possible)
            what = f"it is told of a {other}, and the question is a {kind}"
            faults.append(Fault(where, what, f"Choose from {told}"))
    if faults:
        raise InstanceError.all_of(faults)
    return frozenset(asked)


def _lacking(instance: _Question, terms: EconomicsTerms) -> dict[str, tuple[str, str]]:
    """Parts that this question lacks something for: what, and how to mend it."""
    found: dict[str, tuple[str, str]] = {}
    if not terms.api:
        found[BREAK_EVEN] = "there is no list price to compare with", "Add [[economics.api]]"
    owned = terms.owning is not None
    if isinstance(instance, ReplicaInstance):
        if terms.job_requests is None:
            found[JOB] = "the question has no job", "Write economics.job_requests, such as 2993"
        clocks = [m.accelerator for m in instance.machines if m.clock_mhz is not None]
        if len(clocks) == len(set(map(id, clocks))):
            found[ENERGY] = (
                "no machine has several clocks on offer",
                "Write design.clock_mhz, such as '615..1980 step 105'",
            )
        elif any(accelerator.power is None for accelerator in clocks):
            bare = ", ".join(dict.fromkeys(a.name for a in clocks if a.power is None))
            found[ENERGY] = f"the power of {bare} is not known", "State accelerators.power"
        if instance.draft is None or not any(instance.draft.tokens):
            found[SPECULATION] = (
                "the question has no draft",
                "Add [draft] with a model (or 'mtp'), its acceptance, and a length of 1 or more",
            )
        service = instance.service is not None
    else:
        owned = owned or any(
            contract.ownership is not None
            for machine in instance.machines
            for contract in machine.contracts
        )
        if not any(workload.batch is not None for workload in instance.workloads):
            found[VALLEYS] = (
                "no workload has a deadline",
                "Give a workload batch = { requests_per_day, arrives, deadline_hours }",
            )
        service = any(workload.service is not None for workload in instance.workloads)
    if not owned:
        found[OWNING] = "what a device costs its owner is not stated", "Add [economics.owning]"
    if not service:
        found[BILLS] = (
            "no service with turns, tools or retrieval is stated",
            "Add [workload.service] to a replica, [workloads.service] to a fleet",
        )
    return found
