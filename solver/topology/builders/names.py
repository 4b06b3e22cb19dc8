"""Names of numbered parts: padded with zeros, so that they sort as they count."""

from __future__ import annotations

from solver.topology.elements import Host

__all__ = ["at_least", "machines", "numbered"]


def numbered(stem: str, count: int) -> list[str]:
    """``stem-1`` to ``stem-count``, all of one length."""
    width = len(str(count))
    return [f"{stem}-{number:0{width}d}" for number in range(1, count + 1)]


def machines(kind: Host, count: int, prefix: str = "") -> list[Host]:
    """``count`` machines of one kind, numbered after its name."""
    return [kind.named(name) for name in numbered(prefix + kind.name, count)]


def at_least(**counts: tuple[int, int]) -> None:
    """Refuse an argument below its least value: ``name=(value, least)``.

    Raises
    ------
    ValueError
        Naming the argument.
    """
    for name, (value, least) in counts.items():
        if value < least:
            raise ValueError(f"{name} is {value}; it must be at least {least}")
