"""The data files of the harness: models, protocols, environments, datasets, and what was published."""

from harness.catalogue.entries import (
    PACKAGE,
    ROOT,
    Environment,
    Model,
    SourceBuild,
    docker_environments,
    environment,
    environments,
    models,
    pick,
    protocols,
)

__all__ = [
    "PACKAGE",
    "ROOT",
    "Environment",
    "Model",
    "SourceBuild",
    "docker_environments",
    "environment",
    "environments",
    "models",
    "pick",
    "protocols",
]
