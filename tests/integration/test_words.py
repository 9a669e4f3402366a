"""Words of the world outside: paths, streams, and what the system refuses. None of them ends in a traceback."""

import http.server
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.data import shapes
from harness.paths import ROOT
from tests.integration.commands import HARNESS, LITE, each_fails, fails, harness
from tools.terminals import session

REFERENCE = ROOT / "results" / "reference"
BAD_INPUT, CANNOT_RUN_HERE, STORAGE_ERROR = 2, 3, 5
#: What SQLite, rich, a format, a glob, a bind and a shell would each take for something else; ö is two bytes.
ODD = "run #1? 100%25 {0} [red]x[b] *:smile:ö"


@pytest.mark.torch
@pytest.mark.usefixtures("lean_torch")
def test_a_run_in_a_folder_of_any_name_is_like_any_other(tmp_path: Path) -> None:
    dataset = tmp_path / ("set " + ODD + "ö" * 90)  # a name too long for a cell's folder
    shapes.generate(dataset, 1, seed=1)
    out = tmp_path / "runs" / ODD
    command = ["run", "--suite", "accuracy", "--image", "local", "--device", "cpu", "--weights", "shapes"]
    done = harness(*command, "--model", LITE, "--dataset", dataset, "--out", out)
    assert done.returncode == 0, done.stderr
    assert f"harness report {shlex.quote(str(out))} -o DIR" in done.stdout
    assert [path.name for path in out.parent.iterdir()] == [ODD]
    (scores,) = out.glob("cells/*/scores.json")
    assert json.loads(scores.read_text())["scores"]


@pytest.mark.parametrize(
    ("command", "encoding"),
    [
        (["models"], "latin-1"),
        (["doctor"], "ascii"),
        (["report", REFERENCE / "accuracy-shapes", REFERENCE / "quick-1"], "ascii"),
        (["run", "--help"], "ascii"),
    ],
)
def test_a_stream_that_is_not_utf_8_gets_what_it_can_show(command: list[object], encoding: str) -> None:
    done = subprocess.run(
        [*HARNESS, *map(str, command)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.decode(encoding)) > 500


@pytest.mark.parametrize("command", ["models", "published check", "version"])
@pytest.mark.parametrize(("stdout", "exit_code"), [("| true", None), (">&-", 0), ("> /dev/full", STORAGE_ERROR)])
def test_an_output_that_nobody_takes_is_no_traceback(command: str, stdout: str, exit_code: int | None) -> None:
    done = subprocess.run(
        f"{shlex.join(HARNESS)} {command} {stdout}", shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if exit_code is not None:
        assert done.returncode in (exit_code, int(command == "published check" and not exit_code)), done.stderr
    sentence = "harness: a file, or what was printed, can't be read or written: No space left on device"
    assert done.stderr.startswith(sentence) if exit_code else done.stderr == ""


def test_what_is_opened_never_takes_the_place_of_a_closed_stream() -> None:
    code = "import os; from harness import text; text.suit_streams(); print(os.open(os.devnull, os.O_RDONLY))"
    command = f"{shlex.join([sys.executable, '-c', code])} <&- 2>&-"
    done = subprocess.run(command, shell=True, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert int(done.stdout) > 2


RUN = ["run", "--image", "local", "--weights", "random", "--device", "cpu", "--model", LITE]
LONG = "x" * 300


def test_what_the_system_refuses_is_a_sentence() -> None:
    refused: dict[str, Sequence[object]] = {
        "can't be made: File name too long; choose a shorter name.": [*RUN, "--out", f"/tmp/{LONG}"],
        "/etc/passwd/run can't be made: Not a directory; choose another --out.": [*RUN, "--out", "/etc/passwd/run"],
        "can't be read or written: File name too long; choose a shorter name.": ["report", LONG],
        "/tidy.parquet can't be written: ": ["merge", REFERENCE / "quick-1", "-o", "/etc/passwd"],
    }
    each_fails(STORAGE_ERROR, refused)


def test_a_folder_of_pictures_with_too_long_a_name_is_bad_input() -> None:
    sentence = f"the folder /tmp/{LONG} can't be read: File name too long; choose a shorter name."
    fails(BAD_INPUT, sentence, *RUN, "--images", f"/tmp/{LONG}")


def test_an_error_on_a_terminal_breaks_between_words() -> None:
    run = "/no/where/" + "long-" * 12 + "name"
    variables = {**os.environ, "TERM": "xterm-256color"}
    made = session([*HARNESS, "report", run], 80, ROOT, variables)
    lines = made.text.splitlines()
    assert made.exit_code == BAD_INPUT
    assert len(lines) > 1
    assert " ".join(lines).startswith(f"harness: there is no run '{run}'; ")
    assert all(len(line) <= 80 for line in lines)


def test_what_is_suggested_is_what_the_shell_finds(tmp_path: Path) -> None:
    script = tmp_path / "a bin" / "harness"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nfrom harness.cli.app import main\nmain()\n")
    script.chmod(0o755)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "HARNESS_RESULTS": str(tmp_path)}

    def told(*command: str, path: str = "") -> str:
        own = variables | {"PATH": f"{path}{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert told("a bin/harness", "report", "none").endswith("; make one with: 'a bin/harness' run.\n")
    helped = told("a bin/harness", "run", "--help")
    assert helped.startswith("Usage: 'a bin/harness' run [OPTIONS]")
    assert "\n  'a bin/harness' run --model " in helped
    by_name = told("sh", "-c", "harness report none", path=f"{script.parent}:")
    assert by_name.endswith("; make one with: harness run.\n")


@pytest.fixture
def closed_socket(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A socket where this user may not connect, and what a command needs in front so that root may not, either."""
    path, before = tmp_path / "d.sock", []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(1)
        path.chmod(0)
        if os.geteuid() == 0:
            if shutil.which("setpriv") is None:
                pytest.skip("root may use any socket, and setpriv (util-linux) is not here to take that from it")
            before = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
            os.chown(path, 4711, 1)
            path.chmod(0o660)
        yield path, before


@pytest.fixture
def odd_engine(tmp_path: Path) -> Iterator[str]:
    """The address of something that answers each question with the object that an engine gives to one of them."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"ApiVersion": "1.41"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:99999", "tcp://[1:2375", "nonsense", None])
def test_what_is_no_engine_is_a_sentence(address: str | None, odd_engine: str) -> None:
    where = address or odd_engine
    sentence = f"harness: the Docker engine at {where} can't be used ("
    fails(CANNOT_RUN_HERE, sentence, "images", "list", variables={"DOCKER_HOST": where})


def test_who_may_not_use_the_engine_s_socket_is_told_so(closed_socket: tuple[Path, list[str]]) -> None:
    path, before = closed_socket
    done = subprocess.run(
        [*before, *HARNESS, "run", "--image", "cuda10.2", "--model", LITE, "--weights", "random", "--dry-run"],
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": f"unix://{path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == CANNOT_RUN_HERE, done.stderr
    assert done.stderr.startswith(f"harness: this user may not use the Docker socket unix://{path}; ")
    assert ("join its group (" in done.stderr and "log in anew" in done.stderr) if before else "u+rw" in done.stderr
    assert len(done.stderr.splitlines()) == 1
