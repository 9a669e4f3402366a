"""The list of commands. Whatever is heavy is imported inside the command that needs it."""

import typer

from harness.cli.group import Group
from harness.cli.late import add_late

#: Every command in the order of the list: what it is for, in the words of its own help, and where it stands.
COMMANDS = {
    "models": ("List the catalogued models and what torchvision publishes of them.", "harness.cli.host:models"),
    "run": ("Measure models in environments and print the tables.", "harness.cli.measuring:run_app"),
    "choose": (
        "Print the environment that --image auto means on this host; the reason goes to standard error.",
        "harness.cli.host:choose",
    ),
    "doctor": (
        "Tell what runs on this host, and if not, why; with --noise, how small a difference it can show.",
        "harness.cli.host:doctor",
    ),
    "version": ("Print the harness's version.", "harness.cli.host:version"),
    "report": ("Print the tables of runs, or write a page of them with charts.", "harness.cli.results:report"),
    "merge": (
        "Merge runs, of one or several machines, into one tidy table and wide ones.",
        "harness.cli.results:merge",
    ),
    "compare": (
        "Tell whether B is faster or slower than A, or equivalent, model by model, and how sure that is.",
        "harness.cli.comparing:compare",
    ),
    "explain": (
        "Tell where B is slower or faster than A: in which operators, and under which circumstances.",
        "harness.cli.explaining:explain",
    ),
    "reproduce": (
        "Measure what was published in 2021 again, and print both side by side with a verdict for each model.",
        "harness.cli.reproducing:reproduce",
    ),
    "score": ("Score detections as COCO does: those of a run, or of any file.", "harness.cli.results:score"),
    "agree": (
        "Tell whether environments, readers or runs detect the same, and if not, why.",
        "harness.cli.results:agree",
    ),
    "demo": ("Make a video of what a model detects, with the time of each frame.", "harness.cli.demo:demo"),
    "images": ("The images of the Docker environments.", "harness.cli.images:images_app"),
    "published": ("The numbers published in 2021.", "harness.cli.published:published_app"),
    "data": ("Datasets and checkpoints.", "harness.cli.data:data_app"),
}

app = typer.Typer(
    cls=Group,
    help="Measure torchvision's detection models in pinned environments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # halves the time of --help
)
for name, (about, place) in COMMANDS.items():
    add_late(app, name, about, place)
