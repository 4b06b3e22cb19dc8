"""Answers given beside a file: checked once, as figures with the option as their source."""

from __future__ import annotations

import re
from collections.abc import Mapping

from solver.errors import Fault, InstanceError
from solver.importers.findings import Answers, Figure
from solver.importers.visible import visible
from solver.instance.record_types import MAX_TOKENS, exact_fraction

__all__ = ["FLAGS", "answered", "check_answers"]

FLAGS: Mapping[str, str] = {
    "name": "--name",
    "question": "--question",
    "accelerator": "--accelerator",
    "model": "--model",
    "context_tokens": "--context-tokens",
    "input_tokens": "--input-tokens",
    "output_tokens": "--output-tokens",
    "requests_per_s": "--requests-per-s",
    "min_speed_tok_per_s": "--min-speed",
    "max_ttft_s": "--max-ttft-s",
    "usd_per_hour": "--usd-per-hour",
    "price_source": "--price-source",
    "devices": "--devices",
    "stock_devices": "--stock-devices",
    "phase": "--phase",
    "machine": "--machine",
    "workload": "--workload",
    "as_of": "--as-of",
    "layout": "--layout",
    "max_failed_share": "--max-failed-share",
}
"""Option of ``fleetfront import`` by the field of ``Answers`` that it fills."""

_WHOLE = ("context_tokens", "input_tokens", "output_tokens", "devices", "stock_devices")
_DECIMAL = ("requests_per_s", "min_speed_tok_per_s", "max_ttft_s")
_NAMES = ("machine", "workload")
_NAME = re.compile(r"[\w .+/()-]{1,80}")
"""As ``EntryName`` of the instance."""
_PHASES = ("aggregated", "prefill", "decode")
_DATE = re.compile(r"(19|20)\d{2}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?")
_LONGEST = 200


def check_answers(answers: Answers) -> None:
    """Refuse answers that no question could hold.

    Raises
    ------
    InstanceError
        With every option whose value is not a positive number, a date, a phase or a sound name.
    """
    faults = []
    for field, flag in FLAGS.items():
        text = getattr(answers, field)
        if text is None:
            continue
        slip = _slip(field, text)
        if slip is not None:
            what, mend = slip
            faults.append(Fault(flag, f"{what} (got {visible(repr(text))})", mend))
    if faults:
        raise InstanceError.all_of(faults)


def _slip(field: str, text: str) -> tuple[str, str] | None:
    """What is wrong with an answer, and the cure."""
    if field in _WHOLE:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not 0 < int(text) <= MAX_TOKENS:
            return "should be a whole number above 0", f"Write for example {FLAGS[field]} 1500"
    elif field in _DECIMAL:
        try:
            positive = exact_fraction(text) > 0
        except ValueError:
            positive = False
        if not positive or not re.fullmatch(r"[0-9]+(\.[0-9]+|/[0-9]+)?", text):
            return "should be a decimal or a fraction above 0", f"Write {FLAGS[field]} 2.50"
    elif field == "as_of":
        if not _DATE.fullmatch(text):
            return "should be a month or a day", "Write for example --as-of 2026-05"
    elif field == "phase":
        if text not in _PHASES:
            return "is no phase", f"Choose from {', '.join(_PHASES)}"
    elif field in _NAMES:
        if not _NAME.fullmatch(text) or text != text.strip():
            return (
                "is no name",
                "Write letters, digits, blanks and . + / ( ) -, at most 80",
            )
    elif not text.strip() or len(text) > _LONGEST or not text.isprintable():
        return "should be a printable text", f"Write at most {_LONGEST} characters"
    return None


def answered(answers: Answers, field: str) -> Figure | None:
    """The answer as a figure, whole numbers as such and decimals as text; None if not given."""
    text = getattr(answers, field)
    if text is None:
        return None
    if field in (*_WHOLE, *_DECIMAL) and re.fullmatch(r"[0-9]+", text):
        return Figure(int(text), FLAGS[field])
    return Figure(text, FLAGS[field])
