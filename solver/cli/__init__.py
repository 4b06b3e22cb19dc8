"""The command line: parse, call, print. Every command ends with an exit status of the contract.

0 complete, 1 a verification failed, 2 bad input, 3 proved infeasible, 4 partial.
"""

import os

# Before numpy is loaded: its matrices are small here, threads for them only get in the way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from solver.cli.main import main

__all__ = ["main"]
