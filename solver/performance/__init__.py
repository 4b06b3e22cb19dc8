"""Performance models: how long one decode step takes. One named model a package."""

__all__ = ["PERFORMANCE_MODELS"]

PERFORMANCE_MODELS = {
    "calibrated": "Steps from kernels that were measured, and serving fitted end to end",
    "epoch2025": "Inference economics of language models (arXiv 2506.04645), as published",
}
"""By name; the first is the default."""
