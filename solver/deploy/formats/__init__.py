"""The forms a deployment is written in: shell lines, compose files, Kubernetes manifests."""
