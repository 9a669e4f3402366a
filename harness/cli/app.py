"""The command line: parse, call, print. Whatever is heavy is imported inside the command that needs it."""

import signal
import sys
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from harness import __version__, text
from harness.cli.comparing import compare
from harness.cli.data import data_app
from harness.cli.explaining import explain
from harness.cli.grouped import GroupedCommand
from harness.cli.images import images_app
from harness.cli.measuring import reproduce, run
from harness.cli.options import Device, Json
from harness.cli.published import published_app
from harness.cli.results import agree, merge, report, score
from harness.errors import BadInput, HarnessError, refused

app = typer.Typer(
    help="Measure torchvision's detection models in pinned environments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # halves the time of --help
)
app.add_typer(images_app, name="images")
app.add_typer(published_app, name="published")
app.add_typer(data_app, name="data")


def main() -> NoReturn:
    """Run the command line; an error that has a sentence ends in it and in its exit code, never in a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM cleans up like Ctrl-C
    text.suit_streams()
    try:
        try:
            app()
        except SystemExit:
            text.flush_output()
            raise
    except HarnessError as error:
        _fail(error)
    except BrokenPipeError:  # whoever read what was printed has enough of it
        sys.exit(1)
    except OSError as error:
        _fail(refused(error, error.filename or "a file, or what was printed,", "read or written", elsewhere=""))
    sys.exit(0)


def _fail(error: HarnessError) -> NoReturn:
    print(f"harness: {text.printable(str(error))}", file=sys.stderr)
    with suppress(OSError):
        text.flush_output()
    sys.exit(error.exit_code)


def models(as_json: Json = False) -> None:
    """List the catalogued models and what torchvision publishes of them."""
    from harness.cli.commands.models import list_models

    list_models(as_json)


def choose(device: Device = "auto") -> None:
    """Print the environment that --image auto means on this host; the reason goes to standard error."""
    from harness.preflight.checks import Preflight

    with Preflight() as preflight:
        environment, reason = preflight.choose(preflight.target(device))
        for remark in preflight.left_out(device):
            print(text.printable(remark), file=sys.stderr)
    print(f"measuring in {environment.name}: {text.printable(reason)}", file=sys.stderr)
    print(environment.name)


def doctor(
    minutes: Annotated[str | None, typer.Argument(metavar="MINUTES", help="Of --noise: about how long (5).")] = None,
    noise: Annotated[bool, typer.Option("--noise", help="Measure how noisy this host is; nothing is changed.")] = False,
    as_json: Json = False,
) -> None:
    """Tell what runs on this host, and if not, why; with --noise, how small a difference it can show."""
    if noise:
        from harness.cli.commands.noise import print_noise

        print_noise(minutes, sys.argv[1:], as_json=as_json)
        return
    if minutes is not None:
        raise BadInput(f"doctor takes minutes with --noise alone, not {minutes!r:.80}", "write doctor --noise MINUTES")
    from harness.cli.commands.doctor import print_findings

    print_findings(as_json)


def version(as_json: Json = False) -> None:
    """Print the harness's version."""
    import json

    print(json.dumps({"version": __version__}) if as_json else __version__)


for command in (models, run, choose, doctor, version, report, merge, compare, explain, reproduce, score, agree):
    app.command(cls=GroupedCommand if command is run else None)(command)


if __name__ == "__main__":
    main()
