"""The table ``[economics]`` of an instance file: what its economics are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from solver.instance.economics import MOST_TOLERANCE, ApiOffer, EconomicsTerms, StatedPreference
from solver.instance.fleet.plausible import FirstTokenTime, PlausibleRange, plain
from solver.instance.ownership_records import OwningRecord
from solver.instance.record_types import (
    EntryName,
    Exact,
    Positive,
    Record,
    SeenOn,
    Tokens,
    exact_fraction,
)
from solver.instance.validation import slip

__all__ = ["ApiOfferRecord", "EconomicsRecord", "StatedPreferenceRecord"]

_TOKEN_PRICE = PlausibleRange(
    "US$ per million tokens",
    high=Fraction(5000),
    high_mend="Is it in cents, or for a billion tokens? Give US$ per million tokens",
)
_TOLERANCE = PlausibleRange(
    "", high=Fraction(MOST_TOLERANCE), high_mend="Write 0.1 for ten per cent, not 10"
)
_EXPONENT = PlausibleRange("", high=Fraction(20), high_mend="Write for example 4")
_DEFAULTS = EconomicsTerms()
_TokenPrice = Annotated[Exact, Field(ge=0), AfterValidator(_TOKEN_PRICE.checked)]


def _shares(value: object) -> tuple[Fraction, ...]:
    """Shares of capacity, each above 0 and at most 1, sorted and different."""
    if not isinstance(value, list | tuple) or not value:
        raise slip("utilisations are not a list with an entry in it", "Write [0.1, 0.5, 1]")
    found = []
    for item in value:
        try:
            share = exact_fraction(item)
        except ValueError as error:
            raise slip(f"{item!r} is not a number", "Write shares such as 0.1") from error
        if not 0 < share <= 1:
            raise slip(
                f"a utilisation of {plain(share)} is not above 0 and at most 1",
                "Write 0.1 for ten per cent",
            )
        found.append(share)
    if len(set(found)) != len(found):
        raise slip("a utilisation stands twice", "Name each once")
    return tuple(sorted(found))


def _sourced(value: str) -> str:
    if not value.strip():
        raise slip("a price has no source", "Say where it was seen: the page, the price list")
    return value


def _dated(value: str) -> str:
    if not value:
        raise slip("a list price has no date", "Write when it was seen: '2026-08'")
    return value


def _named_once(entries: Iterable[Any]) -> None:
    counts = Counter(entry.name for entry in entries)
    for name, count in counts.items():
        if count > 1:
            raise slip(f"{count} entries are named {name!r}", "Give each a name of its own")


class ApiOfferRecord(Record):
    """A list price of somebody who serves the model by the token."""

    name: EntryName = Field(description="Who offers it; short, for tables and for --set.")
    model: str = Field(default="", description="By name; whichever is served if left out.")
    usd_per_mtok_input: _TokenPrice = Field(description="US$ per million prompt tokens.")
    usd_per_mtok_output: _TokenPrice = Field(description="US$ per million output tokens.")
    source: Annotated[str, AfterValidator(_sourced)] = Field(description="Where it was seen.")
    as_of: Annotated[SeenOn, AfterValidator(_dated)] = Field(
        description="When it was seen: YYYY-MM."
    )

    @model_validator(mode="after")
    def _costs_something(self) -> ApiOfferRecord:
        if not self.usd_per_mtok_input and not self.usd_per_mtok_output:
            raise slip("the offer is free of charge", "Give its price, or leave the offer out")
        return self

    def to_domain(self) -> ApiOffer:
        """The offer, exact."""
        return ApiOffer(**dict(self))


class StatedPreferenceRecord(Record):
    """What a buyer wants of a frontier; whatever is given holds together."""

    name: EntryName = Field(description="Short, for tables.")
    speed_exponent: Annotated[Positive, AfterValidator(_EXPONENT.checked)] | None = Field(
        default=None, description="Most of speed to this power over cost."
    )
    usd_per_s_saved: Positive | None = Field(
        default=None, description="US$ that a second less of waiting is worth to one user."
    )
    answer_tokens: Tokens | None = Field(
        default=None, description="Tokens a user waits for; goes with usd_per_s_saved."
    )
    max_usd_per_hour: Positive | None = Field(
        default=None, description="Budget: the fastest within it."
    )
    max_usd_per_mtok: Positive | None = Field(
        default=None, description="Budget for a million output tokens: the fastest within it."
    )
    min_speed_tok_per_s: Positive | None = Field(
        default=None, description="Service level: the cheapest that meets it."
    )
    max_ttft_s: FirstTokenTime | None = Field(
        default=None, description="Service level: seconds to the first token."
    )
    min_quality: Positive | None = Field(
        default=None, description="Service level: a score, at least."
    )

    @model_validator(mode="after")
    def _sense(self) -> StatedPreferenceRecord:
        wishes = {key: value for key, value in dict(self).items() if key != "name"}
        if all(value is None for value in wishes.values()):
            raise slip("the preference wishes for nothing", f"Give one of {', '.join(wishes)}")
        if self.usd_per_s_saved is not None and self.answer_tokens is None:
            raise slip(
                "usd_per_s_saved has no answer that a user waits for",
                "Add answer_tokens, the tokens of one answer",
            )
        if self.answer_tokens is not None and self.usd_per_s_saved is None:
            raise slip(
                "answer_tokens says how long a user waits, and not what a second is worth",
                "Add usd_per_s_saved, or leave it out",
            )
        if self.speed_exponent is not None and self.usd_per_s_saved is not None:
            raise slip(
                "speed_exponent and usd_per_s_saved are two aims, and a preference has one",
                "Keep one of the two, or write two preferences",
            )
        return self

    def to_domain(self) -> StatedPreference:
        """The preference, exact."""
        return StatedPreference(**dict(self))


class EconomicsRecord(Record):
    """What ``fleetfront economics`` tells a question with."""

    tolerance: Annotated[Positive, AfterValidator(_TOLERANCE.checked)] = Field(
        default=_DEFAULTS.tolerance,
        description="Cost within this share of its minimum is in the optimal zone; default 0.1.",
    )
    min_speed_tok_per_s: Positive | None = Field(
        default=None, description="Service level of that zone; that of limits if left out."
    )
    max_ttft_s: FirstTokenTime | None = Field(
        default=None, description="Service level of that zone; that of limits if left out."
    )
    utilisations: Annotated[tuple[Exact, ...], BeforeValidator(_shares)] = Field(
        default=_DEFAULTS.utilisations,
        description="Shares of capacity at which real cost is told, above 0 to 1.",
    )
    api: list[ApiOfferRecord] = Field(default=[], description="List prices to compare with.")
    owning: OwningRecord | None = Field(
        default=None, description="What the device costs its owner, to compare with."
    )
    preferences: list[StatedPreferenceRecord] = Field(
        default=[], description="What a buyer may want, to recommend by."
    )
    job_requests: Annotated[int, Field(gt=0, le=10**9)] | None = Field(
        default=None,
        description="Requests of the question's lengths in one job: how long and how dear is it?",
    )

    @field_validator("api", "preferences")
    @classmethod
    def _names_differ(cls, value: list[Any]) -> list[Any]:
        _named_once(value)
        return value

    def to_domain(self) -> EconomicsTerms:
        """Its terms, exact."""
        return EconomicsTerms(
            tolerance=self.tolerance,
            min_speed_tok_per_s=self.min_speed_tok_per_s,
            max_ttft_s=self.max_ttft_s,
            utilisations=self.utilisations,
            api=tuple(entry.to_domain() for entry in self.api),
            owning=None if self.owning is None else self.owning.to_domain(),
            preferences=tuple(entry.to_domain() for entry in self.preferences),
            job_requests=self.job_requests,
        )
