"""What rows are of: machine, libraries, and the code and catalogs themselves."""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
from pathlib import Path
from typing import Any

import formulations
import solver
from solver.sweep.provenance import package_version

__all__ = ["provenance_facts"]


def provenance_facts() -> dict[str, Any]:
    """Machine, versions, a hash of all code, and the time now; plain JSON."""
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {
            name: package_version(name)
            for name in ("fleetfront", "highspy", "ortools", "pyomo", "numpy")
        },
        "code_sha256": _code_sha256(),
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _code_sha256() -> str:
    """Of all code and catalogs: rows of one version are not to be mixed with those of another."""
    sha = hashlib.sha256()
    for package in (formulations, solver):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".toml", ".json"):
                sha.update(path.relative_to(root).as_posix().encode())
                sha.update(path.read_bytes())
    return sha.hexdigest()


def _processor() -> str:
    """Name of the processor where the system tells it; else its architecture."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
