"""Files and tables of a solved question, whatever its kind."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from solver.economy_frontier import EconomyFrontier
    from solver.fleet_frontier import FleetFrontier
    from solver.frontier import Frontier
    from solver.placement_frontier import PlacementFrontier

__all__ = ["PLOT_FORMATS", "Outputs"]

PlotFormat = Literal["png", "svg", "pdf"]
PLOT_FORMATS: dict[str, PlotFormat] = {
    ".png": "png",
    ".svg": "svg",
    ".pdf": "pdf",
}


@dataclass(frozen=True, slots=True)
class Outputs:
    """What was asked for; paths that are ``None`` are not written."""

    out: Path | None
    csv: Path | None
    plot: Path | None
    report: Path | None
    as_json: bool
    quiet: bool
    near: bool = False
    """Whether designs within a tolerance were asked for."""
    xlsx: Path | None = None

    @property
    def _named(self) -> dict[str, Path | None]:
        named = {"--out": self.out, "--csv": self.csv, "--plot": self.plot}
        named |= {"--report": self.report, "--xlsx": self.xlsx}
        return named | ({"--csv with --tolerance": self.near_csv} if self.near else {})

    @property
    def near_csv(self) -> Path | None:
        """Where layouts within the tolerance go: ``points.near.csv`` beside ``points.csv``."""
        return None if self.csv is None else self.csv.with_suffix(f".near{self.csv.suffix}")

    def spare(self, read: Mapping[str, Path | None]) -> None:
        """Refuse to write over what is read; ``read`` maps what a file is to its path.

        Raises
        ------
        OutputError
            With the option and the cure.
        """
        from solver.errors import OutputError

        for option, path in self._named.items():
            for what, other in read.items():
                if path is not None and other is not None and path.resolve() == other.resolve():
                    raise OutputError.one(
                        f"is also {what}, which would be lost",
                        where=f"{option} {path}",
                        mend="Name another file",
                    )

    def check(self) -> None:
        """Refuse what cannot be written, before any work is done.

        Raises
        ------
        OutputError
            With the option and the cure.
        """
        from solver.errors import OutputError
        from solver.result.writing import check_writable

        check_writable(self._named)
        if self.plot is not None and self.plot.suffix.lower() not in PLOT_FORMATS:
            raise OutputError.one(
                f"cannot draw a {self.plot.suffix or 'file without a suffix'}",
                where=f"--plot {self.plot}",
                mend=f"End the name with one of {', '.join(PLOT_FORMATS)}",
            )
        if self.xlsx is not None and self.xlsx.suffix.lower() != ".xlsx":
            raise OutputError.one(
                f"cannot write a workbook to a {self.xlsx.suffix or 'file without a suffix'}",
                where=f"--xlsx {self.xlsx}",
                mend="End the name with .xlsx",
            )

    def deliver_replica(self, frontier: Frontier) -> None:
        """Write and print a replica's frontier."""
        from solver.report import print_result, render_page, render_plot, write_csv
        from solver.result import document_text

        result = frontier.result
        contents: dict[Path, bytes] = {}
        # The document is made once, and only where something needs it.
        wanted = self.as_json or any((self.out, self.report, self.xlsx))
        document = frontier.to_dict() if wanted else {}
        text = document_text(document) if self.out is not None or self.as_json else ""
        if self.out is not None:
            contents[self.out] = text.encode()
        if self.csv is not None:
            stream = io.StringIO(newline="")
            write_csv(result, stream)
            contents[self.csv] = stream.getvalue().encode()
        if self.near and self.near_csv is not None:
            from solver.report.near_csv import write_near_csv

            stream = io.StringIO(newline="")
            write_near_csv(result, stream)
            contents[self.near_csv] = stream.getvalue().encode()
        if self.plot is not None:
            contents[self.plot] = render_plot(result, PLOT_FORMATS[self.plot.suffix.lower()])
        if self.report is not None:
            digest = str(document["digest"])
            page = render_page(result, where_all=self.where_all, digest=digest)
            contents[self.report] = page.encode()
        self._add_workbook(contents, document)
        self._write(contents, text, lambda console: print_result(result, console, self.where_all))

    def deliver_fleet(self, frontier: FleetFrontier) -> None:
        """Write and print a fleet's frontier."""
        from solver.report.fleet import print_fleet
        from solver.report.fleet_csv import fleet_csv
        from solver.report.fleet_page import render_fleet_page
        from solver.report.fleet_plot import render_fleet_plot

        self._deliver(
            frontier.to_dict(), fleet_csv, render_fleet_plot, render_fleet_page, print_fleet
        )

    def deliver_economy(self, frontier: EconomyFrontier) -> None:
        """Write and print the frontier of a replica that weighs energy or quality."""
        from solver.report.economy import print_economy
        from solver.report.economy_csv import economy_csv
        from solver.report.economy_page import render_economy_page
        from solver.report.economy_plot import render_economy_plot

        self._deliver(
            frontier.to_dict(),
            economy_csv,
            render_economy_plot,
            render_economy_page,
            print_economy,
        )

    def deliver_placement(self, frontier: PlacementFrontier) -> None:
        """Write and print the frontier of a placement."""
        from solver.report.placement import print_placement
        from solver.report.placement_csv import placement_csv
        from solver.report.placement_page import render_placement_page
        from solver.report.placement_plot import render_placement_plot

        self._deliver(
            frontier.to_dict(),
            placement_csv,
            render_placement_plot,
            render_placement_page,
            print_placement,
        )

    def _deliver(
        self,
        document: dict[str, Any],
        table_of: Callable[[dict[str, Any]], str],
        picture_of: Callable[[dict[str, Any], PlotFormat], bytes],
        page_of: Callable[[dict[str, Any], str, str], str],
        printed: Callable[[dict[str, Any], Console, str], None],
    ) -> None:
        """Write and print a result document by the functions of its kind."""
        from solver.result import document_text

        text = document_text(document) if self.out is not None or self.as_json else ""
        contents: dict[Path, bytes] = {}
        if self.out is not None:
            contents[self.out] = text.encode()
        if self.csv is not None:
            contents[self.csv] = table_of(document).encode()
        if self.plot is not None:
            contents[self.plot] = picture_of(document, PLOT_FORMATS[self.plot.suffix.lower()])
        if self.report is not None:
            page = page_of(document, self.where_all, str(document["digest"]))
            contents[self.report] = page.encode()
        self._add_workbook(contents, document)
        self._write(contents, text, lambda console: printed(document, console, self.where_all))

    def _add_workbook(self, contents: dict[Path, bytes], document: dict[str, Any]) -> None:
        if self.xlsx is not None:
            from solver.report.workbook import render_workbook

            contents[self.xlsx] = render_workbook(document)

    def _write(
        self, contents: dict[Path, bytes], text: str, table: Callable[[Console], None]
    ) -> None:
        from rich.console import Console as Terminal

        from solver.result.writing import write_whole

        write_whole(contents)
        if self.as_json:
            print(text, end="")
            return
        if self.quiet:
            return
        console = Terminal(highlight=False)
        table(console)
        written = ((self.plot, "plot"), (self.report, "page"), (self.xlsx, "workbook"))
        for path, what in written:
            if path is not None:
                console.print(f"{what}: {path}", markup=False, soft_wrap=True)

    @property
    def where_all(self) -> str:
        """Where all points are, or how to get them."""
        holders = [str(path) for path in (self.out, self.csv) if path is not None]
        return " and ".join(holders) or "add --out result.json or --csv points.csv"
