from dataclasses import replace

import pytest

from harness.analysis.frontier import placed
from harness.analysis.marks import marks_of
from harness.analysis.ratios import comparisons
from harness.analysis.timings import Timing, latencies, timings_of
from harness.catalogue import models
from harness.errors import BadDocument
from harness.report.page import findings
from harness.report.page.figures import printable, significant, times
from tests import samples
from tests.unit.harness.page_cells import SOFTWARE, exact, failed, on_gpu, scored, timed, with_latency

LITE, SSD, RETINA = "ssdlite320_mobilenet_v3_large", "ssd300_vgg16", "retinanet_resnet50_fpn"
FASTER, KEYPOINTS = "fasterrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn"


def names(timings: list[Timing]) -> list[str]:
    return [timing.model.builder for timing in timings]


@pytest.mark.parametrize(
    ("value", "text"), [(62.04, "62.0"), (6.2, "6.20"), (1234.5, "1230"), (999.7, "1000"), (0.0123, "0.0123"), (0, "0")]
)
def test_a_figure_has_three_significant_digits_and_no_exponent(value: float, text: str) -> None:
    assert significant(value) == text


@pytest.mark.parametrize(("ratio", "text"), [(14.2, "14 times"), (1.31, "1.3 times"), (1.02, "1.02 times")])
def test_a_ratio_is_said_in_times(ratio: float, text: str) -> None:
    assert times(ratio) == text


def test_what_does_not_print_becomes_a_space() -> None:
    assert printable("a\x00b\u202ec\ud800d\n") == "a b c d "


def test_the_headline_names_the_fastest_model_and_how_much_faster_it_is() -> None:
    cells = [exact(RETINA, 868), exact(LITE, 62)]
    sentence = findings.headline(cells, timings_of(cells))
    assert sentence == "SSDlite320 MobileNetV3-Large is fastest: 62.0 ms, 14 times faster than RetinaNet ResNet-50 FPN"


def test_a_model_whose_interval_overlaps_another_s_is_not_fastest_beyond_doubt() -> None:
    timings = timings_of([exact(RETINA, 868), exact(SSD, 70), exact(LITE, 62)])
    wide = [replace(timing, low_ms=timing.ms - 5, high_ms=timing.ms + 5) for timing in timings]
    assert findings.fastest(wide) == (
        "SSDlite320 MobileNetV3-Large is fastest, but not beyond doubt: 62.0 ms (57.0 to 67.0), "
        "SSD300 VGG16 70.0 ms (65.0 to 75.0)"
    )
    one = timings_of([exact(LITE, 60, "cpu"), with_latency(timed(LITE, "cuda10.2"), samples.latency([59, 90]))])
    said = "is fastest in cpu, but not beyond doubt: 60.0 ms (60.0 to 60.0), in cuda10.2 74.5 ms (59.0 to 90.0)"
    assert findings.fastest(one).endswith(said)


def test_one_model_in_two_environments_is_compared_between_them() -> None:
    timings = timings_of([exact(LITE, 60, "cpu"), exact(LITE, 90, "cuda10.2")])
    assert findings.fastest(timings).endswith("is fastest in cpu: 60.0 ms, 1.5 times faster than in cuda10.2")


def test_what_is_not_pinned_is_no_headline_where_something_is() -> None:
    timings = timings_of([exact(LITE, 10, pinned=False), exact(SSD, 300)])
    assert findings.fastest(timings) == "SSD300 VGG16 takes 300 ms (cuda10.2 · pinned)"


def test_without_a_latency_the_headline_is_the_best_accuracy_or_what_became_of_the_cells() -> None:
    passes = [scored(LITE, ap=21.3), scored(RETINA, ap=36.4)]
    assert findings.headline(passes, []) == "RetinaNet ResNet-50 FPN has the highest AP: 36.4 % on coco-val2017"
    near = [*passes, scored(FASTER, ap=36.0)]
    assert findings.headline(near, []) == (
        "RetinaNet ResNet-50 FPN has the highest AP, but not beyond doubt: 36.4 % (35.2 to 37.7), "
        "Faster R-CNN ResNet-50 FPN 36.0 % (34.8 to 37.3) on coco-val2017"
    )
    assert findings.headline([failed(LITE), failed(SSD)], []) == "No latency was measured: 2 cells skipped"


