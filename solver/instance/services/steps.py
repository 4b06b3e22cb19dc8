"""A service with fewer features, for a bill that names what each of them costs.

The order is fixed, since later features cost more where earlier ones are there: visible tokens
alone, growing context, tool calls, reasoning, retrieval, and prefix caching, which takes off.
A step is there only where the service has the feature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from solver.instance.services.shape import ServiceShape

__all__ = ["ServiceStep", "service_steps"]


@dataclass(frozen=True, slots=True)
class ServiceStep:
    """The service with the features named so far."""

    name: str
    shape: ServiceShape


def service_steps(shape: ServiceShape) -> tuple[ServiceStep, ...]:
    """From visible tokens alone to the whole service; the last step is ``shape`` itself."""
    one_turn = shape.turns == 1
    bare = (
        None if shape.reasoning is None or shape.reasoning.tokens_per_visible else shape.reasoning
    )
    part = replace(
        shape,
        # What changes nothing is no step: it is there from the first.
        history=shape.history and one_turn,
        tools=None,
        reasoning=bare,
        retrieval=None,
        cache=None,
    )
    found = [ServiceStep("visible tokens only", part)]

    def add(name: str, larger: ServiceShape) -> ServiceShape:
        found.append(ServiceStep(name, larger))
        return larger

    if shape.history and not one_turn:
        part = add("+ growing context", replace(part, history=True))
    if shape.tools is not None:
        part = add("+ tool calls", replace(part, tools=shape.tools))
    if shape.reasoning is not None and shape.reasoning.tokens_per_visible:
        part = add("+ reasoning", replace(part, reasoning=shape.reasoning))
    if shape.retrieval is not None:
        part = add("+ retrieval", replace(part, retrieval=shape.retrieval))
    if shape.cache is not None:
        add("- prefix caching", replace(part, cache=shape.cache))
    return tuple(found)
