"""What this host can do, and what there is to measure: models, choose, doctor, version. Parse and call."""

import sys
from typing import Annotated

import typer

from harness.cli.options import Device, Json
from harness.errors import BadInput


def models(as_json: Json = False) -> None:
    """List the catalogued models and what torchvision publishes of them."""
    from harness.cli.commands.models import list_models

    list_models(as_json)


def choose(device: Device = "auto") -> None:
    """Print the environment that --image auto means on this host; the reason goes to standard error."""
    from harness import text
    from harness.cli.called import as_called
    from harness.preflight.checks import Preflight

    with Preflight() as preflight:
        environment, reason = preflight.choose(preflight.target(device))
        for remark in preflight.left_out(device):
            text.tell(as_called(remark))
    text.tell(as_called(f"measuring in {environment.name}: {reason}"))
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

    from harness import __version__

    print(json.dumps({"version": __version__}) if as_json else __version__)
