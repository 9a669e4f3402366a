"""The data files of the harness: models, protocols, environments, datasets, and what was published."""

from harness.catalogue.entries import (
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
