"""Takes README's picture of the page anew, with Chromium, of a run that ships; a test holds it to be of its figures."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from harness.paths import ROOT
from harness.report import render
from harness.report.latency import latency_table
from harness.report.writing import write_page
from tools.write_reference import RUN, cells, folder

PICTURE = ROOT / "docs" / "reference" / "page.png"
WIDTH, HEIGHT = 1280, 800


def figures_sha256() -> str:
    """Return the hash of the figures that the picture shows."""
    return hashlib.sha256(render.csv_text(latency_table(cells(RUN))).encode()).hexdigest()


def shown_sha256(picture: Path) -> str:
    """Return the hash that a picture says its figures have."""
    with Image.open(picture) as image:
        return str(image.info.get("figures_sha256"))


def main() -> int:
    """Write the picture; without a Chromium the old one stays."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print(f"{PICTURE.relative_to(ROOT)} stays as it is: no Chromium is installed", file=sys.stderr)
        return 0
    with TemporaryDirectory() as made:
        page, taken = write_page([folder(RUN)], Path(made), published=False), Path(made) / "page.png"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=5000"]
        where = [f"--screenshot={taken}", f"--window-size={WIDTH},{HEIGHT}", page.as_uri()]
        subprocess.run([chromium, *options, *where], check=True, capture_output=True, timeout=120)
        said = PngInfo()
        said.add_text("figures_sha256", figures_sha256())
        with Image.open(taken) as image:
            image.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(PICTURE, pnginfo=said, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
