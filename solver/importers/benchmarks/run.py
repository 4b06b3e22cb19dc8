"""One run of a serving benchmark as its file states it, whichever tool wrote the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from solver.errors import Fault
from solver.importers.visible import visible

__all__ = ["Fields", "ServerLayout", "ServingRun"]

_DIGITS = 20
"""Before and behind the point; a double has 17, and a benchmark measures far fewer."""


@dataclass(frozen=True, slots=True)
class ServerLayout:
    """How the server under test was laid out, where the file says so.

    Parameters
    ----------
    name
        Short, in the words of the layouts of a fleet: ``TP4 EP4``.
    devices
        Of the whole server.
    source
        The keys that say so.
    """

    name: str
    devices: int
    source: str


@dataclass(frozen=True, slots=True)
class ServingRun:
    """What one run measured, in the digits of the file.

    Parameters
    ----------
    where
        File and place in it, for messages.
    tool
        What wrote it: ``vllm bench serve``.
    model_id
        As the server was asked for it; empty where the file does not say.
    requests_per_s
        Completed requests over the duration of the run.
    tpot_ms
        Mean time between output tokens, without the first; None where not measured.
    ttft_ms, ttft_statistic
        Time to the first token, and which statistic of it: ``p99``.
    input_tokens, output_tokens
        Means over the completed requests.
    failed
        Requests that failed; None where the file does not say.
    load
        How the server was loaded, short enough for the name of a design: ``concurrency 64``.
    offered_per_s
        Rate at which requests were sent; None where they were sent as fast as they were taken.
    device_hint
        What the tool saw of the devices, as an example for questions; it may have seen others too.
    """

    where: str
    tool: str
    model_id: str
    requests_per_s: Decimal
    tpot_ms: Decimal | None
    ttft_ms: Decimal | None
    ttft_statistic: str
    input_tokens: Fraction
    output_tokens: Fraction
    completed: int
    failed: int | None
    load: str
    offered_per_s: Decimal | None
    layout: ServerLayout | None = None
    device_hint: str = ""
    notes: tuple[str, ...] = ()


class Fields:
    """Keys of one object of a foreign file; what cannot be used is noted in ``faults``.

    Keys nobody asks for are left unread, since tools add some with every version.
    """

    def __init__(
        self, record: Mapping[str, Any], where: str, faults: list[Fault], prefix: str = ""
    ) -> None:
        self.record = record
        self.where = where
        self.faults = faults
        self._prefix = prefix

    def fault(self, key: str, what: str, mend: str) -> None:
        """Note what is wrong with ``key``."""
        self.faults.append(Fault(f"{self.where}: {self._prefix}{key}", what, mend))

    def has(self, key: str) -> bool:
        """Whether there is such a key, and not null."""
        return self.record.get(key) is not None

    def number(self, key: str, *, needed: bool = False, zero: bool = False) -> Decimal | None:
        """The number of ``key``, more than 0 (``zero``: or 0); None where there is none."""
        value = self.record.get(key)
        if value is None:
            if needed:
                self.fault(key, "is missing", "Name the file as the tool wrote it")
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            shown = visible(value) if isinstance(value, str) else type(value).__name__
            self.fault(key, f"is not a number ({shown})", "Name the file as the tool wrote it")
            return None
        number = Decimal(value)
        if number < 0 or (number == 0 and not zero):
            least = "0 or more" if zero else "more than 0"
            self.fault(key, f"is {number:f}, not {least}", "Run the benchmark again")
            return None
        if number and not (
            -_DIGITS < number.adjusted() < _DIGITS and len(number.as_tuple().digits) <= 2 * _DIGITS
        ):
            self.fault(key, "is out of range", "Name the file as the tool wrote it")
            return None
        return number

    def count(self, key: str, *, needed: bool = False, zero: bool = False) -> int | None:
        """The whole number of ``key``."""
        number = self.number(key, needed=needed, zero=zero)
        if number is None:
            return None
        if number != number.to_integral_value():
            self.fault(key, f"is {number}, no whole number", "Run the benchmark again")
            return None
        return int(number)

    def text(self, key: str) -> str:
        """The text of ``key``; empty where there is none, or it is something else."""
        value = self.record.get(key)
        return value if isinstance(value, str) else ""

    def inside(self, key: str) -> Fields | None:
        """The object under ``key``; None where there is none."""
        value = self.record.get(key)
        if not isinstance(value, dict):
            return None
        return Fields(value, self.where, self.faults, f"{self._prefix}{key}.")
