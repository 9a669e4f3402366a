"""What was seen of a cell from outside."""

from dataclasses import dataclass

from runner.contract import Document


@dataclass(frozen=True)
class ImageIdentity(Document):
    """Which image a container ran: what it was built from, and whether that is what the recipe pins.

    `base` is the reference of the base image, with its digest where it is pinned, `base_id` the engine's id of it.
    """

    tag: str
    id: str
    digests: list[str]
    recipe_sha256: str
    base: str
    build_args: dict[str, str]
    substitutions: list[str]
    base_id: str | None = None


@dataclass(frozen=True)
class Host(Document):
    """The machine that executed a cell; `id` is a pseudonym of its machine-id, None where it has none."""

    id: str | None
    engine: str | None = None
    kernel: str | None = None
    nvidia_toolkit: str | None = None


@dataclass(frozen=True)
class Execution(Document):
    """What the harness saw from outside while a cell ran.

    `waited_seconds` is how long it waited for others to measure, before `wall_seconds` began; None where it takes no
    turn, as detection passes, and where an early version of the harness did not look.
    """

    schema_version: int
    cell: str
    executor: str
    host: Host
    exit_code: int | None
    timed_out: bool
    out_of_memory: bool
    wall_seconds: float
    container_id: str | None
    image: ImageIdentity | None
    pinned: bool
    deviations: list[str]
    waited_seconds: float | None = None
