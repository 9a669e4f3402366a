"""Foreign words on their way to a person: nothing in them is obeyed, and whatever a stream lacks is replaced."""

import io
import sys

import pytest

from harness import text


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;http://example.invalid\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b(Bcleared", "cleared"),
        ("one\r\ntwo\tthree\x00", "one  two three "),
        ("left\u202eright", "left right"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
        ("as it is: é \u2013 数 [red] :smile:", "as it is: é \u2013 数 [red] :smile:"),
    ],
)
def test_what_a_terminal_would_obey_is_not_shown(foreign: str, shown: str) -> None:
    assert text.printable(foreign) == shown


NAME = "cuda11.8 fasterrcnn_mobilenet_v3_large_320_fpn"


@pytest.mark.parametrize("width", range(1, len(NAME) + 2))
def test_an_elided_text_keeps_its_ends_and_fits(width: int) -> None:
    shown = text.elided(NAME, width)
    assert len(shown) <= width
    first, _, last = shown.partition("…")
    assert NAME.startswith(first)
    assert NAME.endswith(last)
    assert (shown == NAME) == (width >= len(NAME))


def test_what_is_left_out_are_whole_words() -> None:
    assert text.elided(NAME, 40) == "cuda11.8 fasterrcnn_mobilenet_…320_fpn"
    assert text.elided("x" * 99, 9) == "xxxx…xxxx"


@pytest.mark.parametrize(
    ("encoding", "written"), [("ascii", "- ~ x ? ?"), ("latin-1", "- ~ \u00d7 ? ?"), ("utf-8", "\u2013 … \u00d7 数 ?")]
)
def test_a_stream_replaces_what_it_lacks(encoding: str, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    text.suit_streams()
    for stream in streams.values():
        stream.write("\u2013 … \u00d7 数 \udce9")
        stream.flush()
        raw = stream.buffer
        assert isinstance(raw, io.BytesIO)
        assert raw.getvalue().decode(encoding) == written


def test_a_stream_that_was_closed_takes_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    text.suit_streams()
    assert sys.stdout is not None
    with sys.stdout as stream:
        stream.write("nobody reads this")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (text.count(1, "cell"), "1 cell"),
        (text.count(0, "cell"), "0 cells"),
        (text.count(3, "planned cell"), "3 planned cells"),
        (text.count(2, "box", "boxes"), "2 boxes"),
    ],
)
def test_one_is_no_plural(said: str, words: str) -> None:
    assert said == words
