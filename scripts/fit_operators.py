"""Fit the constants of operator families to kernel measurements and print how far they are off.

    python scripts/fit_operators.py KERNELS [--family gemm] [--system h100_sxm] [--write FOLDER]

``KERNELS`` is the folder of parquet files with measured kernel times. Without ``--family`` every
family is fitted, without ``--system`` every system. ``--write`` puts one TOML file a family into
FOLDER; the shipped ones lie in ``solver/catalog/operators``. Rerunning gives the same figures.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from solver.performance import fitting
from solver.performance.fitting.fit import SPLITS, Fit
from solver.performance.fitting.writing import catalog_text


def family_modules() -> dict[str, object]:
    """Modules of ``solver.performance.fitting`` that have ``fit_family``, by name."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(fitting.__path__))
    modules = {name: importlib.import_module(f"{fitting.__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "fit_family")}


def report_table(fits: Iterable[Fit]) -> Table:
    """Held-out errors in percent: median / 95th percentile / bias for each split."""
    table = Table(title="Held-out relative error, %: median / 95th percentile / bias")
    for heading in ("family", "system", "source", "precision"):
        table.add_column(heading)
    table.add_column("rows", justify="right")
    for split in SPLITS:
        table.add_column(split, justify="right")
    for fit in fits:
        cells = [
            f"{100 * e.median:.1f} / {100 * e.p95:.0f} / {100 * e.bias:+.1f}" if e else "-"
            for e in (fit.errors.get(split) for split in SPLITS)
        ]
        source = f"{fit.backend} {fit.version}"
        table.add_row(fit.family, fit.system, source, fit.precision, str(fit.rows), *cells)
    return table


def write_files(fits: Sequence[Fit], folder: Path, *, as_of: str) -> list[Path]:
    """One file for each family among ``fits``; the folder is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for family in dict.fromkeys(fit.family for fit in fits):
        path = folder / f"{family}.toml"
        own = [fit for fit in fits if fit.family == family]
        path.write_text(catalog_text(own, as_of=as_of), encoding="utf-8")
        paths.append(path)
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print, and write where asked to; 0 when all went well, 2 for a wrong question."""
    modules = family_modules()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kernels", type=Path, help="folder of measured kernel times")
    parser.add_argument("--family", action="append", choices=sorted(modules))
    parser.add_argument("--system", action="append", help="may be given more than once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    if not chosen.kernels.is_dir():
        parser.error(f"{chosen.kernels} is no folder")
    console = Console()
    fits: list[Fit] = []
    for name in chosen.family or sorted(modules):
        begin = time.perf_counter()
        try:
            own: list[Fit] = modules[name].fit_family(  # type: ignore[attr-defined]
                chosen.kernels, systems=chosen.system, seed=chosen.seed
            )
        except ValueError as error:
            parser.error(f"{name}: {error}")
        fits += own
        console.print(f"{name}: {len(own)} fits in {time.perf_counter() - begin:.0f} s")
    console.print(report_table(fits))
    if chosen.write is not None:
        today = datetime.now(tz=UTC).date().isoformat()
        for path in write_files(fits, chosen.write, as_of=today):
            console.print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
