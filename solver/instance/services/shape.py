"""A service as it is stated: what one session says, calls, thinks, fetches and keeps.

A *session* is a user's visit, a *turn* one message of the user and what follows from it, a *call*
one request to the model. A turn without tools is one call; each tool call is one call more, since
its result has to be read by the model. ``solver.instance.services.calls`` walks through a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

__all__ = [
    "MAX_CALLS",
    "MAX_CLASSES",
    "PrefixCache",
    "Reasoning",
    "ReasoningKept",
    "Retrieval",
    "ServiceShape",
    "ToolUse",
    "VisibleSize",
]

ReasoningKept = Literal["none", "turn", "all"]
MAX_CALLS = 500
"""Calls of one session, over all its visible sizes; more say that it is no session."""
MAX_CLASSES = 12
"""Request classes that a fleet is given for one service: each makes its plan larger."""


@dataclass(frozen=True, slots=True)
class VisibleSize:
    """What users see: tokens of each of their messages and of each answer.

    ``share`` of the sessions have turns of this size, together 1.
    """

    user_tokens: int
    visible_tokens: int
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class ToolUse:
    """Tools called in every turn before its answer.

    Parameters
    ----------
    calls
        Tool calls a turn.
    call_tokens
        Tokens the model writes to make one.
    output_tokens
        Tokens of what a tool gives back; they stay in the context.
    schema_tokens
        Descriptions of the tools, beside the system prompt.
    """

    calls: int
    call_tokens: int
    output_tokens: int
    schema_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Tokens the model writes before those it shows.

    Parameters
    ----------
    tokens_per_visible
        For every token of an answer or of a tool call; each call's are rounded up.
    kept
        How long they stay in the context: ``none`` (until their call ends), ``turn`` (until the
        user's next message), ``all`` (for the session).
    """

    tokens_per_visible: Fraction
    kept: ReasoningKept = "turn"


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages put before every message of the user.

    Parameters
    ----------
    passages, passage_tokens
        How many, and tokens of each; they stay in the context.
    retrieval_s
        Time to find them, taken off what the limit leaves for the first token.
    repeat_share
        Share of the passages whose KV cache a service with a prefix cache may find: fetched before,
        in the same place, right behind the system prompt. Behind what a user said nothing can be
        found, so that with ``history`` it counts in the first turn alone.
    """

    passages: int
    passage_tokens: int
    retrieval_s: Fraction = Fraction(0)
    repeat_share: Fraction = Fraction(0)

    @property
    def tokens(self) -> int:
        """Tokens that a turn's passages add."""
        return self.passages * self.passage_tokens


@dataclass(frozen=True, slots=True)
class PrefixCache:
    """KV caches kept between calls.

    Parameters
    ----------
    hit_share
        Of the tokens that an earlier call has computed as they stand, the share still found.
    shared_system
        System prompt and tool schemas are found from other sessions too, and kept once.
    kept_s
        Seconds for which what a call leaves is stored, on average; 0: storage is not counted.
    usd_per_gb_month
        Price of that storage; ``source`` says whose.
    """

    hit_share: Fraction
    shared_system: bool = True
    kept_s: Fraction = Fraction(0)
    usd_per_gb_month: Fraction = Fraction(0)
    source: str = ""


@dataclass(frozen=True, slots=True)
class ServiceShape:
    """One service.

    Parameters
    ----------
    turns
        Of one session.
    visible
        At least one size; shares together 1.
    system_tokens
        System prompt, in front of every call.
    history
        Earlier turns stand in the prompts of later ones.
    sessions_per_s
        Sessions that start, at the busiest period of a fleet; ``None`` in a replica question.
    classes
        Most request classes that a fleet is given.

    Raises
    ------
    ValueError
        If a count is below its least, a share is none, or a session has over ``MAX_CALLS`` calls.
    """

    turns: int
    visible: tuple[VisibleSize, ...]
    system_tokens: int = 0
    history: bool = True
    tools: ToolUse | None = None
    reasoning: Reasoning | None = None
    retrieval: Retrieval | None = None
    cache: PrefixCache | None = None
    sessions_per_s: Fraction | None = None
    classes: int = 6

    def __post_init__(self) -> None:
        for what in self._faults():
            raise ValueError(what)

    def _faults(self) -> list[str]:
        found = [
            f"{name} is {value}, below {least}"
            for name, value, least in (
                ("turns", self.turns, 1),
                ("system_tokens", self.system_tokens, 0),
                ("classes", self.classes, 1),
                *(("user_tokens", size.user_tokens, 1) for size in self.visible),
                *(("visible_tokens", size.visible_tokens, 1) for size in self.visible),
                *self._parts(),
            )
            if value < least
        ]
        shares: list[tuple[str, Fraction]] = []
        if self.retrieval is not None:
            shares.append(("repeat_share", self.retrieval.repeat_share))
        if self.cache is not None:
            shares.append(("hit_share", self.cache.hit_share))
        found += [
            f"{name} is {share}, not from 0 to 1" for name, share in shares if not 0 <= share <= 1
        ]
        if sum((size.share for size in self.visible), Fraction(0)) != 1:
            found.append("shares of visible sizes are not 1 together")
        if any(size.share <= 0 for size in self.visible):
            found.append("a visible size has no share")
        if self.classes > MAX_CLASSES:
            found.append(f"{self.classes} classes are more than {MAX_CLASSES}")
        if self.sessions_per_s is not None and self.sessions_per_s <= 0:
            found.append(f"sessions_per_s is {self.sessions_per_s}")
        if self.calls_per_session * len(self.visible) > MAX_CALLS:
            found.append(f"a session has more than {MAX_CALLS} calls over all visible sizes")
        return found

    def _parts(self) -> list[tuple[str, int | Fraction, int]]:
        found: list[tuple[str, int | Fraction, int]] = []
        if self.tools is not None:
            tools = self.tools
            found += [("tools.calls", tools.calls, 1), ("call_tokens", tools.call_tokens, 1)]
            found += [("output_tokens", tools.output_tokens, 1)]
            found += [("schema_tokens", tools.schema_tokens, 0)]
        if self.reasoning is not None:
            found.append(("tokens_per_visible", self.reasoning.tokens_per_visible, 0))
        if self.retrieval is not None:
            fetched = self.retrieval
            found += [("passages", fetched.passages, 1), ("passage_tokens", fetched.tokens, 1)]
            found.append(("retrieval_s", fetched.retrieval_s, 0))
        if self.cache is not None:
            found.append(("kept_s", self.cache.kept_s, 0))
            found.append(("usd_per_gb_month", self.cache.usd_per_gb_month, 0))
        return found

    @property
    def calls_per_turn(self) -> int:
        """Calls to the model: one for each tool result, one for the message of the user."""
        return 1 + (self.tools.calls if self.tools is not None else 0)

    @property
    def calls_per_session(self) -> int:
        """Calls of one session."""
        return self.turns * self.calls_per_turn

    @property
    def base_tokens(self) -> int:
        """What stands in front of every call: system prompt and tool schemas."""
        return self.system_tokens + (self.tools.schema_tokens if self.tools is not None else 0)

    @property
    def retrieval_s(self) -> Fraction:
        """Time to fetch the passages of a turn."""
        return self.retrieval.retrieval_s if self.retrieval is not None else Fraction(0)
