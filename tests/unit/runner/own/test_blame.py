from pathlib import Path

import pytest

pytest.importorskip("torch")

from runner import compat, cuda
from runner.contract import Code
from runner.own.blame import failure_of

pytestmark = pytest.mark.torch

CODE = Code("mine.tiny", "build", "0" * 64)


class Unspeakable(RuntimeError):
    def __str__(self) -> str:
        raise RuntimeError("never")


def raised(error: BaseException, file: Path) -> BaseException:
    """Return the error as code in that file raises it, two lines down."""
    try:
        exec(compile("\n\nraise error", str(file), "exec"), {"error": error})
    except BaseException as caught:
        return caught
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("no\nmore"), "mine.tiny:build raised ValueError in deep/a.py, line 3: no"),
        (ValueError(), "mine.tiny:build raised ValueError in deep/a.py, line 3"),
        (SystemExit(3), "mine.tiny:build called sys.exit(3) in deep/a.py, line 3"),
        (Unspeakable(), "mine.tiny:build raised Unspeakable in deep/a.py, line 3"),
    ],
)
def test_what_it_raised_and_where(tmp_path: Path, error: BaseException, sentence: str) -> None:
    failure = failure_of(raised(error, tmp_path / "deep" / "a.py"), CODE, tmp_path)
    assert (failure.message, failure.cause) == (sentence, "model")
    assert "log.txt" in failure.remedy


def test_what_others_raised_for_it_has_no_line(tmp_path: Path) -> None:
    failure = failure_of(raised(TypeError("no"), Path("/elsewhere.py")), CODE, tmp_path)
    assert failure.message == "mine.tiny:build raised TypeError: no"


def test_an_error_that_can_not_say_what_it_is_is_neither_memory_s_nor_the_machine_s() -> None:
    assert not compat.is_out_of_memory(Unspeakable())
    assert cuda.failure_of(Unspeakable()) is None
