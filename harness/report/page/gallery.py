"""The index of a gallery: a card for each run, with its clips, in the look of the page and without a script."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.documents.files import content_of
from harness.documents.gallery import GalleryRun
from harness.report.page.clips import data_uri
from harness.report.page.rendering import without_script
from harness.text import count

#: A poster of more bytes is left out of the index.
MOST_POSTER = 1 << 19


def build(out: Path, runs: Sequence[tuple[str, GalleryRun]]) -> str:
    """Return the index, to be written into a folder, of runs that each have a folder of that name there."""
    title = f"{count(len(runs), 'run')} of detection models"
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    posters = {(name, clip.name): _poster(out / name / f"{clip.name}.jpg") for name, run in runs for clip in run.clips}
    return without_script("gallery.html.jinja", title=title, made_at=made_at, runs=runs, posters=posters)


def _poster(file: Path) -> str:
    """Return a picture as a data URI, nothing where it is not there or large."""
    content = content_of(file)
    return data_uri(content, "image/jpeg") if content is not None and len(content) <= MOST_POSTER else ""
