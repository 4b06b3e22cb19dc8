"""Compare the performance models with reference outputs and with measurements, row by row."""

from solver.performance.validation.folder import validate_file, validate_folder, validate_path
from solver.performance.validation.report import (
    RELATIVE_TOLERANCE,
    FileComparison,
    IgnoredFile,
    Measurements,
    ValidationReport,
    WorstRow,
)

__all__ = [
    "RELATIVE_TOLERANCE",
    "FileComparison",
    "IgnoredFile",
    "Measurements",
    "ValidationReport",
    "WorstRow",
    "validate_file",
    "validate_folder",
    "validate_path",
]
