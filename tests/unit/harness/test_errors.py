"""What the system refuses is one sentence, whose remedy follows from the system's number, or is absent."""

import errno
import pickle
from pathlib import Path

import pytest

from harness.errors import BadDocument, BadInput, CannotRunHere, HarnessError, StorageError, refused, remedy_of, unknown
from harness.pipeline import Interrupted


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "/x can't be written: No space left on device; free some space, or choose another --out."),
        (
            errno.EACCES,
            "/x can't be written: Permission denied; give this user the right to it, or choose another --out.",
        ),
        (errno.EROFS, "/x can't be written: Read-only file system; choose another --out."),
        (errno.ENOTDIR, "/x can't be written: Not a directory; choose another --out."),
        (errno.ENAMETOOLONG, "/x can't be written: File name too long; choose a shorter name."),
        (errno.EMFILE, "/x can't be written: Too many open files; raise the limit of open files (ulimit -n)."),
        (errno.EBADF, "/x can't be written: Bad file descriptor."),
    ],
)
def test_a_remedy_is_right_or_absent(number: int, sentence: str) -> None:
    assert str(refused(OSError(number, None), "/x")) == sentence


def test_another_place_is_offered_only_where_one_can_be_chosen() -> None:
    assert remedy_of(OSError(errno.EROFS, "")) == ""
    assert (
        remedy_of(PermissionError(errno.EACCES, ""), "name another")
        == "give this user the right to it, or name another"
    )


def test_an_error_without_a_number_keeps_its_own_words() -> None:
    assert str(refused(OSError("cannot send"), "/x", "read")) == "/x can't be read: cannot send."


def test_a_sentence_without_a_remedy_is_whole() -> None:
    assert str(BadInput("there is nothing.", "")) == "there is nothing."
    assert str(BadInput("there is no x", "did you mean y?")) == "there is no x; did you mean y?"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("cud10.2", "did you mean cuda10.2?"),
        ("cuda", "did you mean cuda10.2 or cuda13.0?"),
        ("gpu", "known are cpu, cuda10.2, cuda13.0, local"),  # of three letters, one makes another thing
        ("loaded", "known are cpu, cuda10.2, cuda13.0, local"),
    ],
)
def test_a_name_is_offered_only_where_it_may_have_been_meant(name: str, remedy: str) -> None:
    assert unknown("environment", name, ["local", "cpu", "cuda13.0", "cuda10.2"]).remedy == remedy


@pytest.mark.parametrize("kind", [HarnessError, BadInput, CannotRunHere, BadDocument, StorageError])
def test_an_error_of_another_process_arrives_as_it_was_raised(kind: type[HarnessError]) -> None:
    arrived = pickle.loads(pickle.dumps(kind("it broke", "mend it")))
    assert (type(arrived), str(arrived), arrived.reason, arrived.remedy) == (
        kind,
        "it broke; mend it.",
        "it broke",
        "mend it",
    )


def test_an_interruption_of_another_process_says_where_to_go_on() -> None:
    arrived = pickle.loads(pickle.dumps(Interrupted(Path("results/1"), "1")))
    assert (arrived.folder, arrived.run) == (Path("results/1"), "1")
    assert str(arrived) == "the run 1 was interrupted, and can be gone on with"
