"""The routers of vLLM and SGLang, which have one ancestor and one way of being told of servers."""

from __future__ import annotations

from collections.abc import Sequence

from solver.deploy.engines.flag_table import Program
from solver.deploy.launch import Argument, Role, Upstream

__all__ = ["router_role"]

_FLAGS = {"prefill": "--prefill", "decode": "--decode", "aggregated": "--worker-urls"}


def router_role(
    program: Program,
    roles: Sequence[Role],
    *,
    port: int,
    apart: Sequence[Argument],
    after_prefill: tuple[str, ...] = (),
) -> Role | None:
    """What spreads requests over ``roles``; None where one server is enough.

    Parameters
    ----------
    apart
        Flags for prefill and decode on servers of their own.
    after_prefill
        Words after the address of each prefill server, such as a bootstrap port.
    """
    if len(roles) == 1 and roles[0].replicas == 1:
        return None
    parted = any(role.phase != "aggregated" for role in roles)
    cached = any(role.design.prefix_hit for role in roles)
    return Role(
        name="router",
        design=roles[0].design,
        phase="aggregated",
        replicas=1,
        command=program.words,
        positional=(),
        arguments=(
            program.argument("--host", "0.0.0.0", "Reachable from outside its container"),
            program.argument("--port", port, "Where clients send their requests"),
            *(apart if parted else ()),
            program.argument(
                "--policy",
                "cache_aware" if cached else "round_robin",
                "The plan counts on prompts that are in the prefix cache already"
                if cached
                else "The plan loads all replicas of a kind alike",
            ),
        ),
        environment=(),
        image=program.image,
        port=port,
        health_path="/health",
        devices_per_node=0,
        upstreams=tuple(
            Upstream(
                _FLAGS[role.phase],
                role.name,
                f"{role.replicas} replicas of {role.name}, as the plan has"
                if role.replicas > 1
                else f"1 replica of {role.name}, as the plan has",
                once=role.phase == "aggregated",
                more=after_prefill if role.phase == "prefill" else (),
            )
            for role in roles
        ),
    )
