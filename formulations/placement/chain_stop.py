"""How a search for chains ends before it is complete, and what is known by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from formulations.placement.chain_plan import ChainPlan

__all__ = ["LabelLimitError", "LabelStop", "Progress", "Watch"]

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


class LabelLimitError(ValueError):
    """The frontier was not found: its labels do not fit.

    Parameters
    ----------
    plans
        Chains of the tables that were searched: each keeps all rules, none is proved to be on the
        frontier.
    points
        Where the frontier of several settings was asked: what is nondominated among all that was
        found, of the class that this frontier has. Complete for settings that are not open.
    open_settings
        Indices of the settings whose chains are not all accounted for.
    """

    def __init__(
        self,
        message: str,
        *,
        plans: Sequence[ChainPlan] = (),
        points: Sequence[Any] = (),
        open_settings: Sequence[int] = (),
    ) -> None:
        super().__init__(message)
        self.plans = list(plans)
        self.points = list(points)
        self.open_settings = list(open_settings)


class LabelStop(LabelLimitError):  # noqa: N818, a stop is asked for
    """The frontier was not found: the search was told to stop."""


class Watch:
    """Asks whether to go on, and says how far a search is.

    Parameters
    ----------
    should_stop
        Asked often; once it says so the search ends with ``LabelStop``.
    on_progress
        Called now and then.
    before, parts
        Of ``parts`` searches alike, how many are done.
    """

    def __init__(
        self,
        should_stop: Callable[[], bool] | None = None,
        on_progress: Progress | None = None,
        *,
        before: int = 0,
        parts: int = 1,
    ) -> None:
        self._should_stop, self._on_progress = should_stop, on_progress
        self._before, self._parts = before, parts

    def part(self, before: int, parts: int) -> Watch:
        """The same over one of several searches."""
        return Watch(self._should_stop, self._on_progress, before=before, parts=parts)

    def quiet(self) -> Watch:
        """The same that says nothing of how far a search is."""
        return Watch(self._should_stop)

    def stops(self) -> bool:
        """Whether to stop."""
        return self._should_stop is not None and self._should_stop()

    def report(self, done: int, todo: int) -> None:
        """Pass on that so much of this search is done."""
        if self._on_progress is not None:
            self._on_progress(self._before * todo + done, self._parts * todo)
