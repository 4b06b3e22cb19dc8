"""The five questions that a first instance of each kind starts from.

Every one has an answer already, as the template has, so that pressing Enter throughout gives a file
that solves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from solver.catalog import shipped_catalog
from solver.errors import FleetError, InstanceError
from solver.instance.record_types import exact_fraction

__all__ = ["QUESTIONS", "StartQuestion", "checked_answer"]

_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class StartQuestion:
    """One thing to ask.

    Parameters
    ----------
    key
        Its name among the answers; the flag of ``fleetfront init`` is this with hyphens.
    text
        The question as a person reads it.
    default
        The template's answer; empty where there is none.
    """

    key: str
    text: str
    default: str
    check: Callable[[str], str]

    @property
    def flag(self) -> str:
        """The option that answers it."""
        return "--" + self.key.replace("_", "-")


def _model(text: str) -> str:
    return shipped_catalog().model(text).name


def _accelerator(text: str) -> str:
    return shipped_catalog().accelerator(text).name


def _whole(text: str) -> str:
    plain = text.replace(",", "").replace("_", "")
    if not plain.isascii() or not plain.isdecimal() or not 0 < int(plain[:12]) <= _LARGEST:
        raise ValueError("should be a whole number above 0")
    return str(int(plain))


def _positive(text: str) -> str:
    # As a price list writes it: the sign and the thousands go, the decimals stay exact.
    plain = text.strip().removeprefix("$").replace("_", "")
    try:
        value = exact_fraction(plain)
    except (ValueError, ArithmeticError) as error:
        raise ValueError("should be a number above 0, such as 2.50") from error
    if not 0 < value <= _LARGEST:
        raise ValueError("should be a number above 0, such as 2.50")
    return plain


def _none_or_positive(text: str) -> str:
    return "" if text.strip().lower() in ("", "none", "no") else _positive(text)


def _price(text: str) -> str:
    return "" if text.strip().lower() in ("", "list", "catalog") else _positive(text)


_MODEL = "Which model? ('fleetfront catalog models' lists them)"
_SPEED = "How many tokens a second should one user see at least? (none: any speed)"

QUESTIONS: dict[str, tuple[StartQuestion, ...]] = {
    "replica": (
        StartQuestion("model", _MODEL, "Llama-3.1-70B", _model),
        StartQuestion(
            "accelerator",
            "On which accelerator? ('fleetfront catalog accelerators' lists them)",
            "H100 SXM",
            _accelerator,
        ),
        StartQuestion(
            "context_tokens", "How many tokens does a conversation hold?", "4096", _whole
        ),
        StartQuestion(
            "usd_per_hour",
            "What does one device cost an hour, in US$? (list: the price in the catalog)",
            "list",
            _price,
        ),
        StartQuestion("min_speed", _SPEED, "none", _none_or_positive),
    ),
    "fleet": (
        StartQuestion("model", _MODEL, "Llama-3.1-8B", _model),
        StartQuestion(
            "accelerator",
            "On which accelerator? ('fleetfront catalog accelerators' lists them)",
            "H100 SXM",
            _accelerator,
        ),
        StartQuestion("requests_per_s", "How many requests a second at the peak?", "40", _positive),
        StartQuestion("input_tokens", "How many tokens has a prompt?", "1500", _whole),
        StartQuestion("output_tokens", "And an answer?", "300", _whole),
    ),
    "placement": (
        StartQuestion("model", _MODEL, "Llama-3.1-70B", _model),
        StartQuestion(
            "accelerator",
            "Which accelerator is in the two hosts of two devices?",
            "A100-80GB SXM",
            _accelerator,
        ),
        StartQuestion(
            "second_accelerator",
            "And which in the three hosts of four devices?",
            "L40S",
            _accelerator,
        ),
        StartQuestion(
            "context_tokens", "How many tokens does a conversation hold?", "4096", _whole
        ),
        StartQuestion("gbit_per_s", "How fast is a host's link, in Gbit/s?", "100", _positive),
    ),
}
"""By kind of question."""


def checked_answer(question: StartQuestion, text: str, *, where: str) -> str:
    """The answer in the form the file takes.

    Raises
    ------
    InstanceError
        If it cannot be: an unknown entry of the catalog, or no such number.
    """
    try:
        return question.check(text)
    except FleetError as error:
        faults: Mapping[str, str] = {fault.what: fault.mend for fault in error.faults}
        what, mend = next(iter(faults.items()))
        raise InstanceError.one(what, where=where, mend=mend) from error
    except ValueError as error:
        example = question.default if question.default not in ("none", "list") else "2.50"
        raise InstanceError.one(
            f"{error} (got {text[:40]!r})", where=where, mend=f"Give for example {example}"
        ) from error
