"""Has a formulation become wrong, or ten times slower in solver work? Under two minutes.

Run from the checkout, in an environment where fleetfront is installed:

    python scripts/benchmark_check.py [--renew] [--workers N]

Runs the set ``tiny`` with every formulation on every engine that comes with fleetfront, and holds
the work of each (nodes and iterations, or deterministic ticks; no seconds) against
``instances/bench/baseline.json``. ``--renew`` writes that file anew instead of comparing.

Exit status: 0 nothing wrong, 1 a wrong or missing answer, fewer solved, or ten times the work;
2 no baseline.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from solver.bench.baseline import changes, work_of_sides
from solver.bench.outputs import summary_of, wrong_rows
from solver.bench.run import plan_bench, run_bench
from solver.bench.tables import fault_line

BASELINE = Path(__file__).resolve().parents[1] / "instances" / "bench" / "baseline.json"
SET = "tiny"
LEVELS = 2
TIME_LIMIT_S = 60.0
"""Generous: what is compared is work, and a busy machine must not cut it short."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--renew", action="store_true", help="write the baseline anew")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    plan = plan_bench(SET, levels=LEVELS, time_limit_s=TIME_LIMIT_S, workers=options.workers)
    with tempfile.TemporaryDirectory() as folder:
        run = run_bench(plan, Path(folder))
    summary = summary_of(run)
    wrong = wrong_rows(summary)
    for row in wrong:
        print(fault_line(row))
    now = work_of_sides(summary.rows)
    if options.renew:
        BASELINE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
        print(f"{len(run.rows)} solves; baseline written")
        return 0 if summary.sound else 1
    if not BASELINE.exists():
        print(f"{BASELINE}: is not there. Write it with --renew.", file=sys.stderr)
        return 2
    before = json.loads(BASELINE.read_text(encoding="utf-8"))
    found = changes(now, before)
    for change in found:
        print(f"{change.group}, {change.side}: {change.what}")
    grave = sum(change.grave for change in found)
    print(f"{len(run.rows)} solves, {len(wrong)} wrong or missing, {grave} graver than before")
    return 1 if not summary.sound or grave or not run.complete else 0


if __name__ == "__main__":
    sys.exit(main())
