"""What a file is that should have been JSON, told by its first bytes: most of them were not fetched or unpacked."""

from typing import NamedTuple


class Other(NamedTuple):
    """What such a file is, as the end of a sentence that begins with its name, and what to do."""

    what: str
    remedy: str


#: By how they begin, in lower case, blanks and a byte-order mark before it left out.
_OTHERS = {
    b"\x1f\x8b": Other("is compressed by gzip", "unpack it"),
    b"pk\x03\x04": Other("is a zip archive", "unpack it, and name the JSON file in it"),
    b"version https://git-lfs": Other(
        "is the pointer of a file in Git LFS, not the file", "fetch the file with git lfs pull"
    ),
    b"<": Other("is a web page or XML, not JSON", "fetch the file itself"),
}


def told(content: bytes) -> Other | None:
    """Return what the file is, None where its beginning does not tell."""
    start = content[:512].removeprefix(b"\xef\xbb\xbf").strip().lower()
    if not start and len(content) <= 512:
        return Other("is empty", "fetch or export it again")
    return next((other for beginning, other in _OTHERS.items() if start.startswith(beginning)), None)
