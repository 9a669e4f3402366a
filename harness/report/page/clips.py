"""The clips of demos: played in the page itself where they are small, else beside it."""

import base64
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from harness.catalogue import detectors
from harness.documents.files import content_of
from harness.documents.run_folder import RunFolder

#: A clip of more bytes is no part of the page.
EMBEDDED = 4 << 20


@dataclass(frozen=True)
class Clip:
    """A clip: what it shows, its file, its first frame as a data URI, empty where there is none, and its name.

    Beside a page its file has that name: its cell's, with a number where another run's clip has it already.
    """

    title: str
    file: Path
    poster: str
    name: str

    @property
    def is_small(self) -> bool:
        """Whether the page holds it."""
        return self.file.stat().st_size <= EMBEDDED

    @property
    def source(self) -> str:
        """The clip as a data URI, or its name beside the page."""
        return data_uri(self.file.read_bytes(), "video/mp4") if self.is_small else self.file_name

    @property
    def file_name(self) -> str:
        """What the clip is called beside the page."""
        return f"{self.name}.mp4"


def clips_of(folders: Iterable[RunFolder]) -> list[Clip]:
    """Return the clips of runs, in the order of their plans; of two passes side by side there is one.

    Those that else show the same, of several videos say, are told apart by their runs.
    """
    clips = list(_clips_of(folders))
    titles = Counter(clip.title for _, clip in clips)
    told_apart = [f", {folder.label}" if titles[clip.title] > 1 else "" for folder, clip in clips]
    return [replace(clip, title=clip.title + run) for (_, clip), run in zip(clips, told_apart, strict=True)]


def _clips_of(folders: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Clip]]:
    taken: set[str] = set()
    for folder in folders:
        jobs = [planned.job for planned in folder.plan.cells]
        for job in jobs:
            file = folder.clip(job)
            if file.is_file():
                names = {each.builder: each.display for each in detectors(job.model.builder for job in jobs)}
                title = " and ".join(f"{names[each.model.builder]} in {each.environment}" for each in jobs)
                poster = content_of(file.with_suffix(".jpg"))
                name = _unlike(taken, job.cell)
                taken.add(name)
                yield folder, Clip(title, file, "" if poster is None else data_uri(poster, "image/jpeg"), name)


def _unlike(taken: Container[str], name: str) -> str:
    """Return the name, or the first with a number behind it that is not taken."""
    return next(each for each in chain([name], (f"{name}-{number}" for number in count(2))) if each not in taken)


def data_uri(content: bytes, kind: str) -> str:
    """Return what a file of a kind, such as image/jpeg, holds as a URI that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