def test_repeats_are_one_figure_whose_interval_spans_theirs() -> None:
    first, second = timed(LITE), timed(LITE, faster=0.8)
    second = replace(second, job=replace(second.job, repeat=2))
    alone, other, [both] = timings_of([first])[0], timings_of([second])[0], timings_of([first, second])
    assert both.ms == pytest.approx((alone.ms + other.ms) / 2)
    assert (both.low_ms, both.high_ms) == (alone.low_ms, other.high_ms)


def test_a_sample_that_is_no_duration_is_refused_with_the_cell_that_has_it() -> None:
    with pytest.raises(BadDocument, match=r"the cell cuda10.2--ssd300.* has a sample that is no duration"):
        timings_of([with_latency(timed(SSD), samples.latency([10.0, float("nan")]))])


def test_a_model_that_another_beats_in_both_is_not_on_the_frontier() -> None:
    aps = {LITE: 21.3, SSD: 25.1, FASTER: 37.0, RETINA: 36.4}
    cells = [timed(builder) for builder in aps] + [scored(builder, ap=ap) for builder, ap in aps.items()]
    timings = timings_of(cells)
    [(kind, points)] = placed(timings, cells, published=False).items()
    assert kind == "AP measured on coco-val2017, 500 images, pretrained weights"
    assert {point.timing.model.builder for point in points if point.on_frontier} == {LITE, SSD, FASTER}
    assert findings.frontier(points).endswith("SSD300 VGG16 or Faster R-CNN ResNet-50 FPN")


def test_random_weights_have_no_accuracy_and_shapes_none_of_coco() -> None:
    cells = [timed(LITE, weights="random"), timed(SSD, weights="shapes"), timed(RETINA), scored(SSD, ap=25.0)]
    [(kind, points)] = placed(timings_of(cells), cells, published=True).items()
    assert "torchvision publishes" in kind
    assert [(point.timing.model.builder, point.ap) for point in points] == [(RETINA, models()[RETINA].box_ap)]


def test_what_torchvision_publishes_is_shown_only_where_published_numbers_are_wanted() -> None:
    cells = [timed(RETINA)]
    assert placed(timings_of(cells), cells, published=False) == {}


def test_boxes_of_persons_alone_are_not_compared_with_those_of_all_categories() -> None:
    cells = [timed(KEYPOINTS)]
    assert placed(timings_of(cells), cells, published=True) == {}


def test_an_accuracy_of_other_weights_is_not_taken() -> None:
    cells = [timed(SSD), scored(SSD, ap=25.0)]
    cells[1] = replace(cells[1], result=replace(cells[1].result, weights_sha256="ff" * 32))
    assert placed(timings_of(cells), cells, published=False) == {}


def test_an_accuracy_or_a_verdict_of_other_software_is_not_taken() -> None:
    other = replace(SOFTWARE, torch="2.14.1")
    found = scored(SSD, ap=25.0, verdict="different")
    cells = [timed(SSD), replace(found, result=replace(found.result, software=other))]
    [timing] = timings_of(cells)
    assert (placed([timing], cells, published=False), timing.agreement) == ({}, None)
    assert timings_of([timed(SSD), found])[0].agreement


def test_a_pass_of_another_run_is_not_called_by_the_name_of_the_environment_that_both_have() -> None:
    of_another, same = scored(SSD, ap=25.0, verdict="different"), scored(SSD, "cpu", ap=25.0, verdict="different")
    assert [cell.agreement.against for cell in (of_another, same) if cell.agreement] == ["cpu", "cpu of run"]


def test_accuracies_on_datasets_of_one_name_are_never_beside_each_other() -> None:
    cells = [timed(SSD), timed(LITE), scored(SSD, ap=25.0), scored(LITE, ap=21.3, annotations="1" * 64)]
    found = placed(timings_of(cells), cells, published=False)
    assert sorted(len(points) for points in found.values()) == [1, 1]
    assert all(kind.startswith("AP measured on coco-val2017, 500 images, ") and "content" in kind for kind in found)
    sources = [point.source for points in found.values() for point in points]
    assert len(set(sources)) == 2


