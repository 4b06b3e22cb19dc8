"""Kubernetes manifests of a deployment, of objects that every cluster knows.

Replicas of one host are a Deployment behind a Service; where a router has to reach each of them by
name they are a StatefulSet with a headless Service. A replica of several hosts is two
StatefulSets: the leader, which answers requests, and the workers, whose ordinals start at 1 and
are their ranks (``spec.ordinals`` is stable since Kubernetes 1.31, and so is the label
``apps.kubernetes.io/pod-index`` since 1.32).
"""

from __future__ import annotations

from ruamel.yaml.scalarstring import LiteralScalarString

from solver.deploy.formats.comments import head_lines, role_in_words
from solver.deploy.formats.names import dns_label
from solver.deploy.formats.node_checks import node_faults
from solver.deploy.formats.objects import ObjectMaker, Tree
from solver.deploy.formats.options import FormOptions
from solver.deploy.formats.pods import escaped, pod_template
from solver.deploy.formats.words import Place, file_tree
from solver.deploy.formats.yaml_text import Remark, yaml_document, yaml_tree
from solver.deploy.launch import Deployment, Role
from solver.errors import OutputError
from solver.report.numbers import clean

__all__ = ["write_kubernetes"]

_NAMESPACE_LONGEST = 63
_GANG = (
    "All hosts of a replica are needed at once. Without a scheduler for gangs, start these "
    "while the devices are free."
)


def write_kubernetes(deployment: Deployment, options: FormOptions) -> str:
    """The manifests as one file of several documents.

    Raises
    ------
    OutputError
        If a name of the options is none that Kubernetes takes, or nodes cannot be told apart.
    """
    if options.namespace is not None:
        _check_name(options.namespace, "--namespace")
    if options.weights_claim is not None:
        _check_name(options.weights_claim, "--weights-claim")
    faults = list(node_faults(deployment, options))
    if faults:
        raise OutputError.all_of(faults)
    manifests = _Manifests(deployment, options)
    trees: list[Tree] = []
    for role in deployment.roles:
        trees += manifests.role(role)
    for router in deployment.routers:
        trees += manifests.router(router)
    _check_unique(trees)
    namespace = f" -n {options.namespace}" if options.namespace else ""
    doors = "; ".join(
        f"kubectl{namespace} port-forward service/{door} {port}" for door, port in manifests.doors
    )
    form = [
        f"How to use it: kubectl apply{namespace} -f FILE; then, from one's own computer, {doors}",
        "Needs the device plugin of the accelerators' maker, and its labels on the nodes",
    ]
    if any(role.nodes > 1 or role.phase != "aggregated" for role in deployment.roles):
        form.append(
            "Servers talk to each other over the network of the pods; where the plan counts on "
            "RDMA, give the pods its devices as your cluster names them"
        )
    if any(role.nodes > 1 for role in deployment.roles):
        form.append("Needs Kubernetes 1.31 or later for the ranks of hosts")
    return yaml_document(head_lines(deployment, options, form=form), trees)


def _check_name(name: str, where: str) -> None:
    if dns_label(name, longest=_NAMESPACE_LONGEST) != name:
        raise OutputError.one(
            "is no name that Kubernetes takes",
            where=f"{where} {clean(name, limit=80)}",
            mend="Use up to 63 lower-case letters, digits and hyphens, a letter first",
        )


def _check_unique(trees: list[Tree]) -> None:
    """Two objects of one name would be one: servers of the plan would be missing."""
    seen: set[tuple[str, str]] = set()
    for tree in trees:
        key = (str(tree["kind"]), str(tree["metadata"]["name"]))
        if key in seen:
            raise OutputError.one(
                f"two objects would be the {key[0]} {key[1]}",
                where="--format kubernetes",
                mend="Rename a workload of the instance and solve it again",
            )
        seen.add(key)


