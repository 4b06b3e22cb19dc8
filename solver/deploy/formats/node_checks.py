"""Plans whose replicas a scheduler would put on other nodes than planned, refused before that.

A pod runs wherever its labels let it. Two machines with one accelerator, two regions, or the hosts
of a pipeline look alike to a selector by product, so the user has to give labels that tell them
apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from solver.deploy.formats.options import FormOptions
from solver.deploy.launch import Deployment, Role
from solver.errors import Fault
from solver.report.numbers import clean

__all__ = ["node_faults"]


def node_faults(deployment: Deployment, options: FormOptions) -> Iterator[Fault]:
    """Why pods could stand elsewhere than the plan has them."""
    given = " ".join(value for _, value in options.node_labels)
    roles = deployment.roles
    if "{machine}" not in given and "{host}" not in given:
        yield from _machine_faults(roles, options, "{accelerator}" in given)
    regions = sorted({role.design.region_or_rack for role in roles})
    if len(regions) > 1 and "{region}" not in given and "{host}" not in given:
        told = ", ".join(clean(name or "any", limit=40) for name in regions)
        yield Fault(
            "--format kubernetes",
            f"the plan has replicas in several regions or racks ({told}), and no label tells "
            "their nodes apart",
            "Give the label of your nodes, such as "
            "--node-label topology.kubernetes.io/zone={region}",
        )
    for role in roles:
        yield from _stage_faults(role, given)


def _machine_faults(
    roles: tuple[Role, ...], options: FormOptions, by_accelerator: bool
) -> Iterator[Fault]:
    kinds = {(role.design.accelerator, role.design.machine) for role in roles}
    accelerators = {accelerator for accelerator, _ in kinds}
    # One fixed label in place of the products' own would be the same for all of them.
    fixed = any("{" not in value for _, value in options.node_labels) and not by_accelerator
    if len(kinds) > len(accelerators) or (fixed and len(kinds) > 1):
        told = ", ".join(sorted(clean(machine or kind, limit=40) for kind, machine in kinds))
        yield Fault(
            "--format kubernetes",
            f"the plan runs on several machines ({told}), and no label tells their nodes apart",
            "Give the label of your nodes, such as --node-label pool={machine}",
        )


def _stage_faults(role: Role, given: str) -> Iterator[Fault]:
    where = f"replicas of {clean(role.design.name, limit=60)}"
    if role.design.visible_devices:
        told = ", ".join(map(str, role.design.visible_devices))
        yield Fault(
            where,
            f"the stages stand on devices {told} of one machine, and a cluster hands out devices "
            "of its own choice",
            "Use --format shell or compose on that machine",
        )
    if len(role.design.hosts) > 1 and "{host}" not in given:
        told = ", ".join(clean(host, limit=40) for host in role.design.hosts[:8])
        yield Fault(
            where,
            f"the stages stand on the hosts {told} in this order, and no label tells their nodes "
            "apart",
            "Give it, such as --node-label kubernetes.io/hostname={host}",
        )
