import numpy as np
import pytest

from harness.clips.caption import MARGIN, Caption, Lettering, _words

PIXELS = np.full((240, 320, 3), 200, np.uint8)


def test_letters_stand_in_a_dark_strip_and_nothing_else_changes() -> None:
    written = Caption("a_model").write(PIXELS, 12.3)
    strip = written[: round(240 / 22) + 2 * MARGIN]
    assert strip.max() == 255
    assert np.median(strip) == 70
    assert (written[len(strip) :] == PIXELS[len(strip) :]).all()
    assert (PIXELS == 200).all()


def test_the_mean_is_over_the_last_hundred() -> None:
    caption = Caption("a_model")
    for ms in [1000.0, *[10.0] * 100]:
        said = caption.text(ms)
    assert said == "a_model  10.0 ms  mean of 100: 10.0 ms"


def test_a_frame_looks_alike_whatever_was_written_before() -> None:
    one, other = Caption("a_model"), Caption("a_model")
    other.write(PIXELS, 99.9)
    written = Lettering().write(PIXELS, "a_model  5.0 ms  mean of 1: 5.0 ms", 11)
    assert (Lettering().write(PIXELS, one.text(5.0), 11) == written).all()


@pytest.mark.parametrize("width", [100, 320])
def test_what_would_not_fit_is_written_smaller(width: int) -> None:
    text = "a model of a long name in an environment  10.0 ms"
    lit = Lettering().write(PIXELS[:, :width], text, 24)[: 24 + 2 * MARGIN].max(axis=(0, 2)) > 100
    assert not lit[: MARGIN - 1].any()
    assert not lit[-MARGIN:].any()
    assert lit[width // 2 :].any()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 400), (400, 3)])
def test_the_smallest_frames_keep_their_size(height: int, width: int) -> None:
    assert Lettering().write(np.zeros((height, width, 3), np.uint8), "a_model  1.0 ms", 1).shape == (height, width, 3)


@pytest.mark.parametrize("width", range(300, 460, 10))
def test_no_line_that_can_be_written_smaller_is_cut(width: int) -> None:
    text = "SSDlite320 MobileNetV3-Large in cuda10.2  485.9 ms  mean of 21: 690.2 ms"
    written = Lettering().write(np.zeros((40, width, 3), np.uint8), text, 11)
    sizes = [_words(text, size, 19) for size in range(6, 12)]
    whole = [np.where(words > 0.5)[1].max() for words in sizes if words.shape[1] <= width - 2 * MARGIN]
    assert np.where(written[:19].max(axis=2) > 127)[1].max() - MARGIN == whole[-1]


def test_letters_that_had_to_shrink_do_not_grow_again() -> None:
    line, short, long = Lettering(), "in 1.0 ms", "in 1000000000.0 ms"
    large, _, small = (line.write(PIXELS[:, :80], text, 16) for text in (short, long, short))
    assert (Lettering().write(PIXELS[:, :80], short, 16) == large).all()
    assert (large != small).any()