class _Manifests(ObjectMaker):
    """Objects of one deployment, which share names, labels and addresses."""

    def __init__(self, deployment: Deployment, options: FormOptions) -> None:
        super().__init__(deployment, options)
        self._names = {role.name: dns_label(self.instance, role.name) for role in deployment.roles}
        roles = deployment.roles
        self.addresses = {role.name: self._addresses(role) for role in roles}
        self.doors: list[tuple[str, int]] = []
        """Services that take requests, with their ports; filled as objects are made."""

    def _addresses(self, role: Role) -> list[str]:
        """``host:port`` of every replica, by the names that headless Services give to pods."""
        name = self._names[role.name]
        if role.nodes > 1:
            groups = [self._group(name, role, number) for number in range(role.replicas)]
            return [f"{group}-0.{group}:{role.port}" for group in groups]
        return [f"{name}-{number}.{name}:{role.port}" for number in range(role.replicas)]

    @staticmethod
    def _group(name: str, role: Role, number: int) -> str:
        return name if role.replicas == 1 else f"{name}-r{number}"

    def _config(self, name: str, role: Role, labels: dict[str, str]) -> list[Tree]:
        """The ConfigMap of a role's option files, where it has any."""
        if not role.files:
            return []
        data = {
            file.name: LiteralScalarString(
                yaml_tree(file_tree(file, lambda asked: list(self.addresses[asked])))
            )
            for file in role.files
        }
        why = "Options that the server reads from a file."
        return [self.object("ConfigMap", f"{name}-options", labels, {"data": data}, why)]

    def _place(self, *, rank: str = "0", leader: str = "localhost") -> Place:
        return Place(escaped, rank=rank, leader=leader, addresses=self.addresses)

    def role(self, role: Role) -> list[Tree]:
        """All objects of one role."""
        name = self._names[role.name]
        labels = self.labels(role.name)
        config = self._config(name, role, labels)
        config_map = f"{name}-options" if config else None
        if role.nodes > 1:
            return config + self._groups(role, name, labels, config_map)
        template = pod_template(
            role, self.options, self._place(), labels=labels, config_map=config_map
        )
        spec: Tree = {"replicas": role.replicas}
        headless = self.deployment.router_of(role) is not None
        if not headless:
            self.doors.append((name, role.port))
        if headless:
            spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
        else:
            spec[Remark("The devices are all in use, so an old pod goes before a new one.")] = None
            spec["strategy"] = {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
            }
        spec |= {"selector": {"matchLabels": labels}, "template": template}
        kind = "StatefulSet" if headless else "Deployment"
        reached = (
            "A name for each replica, for the router."
            if headless
            else "Where requests go; they are spread over the replicas."
        )
        found = [
            *config,
            self.object(kind, name, labels, {"spec": spec}, role_in_words(role)),
            self.service(name, labels, role.port, reached, headless=headless),
        ]
        if role.replicas > 1:
            found.append(self.budget(name, labels))
        return found

    def _groups(
        self, role: Role, name: str, labels: dict[str, str], config_map: str | None
    ) -> list[Tree]:
        """Replicas of several hosts: a leader and its workers for each."""
        found: list[Tree] = []
        for number in range(role.replicas):
            group = self._group(name, role, number)
            found += self._one_group(role, group, labels, config_map, number)
        if self.deployment.router_of(role) is None:
            selector = labels | {"part": "leader"}
            door = name if role.replicas > 1 else f"{name}-http"
            found.append(
                self.service(door, selector, role.port, "Where requests go: to the leaders.")
            )
            self.doors.append((door, role.port))
        if role.replicas > 1:
            found.append(self.budget(name, labels))
        return found

    def _one_group(
        self, role: Role, group: str, labels: dict[str, str], config_map: str | None, number: int
    ) -> list[Tree]:
        own = labels | {"replica": str(number)}
        leader = f"{group}-0.{group}"
        found: list[Tree] = []
        for part, first, size, host in self._parts(role):
            marked = own | {"part": part}
            if host is not None:
                marked["rank"] = str(first)
            rank = "0" if part == "leader" else "$(RANK)"
            template = pod_template(
                role,
                self.options,
                self._place(rank=rank, leader=leader),
                labels=marked,
                config_map=config_map,
                part=part,
                host=host,
            )
            spec: Tree = {"replicas": size}
            if part == "worker":
                spec[Remark("The ordinal of a worker is its rank; the leader is rank 0.")] = None
                spec["ordinals"] = {"start": first}
            spec |= {
                "serviceName": group,
                "podManagementPolicy": "Parallel",
                "selector": {"matchLabels": marked},
                "template": template,
            }
            name = group if part == "leader" else f"{group}-workers"
            if part == "worker" and host is not None:
                name = f"{group}-worker-{first}"
            last = first + size - 1
            hosts = f"rank {first}" if size == 1 else f"ranks {first} to {last}"
            why = f"{role_in_words(role)} Replica {number + 1}, the {part}: {hosts}. {_GANG}"
            found.append(self.object("StatefulSet", name, marked, {"spec": spec}, why))
        why = "Names by which the hosts of this replica find each other."
        # Without a port: a pod that lacks the named port, as workers do, would get no name.
        found.append(self.service(group, own, None, why, headless=True))
        return found

    @staticmethod
    def _parts(role: Role) -> list[tuple[str, int, int, str | None]]:
        """Part, first rank, pods and host of the plan; a named host has a set of its own."""
        hosts = list(dict.fromkeys(role.design.hosts))
        if len(hosts) < 2:
            return [("leader", 0, 1, None), ("worker", 1, role.nodes - 1, None)]
        return [("worker" if rank else "leader", rank, 1, host) for rank, host in enumerate(hosts)]

    def router(self, role: Role) -> list[Tree]:
        """All objects of the router."""
        name = dns_label(self.instance, role.name)
        labels = self.labels(role.name)
        config = self._config(name, role, labels)
        template = pod_template(
            role,
            self.options,
            self._place(),
            labels=labels,
            config_map=f"{name}-options" if config else None,
            is_router=True,
        )
        spec: Tree = {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": template,
        }
        self.doors.append((name, role.port))
        why = "The router, which spreads requests over the servers."
        return [
            *config,
            self.object("Deployment", name, labels, {"spec": spec}, why),
            self.service(name, labels, role.port, "Where requests go."),
        ]
