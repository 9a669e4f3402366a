"""The data files of the harness: models, protocols, environments, datasets, and what was published."""

from harness.catalogue.detectors import OwnDetector, detector, detectors, displays, own_detector
from harness.catalogue.entries import (
    Detector,
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
    "Detector",
    "Environment",
    "Model",
    "OwnDetector",
    "SourceBuild",
    "detector",
    "detectors",
    "displays",
    "docker_environments",
    "environment",
    "environments",
    "models",
    "own_detector",
    "pick",
    "protocols",
]
