"""``fleetfront deploy``: the files that start the servers of one point of a result."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli import completion
from solver.cli.exits import COMPLETE

if TYPE_CHECKING:
    from solver.deploy.api import Deployed

__all__ = ["deploy_command"]


def deploy_command(
    result: Annotated[Path, typer.Argument(help="A result file of 'solve --out'.")],
    point: Annotated[
        str | None,
        typer.Option(
            help="Number of the point, counted from 1 as the result lists them, or its name: "
            "fastest, cheapest, knee, ... Without it the recommended ones are listed."
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="vllm, sglang or trtllm.", autocompletion=completion.serving_engines)
    ] = "vllm",
    form: Annotated[
        str,
        typer.Option(
            "--format", help="shell, compose or kubernetes.", autocompletion=completion.forms
        ),
    ] = "shell",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write to this file, not to the terminal.")
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL=ID",
            help="The checkpoint of a model of the catalog: an id or an absolute path, with "
            "@FORMAT after it where it is not in the format of the plan. "
            "May be given for each model.",
        ),
    ] = None,
    served_name: Annotated[
        str | None, typer.Option(help="Name by which clients ask for the model.")
    ] = None,
    context_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Longest request to serve, prompt and output together. Without it the size that "
            "the plan counts on, and longer requests are refused.",
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="Kubernetes namespace of the objects.")
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(help="Container image of the servers, with a tag, in place of the engine's."),
    ] = None,
    node_label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Label of the nodes to run on, in place of the accelerator's product label. "
            "VALUE may hold {accelerator}, {machine}, {host} and {region}; imported machines are "
            "named as their node pools: eks.amazonaws.com/nodegroup={machine}, "
            "cloud.google.com/gke-nodepool={machine}, kubernetes.azure.com/agentpool={machine}. "
            "May be repeated.",
        ),
    ] = None,
    toleration: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[=VALUE]:EFFECT",
            help="Taint of the nodes to run on, as 'kubectl describe node' writes it, such as "
            "dedicated=inference:NoSchedule. May be repeated.",
        ),
    ] = None,
    device_resource: Annotated[
        str | None,
        typer.Option(help="Kubernetes resource of a device, such as nvidia.com/gpu."),
    ] = None,
    weights_claim: Annotated[
        str | None,
        typer.Option(help="PersistentVolumeClaim that keeps the checkpoints."),
    ] = None,
) -> int:
    """Write the launch lines or manifests of one point: what starts its servers as planned.

    Every flag stands below the decision that it carries. A design that the engine or the form
    cannot express is refused with the reason.
    """
    from solver.deploy.api import deploy, known_engine, known_form
    from solver.deploy.formats.options import FormOptions
    from solver.deploy.formats.tolerations import read_toleration

    _check_out(out, result)
    options = FormOptions(
        namespace=namespace,
        image=image,
        node_labels=tuple(_pairs(node_label, "--node-label", "pool={machine}").items()),
        tolerations=tuple(dict.fromkeys(map(read_toleration, toleration or ()))),
        device_resource=device_resource,
        weights_claim=weights_claim,
    )
    found = deploy(
        result,
        point,
        engine=known_engine(engine),
        form=known_form(form),
        weights=_pairs(weights, "--weights", "Llama-3.1-70B=/models/llama-3.1-70b"),
        served_name=served_name,
        longest_tokens=context_tokens,
        options=options,
    )
    if out is None:
        sys.stdout.write(found.text)
        return COMPLETE
    from solver.result.writing import write_whole

    write_whole({out: found.text.encode()})
    print(_summary(found, out))
    return COMPLETE


def _check_out(out: Path | None, result: Path) -> None:
    from solver.errors import OutputError
    from solver.result.writing import check_writable

    check_writable({"--out": out})
    if out is not None and out.resolve() == result.resolve():
        raise OutputError.one(
            "is also the result, which would be lost", where=f"--out {out}", mend="Name another"
        )


def _pairs(texts: list[str] | None, option: str, example: str) -> dict[str, str]:
    """``KEY=VALUE`` texts as a mapping; every fault is reported."""
    from solver.errors import Fault, OutputError

    found: dict[str, str] = {}
    faults: list[Fault] = []
    for text in texts or []:
        key, equals, value = (part.strip() for part in text.partition("="))
        where = f"{option} {text}"
        if not (key and equals and value):
            faults.append(Fault(where, "is not KEY=VALUE", f"Write {option} {example}"))
        elif key in found:
            faults.append(Fault(where, f"gives {key} a second time", "Give it once"))
        else:
            found[key] = value
    if faults:
        raise OutputError.all_of(faults)
    return found


def _summary(found: Deployed, out: Path) -> str:
    """What was written, role by role, and what a person has to do."""
    from solver.report.numbers import clean

    deployment = found.deployment
    lines = [
        f"{out}: point {found.point + 1} ({found.point_in_words}) on "
        f"{deployment.engine} {deployment.engine_version}"
    ]
    for role in deployment.roles:
        devices = role.nodes * role.devices_per_node
        many = "replica" if role.replicas == 1 else "replicas"
        of = clean(role.design.accelerator or role.design.machine, limit=60)
        lines.append(f"  {role.name}: {role.replicas} {many} of {devices} × {of}")
    for router in deployment.routers:
        told = " and ".join(router.asked_roles())
        lines.append(f"  {router.name}: spreads the requests over {told}")
    lines += [f"  by hand: {clean(note, limit=400)}" for note in deployment.notes]
    return "\n".join(lines)
