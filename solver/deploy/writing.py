"""A deployment written in one of its forms, once it has been checked."""

from __future__ import annotations

from collections.abc import Callable

from solver.deploy.checking import check_deployment, check_image
from solver.deploy.formats.compose import write_compose
from solver.deploy.formats.kubernetes import write_kubernetes
from solver.deploy.formats.options import FORMS, Form, FormOptions
from solver.deploy.formats.shell import write_shell
from solver.deploy.launch import Deployment
from solver.errors import Fault, OutputError

__all__ = ["write_deployment"]

_WRITERS: dict[Form, Callable[[Deployment, FormOptions], str]] = {
    "shell": write_shell,
    "compose": write_compose,
    "kubernetes": write_kubernetes,
}


def write_deployment(deployment: Deployment, *, form: Form, options: FormOptions) -> str:
    """The text of the files of a deployment; the same deployment gives the same text.

    Raises
    ------
    OutputError
        If the form cannot express the deployment, an option is not one of the form, or a value
        could not be written safely.
    """
    faults = list(_unfit(form, options))
    if options.image is not None:
        fault = check_image(options.image, "--image")
        faults += [fault] if fault is not None else []
    if faults:
        raise OutputError.all_of(faults)
    check_deployment(deployment)
    return _WRITERS[form](deployment, options)


def _unfit(form: Form, options: FormOptions) -> list[Fault]:
    """Options that the form has no use for: they would be dropped in silence."""
    cluster_only = {
        "--namespace": options.namespace,
        "--node-label": options.node_labels,
        "--toleration": options.tolerations,
        "--device-resource": options.device_resource,
        "--weights-claim": options.weights_claim,
    }
    given = [name for name, value in cluster_only.items() if value and form != "kubernetes"]
    if options.image is not None and form == "shell":
        given.append("--image")
    return [
        Fault(
            name,
            f"has no meaning in the form {form}",
            f"Leave it out, or choose --format {FORMS[-1]}",
        )
        for name in given
    ]
