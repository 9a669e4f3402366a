"""A demo that can't go where it is to go is refused before anything is detected for it."""

from pathlib import Path

import pytest
from PIL import Image

from harness import showing
from harness.errors import BadInput
from harness.preflight.checks import Preflight
from harness.progress import Silent


def shown(given: Path, out: Path) -> None:
    with Preflight() as preflight:
        showing.start(showing.Showing(model="ssd300_vgg16", input=str(given)), [], preflight, Silent(), out)


def test_a_clip_never_takes_the_place_of_what_it_is_made_from(tmp_path: Path) -> None:
    video, picture = tmp_path / "street.mp4", tmp_path / "a.png"
    video.write_bytes(b"a person's only copy")
    Image.new("RGB", (8, 8)).save(picture)
    for given, out in ((video, video), (tmp_path, picture)):
        kept = out.read_bytes()
        with pytest.raises(BadInput, match=rf"^-o .*{out.name} is what the clip is made from"):
            shown(given, out)
        assert out.read_bytes() == kept


def test_a_clip_is_no_folder(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match=r"^-o .* is a folder"):
        shown(tmp_path, tmp_path)
