"""Write every generated benchmark instance as a file, as ``fleetfront bench`` makes them.

Run in an environment where fleetfront is installed:

    python scripts/generate_instances.py FOLDER [SET]

SET is ``all`` if left out. Each file is an ordinary question, for ``fleetfront solve NAME.toml`` or
``fleetfront moip NAME.json``; ``manifest.csv`` names size, family and SHA-256 of each.
The same version writes the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from solver.bench.instances import instance_files
from solver.errors import FleetError


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("set", nargs="?", default="all")
    options = parser.parse_args(arguments)
    try:
        files = instance_files(options.set, options.folder)
    except FleetError as error:
        print(error, file=sys.stderr)
        return 2
    options.folder.mkdir(parents=True, exist_ok=True)
    with (options.folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "group", "size", "family", "sha256"])
        for one in files:
            table.writerow([one.path.name, one.group, one.size, one.family, one.sha256])
    print(f"{len(files)} instances in {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
