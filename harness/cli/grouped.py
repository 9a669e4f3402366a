"""The help of `harness run`: its options in groups, and examples; in plain text, since rich would take half longer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from typer.core import TyperCommand, TyperOption

from harness.cli.called import as_called

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter

#: The groups in their order, and which options stand in each. An option may say its group itself, as knobs do.
GROUPS = {
    "what": ("model", "all_models", "published_models", "code", "suite", "protocol", "weights", "norm_eps", "images"),
    "where": ("image", "device"),
    "latency": ("repeats", "precision", "stages", "profile"),
    "accuracy": ("dataset", "annotations", "ids", "shards", "skip_bad_images"),
    "limits": ("limit", "memory"),
    "output": ("dry_run", "out", "resume", "published", "long", "help"),
}
GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}
EXAMPLES = {
    "How fast is a model here?": "harness run --model ssdlite320_mobilenet_v3_large",
    "What would the software of 2021 beside today's measure?": (
        "harness run --image cuda10.2,local --published-models --dry-run"
    ),
    "How accurate is it?": "harness run --suite accuracy --dataset coco-val2017 --model ssd300_vgg16",
}
#: How wide the names of options may be beside what they are, in characters.
NAMES = 30


class GroupedCommand(TyperCommand):
    """A command whose help shows its options in groups."""

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the options group by group, one that is in none last, and the examples."""
        groups: dict[str, list[tuple[str, str]]] = {group: [] for group in [*GROUPS, "other"]}
        for group, record in self._records(ctx):
            groups[group].append(record)
        for group, records in groups.items():
            if records:
                with formatter.section(group.capitalize()):
                    formatter.write_dl([(names.ljust(NAMES), text) for names, text in records], col_max=NAMES)
        with formatter.section("Examples"):
            for question, command in EXAMPLES.items():
                formatter.write(f"  # {question}\n  {as_called(command)}\n")

    def _records(self, ctx: "Context") -> Iterator[tuple[str, tuple[str, str]]]:
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            own = option.rich_help_panel if isinstance(option, TyperOption) else None
            if record:
                yield own or GROUP_OF.get(str(option.name), "other"), record
