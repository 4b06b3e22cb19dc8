"""From a file to a multi-objective integer program, and from a program to plain JSON and back.

Two layouts are read: moip JSON (``json_layout``) and MPS with several objective rows (``mps``).
Both become the rational data of ``stated``, and ``assembly`` makes the integer program of it.
"""

from __future__ import annotations

from solver.instance.moip.json_layout import program_from_dict
from solver.instance.moip.reader import read_program
from solver.instance.moip.resolved import program_to_dict, resolved_program

__all__ = ["program_from_dict", "program_to_dict", "read_program", "resolved_program"]
