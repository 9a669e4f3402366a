import numpy as np
import pytest

from runner.contract.mix import levelled, unmixed


def passes(levels: list[float], visits: int, noise: float, seed: int = 1) -> tuple[np.ndarray, list[str]]:
    """Return passes over pictures of these levels, with so much relative noise."""
    rng = np.random.default_rng(seed)
    times = np.tile(levels, visits) * np.exp(noise * rng.normal(size=len(levels) * visits))
    return times, [f"{i}.jpg" for i in range(len(levels))] * visits


def test_the_figure_is_the_median_over_pictures_of_the_medians_within() -> None:
    times = np.array([10.0, 50.0, 30.0, 12.0, 52.0, 30.0, 11.0, 90.0, 31.0])
    mix = unmixed(times, ["a", "b", "c"] * 3)
    assert (mix.figure, mix.content) == (30.0, False)


def test_what_is_left_has_the_noise_alone() -> None:
    times, pictures = passes([80.0, 90.0, 100.0, 130.0, 170.0], visits=80, noise=0.03)
    assert times.std() / times.mean() > 0.25
    assert unmixed(times, pictures).ratios.std() == pytest.approx(0.03, rel=0.1)
    assert levelled(times, pictures).std() / 100 == pytest.approx(0.03, rel=0.1)


def test_of_few_visits_the_noise_is_not_made_smaller() -> None:
    times, pictures = passes([100.0] * 200, visits=3, noise=0.03)
    ratios = unmixed(times, pictures).ratios
    assert ratios.std() == pytest.approx(0.03, rel=0.15)
    assert (np.abs(ratios - 1) < 1e-12).mean() < 0.01


def test_pictures_far_from_the_middle_have_no_weight_and_equal_ones_the_same() -> None:
    times, pictures = passes([50.0, 100.0, 200.0], visits=40, noise=0.01)
    weights = unmixed(times, pictures).weights
    assert weights[:3] == pytest.approx([0.0, 3.0, 0.0], abs=1e-6)
    times, pictures = passes([100.0], visits=40, noise=0.01)
    assert unmixed(times, pictures).weights == pytest.approx(np.ones(40))


def test_where_a_picture_was_seen_once_the_content_is_in_it() -> None:
    times, pictures = passes([50.0, 100.0, 200.0], visits=2, noise=0.01)
    mix = unmixed(times[:-1], pictures[:-1])
    assert mix.content
    assert mix.figure == np.median(times[:-1])
    assert levelled(times[:-1], pictures[:-1]) is not None
    assert levelled(times[:-1], pictures[:-1]).tolist() == times[:-1].tolist()


@pytest.mark.parametrize("visits", [2, 3, 4, 5])
def test_a_ratio_is_to_the_median_of_the_others(visits: int) -> None:
    times, pictures = passes([100.0, 140.0], visits, noise=0.05)
    ratios = unmixed(times, pictures).ratios
    for i in range(len(times)):
        others = [t for j, t in enumerate(times) if j != i and pictures[j] == pictures[i]]
        shrunk = 1 + (times[i] / np.median(others) - 1) / (1 + np.pi / 2 / (visits - 1)) ** 0.5
        assert ratios[i] == pytest.approx(shrunk)
