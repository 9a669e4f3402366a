"""A small stand-in for COCO over real HTTP and from local copies: whole, broken off, wrong, killed, and two at once."""

import hashlib
import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from tenacity import wait_fixed

from harness.catalogue import entries, models
from harness.catalogue.entries import Archive, Fetchable
from harness.data import fetching
from harness.errors import BadInput, CannotRunHere, StorageError
from harness.paths import ROOT
from tests.integration.commands import LITE, copied, harness
from tests.integration.downloading import small_disk, unseen, wait_until
from tests.integration.servers import FileServer, serving

PICTURES = {f"val2017/{number:012}.jpg": bytes([number]) * 20_000 for number in (139, 200, 255)}
WANTED = {f"annotations/{name}_val2017.json": name.encode() * 500 for name in ("instances", "person_keypoints")}


def packed(members: Mapping[str, bytes], compression: int) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


ARCHIVES = {
    "val2017.zip": packed({"val2017/": b"", **PICTURES}, ZIP_STORED),
    "annotations_trainval2017.zip": packed(WANTED | {"annotations/captions_val2017.json": b"no"}, ZIP_DEFLATED),
}
MEMBERS = {"val2017.zip": ["val2017/*.jpg"], "annotations_trainval2017.zip": list(WANTED)}
FILES = sorted([*PICTURES, *WANTED, "manifest.json"])


def standin(url: str = "http://127.0.0.1:9/", archives: Mapping[str, bytes] = ARCHIVES) -> Fetchable:
    """The dataset as its publisher promises it, at `url`."""
    promised = [
        Archive(url + name, len(content), hashlib.sha256(content).hexdigest(), "made here", MEMBERS[name])
        for name, content in archives.items()
    ]
    return Fetchable("coco-val2017", "a stand-in", promised)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.http.wait_exponential", lambda **seconds: wait_fixed(0.01))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(FileServer(contents=dict(ARCHIVES))) as files:
        yield files


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, content in ARCHIVES.items():
        (folder / name).write_bytes(content)
    return folder


def under(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def fetch(dataset: Fetchable, origin: object = None) -> Path:
    return fetching.fetch_dataset(dataset, str(origin) if origin else None, unseen)


def is_whole(folder: Path) -> bool:
    return under(folder) == FILES and all(
        (folder / name).read_bytes() == content for name, content in (PICTURES | WANTED).items()
    )


def another_process(dataset: Fetchable, *, killed_at: str = "never") -> "subprocess.Popen[bytes]":
    """Start fetching in a process of its own, which kills itself once it shows progress whose name begins so."""
    script = f"""
import os, signal
from harness.catalogue.entries import Archive, Fetchable
from harness.data.fetching import fetch_dataset
described = {asdict(dataset)!r}
archives = [Archive(**archive) for archive in described["archives"]]
def on_bytes(name, here, total):
    if name.startswith({killed_at!r}):
        os.kill(os.getpid(), signal.SIGKILL)
fetch_dataset(Fetchable(described["name"], described["title"], archives), None, on_bytes)
"""
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)


def test_a_dataset_is_fetched_once_unpacked_and_its_archives_deleted(server: FileServer, cache: Path) -> None:
    seen: dict[str, tuple[int, int | None]] = {}
    dataset = standin(server.url)
    folder = fetching.fetch_dataset(dataset, None, lambda name, here, total: seen.update({name: (here, total)}))
    assert folder == cache / "coco-val2017"
    assert is_whole(folder)
    assert seen == {
        **{name: (len(content), len(content)) for name, content in ARCHIVES.items()},
        "unpacking val2017.zip": (60_000, 60_000),
        "unpacking annotations_trainval2017.zip": (12_500, 12_500),
    }
    assert fetch(dataset) == folder
    assert server.requests == 2
    assert {path.name for path in cache.iterdir()} == {"coco-val2017", "coco-val2017.lock"}


def test_others_find_its_folder_once_it_is_here(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRunHere) as caught:
        fetching.folder_of("coco-val2017")
    sentence = "the dataset coco-val2017 is not here; fetch it with: harness data fetch coco-val2017."
    assert str(caught.value) == sentence
    folder = fetch(standin(server.url))
    assert fetching.folder_of("coco-val2017") == folder
    with pytest.raises(BadInput, match="did you mean coco-val2017"):
        fetching.folder_of("coco-val2014")


def test_the_catalogued_archives_are_cocos_own() -> None:
    assert {archive.url: archive.size_bytes for archive in entries.datasets()["coco-val2017"].archives} == {
        "http://images.cocodataset.org/zips/val2017.zip": 815585330,
        "http://images.cocodataset.org/annotations/annotations_trainval2017.zip": 252907541,
    }


