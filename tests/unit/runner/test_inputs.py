import hashlib
import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

import torch
from PIL import Image

from runner import inputs
from runner.contract import Code, ImageFile, Input, Protocol
from runner.errors import JobError
from tests.samples import job

pytestmark = pytest.mark.torch
unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

CPU = torch.device("cpu")
QUICK, PUBLISHED = job().protocol, job(protocol="published-2021").protocol
TINY = replace(PUBLISHED, input_height=2, input_width=5)
#: Six pixels, no two of a channel alike.
PIXELS = numpy.arange(2 * 3 * 3, dtype="uint8").reshape(2, 3, 3) * 14


def encoded(pixels: Any, kind: str = "PNG", mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, format=kind)
    return stream.getvalue()


def photographs(
    folder: Path, contents: dict[str, bytes], protocol: Protocol = QUICK, device: Any = CPU
) -> inputs.Photographs:
    images = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        images.append(ImageFile(name, hashlib.sha256(content).hexdigest()))
    return inputs.Photographs(images, folder, protocol, device)


def test_a_photograph_is_its_pixels_by_channel_between_zero_and_one(tmp_path: Path) -> None:
    frame = photographs(tmp_path, {"a.png": encoded(PIXELS)}).next()
    assert (frame.name, frame.height, frame.width) == ("a.png", 2, 3)
    (tensor,) = frame.argument
    assert (tensor.dtype, tensor.shape) == (torch.float32, (3, 2, 3))
    assert numpy.array_equal(tensor.numpy(), PIXELS.transpose(2, 0, 1).astype("float32") / 255)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_a_picture_of_another_mode_becomes_colour(tmp_path: Path, mode: str) -> None:
    content = encoded(PIXELS, mode=mode)
    (tensor,) = photographs(tmp_path, {"a.png": content}).next().argument
    wanted = numpy.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    assert numpy.array_equal((tensor * 255).round().numpy(), wanted.transpose(2, 0, 1))


def test_a_protocol_may_call_with_one_batch(tmp_path: Path) -> None:
    contents = {"a.png": encoded(PIXELS)}
    (alone,) = photographs(tmp_path, contents).next().argument
    batch = photographs(tmp_path, contents, replace(QUICK, call="batch")).next().argument
    assert batch.shape == (1, 3, 2, 3)
    assert torch.equal(batch[0], alone)


def test_inputs_lie_on_the_device(tmp_path: Path) -> None:
    elsewhere = torch.device("meta")
    (tensor,) = photographs(tmp_path, {"a.png": encoded(PIXELS)}, device=elsewhere).next().argument
    assert tensor.device == elsewhere
    assert inputs.NearBlack(TINY, elsewhere).next().argument.device == elsewhere


@unhurried
@given(st.integers(1, 4), st.lists(st.booleans(), max_size=12))
def test_photographs_take_turns_until_they_begin_again(n: int, restarts: list[bool]) -> None:
    class Named(inputs.Source):
        def _read(self, name: str) -> tuple[Any, Input]:
            return torch.zeros(3, 1, 1), Input(name, 1, 1, "")

    names = [f"{number}.png" for number in range(n)]
    source, turn = Named(names, QUICK, CPU), 0
    for restart in restarts:
        if restart:
            source.restart()
            turn = 0
        assert source.next().name == names[turn % n]
        turn += 1


def test_what_was_seen_is_told_once_in_the_order_of_its_first_use(tmp_path: Path) -> None:
    dark = PIXELS // 2
    source = photographs(tmp_path, {"b.png": encoded(PIXELS), "a.png": encoded(dark), "never.png": encoded(dark)})
    assert source.seen() == []
    for _ in range(2):
        source.restart()
        source.next()
        source.next()
    assert source.seen() == [inputs.describe("b.png", PIXELS), inputs.describe("a.png", dark)]


def test_a_photograph_is_read_from_the_disk_once(tmp_path: Path) -> None:
    source = photographs(tmp_path, {"a.png": encoded(PIXELS)})
    before = source.next()
    (tmp_path / "a.png").unlink()
    assert torch.equal(source.next().argument[0], before.argument[0])


def test_only_so_many_photographs_are_kept(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(inputs.KEPT_PHOTOGRAPHS + 1)]
    source = photographs(tmp_path, {name: encoded(PIXELS) for name in names})
    for _ in names:
        source.next()
    for name in names:
        (tmp_path / name).unlink()
    with pytest.raises(JobError, match=r"0\.png"):
        source.next()


