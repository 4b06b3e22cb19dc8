"""Replicas of today's fleet that are no option any more, told so that a slip of the pen shows.

Replicas are known by workload, machine and layout. What no option matches counts as stopped, which
is right for what is really gone and wrong for a name that is misspelt.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from solver.instance.fleet.domain import CurrentReplicas, FleetInstance
from solver.lowering.fleet.options import Option

__all__ = ["unmatched_today"]


def unmatched_today(instance: FleetInstance, number: int, options: Sequence[Option]) -> list[str]:
    """A sentence for each entry of today's fleet that is none of ``options``.

    Parameters
    ----------
    number
        The workload that is looked at.
    options
        All that serve it, those that miss its limits included.

    Notes
    -----
    Nothing is told where the number of changes is free: then nothing depends on today's fleet.
    """
    current = instance.current
    if current is None or current.max_changes is None:
        return []
    offered: dict[str, list[str]] = {}
    for option in options:
        machine = "" if option.machine is None else instance.machines[option.machine].name
        offered.setdefault(machine, []).append(option.layout)
    return [
        _told(place, entry, offered)
        for place, entry in enumerate(current.replicas)
        if entry.workload == instance.workloads[number].name
        and entry.count
        and entry.layout not in offered.get(entry.machine, ())
    ]


def _told(place: int, entry: CurrentReplicas, offered: dict[str, list[str]]) -> str:
    here = list(dict.fromkeys(offered.get(entry.machine, ())))
    elsewhere = [machine for machine, layouts in offered.items() if entry.layout in layouts]
    on = f"on {entry.machine}" if entry.machine else "without a machine"
    if elsewhere:
        nearest = f"it is on offer on {', '.join(map(repr, elsewhere))}"
    elif here:
        close = difflib.get_close_matches(entry.layout, here, n=1, cutoff=0.0)
        nearest = f"the nearest is {close[0]!r}"
    else:
        nearest = "nothing is"
    return (
        f"current.replicas.{place}: no layout called {entry.layout!r} is on offer for "
        f"{entry.workload} {on} ({nearest}); {entry.count} counted as stopped"
    )
