"""Options of ``fleetfront economics`` as terms and preferences, every slip told at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from solver.errors import Fault, InstanceError

if TYPE_CHECKING:
    from solver.instance.domain import ReplicaInstance
    from solver.instance.economics import EconomicsTerms, StatedPreference
    from solver.instance.fleet.domain import FleetInstance

__all__ = ["EconomicsOptions", "parse_levels"]

_MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class EconomicsOptions:
    """What was written on the command line; ``None`` was not."""

    tolerance: str | None
    min_speed: str | None
    max_ttft: str | None
    value_of_time: str | None
    answer_tokens: str | None
    budget: str | None
    exponent: str | None

    def over(
        self, question: ReplicaInstance | FleetInstance
    ) -> tuple[EconomicsTerms, tuple[StatedPreference, ...]]:
        """The terms of the question with these laid over, and the preferences that they state.

        A service level on the command line holds for every preference there, and is one of its own
        where there is no other.

        Raises
        ------
        InstanceError
            With every option that is no number, or out of its range.
        """
        from solver.economics.service import terms_of
        from solver.instance.domain import ReplicaInstance

        numbers = _Numbers()
        tolerance = numbers.share("--tolerance", self.tolerance)
        speed = numbers.positive("--min-speed", self.min_speed)
        ttft_s = numbers.positive("--max-ttft", self.max_ttft)
        value = numbers.positive("--value-of-time", self.value_of_time)
        tokens = numbers.whole("--answer-tokens", self.answer_tokens)
        budget = numbers.positive("--budget", self.budget)
        exponent = numbers.positive("--preference-exponent", self.exponent)
        if self.answer_tokens is not None and self.value_of_time is None:
            numbers.faults.append(
                Fault(
                    "--answer-tokens",
                    "it says how long a user waits, and not what a second is worth",
                    "Add --value-of-time, or leave it out",
                )
            )
        if value is not None and tokens is None and self.answer_tokens is None:
            tokens = _mean_answer(question)
            if tokens is None:
                numbers.faults.append(
                    Fault(
                        "--value-of-time",
                        "the question does not say how long an answer is",
                        "Add --answer-tokens, such as 500",
                    )
                )
        if numbers.faults:
            raise InstanceError.all_of(numbers.faults)
        terms = terms_of(question)
        terms = replace(
            terms,
            tolerance=terms.tolerance if tolerance is None else tolerance,
            min_speed_tok_per_s=terms.min_speed_tok_per_s if speed is None else speed,
            max_ttft_s=terms.max_ttft_s if ttft_s is None else ttft_s,
        )
        hourly = not isinstance(question, ReplicaInstance)
        return terms, _preferences(
            speed, ttft_s, value, tokens, budget, exponent, budget_per_hour=hourly
        )


def _preferences(
    speed: Fraction | None,
    ttft_s: Fraction | None,
    value: Fraction | None,
    tokens: int | None,
    budget: Fraction | None,
    exponent: Fraction | None,
    *,
    budget_per_hour: bool,
) -> tuple[StatedPreference, ...]:
    from solver.instance.economics import StatedPreference

    level = StatedPreference("service level", min_speed_tok_per_s=speed, max_ttft_s=ttft_s)
    found = []
    if exponent is not None:
        found.append(replace(level, name=f"speed^{exponent} per price", speed_exponent=exponent))
    if value is not None:
        found.append(
            replace(level, name="value of time", usd_per_s_saved=value, answer_tokens=tokens)
        )
    if budget is not None:
        hourly = replace(level, name="budget", max_usd_per_hour=budget)
        by_token = replace(level, name="budget", max_usd_per_mtok=budget)
        found.append(hourly if budget_per_hour else by_token)
    if not found and (speed is not None or ttft_s is not None):
        found.append(level)
    return tuple(found)


def _mean_answer(question: ReplicaInstance | FleetInstance) -> int | None:
    """Tokens of a mean answer, whole; of several workloads by their requests."""
    from solver.instance.domain import ReplicaInstance

    if isinstance(question, ReplicaInstance):
        return None if question.traffic is None else question.traffic.output_tokens
    requests = sum((w.requests_per_s for w in question.workloads), Fraction(0))
    if not requests:
        return None
    tokens = sum((w.requests_per_s * w.output_tokens for w in question.workloads), Fraction(0))
    return max(round(tokens / requests), 1)


class _Numbers:
    """Options read as exact numbers; faults are gathered."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def _read(self, option: str, text: str, example: str) -> Fraction | None:
        try:
            # Digits beyond these are a slip, and would make a number of as many digits of it.
            if len(text) > _MOST_DIGITS or "e" in text.lower():
                raise ValueError
            return Fraction(text.strip())
        except (ValueError, ZeroDivisionError):
            self.faults.append(Fault(option, f"{text!r} is not a number", f"Write {example}"))
            return None

    def share(self, option: str, text: str | None) -> Fraction | None:
        """A share, 0 or more; ``10%`` is one tenth."""
        if text is None:
            return None
        plain = text.strip()
        value = self._read(option, plain.removesuffix("%"), "10% or 0.1")
        if value is not None and value < 0:
            self.faults.append(Fault(option, f"{text} is below 0", "Write 10% or 0.1"))
            return None
        return value / 100 if value is not None and plain.endswith("%") else value

    def positive(self, option: str, text: str | None) -> Fraction | None:
        """A number above 0."""
        value = None if text is None else self._read(option, text, "a number such as 0.5")
        if value is not None and value <= 0:
            self.faults.append(Fault(option, f"{text} is not above 0", "Write a number above 0"))
            return None
        return value

    def whole(self, option: str, text: str | None) -> int | None:
        """A whole number above 0."""
        value = self.positive(option, text)
        if value is not None and value.denominator != 1:
            self.faults.append(Fault(option, f"{text} is not whole", "Write for example 500"))
            return None
        return None if value is None else int(value)


def parse_levels(text: str) -> tuple[Fraction, ...]:
    """Shares of demand from per cent: ``25,50,100``.

    Raises
    ------
    InstanceError
        With every entry that is no number above 0.
    """
    numbers = _Numbers()
    found = [
        numbers.positive("--levels", part.strip().removesuffix("%")) for part in text.split(",")
    ]
    if numbers.faults:
        raise InstanceError.all_of(numbers.faults)
    return tuple(value / 100 for value in found if value is not None)
