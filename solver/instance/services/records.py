"""The table ``service`` of a workload as pydantic sees it."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from solver.instance.fleet.plausible import DemandRate, plain
from solver.instance.record_types import Exact, Flag, Positive, Record, Whole
from solver.instance.services.shape import (
    MAX_CALLS,
    MAX_CLASSES,
    PrefixCache,
    Reasoning,
    Retrieval,
    ServiceShape,
    ToolUse,
    VisibleSize,
)
from solver.instance.validation import slip

__all__ = ["ServiceRecord"]

MAX_TOKENS = 10**7
Tokens = Annotated[Whole, Field(ge=1, le=MAX_TOKENS)]
MaybeTokens = Annotated[Whole, Field(ge=0, le=MAX_TOKENS)]
ShareOfOne = Annotated[Exact, Field(ge=0, le=1)]
NotNegative = Annotated[Exact, Field(ge=0)]


class VisibleRecord(Record):
    """What the users of a share of the sessions see."""

    user_tokens: Tokens = Field(description="Tokens of every message of the user.")
    visible_tokens: Tokens = Field(description="Tokens of every answer.")
    share: Positive = Field(description="Share of the sessions; all shares together are 1.")


class ToolsRecord(Record):
    """Tools that a turn calls before its answer."""

    calls: Annotated[Whole, Field(ge=1, le=MAX_CALLS)] = Field(description="Tool calls a turn.")
    call_tokens: Tokens = Field(description="Tokens the model writes to make one.")
    output_tokens: Tokens = Field(description="Tokens that a tool gives back.")
    schema_tokens: MaybeTokens = Field(default=0, description="Tokens that describe the tools.")


class ReasoningRecord(Record):
    """Tokens written before those that are shown."""

    tokens_per_visible: Annotated[Exact, Field(ge=0, le=1000)] = Field(
        description="Reasoning tokens for each token of an answer or of a tool call."
    )
    kept: Literal["none", "turn", "all"] = Field(
        default="turn",
        description="How long they stay in the context: none (their call), turn (until the next "
        "message of the user), all (the session).",
    )


class RetrievalRecord(Record):
    """Passages put before every message of the user."""

    passages: Annotated[Whole, Field(ge=1, le=10**4)] = Field(description="Passages a turn.")
    passage_tokens: Tokens = Field(description="Tokens of one.")
    retrieval_s: NotNegative = Field(
        default=Fraction(0), description="Seconds to find them, taken off max_ttft_s."
    )
    repeat_share: ShareOfOne = Field(
        default=Fraction(0),
        description="Share of passages fetched before, right behind the system prompt: a cache may "
        "hold them. With history that is the first turn alone.",
    )


class CacheRecord(Record):
    """KV caches kept from one call to the next."""

    hit_share: ShareOfOne = Field(
        description="Of what an earlier call computed as it stands, the share still found."
    )
    shared_system: Flag = Field(
        default=True, description="System prompt and tool schemas are found from other sessions."
    )
    kept_s: NotNegative = Field(
        default=Fraction(0), description="Seconds that what a call leaves is stored, on average."
    )
    usd_per_gb_month: NotNegative = Field(
        default=Fraction(0), description="Price of that storage, US$ per GB and month."
    )
    source: str = Field(default="", description="Where the price of storage comes from.")

    @model_validator(mode="after")
    def _priced(self) -> CacheRecord:
        if self.usd_per_gb_month and not self.source.strip():
            raise slip(
                f"storage at {plain(self.usd_per_gb_month)} US$ per GB and month has no source",
                "Say in source whose price it is",
            )
        if self.usd_per_gb_month and not self.kept_s:
            raise slip(
                "storage has a price, and nothing is kept (kept_s is 0)",
                "Give kept_s, the seconds that what a call leaves is stored",
            )
        return self


class ServiceRecord(Record):
    """What a service does, in place of request sizes and prefix_hit."""

    turns: Annotated[Whole, Field(ge=1, le=MAX_CALLS)] = Field(
        description="Messages of the user in a session."
    )
    sessions_per_s: DemandRate | None = Field(
        default=None,
        description="Sessions that start a second (fleets), in place of requests_per_s.",
    )
    system_tokens: MaybeTokens = Field(
        default=0, description="Tokens of the system prompt, in front of every call."
    )
    user_tokens: Tokens | None = Field(default=None, description="Tokens of a user's message.")
    visible_tokens: Tokens | None = Field(default=None, description="Tokens of an answer.")
    visible: list[VisibleRecord] = Field(
        default=[], description="In place of one size: what users see, by share of the sessions."
    )
    history: Flag = Field(default=True, description="Earlier turns stand in later prompts.")
    classes: Annotated[Whole, Field(ge=1, le=MAX_CLASSES)] = Field(
        default=6, description="Request classes that a fleet is given for it, at most."
    )
    tools: ToolsRecord | None = Field(default=None, description="Tools, if it calls any.")
    reasoning: ReasoningRecord | None = Field(default=None, description="Reasoning, if any.")
    retrieval: RetrievalRecord | None = Field(default=None, description="Passages, if any.")
    cache: CacheRecord | None = Field(default=None, description="The prefix cache, if any.")

    @model_validator(mode="after")
    def _sized(self) -> ServiceRecord:
        one = self.user_tokens is not None and self.visible_tokens is not None
        any_of_one = self.user_tokens is not None or self.visible_tokens is not None
        if any_of_one == bool(self.visible) or any_of_one != one:
            raise slip(
                "what a turn shows is not said in one way",
                "Give user_tokens and visible_tokens, or a list visible of them with shares",
            )
        shares = sum((size.share for size in self.visible), Fraction(0))
        if self.visible and shares != 1:
            raise slip(f"shares of visible add up to {plain(shares)}, not to 1", "Correct them")
        calls = self.turns * (1 + (self.tools.calls if self.tools is not None else 0))
        sizes = len(self.visible) or 1
        if calls * sizes > MAX_CALLS:
            raise slip(
                f"a session has {calls} calls, over {sizes} visible sizes more than {MAX_CALLS}",
                "Give fewer turns, tool calls or sizes: a session is one visit of a user",
            )
        return self

    def to_domain(self) -> ServiceShape:
        """The service as it is walked through."""
        visible = tuple(VisibleSize(**dict(size)) for size in self.visible)
        if self.user_tokens is not None and self.visible_tokens is not None:
            visible = (VisibleSize(self.user_tokens, self.visible_tokens),)
        return ServiceShape(
            turns=self.turns,
            visible=visible,
            system_tokens=self.system_tokens,
            history=self.history,
            tools=None if self.tools is None else ToolUse(**dict(self.tools)),
            reasoning=None if self.reasoning is None else Reasoning(**dict(self.reasoning)),
            retrieval=None if self.retrieval is None else Retrieval(**dict(self.retrieval)),
            cache=None if self.cache is None else PrefixCache(**dict(self.cache)),
            sessions_per_s=self.sessions_per_s,
            classes=self.classes,
        )