def test_a_photograph_that_changed_is_refused(tmp_path: Path) -> None:
    source = photographs(tmp_path, {"a.png": encoded(PIXELS)})
    (tmp_path / "a.png").write_bytes(encoded(PIXELS // 2))
    with pytest.raises(JobError, match=r"a\.png changed after the run was planned") as caught:
        source.next()
    assert caught.value.failure.cause == "infrastructure"
    assert source.seen() == []


def test_a_photograph_that_is_gone_is_named(tmp_path: Path) -> None:
    source = photographs(tmp_path, {"a.png": encoded(PIXELS)})
    (tmp_path / "a.png").unlink()
    with pytest.raises(JobError, match=r"a\.png can't be read: .*No such file") as caught:
        source.next()
    assert str(tmp_path / "a.png") in caught.value.failure.message
    assert caught.value.failure.remedy == "replace or remove it"


def test_a_photograph_of_16_bits_has_their_upper_8(tmp_path: Path) -> None:
    (tensor,) = (
        photographs(tmp_path, {"a.png": encoded(numpy.full((2, 3), 0x40FF, "uint16"), mode="I;16")}).next().argument
    )
    assert torch.equal(tensor, torch.full((3, 2, 3), 0x40 / 255))


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return the chunks as a PNG file, each with its right checksum."""
    packed = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def header(width: int, height: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


NOISE = numpy.random.RandomState(0).randint(0, 256, (40, 30, 3)).astype("uint8")
BROKEN = {
    "empty": b"",
    "text": b"I am no picture",
    "cut-png": encoded(NOISE)[:2000],
    "cut-jpeg": encoded(NOISE, "JPEG")[:-200],
    "header-of-a-jpeg": encoded(NOISE, "JPEG")[:30],
    "png-with-a-broken-chunk": png(header(30, 40), (b"IDAT", zlib.compress(bytes(9))), (b"\0\1\2\3", b"")),
    "png-with-an-empty-header": png((b"IHDR", b"")),
    "png-of-1600-megapixels": png(header(40_000, 40_000), (b"IDAT", b"")),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_photograph_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(JobError, match=r"the image a\.png can't be read: "):
        photographs(tmp_path, {"a.png": content}).next()


def test_near_black_is_black_at_the_size_of_the_protocol() -> None:
    frame = inputs.NearBlack(TINY, CPU).next()
    assert (frame.name, frame.height, frame.width) == ("near-black", 2, 5)
    assert (frame.argument.dtype, frame.argument.shape) == (torch.float32, (1, 3, 2, 5))
    drawn = numpy.random.RandomState(2021).randint(0, 256, (3, 2, 5))
    assert frame.argument[0].numpy() == pytest.approx(drawn / (2.0**63 - 1), rel=1e-6, abs=0)
    assert 0 < frame.argument.max() < 1e-16


def test_the_seed_makes_two_runs_alike_and_two_iterations_differ() -> None:
    first, second, other = (inputs.NearBlack(replace(TINY, input_seed=seed), CPU) for seed in (1, 1, 2))
    a, b = first.next().argument, first.next().argument
    assert torch.equal(a, second.next().argument)
    assert torch.equal(b, second.next().argument)
    assert not torch.equal(a, b)
    assert not torch.equal(a, other.next().argument)


def test_near_black_is_described_by_its_first_pixels() -> None:
    source = inputs.NearBlack(TINY, CPU)
    drawn = numpy.random.RandomState(2021).randint(0, 256, (3, 2, 5), dtype="int64")
    for _ in range(3):
        source.next()
    assert source.seen() == [inputs.describe("near-black", drawn.transpose(1, 2, 0))]


def test_a_job_opens_the_source_of_its_protocol(tmp_path: Path) -> None:
    photographic, black = job(), job(protocol="published-2021", images=[])
    assert isinstance(inputs.open_source(photographic, tmp_path, CPU), inputs.Photographs)
    assert isinstance(inputs.open_source(black, None, CPU), inputs.NearBlack)


@pytest.mark.parametrize("code", [None, Code("mine.tiny", "build", "0" * 64)])
def test_what_a_person_s_own_detector_writes_into_a_picture_is_not_what_it_gets_next(
    tmp_path: Path, code: Code | None
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(PIXELS))
    images = [ImageFile("a.png", hashlib.sha256(encoded(PIXELS)).hexdigest())]
    one = job(images=images)
    source = inputs.open_source(replace(one, model=replace(one.model, code=code)), tmp_path, CPU)
    first = source.next().argument[0]
    again = source.next().argument[0]
    assert torch.equal(first, again)
    assert (first.data_ptr() == again.data_ptr()) == (code is None)  # torchvision's leave it as it is


@pytest.mark.parametrize(("folder", "images"), [(None, [ImageFile("a.png", "")]), (Path(), []), (None, [])])
def test_photographs_need_a_folder_and_names(folder: Path | None, images: list[ImageFile]) -> None:
    with pytest.raises(JobError, match="names no images") as caught:
        inputs.open_source(job(images=images), folder, CPU)
    assert "--images" in caught.value.failure.remedy


def test_an_image_is_described_by_size_and_hash_wherever_it_lies_in_memory() -> None:
    wanted = hashlib.sha256(bytes(PIXELS.flatten().tolist())).hexdigest()
    scattered = numpy.asfortranarray(PIXELS)
    assert inputs.describe("a", PIXELS) == inputs.describe("a", scattered) == Input("a", 2, 3, wanted)
    assert inputs.describe("a", PIXELS[:, ::-1]).pixels_sha256 != wanted
