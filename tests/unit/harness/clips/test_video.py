"""Videos as files: what comes out is what went in, and what is none is said to be none."""

from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from harness.clips.encoding import Codec, require_encodable, writing
from harness.clips.sources import First
from harness.clips.turning import Stance
from harness.clips.video import Video, VideoFrame
from harness.errors import BadInput

HEIGHT, WIDTH = 120, 160


def fixed(a: int, b: int, c: int, d: int) -> bytes:
    """Return a matrix as MP4 has it: numbers of 16.16 and 2.30 fixed points."""
    return np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], ">i4").tobytes()


def shaded(number: int, height: int = HEIGHT, width: int = WIDTH) -> VideoFrame:
    """Return a frame whose upper left quarter is red, later ones brighter."""
    pixels = np.full((height, width, 3), 40 + 20 * number, np.uint8)
    pixels[: height // 2, : width // 2] = (200, 20, 20)
    return VideoFrame(number / 10, pixels)


def noise(count: int) -> list[VideoFrame]:
    """Return frames that take as many bytes each."""
    drawn = np.random.default_rng(1)
    return [VideoFrame(n / 10, drawn.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)) for n in range(count)]


def written(path: Path, frames: list[VideoFrame], codec: Codec = "h264") -> Path:
    with writing(path, codec) as encoder:
        for frame in frames:
            encoder.add(frame)
    return path


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_what_is_written_is_read_again(tmp_path: Path, codec: Codec) -> None:
    frames = [shaded(number) for number in range(5)]
    video = Video(written(tmp_path / "clip.mp4", frames, codec))
    read = list(video.frames())
    assert video.most == len(read) == 5
    assert video.broke_off is None
    assert [frame.seconds for frame in read] == pytest.approx([frame.seconds for frame in frames])
    for one, other in zip(frames, read, strict=True):
        assert np.abs(one.pixels.astype(int) - other.pixels).mean() < 6


def test_a_browser_can_play_it(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.mp4", [shaded(number) for number in range(3)])
    with av.open(str(path)) as container:
        (stream,) = container.streams.video
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # the index comes first


@pytest.mark.parametrize(("transfer", "is_hdr"), [(1, False), (16, True), (18, True)])
def test_whether_a_video_is_hdr_is_known(tmp_path: Path, transfer: int, is_hdr: bool) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p10le"
        stream.codec_context.color_trc = transfer
        picture = av.VideoFrame.from_ndarray(shaded(0).pixels, format="rgb24")
        container.mux([*stream.encode(picture), *stream.encode(None)])
    video = Video(path)
    assert len(list(video.frames())) == 1
    assert First(video, 1).is_hdr == video.is_hdr == is_hdr


COLOURS = np.repeat(np.array([[(200, 20, 20), (20, 200, 20), (20, 20, 200), (128, 128, 128)]], np.uint8), 16, axis=1)


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_a_clip_says_how_its_colours_are_to_be_shown(tmp_path: Path, codec: Codec) -> None:
    path = written(tmp_path / "clip.mp4", [VideoFrame(0.0, np.repeat(COLOURS, 64, axis=0))], codec)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
    (frame,) = Video(path).frames()
    assert np.abs(frame.pixels[8:-8, 8::16].astype(int) - COLOURS[:, 8::16]).max() < 6


@pytest.mark.parametrize(("height", "matrix"), [(64, "ITU601"), (720, "ITU709")])
@pytest.mark.parametrize("pixels", ["yuv420p", "bgr0"])
def test_a_video_that_does_not_say_has_the_colours_of_its_size(
    tmp_path: Path, height: int, matrix: str, pixels: str
) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264" if pixels == "yuv420p" else "ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = COLOURS.shape[1], height, pixels
        drawn = av.VideoFrame.from_ndarray(np.repeat(COLOURS, height, axis=0), format="rgb24")
        picture = drawn.reformat(format=pixels, dst_colorspace=matrix)
        container.mux([*stream.encode(picture), *stream.encode(None)])
    (frame,) = Video(path).frames()
    assert np.abs(frame.pixels[8:-8, 8::16].astype(int) - COLOURS[:, 8::16]).max() < 6


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_what_can_not_be_encoded_is_known_before(codec: Codec) -> None:
    for height, width in ((240, 320), (63, 65), (2160, 3840)):
        require_encodable(height, width, codec)
    with pytest.raises(BadInput, match=rf"a clip in {codec} can't have frames of 16386 x 16 pixels; scale what is"):
        require_encodable(16, 16386, codec)


def test_an_encoder_says_nothing_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "clip.mp4", [shaded(0)], "av1")
    assert capfd.readouterr() == ("", "")