@pytest.mark.parametrize(
    ("faults", "requests"),
    [
        ({"break_offs": [10_000, 20_000]}, 4),
        ({"refusals": [503]}, 3),
        ({"break_offs": [10_000], "knows_ranges": False}, 3),
        ({"break_offs": [10_000], "tells_length": False}, 3),
    ],
)
def test_a_poor_server_is_asked_until_all_is_here(faults: dict[str, object], requests: int) -> None:
    with serving(FileServer(contents=dict(ARCHIVES), **faults)) as server:  # type: ignore[arg-type]
        assert is_whole(fetch(standin(server.url)))
        assert server.requests == requests


def test_a_server_that_does_not_serve_it_is_named_with_what_helps(server: FileServer) -> None:
    server.refusals = [404]
    remedy = "check the network, or name a mirror or a local copy with --from."
    with pytest.raises(CannotRunHere) as caught:
        fetch(standin(server.url))
    assert str(caught.value) == f"{server.url}val2017.zip can't be fetched (HTTP 404 Not Found); {remedy}"


@pytest.mark.parametrize("size", [len(ARCHIVES["val2017.zip"]) - 1, len(ARCHIVES["val2017.zip"]) + 1])
def test_another_size_is_refused_before_anything_comes(server: FileServer, cache: Path, size: int) -> None:
    server.contents["val2017.zip"] = bytes(size)
    promised = len(ARCHIVES["val2017.zip"])
    with pytest.raises(CannotRunHere, match=rf"\(the server offers {size} bytes, not {promised}\)"):
        fetch(standin(server.url))
    assert server.requests == 1
    assert {path.name for path in cache.iterdir()} == {"coco-val2017.lock"}


def test_more_than_was_promised_is_stopped(server: FileServer, cache: Path) -> None:
    server.tells_length = False
    server.contents["val2017.zip"] = bytes(10_000_000)
    promised = len(ARCHIVES["val2017.zip"])
    with pytest.raises(CannotRunHere, match=rf"\(more than {promised} bytes came\)"):
        fetch(standin(server.url))
    assert (cache / "val2017.zip.part").stat().st_size < 5_000_000
    server.contents["val2017.zip"] = ARCHIVES["val2017.zip"]
    assert is_whole(fetch(standin(server.url)))


@pytest.mark.parametrize("local", [False, True])
def test_a_wrong_archive_is_deleted_and_named(server: FileServer, mirror: Path, cache: Path, local: bool) -> None:
    wrong = bytes(len(ARCHIVES["val2017.zip"]))
    came, promised = (hashlib.sha256(content).hexdigest()[:16] for content in (wrong, ARCHIVES["val2017.zip"]))
    server.contents["val2017.zip"] = wrong
    (mirror / "val2017.zip").write_bytes(wrong)
    with pytest.raises(CannotRunHere, match=rf"val2017.zip came with SHA-256 {came}…, not {promised}….*--from"):
        fetch(standin(server.url), mirror if local else None)
    assert {path.name for path in cache.iterdir()} == {"coco-val2017.lock"}
    assert (mirror / "val2017.zip").read_bytes() == wrong, "a person's own file is left alone"


def test_a_mirror_has_the_archives_in_one_place(server: FileServer) -> None:
    assert is_whole(fetch(standin(), f"{server.url}anywhere/coco/"))


def test_a_local_folder_has_them_and_keeps_them(mirror: Path) -> None:
    assert is_whole(fetch(standin(), mirror))
    assert under(mirror) == sorted(ARCHIVES)


def test_a_local_file_will_do_where_it_is_the_only_one_missing(mirror: Path, cache: Path) -> None:
    with pytest.raises(BadInput, match=r"is one file, and val2017.zip and annotations_trainval2017.zip are meant"):
        fetch(standin(), mirror / "val2017.zip")
    (mirror / "val2017.zip").rename(cache / "val2017.zip")  # as a fetch that was killed leaves it
    assert is_whole(fetch(standin(), mirror / "annotations_trainval2017.zip"))


def test_archives_that_are_whole_already_need_no_network(cache: Path) -> None:
    cache.mkdir()
    for name, content in ARCHIVES.items():
        (cache / f"{name}.part").write_bytes(content)
    assert is_whole(fetch(standin()))


def test_an_archive_that_went_bad_since_it_was_left_here_is_deleted_and_named(mirror: Path, cache: Path) -> None:
    cache.mkdir()
    (cache / "val2017.zip").write_bytes(b"gone bad")
    with pytest.raises(CannotRunHere, match=r"val2017.zip came with SHA-256"):
        fetch(standin(), mirror)
    assert is_whole(fetch(standin(), mirror))


