"""Names of the services of a Compose file."""

from __future__ import annotations

from solver.deploy.launch import Deployment

__all__ = ["service_names"]


def service_names(deployment: Deployment) -> dict[str, list[str]]:
    """A service for every replica of every role; no two of them, nor a router, share a name."""
    taken = {role.name for role in (*deployment.roles, *deployment.routers)}
    names: dict[str, list[str]] = {}
    for role in deployment.roles:
        single = role.replicas == 1
        # A workload may be called like the second replica of another.
        stem, tries = role.name, 0
        while any(f"{stem}-{each + 1}" in taken for each in range(role.replicas)):
            tries += 1
            stem = f"{role.name}-r{tries}"
        found = [role.name] if single else [f"{stem}-{n + 1}" for n in range(role.replicas)]
        taken.update(found)
        names[role.name] = found
    return names
