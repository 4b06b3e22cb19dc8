"""The command line: parse, call, print. Every command ends with an exit status of the contract.

0 complete, 1 a verification failed, 2 bad input, 3 proved infeasible, 4 partial.
"""

from solver.cli.main import main

__all__ = ["main"]
