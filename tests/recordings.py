"""What a recording of a terminal shows, read from its picture."""

import re
from collections import defaultdict
from xml.etree import ElementTree

TEXT = "{http://www.w3.org/2000/svg}text"
#: The width of a letter in a picture by Rich, in its own units.
LETTER = 12.2


def words(svg: str) -> list[str]:
    """Return the lines as they are drawn, each text at its place."""
    lines: defaultdict[int, str] = defaultdict(str)
    for text in ElementTree.fromstring(svg).iter(TEXT):
        if found := re.search(r"-line-(\d+)\)", text.get("clip-path", "")):
            column = round(float(text.get("x", 0)) / LETTER)
            lines[int(found[1])] = lines[int(found[1])].ljust(column) + (text.text or "").replace("\xa0", " ")
    return [lines[number].rstrip() for number in range(max(lines) + 1)]