def test_a_local_copy_of_another_size_is_told(mirror: Path) -> None:
    (mirror / "val2017.zip").write_bytes(ARCHIVES["val2017.zip"][:-1])
    with pytest.raises(BadInput, match=r"val2017.zip has \d+ bytes, not \d+; name a whole copy"):
        fetch(standin(), mirror)


def test_an_unsafe_archive_leaves_nothing(server: FileServer, cache: Path) -> None:
    unsafe = ARCHIVES | {"val2017.zip": packed({**PICTURES, "../../evil.jpg": b"evil"}, ZIP_STORED)}
    server.contents = unsafe
    with pytest.raises(CannotRunHere, match=r"is refused: its member '../../evil.jpg' would be written outside"):
        fetch(standin(server.url, unsafe))
    assert {path.name for path in cache.iterdir() if path.is_dir()} == set()


def test_a_fetch_that_is_killed_while_it_unpacks_leaves_nothing_half_made(server: FileServer, cache: Path) -> None:
    dataset = standin(server.url)
    with another_process(dataset, killed_at="unpacking annotations") as other:
        assert other.wait(60) == -signal.SIGKILL
    assert under(cache / "coco-val2017.part"), "it was killed too early to show anything"
    assert not dataset.folder.exists()
    assert is_whole(fetch(dataset))
    assert server.requests == 2
    assert {path.name for path in cache.iterdir()} == {"coco-val2017", "coco-val2017.lock"}


def test_of_two_processes_one_fetches_and_the_other_finds_it(server: FileServer, cache: Path) -> None:
    dataset = standin(server.url)
    server.break_offs = [30_000]
    server.may_break_off.clear()
    answers: list[Path] = []
    here = threading.Thread(target=lambda: answers.append(fetch(dataset)))
    with another_process(dataset) as other:
        try:
            wait_until(lambda: server.requests == 1)
            here.start()
            here.join(0.3)
            assert here.is_alive()
            server.may_break_off.set()
            assert other.wait(60) == 0
        finally:
            other.kill()
    here.join()
    assert is_whole(answers[0])
    assert server.ranges == [None, "bytes=30000-", None]


def test_a_full_disk_is_told_and_what_came_is_kept(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "disk"))
    dataset = standin(server.url)
    with small_disk(tmp_path / "disk") as resize:
        resize("32k")
        with pytest.raises(StorageError, match=r"coco-val2017 can't be written: No space left.*HARNESS_DATA"):
            fetch(dataset)
        came = (tmp_path / "disk" / "val2017.zip.part").stat().st_size
        assert came > 0
        resize("96k")
        with pytest.raises(StorageError, match=r"val2017.zip unpacks to 0.00 GB, and \S+ has room for 0.00 GB"):
            fetch(dataset)
        assert not dataset.folder.exists()
        resize("1m")
        assert is_whole(fetch(dataset))
    assert server.ranges == [None, f"bytes={came}-", None]


