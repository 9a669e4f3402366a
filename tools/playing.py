"""Makes a picture of what a program printed on a terminal, in which each line comes when it came.

It is SVG with CSS alone, which plays where a picture does. Whoever plays nothing, or asks for less motion, sees the
whole session, which is also how it ends. The command stands there from the start; nobody is shown to type it.
"""

import io
import re

from rich.ansi import AnsiDecoder
from rich.console import Console

from tools.terminals import Session

PROMPT = "$ "
#: Which line of its picture a text of Rich's is on; the first is the command.
LINE = re.compile(r'(<text class="[^"]*)("[^>]*clip-path="url\(#[\w-]+-line-(\d+)\)")')
#: What colours a text, and what does anything else: a line alone is not all that it changes.
COLOUR, OTHER = re.compile(r"\x1b\[[\d;]*m"), re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
FONT = re.compile(r"@font-face \{.*?\}\n", re.DOTALL)
MOVING = re.compile(r"\n    @media not .*?\n    \}\n", re.DOTALL)


def recording(command: str, session: Session, columns: int) -> str:
    """Return the picture of a session that a command began, without a font of the network.

    Raises ValueError where the program did more than print lines, which is all that can be played.
    """
    text = session.text.replace("\r\n", "\n")
    if unplayable := OTHER.search(COLOUR.sub("", text)):
        raise ValueError(f"what does more than print lines can't be played: it sent {unplayable[0]!r}")
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(f"{PROMPT}{command}", highlight=False)
    decoder = AnsiDecoder()
    for line in text.removesuffix("\n").split("\n"):
        console.print(decoder.decode_line(line), no_wrap=True, overflow="ignore", crop=False)
    picture = console.export_svg(title=command, unique_id="harness")
    return _played(FONT.sub("", picture), _moments(session))


def still(svg: str) -> str:
    """Return the recording as it stands in the end, without the times at which its lines came."""
    return re.sub(r' at-\d+"', '"', MOVING.sub("", svg))


def _moments(session: Session) -> list[float]:
    """Return when each line was ended, in seconds."""
    return [each.seconds for each in session.printed for _ in range(each.text.count("\n"))]


def _played(svg: str, moments: list[float]) -> str:
    """Return the picture with its lines, after the first, at their moments; what has no line's end comes last."""
    seconds = [f"{moment:.2f}" for moment in moments] or ["0.00"]
    different = list(dict.fromkeys(seconds))

    def timed(text: re.Match[str]) -> str:
        number = min(int(text[3]), len(seconds))
        return f"{text[1]} at-{different.index(seconds[number - 1])}{text[2]}" if number else text[0]

    return LINE.sub(timed, svg).replace("</style>", f"{_style(different)}    </style>", 1)


def _style(seconds: list[str]) -> str:
    appearing = "\n".join(
        f"        .at-{number} {{ animation: printed {moment}s step-end backwards }}"
        for number, moment in enumerate(seconds)
    )
    return f"""
    @media not (prefers-reduced-motion: reduce) {{
        @keyframes printed {{ from {{ visibility: hidden }} }}
{appearing}
    }}
"""