def test_odd_sides_are_made_even(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.mp4", [shaded(0, 121, 161)])
    (frame,) = Video(path).frames()
    assert frame.pixels.shape == (122, 162, 3)


def test_frames_keep_their_times_where_these_vary(tmp_path: Path) -> None:
    seconds = [0.0, 0.04, 0.5, 0.54, 2.0]
    frames = [VideoFrame(second, shaded(0).pixels) for second in seconds]
    read = list(Video(written(tmp_path / "clip.mp4", frames)).frames())
    assert [frame.seconds for frame in read] == pytest.approx(seconds, abs=1e-3)


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_times_that_do_not_ascend_are_made_to(tmp_path: Path, codec: Codec) -> None:
    seconds = [0.0, 0.08, 0.04, 0.04, 0.12]
    frames = [VideoFrame(second, shaded(0).pixels) for second in seconds]
    read = [frame.seconds for frame in Video(written(tmp_path / "clip.mp4", frames, codec)).frames()]
    assert read == pytest.approx([0.0, 0.08, 0.08, 0.08, 0.12], abs=1e-3)
    assert all(one < other for one, other in pairwise(read))


@pytest.mark.parametrize("codec", ["h264", "av1"])
@pytest.mark.parametrize("anew", [-100.0, 1e5, 1e9])
def test_a_file_that_counts_anew_goes_on(tmp_path: Path, codec: Codec, anew: float) -> None:
    seconds = [0.0, 0.08, anew, anew + 0.25, anew + 0.5]
    frames = [VideoFrame(second, shaded(0).pixels) for second in seconds]
    read = [frame.seconds for frame in Video(written(tmp_path / "clip.mp4", frames, codec)).frames()]
    assert read == pytest.approx([0.0, 0.08, 0.12, 0.37, 0.62], abs=1e-3)


def test_a_frame_that_lasts_for_days_is_shown_for_an_hour(tmp_path: Path) -> None:
    frames = [VideoFrame(number * 1e5, shaded(0).pixels, 1e5) for number in range(2)]
    read = [frame.seconds for frame in Video(written(tmp_path / "clip.mp4", frames)).frames()]
    assert read == pytest.approx([0.0, 3600.0], abs=1e-3)


@pytest.mark.parametrize("lasts", [1.0, 0.04, 1001 / 30000])
@pytest.mark.parametrize("count", [1, 3])
def test_the_last_frame_lasts_as_long_as_one_of_its_source(tmp_path: Path, lasts: float, count: int) -> None:
    frames = [VideoFrame(number * lasts, shaded(0).pixels, lasts) for number in range(count)]
    with av.open(str(written(tmp_path / "clip.mp4", frames))) as container:
        (stream,) = container.streams.video
        assert stream.duration is not None and stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(count * lasts, abs=0.001)


def test_a_video_whose_frames_change_their_size_keeps_the_first(tmp_path: Path) -> None:
    parts = []
    for number, (height, width) in enumerate([(HEIGHT, WIDTH), (HEIGHT // 2, WIDTH * 2)]):
        with av.open(str(tmp_path / "part.h264"), "w", format="h264") as container:
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            picture = av.VideoFrame.from_ndarray(shaded(number, height, width).pixels, format="rgb24")
            container.mux([*stream.encode(picture), *stream.encode(None)])
        parts.append((tmp_path / "part.h264").read_bytes())
    (tmp_path / "both.h264").write_bytes(b"".join(parts))
    first, second = Video(tmp_path / "both.h264").frames()
    assert first.pixels.shape == second.pixels.shape == (HEIGHT, WIDTH, 3)
    for frame in (first, second):  # its red quarter, too
        assert frame.pixels[HEIGHT // 4, WIDTH // 4, 0] > 150 > frame.pixels[3 * HEIGHT // 4, 3 * WIDTH // 4, 0]


def test_pixels_become_square(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        picture = av.VideoFrame.from_ndarray(shaded(0).pixels, format="rgb24")
        container.mux([*stream.encode(picture), *stream.encode(None)])
    (frame,) = Video(path).frames()
    assert frame.pixels.shape == (HEIGHT, WIDTH * 3 // 2, 3)


def test_a_video_without_a_frame_is_none(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        container.start_encoding()
    for read in (lambda video: list(video.frames()), lambda video: video.most):
        with pytest.raises(BadInput, match=r"clip.mkv is no video that can be played: .*; name a video"):
            read(Video(path))


@pytest.mark.parametrize(
    ("matrix", "right", "below"),
    [
        ((0, 1, -1, 0), True, False),  # by 90 degrees clockwise, as a phone writes it
        ((0, -1, 1, 0), False, True),
        ((-1, 0, 0, -1), True, True),
        ((-1, 0, 0, 1), True, False),  # as in a mirror
        ((0, 1, 1, 0), False, False),
    ],
)
def test_a_video_is_seen_as_its_matrix_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], right: bool, below: bool
) -> None:
    path = written(tmp_path / "clip.mp4", [shaded(0)])
    content = path.read_bytes()
    track = content.index(b"tkhd")
    path.write_bytes(content[:track] + content[track:].replace(fixed(1, 0, 0, 1), fixed(*matrix), 1))
    (frame,) = Video(path).frames()
    height, width = (WIDTH, HEIGHT) if matrix[1] else (HEIGHT, WIDTH)
    assert frame.pixels.shape == (height, width, 3)
    red = frame.pixels[..., 0].astype(int) - frame.pixels[..., 1] > 90
    seen = red[:: -1 if below else 1, :: -1 if right else 1]  # so that the red quarter is upper left
    assert seen[: height // 2 - 4, : width // 2 - 4].all()
    assert not seen[height // 2 + 4 :].any() and not seen[:, width // 2 + 4 :].any()


def test_sound_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate, silence.pts, silence.time_base = 8000, 0, Fraction(1, 8000)
        container.mux([*stream.encode(silence), *stream.encode(None)])
    with pytest.raises(BadInput, match="it has no pictures"):
        list(Video(path).frames())


def test_a_title_that_is_no_utf_8_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Street"
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        picture = av.VideoFrame.from_ndarray(shaded(0).pixels, format="rgb24")
        container.mux([*stream.encode(picture), *stream.encode(None)])
    path.write_bytes(path.read_bytes().replace(b"Street", "Straße".encode("latin-1")))
    video = Video(path)
    assert video.most == len(list(video.frames())) == 1


def test_what_nothing_can_decode_is_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.mp4", [shaded(0)])
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(BadInput, match=r"clip.mp4 is no video that can be played: FFmpeg can't decode what it holds"):
        list(Video(path).frames())


def test_a_video_that_is_turned_on_its_way_keeps_the_first_frame_s_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stances = iter([Stance(turned=False, down=False, across=False), Stance(turned=True, down=False, across=True)])
    monkeypatch.setattr("harness.clips.video.stance_of", lambda _: next(stances))
    first, second = Video(written(tmp_path / "clip.mp4", [shaded(0), shaded(1)])).frames()
    assert first.pixels.shape == second.pixels.shape == (HEIGHT, WIDTH, 3)
    assert second.pixels[10, WIDTH - 10, 0] > 150 > second.pixels[10, 10, 0]  # its red quarter


def test_the_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    cover = BytesIO()
    Image.new("RGB", (64, 64)).save(cover, "JPEG")
    with av.open(str(tmp_path / "song.mp3"), "w") as container:
        sound, stream = container.add_stream("libmp3lame", rate=44100), container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        stream.disposition = Disposition.attached_pic
        packet = av.Packet(cover.getvalue())
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 1)
        container.start_encoding()
        container.mux(packet)
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 1152), np.float32), format="fltp", layout="stereo")
        silence.sample_rate, silence.pts, silence.time_base = 44100, 0, Fraction(1, 44100)
        container.mux([*sound.encode(silence), *sound.encode(None)])
    with pytest.raises(BadInput, match="it has no pictures"):
        list(Video(tmp_path / "song.mp3").frames())


@pytest.mark.parametrize("container", ["mp4", "matroska", "flv"])
def test_a_file_that_breaks_off_says_so(tmp_path: Path, container: str) -> None:
    path = tmp_path / "clip"
    copied(written(tmp_path / "whole.mp4", noise(60)), path, container)
    whole = Video(path)
    assert len(list(whole.frames())) == 60
    assert whole.broke_off is None
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    cut = Video(path)
    assert 0 < len(list(cut.frames())) < 60
    assert cut.broke_off  # its length, or what FFmpeg says where it notices


def test_an_avi_that_breaks_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10, width=WIDTH, height=HEIGHT, pix_fmt="yuv420p")
        pictures = [av.VideoFrame.from_ndarray(frame.pixels, format="rgb24") for frame in noise(60)]
        for picture in [*pictures, None]:
            container.mux(stream.encode(picture))
    whole = Video(path)
    assert len(list(whole.frames())) == 60
    assert whole.broke_off is None
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    cut = Video(path)
    assert 0 < len(list(cut.frames())) < 60
    assert cut.broke_off and "it says that it lasts 6.0 s" in cut.broke_off


def copied(video: Path, path: Path, container: str, later: float = 0.0) -> None:
    """Put the frames of a video, as they are encoded, into a file of another kind, so many seconds later."""
    options = {"movflags": "+faststart"}  # of MP4 alone: a file that is cut has its index all the same
    with av.open(str(video)) as given, av.open(str(path), "w", format=container, options=options) as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None and packet.pts is not None and packet.time_base is not None:
                ticks = round(later / packet.time_base)
                packet.dts, packet.pts, packet.stream = packet.dts + ticks, packet.pts + ticks, stream
                made.mux(packet)


def test_a_file_whose_first_frame_is_not_at_zero_is_whole(tmp_path: Path) -> None:
    copied(written(tmp_path / "whole.mp4", [shaded(number) for number in range(5)]), tmp_path / "late", "matroska", 20)
    video = Video(tmp_path / "late")
    assert [frame.seconds for frame in video.frames()] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4], abs=1e-3)
    assert video.broke_off is None


@pytest.mark.parametrize("name", ["street:1.mp4", "file:street.mp4", "concat:a|b.mp4"])
def test_a_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "clip.mp4", [shaded(0)]).rename(name)
    video = Video(Path(name))
    assert video.most == len(list(video.frames())) == 1


def test_a_file_that_breaks_off_has_the_frames_before(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.mp4", noise(60))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    video = Video(path)
    assert 0 < len(list(video.frames())) < 60


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\x00\x00\x00\x20ftypisom"])
def test_what_is_no_video_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    for read in (lambda video: list(video.frames()), lambda video: video.most):
        with pytest.raises(BadInput, match=r"clip.mp4 is no video that can be played: .*; name a video"):
            read(Video(path))


def test_a_file_that_is_not_whole_never_has_its_name(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), writing(tmp_path / "clip.mp4") as encoder:
        encoder.add(shaded(0))
        raise RuntimeError
    with pytest.raises(ValueError, match="no frames"), writing(tmp_path / "clip.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []
