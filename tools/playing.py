"""Makes a recording of a picture of a terminal: its first line is typed, then the program answers.

It is SVG with CSS alone, which plays where a picture does. Whoever plays nothing, or asks for less motion, sees the
whole session, which is also how it ends. How fast it is typed is nobody's doing; what is answered comes at once, as the
program prints it.
"""

import re

#: Seconds before the first letter, for each, and from the last to the answer.
BEFORE_S, LETTER_S, ANSWER_S = 0.6, 0.05, 0.9
#: The width of a letter in a picture by Rich, in its own units, and what stands before what is typed.
LETTER, PROMPT = 12.2, "$ "
#: Which line of its picture a text of Rich's is on; the first is the command.
LINE = re.compile(r'(<text class="[^"]*")([^>]*clip-path="url\(#[\w-]+-line-(\d+)\)")')


def played(svg: str, command: str) -> str:
    """Return the picture as a recording: `command` is typed on its first line, and the others come then."""
    marked = LINE.sub(lambda text: text[1].replace('="', '="answer ') + text[2] if int(text[3]) else text[0], svg)
    return marked.replace("</style>", f"{_style(command)}    </style>", 1)


def _style(command: str) -> str:
    letters = len(command)
    typed_s = letters * LETTER_S
    first, last = LETTER * len(PROMPT), LETTER * (len(PROMPT) + letters)
    return f"""
    @media not (prefers-reduced-motion: reduce) {{
        @keyframes typing {{ from {{ width: {first:.1f}px }} to {{ width: {last:.1f}px }} }}
        @keyframes answering {{ from {{ visibility: hidden }} }}
        clipPath[id$="-line-0"] rect {{ animation: typing {typed_s:.2f}s steps({letters}, end) {BEFORE_S}s backwards }}
        .answer {{ animation: answering {BEFORE_S + typed_s + ANSWER_S:.2f}s step-end backwards }}
    }}
"""
