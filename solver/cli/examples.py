"""An example for every command that runs as it stands, wherever the package is installed.

A message about bad input ends with the example of its command. Each needs nothing but an empty
folder and a shell; what it writes has a name that begins with ``example``, but for the one file
that is told by its name.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["EXAMPLES", "example_for", "runs"]

_QUESTION = "fleetfront init > example.toml"
_RESULT = f"{_QUESTION} && fleetfront solve example.toml --quiet --out example.json"
_PROGRAM = (
    '{"objectives": 2, "n": 2, "m": 1, "senses": ["max", "max"], "c": [[3, 1], [1, 2]], '
    '"A": {"start": [0, 2], "index": [0, 1], "value": [2, 3]}, "row_sense": ["<="], "rhs": [7], '
    '"lb": [0, 0], "ub": [3, 3], "vtype": "II"}'
)
_SOLUTION = "solution status: unknown\\nobjective value: 4488\\nc000001 1\\n"
_MEASURED = (
    "id,system,backend,version,dtype,model_path,mode,isl,osl,concurrency,batch_size,tp_size,"
    "pp_size,attention_dp_size,moe_tp_size,moe_ep_size,ttft_s,tpot_s\\n"
    "example,h100_sxm,vllm,0.19.0,fp8,meta-llama/Llama-3.1-8B-Instruct,agg,1024,1024,8,8,1,"
    "1,1,1,1,0.05,0.006\\n"
)

EXAMPLES: dict[str, str] = {
    "": f"{_QUESTION} && fleetfront solve example.toml",
    "solve": f"{_QUESTION} && fleetfront solve example.toml --report example.html",
    "show": f"{_QUESTION} && fleetfront show example.toml",
    "verify": f"{_RESULT} && fleetfront verify example.json",
    "compare": f"{_RESULT} && fleetfront compare example.json example.json",
    "economics": f"{_QUESTION} && fleetfront economics example.toml --section utilisation",
    "moip": f"echo '{_PROGRAM}' > example.json && fleetfront moip example.json",
    "bench": "fleetfront bench moip-tiny --engines own --levels 1 --out example-bench",
    "export": f"{_QUESTION} && fleetfront export example.toml --formulation column_selection "
    "--out example.lp",
    "read-back": f"{_QUESTION} && fleetfront export example.toml --formulation column_selection "
    f"--out example.lp && printf '{_SOLUTION}' > example.sol && "
    "fleetfront read-back example.key.json example.sol",
    "validate": f"printf '{_MEASURED}' > serving_points.csv && "
    "fleetfront validate serving_points.csv",
    "calibrate": "fleetfront calibrate --device cpu --out example-device.toml",
    "import": "printf 'accelerator,usd_per_hour,contract,as_of\\n"
    "H100 SXM,2.50,on_demand,2026-11\\n' > example.csv && "
    "fleetfront import prices example.csv --out example.toml",
    "deploy": f"{_RESULT} && fleetfront deploy example.json --point knee --engine vllm "
    "--format shell",
    "explore": f"{_QUESTION} && fleetfront explore example.toml",
    "init": "fleetfront init --model Llama-3.1-8B --accelerator L40S > example.toml",
    "schema": "fleetfront schema --out example.schema.json",
    "catalog": "fleetfront catalog accelerators 'H100 SXM'",
}
"""By the name of the command; that of the bare command is for faults before any is known."""


def example_for(arguments: Sequence[str]) -> str:
    """The example of the command that ``arguments`` name first, else that of the bare command."""
    named = next((word for word in arguments if word in EXAMPLES and word), "")
    return EXAMPLES[named]


def runs(name: str) -> str:
    """The foot of the help of command ``name``; ``\\b`` keeps its line whole, for copying."""
    return f"\b\nRuns as it stands:\n  {EXAMPLES[name]}"
