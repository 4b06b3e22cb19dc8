"""The frontier of single chains: candidates found, judged, limited, and what stays open.

Limits on objectives (``min_speed``, ``max_cost``) only cut the frontier: what beats an allowed
chain is allowed too. With rounded links the chains of the cautious network are judged on the true
one, and those of the generous network bracket them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from formulations.placement.chain_labels import MOST_LABELS
from solver.errors import EngineError
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import ChainSpace
from solver.sweep.placement.bracket import outer_space, strip_is_closed
from solver.sweep.placement.chain_space import Chains
from solver.sweep.placement.chains import LABELS, ChainsFound, Progress, find_chains
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.image import Image, undominated
from solver.sweep.placement.outcome import Claim, OpenRegion, PlacementAnswer, PlacementPoint
from solver.sweep.placement.strips import strips_between

__all__ = ["answer_chains", "chain_space_of", "chain_space_rounded", "sizes_of"]

_NO_BOUND = "the rounded network does not bound the true one: some path is slower on it"


def chain_space_of(instance: PlacementInstance) -> ChainSpace:
    """The chains of a question on its own network."""
    space = lower_placement(instance)
    if not isinstance(space, ChainSpace):
        raise ValueError(f"{instance.name}: the question is not about chains")
    return space


def chain_space_rounded(instance: PlacementInstance, *, generous: bool) -> ChainSpace:
    """The chains on the rounded network."""
    space = lower_placement(instance, side="generous" if generous else "cautious")
    if not isinstance(space, ChainSpace):
        raise ValueError(f"{instance.name}: the question is not about chains")
    return space


def sizes_of(space: ChainSpace) -> dict[str, int]:
    """How large a question is, for the reader."""
    return {
        "hosts": sum(len(hosts) for hosts in space.orbits),
        "orbits": len(space.orbits),
        "options": len(space.meanings),
        "settings": len(space.settings),
    }


def answer_chains(
    instance: PlacementInstance,
    *,
    formulation: str = LABELS,
    engine: str = "cp-sat",
    halt: Halt | None = None,
    on_progress: Progress | None = None,
    most_labels: int = MOST_LABELS,
) -> PlacementAnswer:
    """The frontier of a question over single chains, with claims for all that it leaves.

    Parameters
    ----------
    formulation, engine
        See ``find_chains``.
    halt
        When to give up; the answer is partial then.
    on_progress
        Called with (done, to do).
    most_labels
        Labels held at once, at most.

    Raises
    ------
    FleetError
        If the question cannot be lowered, or an answer fails its check.
    """
    search = _Search(instance, formulation, engine, halt or Halt(), on_progress, most_labels)
    return search.rounded() if instance.rounding is not None else search.plain()


class _Search:
    def __init__(
        self,
        instance: PlacementInstance,
        formulation: str,
        engine: str,
        halt: Halt,
        on_progress: Progress | None,
        most_labels: int,
    ) -> None:
        self.instance = instance
        self.formulation, self.engine = formulation, engine
        self.halt, self.on_progress, self.most_labels = halt, on_progress, most_labels
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()
        self.chains = Chains(chain_space_of(instance))

    def _find(self, chains: Chains) -> ChainsFound:
        return find_chains(
            chains,
            formulation=self.formulation,
            engine=self.engine,
            halt=self.halt,
            on_progress=self.on_progress,
            most_labels=self.most_labels,
        )

    def plain(self) -> PlacementAnswer:
        """On the network as it is."""
        found = self._find(self.chains)
        images = [self.chains.image(setting, plan) for setting, plan in found.chains]
        points = self._points(found, images)
        strips = strips_between([point.image for point in points], width=2)
        if found.stopped:
            return self._answer(
                points, (), [OpenRegion(strip, found.stopped) for strip in strips], [found]
            )
        claims = [Claim(strip, found.engine, found.closed_by) for strip in strips]
        return self._answer(points, claims, (), [found])

    def rounded(self) -> PlacementAnswer:
        """Chains of the cautious network, and bounds from the generous one."""
        space = chain_space_rounded(self.instance, generous=False)
        found = self._find(Chains(space))
        # The same hosts on the true network: a chain keeps its hosts, not its time.
        chains = [
            self.chains.plan_of(describe_chain(space, setting, plan))
            for setting, plan in found.chains
        ]
        moved = ChainsFound(chains, found.stopped, found.engine, found.closed_by, found.solves)
        images = [self.chains.image(setting, plan) for setting, plan in chains]
        points = self._points(moved, images)
        strips = strips_between([point.image for point in points], width=2)
        generous = outer_space(self.chains.space, chain_space_rounded(self.instance, generous=True))
        if generous is None:
            opened = [OpenRegion(strip, _NO_BOUND) for strip in strips]
            return self._answer(points, (), opened, [found])
        outer = Chains(generous)
        bounds = self._find(outer)
        if bounds.stopped:
            opened = [OpenRegion(strip, bounds.stopped) for strip in strips]
            return self._answer(points, (), opened, [found, bounds])
        reached = [outer.image(setting, plan) for setting, plan in bounds.chains]
        reached = [image for image in reached if outer.allows(image)]
        bracket = tuple(reached[position] for position in undominated(reached))
        for point in points:
            if not any(a[0] <= point.image[0] and a[1] <= point.image[1] for a in bracket):
                raise EngineError.one(
                    "a chain is better than any on the network rounded in its favour",
                    where=f"placement {self.instance.name}",
                    mend="Report this with the instance",
                )
        claims, opened = [], []
        for strip in strips:
            if strip_is_closed(strip, bracket):
                claims.append(Claim(strip, bounds.engine, bounds.closed_by))
            else:
                why = "links are rounded: designs and bound do not meet here; state finer levels"
                opened.append(OpenRegion(strip, why))
        return self._answer(points, claims, opened, [found, bounds], bracket)

    def _points(self, found: ChainsFound, images: Sequence[Image]) -> list[PlacementPoint]:
        allowed = [place for place, image in enumerate(images) if self.chains.allows(image)]
        kept = undominated([images[place] for place in allowed])
        points = []
        for position in kept:
            place = allowed[position]
            setting, plan = found.chains[place]
            design = describe_chain(self.chains.space, setting, plan)
            points.append(PlacementPoint(images[place], design))
        return points

    def _answer(
        self,
        points: Sequence[PlacementPoint],
        claims: Sequence[Claim],
        opened: Sequence[OpenRegion],
        found: Sequence[ChainsFound],
        bracket: tuple[Image, ...] | None = None,
    ) -> PlacementAnswer:
        space = self.chains.space
        return PlacementAnswer(
            instance=self.instance,
            points=tuple(points),
            claims=tuple(claims),
            open_regions=tuple(opened),
            formulation=self.formulation,
            engines=tuple(dict.fromkeys(one.engine for one in found)),
            solves=sum(one.solves for one in found),
            wall_s=time.perf_counter() - self._wall_s,
            cpu_s=time.process_time() - self._cpu_s,
            bracket=bracket,
            notes=tuple(space.notes),
            sizes={**sizes_of(space), "candidates": sum(len(one.chains) for one in found)},
        )