def test_a_folder_that_the_harness_did_not_make_is_left_alone(server: FileServer, cache: Path) -> None:
    mine = cache / "coco-val2017" / "val2017" / "mine.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(CannotRunHere, match=r"coco-val2017 is in the way: it has no manifest.json; move it elsewhere"):
        fetch(standin(server.url))
    assert under(cache / "coco-val2017") == ["val2017/mine.jpg"]
    assert server.requests == 0


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository whose catalogues promise the stand-ins."""
    root = copied(tmp_path_factory.mktemp("repository"))
    lines = ["[coco-val2017]", 'title = "a stand-in"']
    for archive in standin().archives:
        lines.append("[[coco-val2017.archives]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in asdict(archive).items()]
    (root / "harness" / "catalogue" / "datasets.toml").write_text("\n".join(lines))
    catalogue = root / "harness" / "catalogue" / "models.toml"
    checkpoint = f"lite-{hashlib.sha256(b'a checkpoint').hexdigest()[:8]}.pth"
    catalogue.write_text(catalogue.read_text().replace(models()[LITE].checkpoint, checkpoint))
    return root


@pytest.fixture
def command(repository: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return harness("data", *arguments, root=repository, variables={"COLUMNS": "80"})

    return run


Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_command_line_fetches_lists_and_verifies(
    command: Command, server: FileServer, cache: Path, tmp_path: Path
) -> None:
    assert command("verify").stdout == f"nothing is here yet, in {cache}\n"
    done = command("fetch", "coco-val2017", "--from", server.url)
    assert done.stdout == f"{cache / 'coco-val2017'} is here\n", done.stderr
    assert is_whole(cache / "coco-val2017")
    mine = tmp_path / "mine.pth"
    mine.write_bytes(b"a checkpoint")
    done = command("fetch", "weights", "--model", LITE, "--from", mine)
    assert done.returncode == 0, done.stderr

    rows = {item["name"]: item for item in json.loads(command("list", "--json").stdout)}
    assert rows[LITE]["disk_bytes"] == len(b"a checkpoint")
    assert rows[LITE]["sha256_known"] == "full"
    assert rows["ssd300_vgg16"]["disk_bytes"] is None
    assert rows["ssd300_vgg16"]["sha256_known"] == "8 digits"
    assert rows["coco-val2017"]["download_bytes"] == sum(map(len, ARCHIVES.values()))
    assert rows["coco-val2017"]["path"] == str(cache / "coco-val2017")
    table = command("list").stdout
    assert [name for name in rows if name not in table] == []
    assert max(map(len, table.splitlines()[:-1])) <= 80

    done = command("verify")
    assert done.stdout == f"coco-val2017: 5 files, as recorded\n{LITE}: 1 file, as recorded\n"
    assert done.returncode == 0


def test_verify_names_what_differs_and_the_remedy(command: Command, mirror: Path, cache: Path, tmp_path: Path) -> None:
    command("fetch", "coco-val2017", "--from", mirror)
    mine = tmp_path / "mine.pth"
    mine.write_bytes(b"a checkpoint")
    command("fetch", "weights", "--model", LITE, "--from", mine)
    folder = cache / "coco-val2017"
    changed, gone, cut = (folder / name for name in PICTURES)
    changed.write_bytes(bytes(20_000))
    gone.unlink()
    cut.write_bytes(b"")
    (folder / "val2017" / "foreign.jpg").touch()
    (checkpoint,) = (cache / "weights").glob("*.pth")
    checkpoint.write_bytes(b"another thing")

    done = command("verify")
    assert done.returncode == 1
    assert f"coco-val2017: differs; delete {folder} and run: harness data fetch coco-val2017\n" in done.stdout
    assert f"{LITE}: differs; delete {checkpoint} and run: harness data fetch weights --model {LITE}\n" in done.stdout
    was, now = (hashlib.sha256(content).hexdigest()[:16] for content in (bytes([139]) * 20_000, bytes(20_000)))
    found = json.loads(command("verify", "--json").stdout)
    assert found[0]["differences"] == [
        f"val2017/{changed.name} has SHA-256 {now}…, not {was}…",
        f"val2017/{gone.name} is missing",
        f"val2017/{cut.name} has 0 bytes, not 20000",
        "val2017/foreign.jpg does not belong there",
    ]
    assert all(f"  {difference}\n" in done.stdout for item in found for difference in item["differences"])


def test_a_manifest_that_is_broken_is_a_difference(command: Command, mirror: Path, cache: Path) -> None:
    command("fetch", "coco-val2017", "--from", mirror)
    (cache / "coco-val2017" / "manifest.json").write_text("{")
    done = command("verify")
    assert done.returncode == 1
    assert "manifest.json is not a usable manifest document" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["fetch", "coco"], 2, "there is no data 'coco'; did you mean coco-val2017?"),
        (["fetch", "coco-val2017", "--all"], 2, "coco-val2017 has no models to choose with --model or --all"),
        (["fetch", "weights", "--all", "--model", LITE], 2, "--model and --all exclude each other"),
        (["fetch", "weights", "--model", "ssdlite"], 2, f"there is no model 'ssdlite'; did you mean {LITE}?"),
        (["fetch", "weights", "--from", "absent"], 2, "there is no 'absent'; name a mirror's"),
        (["fetch", "coco-val2017", "--from", "."], 2, ". lacks val2017.zip and annotations_trainval2017.zip"),
        (["fetch", "coco-val2017"], 3, "name a mirror or a local copy with --from."),
    ],
)
def test_what_does_not_work_is_one_sentence(
    command: Command, arguments: list[str], exit_code: int, sentence: str
) -> None:
    done = command(*arguments)
    assert done.returncode == exit_code
    (line,) = done.stderr.splitlines()
    assert line.startswith("harness: ")
    assert sentence in line


@pytest.mark.parametrize(
    ("arguments", "count"), [([], sum(model.published_2021 for model in models().values())), (["--all"], len(models()))]
)
def test_the_published_models_or_all_are_meant_where_none_is_named(
    command: Command, tmp_path: Path, arguments: list[str], count: int
) -> None:
    (tmp_path / "empty").mkdir()
    done = command("fetch", "weights", *arguments, "--from", tmp_path / "empty")
    assert done.stderr.count(".pth") == count
