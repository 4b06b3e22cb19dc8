r"""The model calls of one session, in order, each with what its prompt holds and finds.

The context is a row of pieces: system prompt and tool schemas; then, turn by turn, passages, the
message of the user, and for every call the reasoning, what the call shows, and the tool's result.
A call's prompt is the context; its output is reasoning and what it shows. Nothing else is a model:

* without ``history`` a turn begins with the bare system prompt again;
* reasoning leaves the context when its call ends (``none``), when the user's next message comes
  (``turn``), or never (``all``);
* what a call may find in the cache is the longest common beginning of its prompt and of what the
  call before it held, piece by piece: whatever stands behind a piece that has left is computed
  anew, since keys depend on all that is before them. Of system prompt and tool schemas, shared
  between sessions, the first call too finds its share. The hit share multiplies all of it;
* new passages are found (``Retrieval.repeat_share``) only where they stand right behind a system
  prompt that is found: what this user and the model said before them is in no other prompt.

With p tokens of a prompt, r of reasoning for each of v tokens shown, and hit share h, a call writes
:math:`\lceil r v \rceil + v` tokens, and computes p - h (common + passages that come again). All of
this is by definition, but for the rule of the longest common prefix: that of Zheng et al., SGLang
(2024), section 3, RadixAttention.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.instance.services.shape import ServiceShape, VisibleSize

__all__ = ["Call", "session_calls", "sessions"]

_Piece = tuple[int, int]
"""Number, tokens: two pieces are the same where their numbers are."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the model.

    Parameters
    ----------
    turn
        From 1.
    cached_tokens
        Tokens of the prompt that are found in the cache, on average.
    kept_tokens
        Tokens it leaves in the cache for its own session.
    weight
        Calls like it in a mean session.
    """

    turn: int
    input_tokens: int
    output_tokens: int
    cached_tokens: Fraction
    kept_tokens: int
    weight: Fraction = Fraction(1)

    @property
    def prefill_tokens(self) -> Fraction:
        """Tokens of the prompt that are computed."""
        return self.input_tokens - self.cached_tokens


class _Context:
    """Pieces in order; ``new`` makes one."""

    def __init__(self, base_tokens: int) -> None:
        self._made = 1
        self.base: list[_Piece] = [(0, base_tokens)]
        self.pieces: list[_Piece] = list(self.base)

    def new(self, tokens: int) -> _Piece:
        piece = (self._made, tokens)
        self._made += 1
        return piece

    def without(self, gone: Sequence[_Piece]) -> None:
        left = set(gone)
        self.pieces = [piece for piece in self.pieces if piece not in left]


def _tokens(pieces: Sequence[_Piece]) -> int:
    return sum(tokens for _, tokens in pieces)


def _common(before: Sequence[_Piece], now: Sequence[_Piece]) -> int:
    found = 0
    for old, new in zip(before, now, strict=False):
        if old != new:
            break
        found += new[1]
    return found


def session_calls(shape: ServiceShape, size: VisibleSize) -> tuple[Call, ...]:
    """Every call of a session whose turns are of ``size``, in order; weights are ``size.share``."""
    tools, reasoning, fetched, cache = shape.tools, shape.reasoning, shape.retrieval, shape.cache
    context = _Context(shape.base_tokens)
    hit = cache.hit_share if cache is not None else Fraction(0)
    shared = shape.base_tokens if cache is not None and cache.shared_system else 0
    before: list[_Piece] = list(context.base) if shared else []
    thoughts: list[_Piece] = []
    found: list[Call] = []
    for turn in range(1, shape.turns + 1):
        if not shape.history:
            context.pieces = list(context.base)
        elif reasoning is not None and reasoning.kept == "turn":
            context.without(thoughts)
        thoughts = []
        again = Fraction(0)
        if fetched is not None:
            reached = cache is not None and (cache.shared_system or turn > 1)
            if reached and context.pieces == context.base:
                again = fetched.repeat_share * fetched.tokens
            context.pieces.append(context.new(fetched.tokens))
        context.pieces.append(context.new(size.user_tokens))
        for step in range(shape.calls_per_turn):
            answering = tools is None or step == tools.calls
            shown = size.visible_tokens if tools is None or answering else tools.call_tokens
            thought = math.ceil(reasoning.tokens_per_visible * shown) if reasoning else 0
            prompt = list(context.pieces)
            cached = hit * (max(_common(before, prompt), shared) + (again if step == 0 else 0))
            if thought:
                thoughts.append(context.new(thought))
                context.pieces.append(thoughts[-1])
            context.pieces.append(context.new(shown))
            before = list(context.pieces)
            found.append(
                Call(
                    turn=turn,
                    input_tokens=_tokens(prompt),
                    output_tokens=thought + shown,
                    cached_tokens=cached,
                    kept_tokens=_tokens(before) - shared,
                    weight=size.share,
                )
            )
            if thought and reasoning is not None and reasoning.kept == "none":
                context.without(thoughts[-1:])
            if tools is not None and not answering:
                context.pieces.append(context.new(tools.output_tokens))
    return tuple(found)


def sessions(shape: ServiceShape) -> tuple[Call, ...]:
    """Calls of a mean session: those of every visible size, weighted by its share."""
    return tuple(call for size in shape.visible for call in session_calls(shape, size))
