"""Objects of the Kubernetes API that one deployment is made of: what they have in common."""

from __future__ import annotations

from typing import Any

from solver.deploy.formats.names import dns_label, label_value
from solver.deploy.formats.options import FormOptions
from solver.deploy.formats.yaml_text import Remark
from solver.deploy.launch import Deployment

__all__ = ["ObjectMaker", "Tree"]

Tree = dict[Any, Any]

_INSTANCE_LONGEST = 24


class ObjectMaker:
    """Makes the objects of one deployment, which share names, labels and a namespace."""

    def __init__(self, deployment: Deployment, options: FormOptions) -> None:
        self.deployment = deployment
        self.options = options
        self.namespace = options.namespace
        # Short, so that the name of a role still fits beside it.
        self.instance = dns_label(options.base_name or deployment.title, longest=_INSTANCE_LONGEST)

    def labels(self, component: str, **more: str) -> dict[str, str]:
        """Labels by which the objects of a component are found."""
        return {
            "app.kubernetes.io/name": label_value(self.deployment.engine) or "engine",
            "app.kubernetes.io/instance": self.instance,
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/managed-by": "fleetfront",
            **more,
        }

    def metadata(self, name: str, labels: dict[str, str]) -> Tree:
        """Name, labels and namespace."""
        version = label_value(self.deployment.engine_version)
        told = labels | ({"app.kubernetes.io/version": version} if version else {})
        found: Tree = {"name": name, "labels": told}
        if self.namespace is not None:
            found["namespace"] = self.namespace
        return found

    def object(self, kind: str, name: str, labels: dict[str, str], body: Tree, why: str) -> Tree:
        """An object of the API, ``why`` above it."""
        version = {
            "Deployment": "apps/v1",
            "StatefulSet": "apps/v1",
            "PodDisruptionBudget": "policy/v1",
        }.get(kind, "v1")
        return {
            Remark(why): None,
            "apiVersion": version,
            "kind": kind,
            "metadata": self.metadata(name, labels),
            **body,
        }

    def service(
        self,
        name: str,
        selector: dict[str, str],
        port: int | None,
        why: str,
        *,
        headless: bool = False,
    ) -> Tree:
        """A Service; without ``port`` it gives names alone."""
        spec: Tree = {"selector": selector}
        if headless:
            # Servers find each other by name while they start, before they are ready.
            spec |= {"clusterIP": "None", "publishNotReadyAddresses": True}
        if port is not None:
            spec["ports"] = [{"name": "http", "port": port, "targetPort": "http"}]
        return self.object("Service", name, selector, {"spec": spec}, why)

    def budget(self, name: str, selector: dict[str, str]) -> Tree:
        """A PodDisruptionBudget of one pod."""
        spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector}}
        why = "Drains of nodes take one pod at a time."
        return self.object("PodDisruptionBudget", name, selector, {"spec": spec}, why)
