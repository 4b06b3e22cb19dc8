"""Nodes of Kubernetes as pydantic sees them: the keys that say what a node offers, and no others.

Source: API of Kubernetes, Node v1. Lists and tables may be null there.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

__all__ = ["NodeRecord", "TaintRecord"]


def _none_is_empty(value: Any) -> Any:
    return {} if value is None else value


def _none_is_no_list(value: Any) -> Any:
    return [] if value is None else value


class _Foreign(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


_Texts = Annotated[dict[str, str], BeforeValidator(_none_is_empty)]


class _Metadata(_Foreign):
    name: str = ""
    labels: _Texts = {}


class TaintRecord(_Foreign):
    """What keeps pods off a node unless they tolerate it."""

    key: str
    value: str | None = None
    effect: str = ""


class _Spec(_Foreign):
    unschedulable: bool | None = None
    taints: Annotated[list[TaintRecord], BeforeValidator(_none_is_no_list)] = []


class _Condition(_Foreign):
    type: str
    status: str


class _Status(_Foreign):
    capacity: Annotated[dict[str, str | int], BeforeValidator(_none_is_empty)] = {}
    allocatable: Annotated[dict[str, str | int], BeforeValidator(_none_is_empty)] = {}
    conditions: Annotated[list[_Condition], BeforeValidator(_none_is_no_list)] = []


class NodeRecord(_Foreign):
    """The keys of a Node that say what it offers; all others are passed over."""

    kind: str = "Node"
    metadata: _Metadata = _Metadata()
    spec: _Spec = _Spec()
    status: _Status = _Status()
