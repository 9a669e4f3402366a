"""What `--image auto` takes, with the engine's answers given."""

import pytest

from harness import doctor, images
from harness.catalogue import Environment
from harness.gpus import Gpu, Gpus
from harness.preflight import Preflight, Target

GTX1070 = Target("cuda", Gpu("GPU-a", "GTX 1070", (6, 1), 8 << 30, False, "580.95.05"))


class Host(Preflight):
    """A host on which everything can run."""

    _connection = None  # type: ignore[assignment]
    engine = None  # type: ignore[assignment]

    def obstacle(self, environment: Environment, target: Target) -> None:
        return None


@pytest.mark.parametrize(("here", "chosen"), [([], "cuda11.1"), (["cuda11.4"], "cuda11.4"), (["cuda12.6"], "cuda12.6")])
def test_auto_takes_a_compiled_environment_only_where_its_image_is_here(
    here: list[str], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "find", lambda engine, environment: environment.name in here)
    monkeypatch.setattr(images, "available_base", lambda engine, environment: environment.base)
    monkeypatch.setattr(images, "wheels_can_be_had", lambda environment: environment.name in ("cuda11.4", "cuda11.1"))
    environment, _ = Host().choose(GTX1070)
    assert environment.name == chosen


@pytest.mark.parametrize(
    ("image", "base", "verdict"),
    [
        (True, False, "runs"),
        (False, True, "runs once built"),
        (
            False,
            False,
            "can't run: neither its image nor the base python:3.13-slim-bookworm is here, and no registry has it",
        ),
    ],
)
def test_doctor_says_whether_an_image_can_be_had(
    image: bool, base: bool, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "find", lambda engine, environment: image or None)
    monkeypatch.setattr(images, "available_base", lambda engine, environment: environment.base if base else None)
    host = Host()
    host.gpus = Gpus([])
    lines = {line.environment: line for line in doctor.matrix(host)}
    assert lines["cpu"].cpu == verdict
    assert lines["cpu"].image is image
    assert (lines["local"].cpu, lines["local"].image) == ("runs", None)
