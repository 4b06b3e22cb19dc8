"""Measured serving points: read, asked about, scored.

``read_measured_points`` turns a file into deployments, ``compare_points`` scores a model on them,
``held_out`` and ``leave_one_out`` split rows for a fit.
"""

from solver.performance.validation.measured.groups import held_out, leave_one_out
from solver.performance.validation.measured.points import (
    MeasuredPoints,
    measured_points,
    read_measured_points,
)
from solver.performance.validation.measured.validate import (
    MeasuredReport,
    compare_points,
    per_row_text,
    validate_measured,
)

__all__ = [
    "MeasuredPoints",
    "MeasuredReport",
    "compare_points",
    "held_out",
    "leave_one_out",
    "measured_points",
    "per_row_text",
    "read_measured_points",
    "validate_measured",
]
