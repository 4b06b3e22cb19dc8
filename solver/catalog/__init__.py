"""The catalog: accelerators, models and prices, each figure with its source and date."""

from solver.catalog.collection import Catalog, suggestion
from solver.catalog.domain import (
    Accelerator,
    AttentionKind,
    CollectiveFamily,
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    Model,
    Price,
    QueryKeyNorm,
    SlidingWindow,
    SparseIndexer,
)
from solver.catalog.huggingface import model_from_config
from solver.catalog.interchange import (
    accelerator_from_dict,
    entry_as_dict,
    model_from_dict,
    price_from_dict,
)
from solver.catalog.parameters import (
    ParameterBreakdown,
    active_parameter_count,
    kv_bytes_per_token,
    kv_cache_bytes,
    parameter_breakdown,
    parameter_count,
)
from solver.catalog.reader import parse_entries, read_catalog_file, shipped_catalog

__all__ = [
    "Accelerator",
    "AttentionKind",
    "Catalog",
    "CollectiveFamily",
    "LatentAttention",
    "LinearAttention",
    "MixtureOfExperts",
    "Model",
    "ParameterBreakdown",
    "Price",
    "QueryKeyNorm",
    "SlidingWindow",
    "SparseIndexer",
    "accelerator_from_dict",
    "active_parameter_count",
    "entry_as_dict",
    "kv_bytes_per_token",
    "kv_cache_bytes",
    "model_from_config",
    "model_from_dict",
    "parameter_breakdown",
    "parameter_count",
    "parse_entries",
    "price_from_dict",
    "read_catalog_file",
    "shipped_catalog",
    "suggestion",
]
