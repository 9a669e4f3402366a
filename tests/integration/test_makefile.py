"""What make installs, and that Ctrl-C while it does leaves nothing that is taken for whole."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from harness.paths import ROOT

#: What make needs of the repository until something is installed.
NEEDED = ("Makefile", "pyproject.toml", "tools", "harness")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


Make = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def make(clone: Path) -> Iterator[Make]:
    """Starts make as the leader of a group of processes, as a shell does; its index of packages never answers."""
    started: list[subprocess.Popen[str]] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PIP_"))}

        def start(target: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen(
                ["make", f"PYTHON={sys.executable}", target],
                cwd=clone,
                env={**variables, "PIP_INDEX_URL": index},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            started.append(process)
            return process

        yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def of(folder: Path, words: str) -> list[psutil.Process]:
    """Return the processes that run in the folder, or in one below it, with these words in their command."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if Path(process.info["cwd"] or "/").is_relative_to(folder) and words in " ".join(process.info["cmdline"] or []):
            found.append(process)
    return found


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def interrupted(process: "subprocess.Popen[str]", how: Callable[[int, int], None], number: int) -> None:
    """Interrupt make, and check that it says so, fails, and leaves nothing running."""
    how(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "installing was interrupted; the next make goes on with it" in err
    assert "Traceback" not in err
    assert "python3-venv" not in err


def test_a_venv_that_was_made_in_part_is_made_anew(clone: Path, make: Make) -> None:
    process = make(".venv/.made")
    wait_for(lambda: of(clone, "ensurepip"))
    interrupted(process, os.killpg, signal.SIGINT)
    assert of(clone, "venv") == []
    assert not (clone / ".venv/.made").exists()
    again = make(".venv/.made")
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    subprocess.run([clone / ".venv/bin/python", "-m", "pip", "--version"], check=True, capture_output=True)


@pytest.mark.parametrize(("how", "number"), [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)])
def test_an_installation_that_is_interrupted_is_none(
    clone: Path, make: Make, how: Callable[[int, int], None], number: int
) -> None:
    _a_whole_venv(clone)
    process = make(".venv/.harness")
    wait_for(lambda: [each for each in of(clone, "pip install") if "installing" not in each.cmdline()[2]])
    interrupted(process, how, number)
    assert of(clone, "pip install") == []
    assert not (clone / ".venv/.harness").exists()


def _a_whole_venv(clone: Path) -> None:
    """Have this interpreter's packages, and with them pip, in a .venv of its own, which takes no time."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", clone / ".venv"], check=True
    )
    (clone / ".venv/.made").touch()


def test_a_venv_of_before_is_taken_as_it_is(clone: Path, make: Make) -> None:
    _a_whole_venv(clone)
    for name in (".made", ".harness"):
        (clone / ".venv" / name).touch()
    (clone / ".venv/.made").unlink()
    process = make(".venv/.made")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert (clone / ".venv/.harness").exists()
    assert not (clone / ".venv/bin/pip").exists()


def test_what_a_person_has_in_a_venv_stays(clone: Path, make: Make) -> None:
    _a_whole_venv(clone)
    (clone / ".venv/.made").unlink()
    kept = clone / ".venv/lib/theirs.py"
    kept.write_text("")
    process = make(".venv/.made")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert kept.exists()
