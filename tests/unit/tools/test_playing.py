"""A recording of a terminal is the picture of what was printed, and each line comes when it came."""

import re
from xml.etree import ElementTree

import pytest

from tests.recordings import TEXT, words
from tools.playing import recording, still
from tools.terminals import Printed, Session
from tools.write_recording import RECORDING

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
MADE = Session(0, [Printed(0.5, f"{BOLD}a  b{PLAIN}\r\n\r\nc"), Printed(1.25, "d\r\ne\r\n")])


def test_it_shows_the_command_and_every_line_as_it_was_printed() -> None:
    svg = recording("ls -l", MADE, 20)
    assert words(svg) == ["$ ls -l", "a  b", "", "cd", "e"]
    (bold,) = re.findall(r"\.(harness-r\d) \{[^}]*bold", svg)
    assert [text.text for text in ElementTree.fromstring(svg).iter(TEXT) if bold in text.get("class", "").split()] == [
        "a\xa0\xa0b"
    ]


def test_each_line_comes_when_it_was_ended_and_all_stay() -> None:
    svg = recording("ls", MADE, 20)
    seconds = dict(re.findall(r"\.(at-\d+) \{ animation: printed ([\d.]+)s step-end backwards \}", svg))
    shown = {
        text.text: seconds.get(text.get("class", "").split()[-1])
        for text in ElementTree.fromstring(svg).iter(TEXT)
        if "-line-" in text.get("clip-path", "") and (text.text or "").strip()
    }
    assert shown == {"$\xa0ls": None, "a\xa0\xa0b": "0.50", "cd": "1.25", "e": "1.25"}


def test_it_ends_with_all_in_sight_and_plays_only_for_who_wants_it() -> None:
    svg = recording("ls", MADE, 20)
    moving = svg[svg.index("@media") : svg.index("</style>")]
    assert moving.startswith("@media not (prefers-reduced-motion: reduce)")
    assert re.findall(r"visibility|opacity|display|forwards|both|infinite", moving) == ["visibility"]
    assert "animation" not in still(svg) and words(still(svg)) == words(svg)


def test_two_recordings_of_the_same_words_are_still_the_same() -> None:
    later = Session(0, [Printed(2 * each.seconds, each.text) for each in MADE.printed])
    other = Session(0, [Printed(each.seconds, each.text.replace("e", "f")) for each in MADE.printed])
    first, second, third = (recording("ls", made, 20) for made in (MADE, later, other))
    assert first != second and still(first) == still(second) != still(third)


@pytest.mark.parametrize("text", ["\x1b[?25l", "\x1b[2K", "10 %\r20 %\r\n", "\x1b[3;4H", "\x07"])
def test_what_moves_the_cursor_is_refused_rather_than_shown_wrong(text: str) -> None:
    with pytest.raises(ValueError, match="what does more than print lines can't be played"):
        recording("ls", Session(0, [Printed(0.5, text)]), 20)


def test_the_readme_s_recording_is_small_and_asks_for_nothing() -> None:
    kept = RECORDING.read_text(encoding="utf-8")
    assert "animation: printed" in kept
    assert len(kept) < 20_000
    assert re.findall(r"(?:href|src|url\()\W*https?:", kept) == []
