"""The model of *Inference economics of language models* (arXiv 2506.04645), as published."""

from solver.performance.epoch2025.counts import count, unsupported_features
from solver.performance.epoch2025.step import StepFamily, StepSetting, StepTerms

__all__ = ["StepFamily", "StepSetting", "StepTerms", "count", "unsupported_features"]
