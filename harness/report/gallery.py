"""Several runs as a folder for any static host: the page of each in a folder of its own, and an index of all of them.

The index is made of what each run's folder keeps of it, so that a run can be added, written anew, or taken away with
its folder. A run is in the index once all that lies in its folder is whole.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness import documents
from harness.analysis.naming import UNMEASURED, hardware_name, short
from harness.catalogue import displays
from harness.documents.files import content_of, parsed, storing
from harness.documents.gallery import FILE, GalleryClip, GalleryRun
from harness.documents.names import cell_name, is_cell_name
from harness.documents.run_folder import RunFolder
from harness.errors import ANOTHER_OUT, BadDocument, BadInput, StorageError
from harness.report.writing import lay, report_of, title_of

if TYPE_CHECKING:
    from harness.report.page import Report

#: By what an index of an earlier time is known.
MARK = '<meta name="generator" content="detection-harness gallery">'
ANOTHER_GALLERY = "choose another folder for --gallery"


def write_gallery(folders: list[RunFolder], out: Path, *, published: bool) -> Path:
    """Write the page of each run, and the index of these and of all that are there already. Returns the index's path.

    Raises BadInput where the folder holds something else, BadDocument where a run's part of it can't be read.
    """
    index = out / "index.html"
    _require_ours(out, index)
    try:
        for folder in folders:
            report = report_of([folder], title_of([folder]), published=published)
            _show(folder, report, out / folder_name(folder))
        _write_index(out, index)
    except StorageError as error:
        raise StorageError(error.reason, error.remedy.replace(ANOTHER_OUT, ANOTHER_GALLERY)) from error
    return index


def folder_name(folder: RunFolder) -> str:
    """Return what the folder of a run is called there: the run's name, and what tells runs of one name apart."""
    planned = folder.plan
    return cell_name(folder.path.resolve().name, short(repr((planned.created_at, planned.command))))


def runs_in(out: Path) -> Iterator[tuple[str, GalleryRun]]:
    """Yield the folder of each run of a gallery, and what it says, newest first."""
    files = [file for file in out.glob(f"*/{FILE}") if (file.parent / "report.html").is_file()]
    found = [(file.parent.name, said) for file in files if (said := _read(file))]
    yield from sorted(found, key=lambda each: (each[1].created_at, each[0]), reverse=True)


def _read(file: Path) -> GalleryRun | None:
    """Return what a run's folder keeps of it, None where somebody has deleted it meanwhile. Raises BadDocument."""
    content = content_of(file)
    if content is None:
        return None
    found = parsed(GalleryRun, file, content)
    for clip in found.clips:
        if not is_cell_name(clip.name):
            raise BadDocument(f"{file} names a clip {clip.name!r:.80}", "delete its folder, and add the run again")
    return found


def _require_ours(out: Path, index: Path) -> None:
    if (out / "plan.json").exists():
        raise BadInput(f"{out} is a run, and no place for a gallery", "name the gallery's folder: --gallery DIR RUN")
    with storing(index, "read", ANOTHER_GALLERY):
        is_there = index.exists()
        if is_there and MARK not in index.read_text(encoding="utf-8", errors="replace"):
            raise BadInput(f"{index} is none that a gallery has written", ANOTHER_GALLERY)


def _show(folder: RunFolder, report: "Report", place: Path) -> None:
    """Write the page of a run with its clips beside it, and last what the index says of it."""
    lay(report, place)
    for clip in report.clips:
        for file in (clip.file, clip.file.with_suffix(".jpg")):
            if file.is_file():
                with documents.replacing(place / f"{clip.name}{file.suffix}") as part:
                    shutil.copyfile(file, part)
    documents.write(place / FILE, _said(folder, report))


def _said(folder: RunFolder, report: "Report") -> GalleryRun:
    cells = report.cells
    hardware = dict.fromkeys(hardware_name(cell.result) for cell in cells)
    hardware.pop(UNMEASURED, None)
    return GalleryRun(
        run=folder.label,
        created_at=folder.plan.created_at,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        headline=report.headline,
        environments=list(dict.fromkeys(cell.job.environment for cell in cells)),
        hardware=list(hardware),
        models=list(displays(cell.job.model.builder for cell in cells).values()),
        clips=[GalleryClip(clip.title, clip.name) for clip in report.clips],
    )


def _write_index(out: Path, index: Path) -> None:
    """Write the index of all runs that are there, once more where somebody else has added one meanwhile."""
    told: list[tuple[str, GalleryRun]] | None = None
    while (there := list(runs_in(out))) != told:
        with documents.replacing(index) as part:
            part.write_text(_index(out, there), encoding="utf-8")
        told = there


def _index(out: Path, runs: list[tuple[str, GalleryRun]]) -> str:
    from harness.report.page.gallery import build  # only here: what draws takes a while to import

    return build(out, runs)
