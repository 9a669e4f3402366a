"""What a document that others will read must not say: where on a person's machine something lies, and who they are."""

import os
import pwd
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Iterable, List, Set, Tuple

#: Too general to say anything of a person.
PUBLIC = {"/", "/tmp", "/usr", "/usr/local", "/opt"}  # noqa: S108 -- a name, not a place to write to
#: A path begins at the beginning of a word, or behind a compiler's option; and ends with its word.
START, END = r"(?:(?<![\w.~-])|(?<=-[IL]))", r"(?![\w.-])"

Rules = List[Tuple["re.Pattern[str]", str]]


def scrubbed(value: Any, folders: Iterable[Path] = ()) -> Any:
    """Return plain data (dicts, lists, scalars) with each text in it made private.

    What lies below `folders`, or where the interpreter is, is named by its path from there on; the home folder is ~,
    the user's name in a path is USER, and an address loses its user and password.
    """
    return _applied(_rules(folders), value)


def _applied(rules: Rules, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _applied(rules, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_applied(rules, item) for item in value]
    if isinstance(value, str) and "/" in value:
        for pattern, replacement in rules:
            value = pattern.sub(replacement, value)
    return value


def _rules(folders: Iterable[Path]) -> Rules:
    """Return what is replaced by what, the deepest folder first."""
    homes, user = _homes_and_user()
    known = dict.fromkeys(_spellings([*folders, Path(sys.prefix), Path(sys.base_prefix)]), "")
    known.update((text, "~") for text in _spellings(homes))
    rules = []
    for text in sorted(known.keys() - PUBLIC, key=len, reverse=True):
        if not known[text]:
            rules.append((START + re.escape(text) + "/", ""))
        rules.append((START + re.escape(text) + END, known[text] or Path(text).name.replace("\\", r"\\")))
    if user:
        rules.append((rf"{START}((?:/[^/\s'\"]+)*/){re.escape(user)}{END}", r"\1USER"))
    rules.append((r"(?<=://)[^/@\s]+@", ""))
    return [(re.compile(pattern), replacement) for pattern, replacement in rules]


def _homes_and_user() -> Tuple[List[Path], str]:
    """Return the home folders of the user, and their name where it is a person's."""
    homes, user = [Path(os.environ.get("HOME") or "/")], ""
    with suppress(KeyError):  # a container's user has no entry
        entry = pwd.getpwuid(os.getuid())
        homes, user = [*homes, Path(entry.pw_dir)], entry.pw_name
    return homes, "" if user == "root" else user


def _spellings(folders: Iterable[Path]) -> Set[str]:
    """Return the absolute paths of the folders, with links and without."""
    return {str(path) for folder in folders for path in (folder.absolute(), folder.resolve())}
