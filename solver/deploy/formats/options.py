"""What a user may say about the form of a deployment, beside the plan and the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from solver.deploy.formats.tolerations import Toleration

__all__ = ["FORMS", "Form", "FormOptions"]

Form = Literal["shell", "compose", "kubernetes"]
FORMS: tuple[Form, ...] = ("shell", "compose", "kubernetes")


@dataclass(frozen=True, slots=True)
class FormOptions:
    """Settings of a form; those that a form does not know are refused before it is written.

    Parameters
    ----------
    base_name
        Short name of the whole, of which objects are named; None takes the title.
    namespace
        Kubernetes namespace of every object; None leaves it to ``kubectl``.
    image
        Container image in place of the engine's own.
    node_labels
        Labels that nodes must carry, as (key, value) pairs; values may hold ``{accelerator}``,
        ``{machine}``, ``{host}`` and ``{region}``. They stand in place of the product label,
        unless all of them speak of the region alone.
    tolerations
        Taints of the nodes, beside that of the accelerator's maker.
    device_resource
        Kubernetes resource that a device counts as, such as ``nvidia.com/gpu``.
    weights_claim
        PersistentVolumeClaim that holds or caches the checkpoints.
    weight_paths
        Checkpoints given as absolute paths, which a container has to mount.
    remarks
        Sentences for the head of the file, such as that the frontier is partial.
    """

    base_name: str | None = None
    namespace: str | None = None
    image: str | None = None
    node_labels: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    device_resource: str | None = None
    weights_claim: str | None = None
    weight_paths: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
