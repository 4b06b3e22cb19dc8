"""Fits as the text of a catalog file, in the layout ``operators.catalog`` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.performance.fitting.fit import Fit

__all__ = ["SOURCE", "catalog_text"]

SOURCE = "aiconfigurator-core 0.12.0 kernel tables, Apache-2.0, NVIDIA"


def catalog_text(fits: Sequence[Fit], *, as_of: str, source: str = SOURCE) -> str:
    """The TOML text of one family's fits; constants to six digits, errors to four decimals.

    Raises
    ------
    ValueError
        Without fits, for fits of two families, or where fits differ in the constants they have.
    """
    if not fits:
        raise ValueError("nothing to write")
    family, units = fits[0].family, dict(fits[0].units)
    if any(fit.family != family or dict(fit.units) != units for fit in fits):
        raise ValueError("a file holds one family, and all its fits have the same constants")
    lines = [
        f"# Constants of the operator family {family}, written by scripts/fit_operators.py.",
        "# Errors are on rows held out: at random, by whole shape, and with the constants of the",
        "# sibling system (relative: median and 95th percentile; bias: geometric mean less 1).",
        "schema = 1",
        f"family = {_text(family)}",
        f"source = {_text(source)}",
        f"as_of = {_text(as_of)}",
        "",
        "[units]",
        *(f"{name} = {_text(unit)}" for name, unit in units.items()),
    ]
    for fit in fits:
        errors = {
            split: f"{{ median = {e.median:.4f}, p95 = {e.p95:.4f}, bias = {e.bias:.4f}, "
            f"rows = {e.rows} }}"
            for split, e in fit.errors.items()
        }
        lines += [
            "",
            "[[fits]]",
            f"system = {_text(fit.system)}",
            f"backend = {_text(fit.backend)}",
            f"version = {_text(fit.version)}",
            f"precision = {_text(fit.precision)}",
            f"rows = {fit.rows}",
            "",
            "[fits.constants]",
            *_table({name: _number(value) for name, value in fit.constants.items()}),
            "",
            "[fits.errors]",
            *_table(errors),
        ]
    return "\n".join(lines) + "\n"


def _table(entries: Mapping[str, str]) -> list[str]:
    return [f"{name} = {value}" for name, value in entries.items()]


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(value: float) -> str:
    """Six digits, always with a point or an exponent so that it reads back as a float."""
    text = f"{value:.6g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"
