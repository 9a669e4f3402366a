"""What this host can do, and what there is to measure: models, choose, doctor, version. Parse and call."""

import sys

from harness.cli.options import Device, Json


def models(as_json: Json = False) -> None:
    """List the catalogued models and what torchvision publishes of them."""
    from harness.cli.commands.models import list_models

    list_models(as_json)


def choose(device: Device = "auto") -> None:
    """Print the environment that --image auto means on this host; the reason goes to standard error."""
    from harness import text
    from harness.preflight.checks import Preflight

    with Preflight() as preflight:
        environment, reason = preflight.choose(preflight.target(device))
        for remark in preflight.left_out(device):
            print(text.printable(remark), file=sys.stderr)
    print(f"measuring in {environment.name}: {text.printable(reason)}", file=sys.stderr)
    print(environment.name)


def doctor(as_json: Json = False) -> None:
    """Tell what runs on this host, and if not, why."""
    from harness.cli.commands.doctor import print_findings

    print_findings(as_json)


def version(as_json: Json = False) -> None:
    """Print the harness's version."""
    import json

    from harness import __version__

    print(json.dumps({"version": __version__}) if as_json else __version__)
