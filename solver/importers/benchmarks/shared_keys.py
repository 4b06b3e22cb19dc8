"""What tools that descend from one benchmark script share: the keys of vLLM's and SGLang's results.

Both count completed requests over the duration, from the first request sent to the last answer,
and take TPOT as the mean over requests of (latency - TTFT) / (output tokens - 1). SGLang's script
began as vLLM's, and the keys are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from solver.importers.benchmarks.run import Fields
from solver.importers.benchmarks.run_checks import check_order, check_rate

__all__ = ["FIRST_TOKEN_STATISTICS", "UNLIMITED", "Measured", "first_token", "load_of", "measured"]

FIRST_TOKEN_STATISTICS = ("p99", "p95", "p90")
"""Of the time to the first token, in order of preference. A limit is meant for nearly all
requests; half of them wait longer than a median, and nobody knows how many longer than a mean."""
UNLIMITED = "rate unlimited"
"""The load of a run that sent all its requests at once."""
_INFINITE = ("inf", "infinity")


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one run that every row needs, found to agree; lengths are means of requests."""

    completed: int
    duration: Decimal
    rate: Decimal
    input_tokens: Fraction
    output_tokens: Fraction
    tpot_ms: Decimal | None


def measured(fields: Fields, *, input_hint: str) -> Measured | None:
    """Counts, rates and token times of one run, held against each other; None with faults noted.

    Parameters
    ----------
    input_hint
        What a count of 0 input tokens tells about the run, for the message.
    """
    before = len(fields.faults)
    completed = fields.count("completed", needed=True, zero=True)
    if completed == 0:
        fields.fault("completed", "is 0, so that nothing was measured", "Run the benchmark again")
        return None
    duration = fields.number("duration", needed=True)
    rate = fields.number("request_throughput", needed=True)
    total_in = fields.count("total_input_tokens", needed=True, zero=True)
    total_out = fields.count("total_output_tokens", needed=True)
    output_rate = fields.number("output_throughput", needed=True)
    tpot_ms = fields.number("mean_tpot_ms", zero=True)
    if total_in == 0:
        fields.fault("total_input_tokens", "is 0", input_hint)
    goodput = fields.number("request_goodput", zero=True)
    for key in ("ttft", "tpot"):
        check_order(fields, *(f"{word}_{key}_ms" for word in ("median", "p90", "p95", "p99")))
    if not (completed and duration and rate and total_in and total_out and output_rate):
        return None
    check_rate(fields, Decimal(completed), duration, rate, "request_throughput")
    check_rate(fields, Decimal(total_out), duration, output_rate, "output_throughput")
    if goodput is not None and goodput > rate:
        fields.fault(
            "request_goodput",
            f"is {goodput:f}, more than the request_throughput of {rate:f}",
            "The file was changed: name it as the tool wrote it",
        )
    if len(fields.faults) > before:
        return None
    return Measured(
        completed=completed,
        duration=duration,
        rate=rate,
        input_tokens=Fraction(total_in, completed),
        output_tokens=Fraction(total_out, completed),
        # 0 is what is written where no answer had a second token.
        tpot_ms=tpot_ms or None,
    )


def first_token(fields: Fields) -> tuple[Decimal | None, str]:
    """Time to the first token in ms, and which statistic it is; None where none is high enough."""
    for word in FIRST_TOKEN_STATISTICS:
        value = fields.number(f"{word}_ttft_ms", zero=True)
        if value:
            return value, word
    return None, ""


def load_of(fields: Fields) -> tuple[str, Decimal | None]:
    """How the server was loaded, in a few words, and the rate offered in requests/s."""
    stated = fields.record.get("request_rate")
    concurrency = fields.count("max_concurrency")
    offered: Decimal | None = None
    words = []
    if isinstance(stated, str) and stated.casefold() in _INFINITE:
        words = [] if concurrency else [UNLIMITED]
    elif isinstance(stated, str) and stated == "trace":
        words = ["rate of a trace"]
    elif stated is not None:
        offered = fields.number("request_rate")
        if offered is not None:
            words = [f"rate {offered.normalize():f}"]
    if concurrency:
        words.append(f"concurrency {concurrency}")
    return " ".join(words), offered
