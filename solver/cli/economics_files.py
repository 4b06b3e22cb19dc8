"""Files of ``fleetfront economics``: a folder of tables and plots, or one plot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.cli.outputs import PLOT_FORMATS

if TYPE_CHECKING:
    from solver.economics_api import Economics
    from solver.report.figure_style import PlotFormat

__all__ = ["EconomicsFiles"]

DOCUMENT = "economics.json"


@dataclass(frozen=True, slots=True)
class EconomicsFiles:
    """What was asked for; ``None`` is not written."""

    out: Path | None
    plot: Path | None

    def check(self) -> None:
        """Refuse what cannot be written, before any work is done; make the folder.

        Raises
        ------
        OutputError
            With the option and the cure.
        """
        from solver.errors import OutputError
        from solver.result.writing import check_writable

        if self.plot is not None and self.plot.suffix.lower() not in PLOT_FORMATS:
            raise OutputError.one(
                f"cannot draw a {self.plot.suffix or 'file without a suffix'}",
                where=f"--plot {self.plot}",
                mend=f"End the name with one of {', '.join(PLOT_FORMATS)}",
            )
        if self.out is not None:
            try:
                self.out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError.one(
                    f"cannot be made a folder ({error.strerror})",
                    where=f"--out {self.out}",
                    mend="Name another folder",
                ) from error
            check_writable({"--out": self.out / DOCUMENT})
        check_writable({"--plot": self.plot})

    def write(self, document: dict[str, Any], found: Economics) -> None:
        """Write all of it, or nothing.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        from solver.errors import OutputError
        from solver.result import document_text
        from solver.result.writing import write_whole

        contents: dict[Path, bytes] = {}
        if self.plot is not None:
            if not _has_first_plot(document):
                raise OutputError.one(
                    "draws costs along load, and that part was not asked for",
                    where=f"--plot {self.plot}",
                    mend="Add --section costs, or write all plots with --out FOLDER",
                )
            contents[self.plot] = first_plot(document, PLOT_FORMATS[self.plot.suffix.lower()])
        if self.out is not None:
            contents[self.out / DOCUMENT] = document_text(document).encode()
            for name, data in (*_tables(document, found), *_plots(document, found)):
                contents[self.out / name] = data
        write_whole(contents)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


def _has_first_plot(document: dict[str, Any]) -> bool:
    if document["economics"] == "fleet":
        return bool(document["levels"])
    return any(group["curves"] for group in document["groups"])


def first_plot(document: dict[str, Any], form: PlotFormat) -> bytes:
    """The picture that stands for all: the curve of the only group, all groups, or a fleet."""
    from solver.report.economics_plot import render_curve, render_demand, render_summary

    if document["economics"] == "fleet":
        return render_demand(document, form)
    able = [group for group in document["groups"] if group["curves"]]
    if len(able) == 1:
        return render_curve(able[0], able[0]["curves"][0], form)
    return render_summary(document, form)


def _tables(document: dict[str, Any], found: Economics) -> list[tuple[str, bytes]]:
    from solver.report.economics_bills import bills_csv
    from solver.report.economics_csv import economics_tables
    from solver.report.economics_speculation import speculation_csv
    from solver.report.economics_valleys import valleys_csv

    tables = economics_tables(document)
    if found.bills:
        tables["bills.csv"] = bills_csv(found.bills)
    if found.speculation:
        tables["speculation.csv"] = speculation_csv(found.speculation)
    if found.valleys:
        tables["valleys.csv"] = valleys_csv(found.valleys)
    return [(name, text.encode()) for name, text in tables.items()]


def _plots(document: dict[str, Any], found: Economics) -> list[tuple[str, bytes]]:
    from solver.report.economics_bills_plot import render_bills
    from solver.report.economics_clock import render_clock
    from solver.report.economics_plot import render_curve
    from solver.report.economics_speculation import render_speculation

    plots = []
    if _has_first_plot(document):
        plots.append(("economics.png", first_plot(document, "png")))
    for group in document.get("groups", ()):
        for curve in group["curves"]:
            name = "-".join((group["model"], group["machine"], curve["layout"]))
            plots.append((f"curve-{_slug(name)}.png", render_curve(group, curve, "png")))
    for group in document.get("clock", ()):
        for curve in group["curves"]:
            slug = _slug(f"clock-{group['model']}-{group['machine']}-{curve['aim']}")
            plots.append((f"{slug}.png", render_clock(group, curve, "png")))
    if found.speculation:
        plots.append(("speculation.png", render_speculation(found.speculation, "png")))
    if found.bills:
        plots.append(("bills.png", render_bills(found.bills, "png")))
    return plots
