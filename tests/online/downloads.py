"""The parts that download: every checkpoint, and the cuDNN archive of cuda11.4."""

import hashlib
import re

from harness import paths
from harness.catalogue import Model, environments, models
from harness.data import checkpoints as files
from harness.data.download import Wanted, fetch
from harness.documents.files import sha256_of, storing
from harness.errors import BadDocument, refused
from harness.images import lock
from tests.online.check import Broken, Pass, Places
from tests.online.findings import pin_of

CUDNN = "CUDNN_SHA256"
#: How the runfile's checksum is known stays; only what is said of the archive's changes.
CUDNN_CERTAINTY = (
    "agreed: two package recipes give the runfile's checksum; the cuDNN archive's is single: as NVIDIA serves it"
)


def weights_gb() -> float:
    """Return how much all checkpoints are together."""
    return sum(model.checkpoint_mib for model in models().values()) * 2**20 / 1e9


def checkpoints(doing: Pass) -> None:
    """Every checkpoint of the catalogue fetched, and held to the digits in its name."""
    for model in models().values():

        def look(model: Model = model) -> str:
            return f"SHA-256 {_checked(model)}"

        doing.each(
            model.checkpoint, pin_of(model.checkpoint, doing.check.places.weights), doing.check.places.weights, look
        )


def _checked(model: Model) -> str:
    """Fetch the checkpoint if need be, and return the SHA-256 of what then lies here. Raises Broken for another."""
    recorded = files.pretrained(model, _unseen).sha256
    path = paths.weights_folder() / model.checkpoint
    with storing(path):
        sha256 = sha256_of(path)
    if sha256 != recorded or not sha256.startswith(model.checkpoint_sha256_prefix):
        raise Broken(f"{path} has SHA-256 {sha256}; delete it")
    return sha256


def cudnn(doing: Pass) -> None:
    """The checksum of the cuDNN archive that cuda11.4 is built with: held to its pin, or proposed for it."""
    environment = environments()["cuda11.4"]
    url = cudnn_url(doing.check.places)
    pinned = _argument(CUDNN)
    part = doing.check.folder / f"cudnn-{hashlib.sha256(url.encode()).hexdigest()[:8]}.tgz"

    def look() -> str:
        wanted = Wanted(url, pinned, "docker/cuda11.4/Dockerfile", "name a mirror with ONLINE_CUDNN_URL")
        try:
            sha256 = fetch(wanted, part, _unseen)  # beside the findings, so that an interrupted one goes on
            part.unlink()
        except OSError as error:
            raise refused(error, part, elsewhere="choose another OUT") from error
        return sha256

    finding = doing.each(url, pin_of(url, pinned), url, look, fine="holds" if pinned else "new")
    if finding and finding.verdict == "new":
        lock.argue(environment, CUDNN, finding.seen, doing.check.draft)
        if url == cudnn_url():
            lock.certify(environment, doing.check.draft, "cuda", CUDNN_CERTAINTY)


def cudnn_url(places: Places | None = None) -> str:
    """Return where the archive comes from: the place that was named, or the recipe's own."""
    return places.cudnn if places and places.cudnn else _argument("CUDNN_URL")


def _argument(name: str) -> str:
    """Return the default of a build argument of cuda11.4. Raises BadDocument where its recipe has no such argument."""
    path = environments()["cuda11.4"].folder / "Dockerfile"
    found = re.search(rf"^ARG {name}=(\S*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise BadDocument(f"{path} has no argument {name}", "restore it from the repository")
    return found.group(1)


def _unseen(name: str, here: int, total: int | None) -> None:
    """Take the progress of a download and show it to nobody."""
