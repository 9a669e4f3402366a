"""Runs the command line within the test's own process: what it prints, beside what Python answers."""

import json
from typing import Any

from typer.testing import CliRunner

from harness.cli.listed import app


def told(*arguments: object, exit_code: int = 0) -> str:
    """Return what a command prints on standard output; the error that ends it is raised."""
    done = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == exit_code, done.output
    return done.stdout


def told_json(*arguments: object, exit_code: int = 0) -> Any:
    """Return what a command prints with --json."""
    return json.loads(told(*arguments, "--json", exit_code=exit_code))
