import numpy as np
import pytest

from runner.contract.mix import levelled, unmixed


def passes(levels: list[float], visits: int, noise: float, seed: int = 1) -> tuple[np.ndarray, list[str]]:
    """Return passes over pictures of these levels, with so much relative noise."""
    rng = np.random.default_rng(seed)
    times = np.tile(levels, visits) * np.exp(noise * rng.normal(size=len(levels) * visits))
    return times, [f"{i}.jpg" for i in range(len(levels))] * visits


def test_the_figure_is_the_geometric_mean_over_pictures_of_the_medians_within() -> None:
    often = [29.0, 31.0, 30.0, 30.0, 30.0, 28.0, 90.0]
    times = np.array([10.0, 12.0, 11.0, 14.0, 9.0, 50.0, 52.0, 90.0, 49.0, 55.0, *often])
    mix = unmixed(times, ["a"] * 5 + ["b"] * 5 + ["c"] * 7)
    assert mix.figure == pytest.approx((11 * 52 * 30) ** (1 / 3))
    assert not mix.content


def test_what_is_left_has_the_noise_alone() -> None:
    times, pictures = passes([80.0, 90.0, 100.0, 130.0, 170.0], visits=80, noise=0.03)
    assert times.std() / times.mean() > 0.25
    assert unmixed(times, pictures).ratios.std() == pytest.approx(0.03, rel=0.1)
    assert levelled(times, pictures).std() / 100 == pytest.approx(0.03, rel=0.1)


def test_of_few_visits_the_noise_is_not_made_smaller() -> None:
    times, pictures = passes([100.0] * 200, visits=5, noise=0.03)
    ratios = unmixed(times, pictures).ratios
    assert ratios.std() == pytest.approx(0.03, rel=0.15)
    assert (np.abs(ratios - 1) < 1e-12).mean() < 0.01


def test_a_picture_counts_the_same_however_often_it_was_seen() -> None:
    times, pictures = passes([50.0, 100.0], visits=40, noise=0.01)
    kept = [i for i in range(80) if pictures[i] == "0.jpg" or i < 20]
    mix = unmixed(times[kept], [pictures[i] for i in kept])
    weights = {name: mix.weights[[pictures[i] == name for i in kept]].sum() for name in ("0.jpg", "1.jpg")}
    assert weights["0.jpg"] == pytest.approx(weights["1.jpg"], rel=0.5)
    assert mix.weights.mean() == pytest.approx(1)


def test_pictures_that_vary_more_count_more_for_the_width() -> None:
    rng = np.random.default_rng(2)
    noise = np.tile([0.01, 0.01, 0.04], 200)
    mix = unmixed(100 * np.exp(noise * rng.normal(size=600)), ["a", "b", "c"] * 200)
    assert mix.weights[2] / mix.weights[0] == pytest.approx(4, rel=0.25)
    assert mix.ratios[2::3].std() == pytest.approx(mix.ratios[::3].std(), rel=0.25)


def test_where_noise_is_equal_few_visits_do_not_make_it_unequal() -> None:
    times, pictures = passes([100.0] * 40, visits=9, noise=0.03)
    weights = unmixed(times, pictures).weights
    assert weights.max() / weights.min() < 1.5


def test_where_pictures_were_seen_seldom_the_content_is_in_it() -> None:
    times, pictures = passes([50.0, 100.0, 200.0], visits=5, noise=0.01)
    assert not unmixed(times, pictures).content
    mix = unmixed(times[:-1], pictures[:-1])
    medians = [np.median(times[:-1][picture::3]) for picture in range(3)]
    assert mix.content
    assert mix.figure == pytest.approx(np.prod(medians) ** (1 / 3))
    assert mix.ratios == pytest.approx(np.array(medians) / mix.figure)


def test_a_stall_is_left_out_where_pictures_were_seen_once() -> None:
    times = np.random.default_rng(4).normal(100, 10, size=150)
    times[70] = 4000.0
    assert unmixed(times, [f"{i}" for i in range(150)]).figure == pytest.approx(100, rel=0.03)


def test_levels_are_as_they_are_where_a_picture_was_seen_once() -> None:
    times, pictures = passes([50.0, 100.0, 200.0], visits=2, noise=0.01)
    assert levelled(times[:-1], pictures[:-1]).tolist() == times[:-1].tolist()


@pytest.mark.parametrize("visits", [5, 6])
def test_a_ratio_is_to_the_median_of_the_others(visits: int) -> None:
    times, pictures = passes([100.0, 140.0], visits, noise=0.05)
    mix = unmixed(times, pictures)
    for i in range(len(times)):
        others = [t for j, t in enumerate(times) if j != i and pictures[j] == pictures[i]]
        shrunk = np.log(times[i] / np.median(others)) / (1 + np.pi / 2 / (visits - 1)) ** 0.5
        assert np.log(mix.ratios[i]) == pytest.approx(shrunk / mix.weights[i])  # of equal visits: its deviation
