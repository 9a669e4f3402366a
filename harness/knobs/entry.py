"""What an entry of the table of knobs says.

The command line's help reads the table: so nothing heavy is imported here, and a class is made in a fifth of the time
that a dataclass takes.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from harness.knobs.kinds import Kind

if TYPE_CHECKING:
    from harness.documents.run_folder import Cell
    from runner.contract import Device, Job, Suite


class Option(NamedTuple):
    """How a person gives a knob: by the option of its name to `harness run`, in whose help it stands in a group.

    Of a `ladder` several values may be given, which are measured one beside the other.
    """

    kind: Kind
    help: str
    group: str
    ladder: bool = False

    @property
    def metavar(self) -> str:
        """What stands for the value in the help."""
        return f"{self.kind.metavar},..." if self.ladder else self.kind.metavar


class Sight(NamedTuple):
    """Where the value of a knob is seen, and what it does to series.

    `place` is its path below the result, "" where only the job has it; `or_asked` takes the job's where a result has
    none. `label` says it in a column's heading, `said` in a sentence, if not in the label's words, and `word` is its
    name. `unset` stands for a value that nobody chose. Cells that differ in it are of two series where it `splits`
    them, which a merge refuses unless it `may_differ`.
    """

    name: str
    place: str
    label: str
    word: str
    said: str = ""
    unset: str | None = None
    or_asked: bool = False
    splits: bool = True
    may_differ: bool = False


class Turn(NamedTuple):
    """What a sweep makes of a knob: the first of `values` that it has not already, on the device if one is named.

    `name` is the end of the cell's.
    """

    name: str
    values: tuple[Any, ...]
    device: "Device | None" = None

    def other(self, value: Any) -> Any:
        """Return the value to turn to, None where there is no other."""
        return next((each for each in self.values if each != value), None)


class Knob(NamedTuple):
    """A knob: `field` is its name in the contract's Variant, in the option and in the tidy table.

    One of the numerics is written numerics.NAME. `holds` is the path below a job of the value that holds, the
    protocol's where nobody chose; of the variant's own where it is "". `suite` is the only one that knows it.

    `paces`: the time of a cell tells nothing of one with another value. `detects`: a verdict on detections holds for
    cells of the same value only. A knob without `option` is turned by sweeps alone.
    """

    field: str
    seen: tuple[Sight, ...]
    option: Option | None = None
    turn: Turn | None = None
    holds: str = ""
    suite: "Suite | None" = None
    paces: bool = False
    detects: bool = False

    def asked(self, job: "Job") -> Any:
        """Return the value that a job asks for; None where it leaves it open, or is of another suite."""
        if self.suite not in (None, job.suite):
            return None
        return _at(job, self.holds or f"variant.{self.field}")

    def observed(self, cell: "Cell", sight: Sight) -> Any:
        """Return the value that a cell was measured with, None where it does not tell."""
        value = _at(cell.result, sight.place) if sight.place else None
        return self.asked(cell.job) if value is None and (sight.or_asked or not sight.place) else value

    def text(self, value: Any) -> str:
        """Return a value as a text, the one that the option takes."""
        return self.option.kind.show(value) if self.option else str(value)


def _at(document: object, path: str) -> Any:
    """Return what stands at a path of fields and keys, None where something on the way is None or absent."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else getattr(value, name)
        if value is None:
            return None
    return value
