"""What a gallery keeps of a run in the run's own folder, so that its index can be written again at any time."""

from dataclasses import dataclass

from runner.contract import Document

#: The file's name.
FILE = "gallery.json"


@dataclass(frozen=True)
class GalleryClip(Document):
    """A clip of the run: what it shows, and what its file is called without its ending; a poster may lie beside it."""

    title: str
    name: str


@dataclass(frozen=True)
class GalleryRun(Document):
    """A run of the gallery: when it was planned and its page made, what it says, and what measured what."""

    run: str
    created_at: str
    made_at: str
    headline: str
    environments: list[str]
    hardware: list[str]
    models: list[str]
    clips: list[GalleryClip]
