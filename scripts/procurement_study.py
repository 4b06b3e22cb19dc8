"""A procurement study: how does the best fleet change as one price falls?

Run from the checkout:  python scripts/procurement_study.py

The question is ``instances/fleet/procurement.toml``: two services, three kinds of machine, one of
them on a contract that is still being negotiated. For every price of a range the fleet is solved to
proved optimality, at one speed that all users must see, and the bill of materials is kept. What
comes out:

* a table on the screen: price, cost, devices by machine;
* ``procurement.csv``: the same, one row a price, for a spreadsheet;
* ``procurement.png``: devices by machine over the price, and the cost beside it.

Everything is done with the public interface (``fleetfront``'s ``solver.api``), so that the script
is also an example of how to embed the solver: read with ``settings``, solve, take a point, collect.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import pandas as pd
from matplotlib import pyplot as plt
from rich.console import Console
from rich.table import Table

from solver.api import read_instance, solve
from solver.errors import FleetError

ROOT = Path(__file__).resolve().parents[1]
INSTANCE = ROOT / "instances" / "fleet" / "procurement.toml"
KEY = "machines.mi300x.contracts.0.usd_per_hour"
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")
BAD_INPUT = 2


def price_range(low: Fraction, high: Fraction, steps: int) -> list[Fraction]:
    """``steps`` prices from ``low`` to ``high``, evenly spaced and exact.

    Raises
    ------
    ValueError
        If there are fewer than two steps, or the range is empty or not above 0.
    """
    if steps < 2:
        raise ValueError(f"{steps} prices make no range: ask for 2 or more (--steps)")
    if not 0 < low < high:
        raise ValueError(f"{low} to {high} is no range of prices (--low, --high)")
    return [low + (high - low) * k / (steps - 1) for k in range(steps)]


def devices_by_machine(design: dict[str, Any]) -> dict[str, float]:
    """Devices that are paid for, by machine; those of a part of the day count by its hours."""
    found: dict[str, float] = {}
    if design["nodes"]:
        for entry in design["nodes"]:
            found[entry["machine"]] = found.get(entry["machine"], 0) + entry["devices"]
    else:
        for entry in design["replicas"]:
            devices = entry["count"] * entry["devices"]
            found[entry["machine"]] = found.get(entry["machine"], 0) + devices
    return found


def solve_at(path: Path, key: str, price: Fraction, min_speed: Fraction) -> dict[str, Any]:
    """The cheapest fleet at one price, as one row of the study.

    Returns
    -------
    ``price``, ``status``, ``usd_per_hour`` and ``speed`` (``None`` where nothing meets the limits),
    and ``devices of NAME`` for each machine in use.
    """
    frontier = solve(read_instance(path, settings={key: str(price)}))
    row: dict[str, Any] = {"price": float(price), "status": frontier.status}
    point = frontier.cheapest(min_speed=min_speed)
    if point is None:
        return {**row, "usd_per_hour": None, "speed": None}
    row["usd_per_hour"] = point.design["usd_per_hour"]
    row["speed"] = point.objectives["speed"]
    for machine, devices in devices_by_machine(dict(point.design)).items():
        row[f"devices of {machine}"] = devices
    return row


def study(path: Path, key: str, prices: Sequence[Fraction], min_speed: Fraction) -> pd.DataFrame:
    """One row a price; a machine that is not used has 0 devices."""
    frame = pd.DataFrame([solve_at(path, key, price, min_speed) for price in prices])
    machines = [column for column in frame.columns if column.startswith("devices of ")]
    frame[machines] = frame[machines].fillna(0).astype(int)
    return frame


def changes(frame: pd.DataFrame) -> list[tuple[float, float]]:
    """Neighbouring prices between which the devices by machine change."""
    machines = [column for column in frame.columns if column.startswith("devices of ")]
    plans = list(frame[machines].itertuples(index=False, name=None))
    prices = frame["price"].tolist()
    return [(prices[k], prices[k + 1]) for k in range(len(plans) - 1) if plans[k] != plans[k + 1]]


def show(frame: pd.DataFrame, what: str, console: Console) -> None:
    """The study as a table."""
    table = Table(title=f"Cheapest fleet by the price of {what}", header_style="bold")
    for column in frame.columns:
        table.add_column(column.replace("devices of ", ""), justify="right")
    for row in frame.itertuples(index=False, name=None):
        table.add_row(
            *("-" if pd.isna(v) else f"{v:,.4g}" if isinstance(v, float) else str(v) for v in row)
        )
    console.print(table)
    for low, high in changes(frame):
        console.print(f"The plan changes between {low:.4g} and {high:.4g} US$/h.")


def draw(frame: pd.DataFrame, what: str, path: Path) -> None:
    """Stacked bars of devices by machine over the price, the cost as a line above them."""
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8, 6), sharex=True, height_ratios=(1, 2), layout="constrained"
    )
    prices = frame["price"]
    width = 0.8 * (prices.iloc[1] - prices.iloc[0])
    above.plot(prices, frame["usd_per_hour"], color="black", marker="o", markersize=4)
    above.set_ylabel("US$/h, whole fleet")
    above.set_title(f"The cheapest fleet as the price of {what} changes")
    bottom = pd.Series(0, index=frame.index)
    machines = sorted(column for column in frame.columns if column.startswith("devices of "))
    for number, column in enumerate(machines):
        name = column.removeprefix("devices of ")
        colour = COLOURS[number % len(COLOURS)]
        below.bar(prices, frame[column], width, bottom=bottom, label=name, color=colour)
        bottom = bottom + frame[column]
    below.set_ylabel("devices")
    below.set_xlabel(f"price of {what}, US$ per device and hour")
    below.legend(title="machine", ncols=len(machines), loc="upper left")
    below.set_ylim(0, 1.2 * max(float(bottom.max()), 1.0))
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#dddddd")
        axes.set_axisbelow(True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="procurement_study.py",
        description="Solve one fleet question at many prices of one machine, and show how the "
        "cheapest fleet changes. Each answer is proved best; nothing is sampled but the price.",
        epilog="Example: python scripts/procurement_study.py --low 1 --high 4 --steps 13 "
        "--min-speed 30 --out study. For another question name a file and the key of its price, as "
        "with 'fleetfront solve --set': --instance instances/fleet/one-model-one-pool.toml "
        "--key machines.h100.usd_per_hour. A machine is named or numbered from 0.",
    )
    made.add_argument("--instance", type=Path, default=INSTANCE, help="fleet file (%(default)s)")
    made.add_argument("--key", default=KEY, help="key of the price that varies (%(default)s)")
    made.add_argument("--low", type=Fraction, default=Fraction(1), help="lowest price, US$/h (1)")
    made.add_argument("--high", type=Fraction, default=Fraction(4), help="highest price (4)")
    made.add_argument("--steps", type=int, default=13, help="how many prices (%(default)s)")
    made.add_argument(
        "--min-speed",
        type=Fraction,
        default=Fraction(20),
        help="output tokens/s every user must see (20)",
    )
    made.add_argument("--out", type=Path, default=Path(), help="folder for the CSV and the PNG (.)")
    made.add_argument("--quick", action="store_true", help="three prices only, to try it out")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; 0, or 2 for bad input."""
    asked = parser().parse_args(arguments)
    try:
        prices = price_range(asked.low, asked.high, 3 if asked.quick else asked.steps)
        frame = study(asked.instance, asked.key, prices, asked.min_speed)
    except (FleetError, ValueError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    what = asked.key.removeprefix("machines.").split(".")[0]
    asked.out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(asked.out / "procurement.csv", index=False)
    draw(frame, what, asked.out / "procurement.png")
    show(frame, what, Console())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
