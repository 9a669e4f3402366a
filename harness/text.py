"""Text from anywhere, on its way to a person: without what a terminal would obey, in the characters that it has."""

import codecs
import io
import os
import re
import sys
import textwrap
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

GAP = "–"  # noqa: RUF001 -- the dash of a table's gap
#: Control sequences of terminals (ECMA-48): colours and cursor, titles and links, and the short ones.
SEQUENCES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
#: What stands for the harness's own characters in a stream that lacks them; "?" stands for any other.
PLAIN = {
    "\N{EN DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "~",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{MIDDLE DOT}": ".",
    "\N{PLUS-MINUS SIGN}": "+-",
}
#: The last of the three descriptors that every process has.
STANDARD_ERROR = 2
#: Python keeps the bytes of a file name that is not UTF-8 as these.
UNDECODED = range(0xDC80, 0xDD00)


def printable(text: str, longest: int | None = None) -> str:
    """Return the text without sequences and control characters that a terminal obeys, cut to a length if one is given.

    A space stands for a control character, \\xHH for a byte of a file name that is no text.
    """
    shown = text if text.isprintable() else "".join(map(_printable, re.sub(SEQUENCES, "", text)))
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1] + "…"


def _printable(character: str) -> str:
    if ord(character) in UNDECODED:
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character if character.isprintable() else " "


def suit_streams() -> None:
    """Have standard output and error replace the characters that they lack, and take what a closed one is told."""
    _fill_descriptors()
    codecs.register_error("plain", _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this process
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")


def _fill_descriptors() -> None:
    """Open what is closed of standard input, output and error, or the next file, or a library's pipe, would be it."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 -- nobody decodes by this name
    return "".join(PLAIN.get(c, "?") for c in error.object[error.start : error.end]), error.end


def flush_output() -> None:
    """Write out what was printed. Raises OSError where it can't be, and then drops it, so that no one tries again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def broken(text: str, width: int) -> str:
    """Return the text in lines of at most so many characters, broken between words alone: a path stays whole."""
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def tell(sentence: str) -> None:
    """Print a sentence on standard error: on a terminal broken between words, else as one line."""
    shown = printable(sentence)
    with suppress(OSError, ValueError):  # which is no terminal
        shown = broken(shown, os.get_terminal_size(sys.stderr.fileno()).columns or len(shown))
    print(shown, file=sys.stderr)


def elided(text: str, width: int) -> str:
    """Return the text in at most `width` characters: without some of its inner words, which … stands for.

    Words end at a space, an underscore or a slash; one is cut only where whole ones would leave half the room empty.
    """
    if len(text) <= width:
        return text
    words = re.split(r"(?<=[ _/])", text)
    for kept in range(len(words) - 1, 0, -1):
        first, last = words[: (kept + 1) // 2], words[len(words) - kept // 2 :]
        shorter = "".join([*first, "…", *last])
        if width / 2 <= len(shorter) <= width:
            return shorter
    end = (width - 1) // 2
    return text[: max(width - 1 - end, 0)] + "…" + text[len(text) - end :]


def count(number: int, what: str, many: str | None = None) -> str:
    """Return so many of a thing as people say it: 1 cell, but 0 cells and 3 cells, or what else `many` are called."""
    return f"{number} {what}" if number == 1 else f"{number} {many or what + 's'}"


def percent(share: float, decimals: int | None = None) -> str:
    """Return a share in percent, of 0.05 5 %; without `decimals` as short as it is exact."""
    return f"{100 * share:.10g} %" if decimals is None else f"{100 * share:.{decimals}f} %"


def duration(seconds: float) -> str:
    """Return a time span as people read it: 45 s, 6 min, 1 h 20 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def escaped(text: str) -> str:
    """Return the text as Markdown shows it, rather than as a link, a picture or HTML."""
    # An underscore within a word is none of Markdown's, and names are full of them.
    safe = re.sub(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)
    return safe.replace("&", "&amp;").replace("<", "&lt;")


@lru_cache(maxsize=10_000)  # a tidy table says the same few words in most of its cells
def defused(text: str) -> str:
    """Return the text as a spreadsheet shows it and does not compute it, without control characters."""
    text = printable(text)
    start = text.lstrip()[:2]
    return "'" + text if start[:1] in ("=", "+", "@") or (start[:1] == "-" and start != "-") else text
