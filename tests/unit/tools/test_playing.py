"""A recording of a terminal is the same picture where nothing moves."""

import re
from xml.etree import ElementTree

from tools import write_reference
from tools.playing import ANSWER_S, BEFORE_S, LETTER_S, played

SVG = """<svg xmlns="http://www.w3.org/2000/svg"><style>
    .x-r1 { fill: #fff }
    </style><clipPath id="x-line-0"><rect width="99"/></clipPath>
<text class="x-r1" x="0" clip-path="url(#x-line-0)">$ ls</text>
<text class="x-r1" x="9" clip-path="url(#x-line-12)">a</text>
</svg>"""


def test_the_first_line_is_typed_and_the_others_answer_it() -> None:
    recording = played(SVG, "ls")
    first, answer = ElementTree.fromstring(recording).iter("{http://www.w3.org/2000/svg}text")
    assert (first.attrib["class"], answer.attrib["class"]) == ("x-r1", "answer x-r1")
    assert f"typing {2 * LETTER_S:.2f}s steps(2, end) {BEFORE_S}s backwards" in recording
    assert f"answering {BEFORE_S + 2 * LETTER_S + ANSWER_S:.2f}s step-end backwards" in recording


def test_it_ends_with_all_in_sight_and_plays_only_for_who_wants_it() -> None:
    recording = played(SVG, "ls")
    moving = recording[recording.index("@media") : recording.index("</style>")]
    assert moving.startswith("@media not (prefers-reduced-motion: reduce)")
    still = recording.replace(moving, "").replace("answer ", "")
    assert "".join(still.split()) == "".join(SVG.split())
    assert re.findall(r"visibility|opacity|display|forwards|both|infinite", moving) == ["visibility"]


def test_the_readme_s_recording_is_small_and_asks_for_nothing() -> None:
    recording = (write_reference.CHARTS / "terminal.svg").read_text(encoding="utf-8")
    assert "answering" in recording
    assert len(recording) < 20_000
    assert re.findall(r"(?:href|src|url\()\W*https?:", recording) == []
