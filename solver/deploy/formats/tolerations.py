"""Taints that the pods of a deployment bear with, beside that of their accelerator's maker."""

from __future__ import annotations

from dataclasses import dataclass

from solver.deploy.formats.names import LABEL_VALUE, QUALIFIED_KEY
from solver.errors import OutputError
from solver.report.numbers import clean

__all__ = ["Toleration", "read_toleration"]

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Toleration:
    """One taint: ``value`` is empty where any value of the key is borne with."""

    key: str
    value: str
    effect: str

    def written(self) -> dict[str, str]:
        """As the API of Kubernetes has it (core/v1 Toleration)."""
        if not self.value:
            return {"key": self.key, "operator": "Exists", "effect": self.effect}
        return {
            "key": self.key,
            "operator": "Equal",
            "value": self.value,
            "effect": self.effect,
        }


def read_toleration(text: str) -> Toleration:
    """``KEY=VALUE:EFFECT`` or ``KEY:EFFECT``, as ``kubectl describe node`` writes a taint.

    Raises
    ------
    OutputError
        If it is none.
    """
    taint, colon, effect = text.rpartition(":")
    key, equals, value = taint.partition("=")
    sound = bool(colon) and effect in _EFFECTS and QUALIFIED_KEY.fullmatch(key)
    if not sound or not LABEL_VALUE.fullmatch(value) or (equals and not value):
        raise OutputError.one(
            "is no taint",
            where=f"--toleration {clean(text, limit=80)}",
            mend="Write KEY=VALUE:EFFECT or KEY:EFFECT, such as dedicated=inference:NoSchedule; "
            f"an effect is one of {', '.join(_EFFECTS)}",
        )
    return Toleration(key, value, effect)