def test_environments_are_compared_by_the_geometric_mean_of_their_ratios() -> None:
    cells = [exact(LITE, 10), exact(SSD, 100), exact(LITE, 20, "cpu"), exact(SSD, 50, "cpu")]
    [comparison] = comparisons(timings_of(cells))
    assert [ratio.ratio for ratio in comparison.ratios] == [0.5, 2.0]
    assert comparison.means == {"cpu": pytest.approx(1.0)}
    assert findings.compared(comparison) == "cpu takes 1.00 times as long as cuda10.2 (geometric mean of 2 models)"
    wide = [replace(timing, low_ms=timing.ms / 3, high_ms=timing.ms + 1) for timing in timings_of(cells)]
    (doubtful,) = comparisons(wide)
    assert findings.compared(doubtful).endswith("of 2 models, of which none differs beyond doubt)")
    (one,) = comparisons([timing for timing in wide if timing.model.builder == LITE])
    assert findings.compared(one) == "cpu takes 2.00 times as long as cuda10.2, but not beyond doubt"


def test_another_hardware_protocol_or_kind_of_weights_is_not_compared() -> None:
    cells = [exact(LITE, 10), on_gpu(exact(LITE, 20, "cpu")), exact(LITE, 30, "cuda11.8", weights="random")]
    assert comparisons(timings_of(cells)) == []


def test_the_reference_is_pinned_where_one_is() -> None:
    cells = [exact(LITE, 10, "local", pinned=False), exact(LITE, 20, "cpu"), exact(LITE, 30, "cuda10.2")]
    [comparison] = comparisons(timings_of(cells))
    assert comparison.reference.series.environment == "cpu"


def test_marks_say_what_to_know_before_comparing() -> None:
    busy = replace(samples.latency([10.0] * 4, stopped_by="cap"), other_load_cpus=0.3)
    cells = [
        with_latency(timed(LITE, pinned=False, weights="random"), busy),
        scored(LITE, ap=21.0, verdict="different", weights="random"),
    ]
    marks = marks_of(timings_of(cells)[0])
    assert [mark.text for mark in marks] == ["different", "not pinned", "random weights", "other load", "capped"]
    assert [mark.serious for mark in marks] == [True, True, False, False, False]


@pytest.mark.parametrize("observed", [True, False], ids=["observed", "stored"])
def test_other_load_is_told_once_and_beside_other_warnings(observed: bool) -> None:
    said = "other work kept 1.4 CPUs busy meanwhile: measure again when idle"
    few = samples.latency([10.0] * 4, detections=0)
    cell = with_latency(timed(LITE), replace(few, other_load_cpus=1.4 if observed else None))
    if not observed:
        cell = replace(cell, result=replace(cell.result, warnings=[said]))
    marks = {mark.text: mark.why for mark in marks_of(timings_of([cell])[0])}
    assert marks.pop("other load") == said
    assert list(marks) == ["1 warning"]
    assert marks["1 warning"].startswith("few detections: ")


def test_an_unremarkable_timing_has_no_mark() -> None:
    cells = [timed(LITE), scored(LITE, ap=21.0, verdict="equal")]
    assert marks_of(timings_of(cells)[0]) == []


def test_a_verdict_found_with_other_numerics_does_not_mark_a_latency() -> None:
    swept = scored(LITE, ap=21.0, verdict="different")
    variant = replace(swept.job.variant, numerics=swept.job.protocol.numerics)
    cells = [timed(LITE), replace(swept, job=replace(swept.job, variant=variant))]
    assert marks_of(timings_of(cells)[0]) == []


def test_the_titles_of_samples_say_what_the_samples_show() -> None:
    [timing] = timings_of([timed(LITE)])
    latency = latencies([timing.cells[0]])[0]
    counts = list(range(24))
    steady = replace(latency.samples, wall_ms=[600.0] + [50.0 + n for n in counts[1:]], detections=counts)
    [timing] = timings_of([with_latency(timing.cells[0], replace(latency, samples=steady))])
    assert findings.spread(timing).endswith("took 53.0 to 72.0 ms, the first inference 9.6 times the median")
    assert findings.drift(timing).endswith("the second half of the samples was 19.3 % slower than the first")
    assert findings.by_detections(timing).endswith("1.0 ms longer with each detection (1.0 to 1.0)")


def test_latency_is_said_to_follow_detections_only_where_it_does() -> None:
    [timing] = timings_of([exact(LITE, 10)])
    assert findings.by_detections(timing) == "SSDlite320 MobileNetV3-Large: 7 detections in every image"
