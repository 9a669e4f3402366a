"""What is observed tells series apart: every single field of what a cell leaves does, or may differ for a reason."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from harness.analysis.labels import conflicts, differences, labels_of
from harness.analysis.series import (
    AccuracySeries,
    LatencySeries,
    accuracy_series,
    grouped,
    latency_series,
    own_beside,
    state_of,
)
from harness.documents import Host, ImageIdentity
from harness.documents.run_folder import Cell
from runner.contract import CpuSupply, Dataset, Detections, Gpu, Input, SharedLibrary, UsedGpu, Weights, cgroups
from tests.samples import execution, hardware, job, latency, ok_result, software

CARD = Gpu(
    index=0,
    name="Tesla T4",
    uuid="aaa",
    memory_bytes=16 << 30,
    driver="535",
    compute_capability="7.5",
    pci_bus_id="00:01",
    power_limit_watts=70.0,
    max_sm_clock_mhz=1590,
    max_memory_clock_mhz=5001,
    temperature_celsius=40,
    mig_enabled=False,
    ecc_enabled=True,
    mig_profile="1g.5gb",
    failure=None,
)
IMAGE = ImageIdentity(
    "cuda10.2:abc", "sha256:1", ["x@sha256:1"], "e" * 64, "debian@sha256:2", {"A": "b"}, [], "sha256:3"
)

OUTCOME = "an outcome of the measurement, not a circumstance of it"
BOOKKEEPING = "names the cell or says when it ran"
#: What may differ within a series, and why.
MAY_DIFFER = {
    "result.schema_version": "documents are migrated before they are read",
    "result.status": OUTCOME,
    "result.started_at": BOOKKEEPING,
    "result.finished_at": BOOKKEEPING,
    "result.failure": OUTCOME,
    "result.weights_sha256": "differs from model to model; of one model it is a state, see the test of states",
    "result.memory": OUTCOME,
    "result.detections": OUTCOME,
    "result.warnings": "follow from what was observed",
    "result.makes": "what a detector answers with, which its code and weights tell",
    "result.remarks": "follow from the weights' file; the state that was read from it tells more",
    "result.latency.load_ms": OUTCOME,
    "result.latency.contents": OUTCOME,
    "result.latency.contents_missing_reason": OUTCOME,
    "result.latency.instructions_missing_reason": "explains what is unknown",
    "result.latency.stages": "made in a pass of its own, after what was measured",
    "result.latency.stages_missing_reason": "the same",
    "result.latency.profile": "the same",
    "result.latency.profile_missing_reason": "the same",
    "result.latency.work": "what the model and the pictures say, counted after what was measured",
    "result.latency.stopped_by": OUTCOME,
    "result.latency.planned_iterations": "what was asked for; the variant's iterations tell series apart",
    "result.latency.other_load_cpus": "an outcome; said of the cell",
    "result.latency.warmup": OUTCOME,
    "result.latency.steady_from": OUTCOME,
    "result.latency.pilot_iterations": OUTCOME,
    "result.latency.percentile": "a figure beside the others, from the same samples",
    "result.latency.samples": OUTCOME,
    "result.latency.inputs[0].name": "its pixels tell more",
    "result.latency.inputs[0].height": "its pixels tell more",
    "result.latency.inputs[0].width": "its pixels tell more",
    "result.cpu_supply.periods": OUTCOME,
    "result.cpu_supply.throttled_periods": "an outcome; said of the cell",
    "result.cpu_supply.throttled_ms": "an outcome; said of the cell",
    "result.cpu_supply.steal_cpus": OUTCOME,
    "result.cpu_supply.missing_reason": "explains what is unknown",
    "result.software.malloc": "how memory is allocated; told where two sides are explained",
    "result.software.packages": "what computes is among the versions and the loaded libraries",
    "result.software.shared_libraries[0].path": "the same library at another place is the same",
    "result.software.shared_libraries[0].threads": "a pool that takes other threads than torch's is said of the cell",
    "result.hardware.memory_bytes": "limits what can run, not how fast; kernels reserve a little more or less",
    "result.hardware.usable_cores": "how many the usable CPUs are, which tell series apart",
    "result.hardware.gpus_missing_reason": "explains what is unknown",
    "result.hardware.gpus[0].index": "differs with the order of enumeration; the UUID tells",
    "result.hardware.gpus[0].name": "what computed is named by CUDA",
    "result.hardware.gpus[0].memory_bytes": "belongs to the card, which its UUID tells",
    "result.hardware.gpus[0].compute_capability": "belongs to the card, which its UUID tells",
    "result.hardware.gpus[0].pci_bus_id": "a slot; the UUID tells the card",
    "result.hardware.gpus[0].temperature_celsius": "an outcome",
    "result.hardware.gpus[0].mig_enabled": "the instance that computed has a profile",
    "result.hardware.gpus[0].mig_profile": "the instance that computed has a profile",
    "result.hardware.gpus[0].failure": "said of a card that did not answer, which did not compute",
    "result.hardware.used_gpu.pci_bus_id": "a slot; the UUID tells the card",
    "result.hardware.used_gpu.missing_reason": "explains what is unknown",
    "result.job.schema_version": "documents are migrated before they are read",
    "result.job.cell": BOOKKEEPING,
    "result.job.repeat": "repeats are what a series averages",
    "execution.schema_version": "documents are migrated before they are read",
    "execution.cell": BOOKKEEPING,
    "execution.executor": "an environment has one kind of executor",
    "execution.host.engine": "starts containers and does not compute",
    "execution.host.kernel": "the runner observes it as well",
    "execution.host.nvidia_toolkit": "starts containers and does not compute",
    "execution.exit_code": OUTCOME,
    "execution.timed_out": OUTCOME,
    "execution.out_of_memory": OUTCOME,
    "execution.wall_seconds": OUTCOME,
    "execution.waited_seconds": OUTCOME,
    "execution.container_id": BOOKKEEPING,
    "execution.image.tag": "a name; the recipe's hash tells",
    "execution.image.id": "builds of one recipe on two machines have two ids",
    "execution.image.digests": "where the image was pushed",
    "execution.image.substitutions": "the base and the build arguments tell",
    "execution.deviations": "in words what the observed versions say",
}


def measured() -> Cell:
    """A cell on a GPU in which every field has a value."""
    of = job(device="cuda")
    result = ok_result(
        of,
        software=software(
            numerics={"deterministic_algorithms": "False", "matmul_precision": "highest"},
            shared_libraries=[SharedLibrary("libopenblas.so.0", "/usr/lib/libopenblas.so.0", "0.3.29")],
        ),
        hardware=replace(
            hardware(),
            gpus=[CARD],
            used_gpu=UsedGpu("Tesla T4", "aaa", "00:01", "1g.5gb", None),
            usable_cpus=[0, 1],
        ),
        latency=replace(latency([10.0] * 3), inputs=[Input("cat.jpg", 300, 451, "ab" * 32)]),
        cpu_supply=CpuSupply(0.5, 10, 5, 70.0, 0.0, None),
        runner_sha256="cd" * 32,
        harness_version="0.1.0",
    )
    return Cell(of, result, execution(of, host=Host("h", "20.10", "6.1", None), image=IMAGE), run="run")


CELL = measured()
#: Parts that are one value to whoever reads them.
WHOLE = {"result.job.protocol", "result.job.model", "result.memory", "result.latency.samples"}


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every field below a document."""
    if isinstance(value, list) and value and is_dataclass(value[0]):
        value, path = value[0], f"{path}[0]"
    if is_dataclass(value) and path not in WHOLE:
        for field in fields(value):
            yield from leaves(getattr(value, field.name), f"{path}.{field.name}")
    else:
        yield path, value


def changed(document: Any, path: str, value: Any) -> Any:
    """Return the document with another value at the path, counted from the document itself."""
    name, _, rest = path.partition(".")
    plain = name.removesuffix("[0]")
    if rest:
        inner = getattr(document, plain)
        value = [changed(inner[0], rest, value)] if name.endswith("[0]") else changed(inner, rest, value)
    return replace(document, **{plain: value})


def other(value: Any) -> Any:
    """Return another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case list():
            return [*value, "x"] if value and isinstance(value[0], str) else [*value, 9]
        case dict():
            return {**value, **{key: other(old) for key, old in value.items()}}
        case None:
            return "x"
        case _:
            return "x" + value


LEAVES = [
    (path, value)
    for name, document in (("result", CELL.result), ("execution", CELL.execution))
    for path, value in leaves(document, name)
    if not path.startswith("result.job.") and path not in WHOLE
]


@pytest.mark.parametrize(("path", "value"), LEAVES, ids=[path for path, _ in LEAVES])
def test_each_observed_field_tells_series_apart_or_may_differ(path: str, value: Any) -> None:
    part, _, rest = path.partition(".")
    cell = replace(CELL, **{part: changed(getattr(CELL, part), rest, other(value))})
    may = any(path == known or path.startswith((f"{known}.", f"{known}[")) for known in MAY_DIFFER)
    assert (latency_series(cell) != latency_series(CELL)) is not may


def test_the_list_of_what_may_differ_names_fields_that_exist() -> None:
    known = {path for path, _ in LEAVES} | WHOLE | {"result.job.schema_version", "result.job.cell", "result.job.repeat"}
    for path in MAY_DIFFER:
        assert any(each == path or each.startswith((f"{path}.", f"{path}[")) for each in known), path


def on_cpu(**changes: Any) -> Cell:
    result = ok_result(job(), **changes)
    return Cell(job(), result, execution(job()), run="run")


def test_threads_are_those_that_torch_had_whatever_was_asked_for() -> None:
    one, two = on_cpu(software=software(threads=1)), on_cpu(software=software(threads=2))
    assert conflicts(map(latency_series, (one, two))) == ["cuda10.2 on AMD EPYC 7B12, 2 cores: threads (1 | 2)"]
    assert [label.split(" · ")[-1] for label in labels_of([latency_series(one), latency_series(two)]).values()] == [
        "threads: 1",
        "threads: 2",
    ]


def test_a_switch_of_the_numerics_is_named_alone() -> None:
    cells = [on_cpu(software=software(numerics={"flush_denormals": text, "x": "1"})) for text in ("False", "True")]
    (conflict,) = conflicts(map(latency_series, cells))
    assert conflict.endswith(": flush denormals (False | True)")


def test_a_gpu_that_nvml_did_not_show_is_no_cpu() -> None:
    of = job(device="cuda")
    cells = [on_cpu(), Cell(of, ok_result(of, job=of), execution(of), run="run")]
    assert [latency_series(cell).hardware for cell in cells] == ["AMD EPYC 7B12, 2 cores", "unknown GPU"]


def test_of_several_gpus_the_one_that_computed_is_named() -> None:
    of = job(device="cuda")
    cards = [CARD, replace(CARD, index=1, name="GTX 1070", uuid="bbb")]
    seen = replace(hardware(), gpus=cards, used_gpu=UsedGpu("GTX 1070", "bbb", None))
    series = latency_series(Cell(of, ok_result(of, job=of, hardware=seen), execution(of)))
    assert (series.hardware, series.fact("gpu")) == ("GTX 1070", "bbb")
    unknown = replace(seen, used_gpu=None)
    series = latency_series(Cell(of, ok_result(of, job=of, hardware=unknown), execution(of)))
    assert (series.hardware, series.fact("gpu")) == ("one of Tesla T4 and GTX 1070", None)


def test_unknown_machines_are_never_one() -> None:
    cells = [replace(on_cpu(), execution=execution(job(), host=Host(None)), run=run) for run in ("a", "b")]
    first, second = map(latency_series, cells)
    assert first != second
    assert [label.split(" · ")[-1] for label in labels_of([first, second]).values()] == [
        "unknown machine of a",
        "unknown machine of b",
    ]


@pytest.mark.parametrize(
    ("reason", "conflict"),
    [
        (cgroups.NO_QUOTA, True),
        (f"{cgroups.NO_QUOTA}; the kernel does not count", True),
        ("the CPU quota's cpu.max can't be read: gone", False),
    ],
)
def test_a_quota_is_refused_beside_none_and_labelled_beside_an_unknown_one(reason: str, conflict: bool) -> None:
    held, other = CpuSupply(0.3, 10, 10, 70.0, 0.0), CpuSupply(None, None, None, None, 0.0, reason)
    series = [latency_series(on_cpu(cpu_supply=supply)) for supply in (held, other)]
    refused = ["cuda10.2 on AMD EPYC 7B12, 2 cores: CPU quota (0.3 | none)"]
    assert conflicts(series) == (refused if conflict else [])
    assert len(set(labels_of(series).values())) == 2


def test_decoders_that_differ_in_one_picture_alone_are_told_apart() -> None:
    first, second = Input("a.png", 300, 451, "ab" * 32), Input("b.jpg", 300, 451, "cd" * 32)
    decoded = ([first, second], [first, replace(second, pixels_sha256="ef" * 32)])
    one, other = (latency_series(on_cpu(latency=replace(latency([10.0]), inputs=inputs))) for inputs in decoded)
    assert conflicts([one, other])


def decoded(*pixels: str, **changes: Any) -> Cell:
    """Return a cell that saw so many pictures, each of which was decoded to that."""
    inputs = [Input(f"{n}.jpg", 300, 451, each * 32) for n, each in enumerate(pixels)]
    of = job(**changes)
    result = ok_result(of, latency=replace(latency([10.0] * len(pixels)), inputs=inputs))
    return Cell(of, result, execution(of), run="run")


def columns(*cells: Cell) -> dict[LatencySeries, list[Cell]]:
    return grouped((latency_series(cell), state_of(cell), cell) for cell in cells)


def test_what_was_cut_short_is_of_the_series_that_goes_on_from_it() -> None:
    short, long = decoded("ab"), decoded("ab", "cd")
    assert columns(short, long) == {latency_series(long): [short, long]}
    for one, other in ((short, long), (long, short)):
        series = latency_series(one), latency_series(other)
        assert not conflicts(series)
        assert not differences(*series)


def test_of_what_was_cut_short_the_pictures_that_it_saw_tell() -> None:
    short, long = decoded("ef"), decoded("ab", "cd")
    assert len(columns(short, long)) == 2
    (conflict,) = conflicts(columns(short, long))
    (difference,) = differences(*columns(short, long))
    assert conflict.endswith(f": decoded pictures ({difference.a} | {difference.b})")
    assert [len(str(value)) for value in (difference.a, difference.b)] == [6, 6]


@pytest.mark.parametrize("seen", [("ab",), ("ab", "cd", "ef")])
def test_an_own_detector_that_saw_other_many_pictures_stands_beside_the_others(seen: tuple[str, ...]) -> None:
    builder = f"package.module:function@{'0' * 12}"
    own = decoded(*seen, model=replace(job().model, builder=builder, weights=Weights("own")))
    beside = own_beside(columns(own, decoded("ab", "cd")), lambda cell: cell.job.model.builder)
    assert [len(cells) for cells in beside.values()] == [2]


def test_passes_whose_pictures_another_decoder_read_are_labelled() -> None:
    cell = detected("valid", "a", [1, 2])
    decoders = [software(packages={"Pillow": version, "opencv-python": version}) for version in ("11.0", "12.0")]
    apart = tables(*(replace(cell, result=replace(cell.result, software=each)) for each in decoders))
    assert [title.split(" · ")[-1] for title in labels_of(apart).values()] == ["Pillow 11.0", "Pillow 12.0"]
    assert not conflicts(apart)


def test_cpus_are_a_set_and_not_its_spelling() -> None:
    seen = [replace(hardware(), usable_cpus=cpus) for cpus in ([0], [1])]
    first, second = (latency_series(on_cpu(hardware=each)) for each in seen)
    assert conflicts([first, second]) == ["cuda10.2 on AMD EPYC 7B12, 2 cores: CPUs (0 | 1)"]


def detected(name: str, annotations: str, ids: list[int], builder: str = "ssd300_vgg16") -> Cell:
    dataset = Dataset(name, annotations, [1], ids, [f"{i}.jpg" for i in ids])
    of = job(builder, suite="accuracy", images=[], dataset=dataset)
    passed = Detections("detections.sqlite", 1, 1, 0, [], 1, 1, 1, 1, 1, 1, 1, 1, 0.0)
    return Cell(of, ok_result(of, latency=None, detections=passed), execution(of), run="run")


def tables(*cells: Cell) -> list[AccuracySeries]:
    series = [(accuracy_series(cell), state_of(cell), cell) for cell in cells]
    return list(grouped((each, state, cell) for each, state, cell in series if each))


def test_datasets_of_one_name_have_tables_of_their_own() -> None:
    apart = tables(*(detected("valid", text, [1, 2]) for text in ("a", "b")))
    assert not conflicts(apart)
    titles = list(labels_of(apart).values())
    assert len(set(titles)) == 2
    assert all(title.startswith("valid, 2 images: cuda10.2 · AMD EPYC 7B12, 2 cores · content ") for title in titles)


def test_a_video_that_breaks_off_counts_the_frames_that_came() -> None:
    whole = detected("demo", "a", [1, 2, 3])
    assert whole.job.dataset
    shown = replace(whole, job=replace(whole.job, dataset=replace(whole.job.dataset, follows=True)))
    assert [each.images for each in tables(whole, shown)] == [3, 1]


def test_the_same_number_of_other_images_is_another_table() -> None:
    assert len(tables(detected("valid", "a", [1, 2]), detected("valid", "a", [1, 3]))) == 2


def test_annotations_of_keypoints_are_of_the_dataset_whose_instances_others_detect() -> None:
    instances, keypoints = detected("coco", "a", [1]), detected("coco", "b", [1], "keypointrcnn_resnet50_fpn")
    assert [series.content for series in tables(instances, keypoints)] == [None]
    assert len(tables(instances, keypoints, detected("coco", "c", [1]))) == 3


def test_states_of_one_model_are_told_apart_and_those_of_two_are_not() -> None:
    same, new = on_cpu(), on_cpu(weights_sha256="ef" * 32)
    another = replace(new, job=job("retinanet_resnet50_fpn"), result=ok_result(job("retinanet_resnet50_fpn")))
    apart = grouped((latency_series(cell), state_of(cell), cell) for cell in (same, new))
    assert [str(series.state).split(",")[0] for series in apart] == ["weights ababab", "weights efefef"]
    assert conflicts(apart)
    assert len(grouped((latency_series(cell), state_of(cell), cell) for cell in (same, another))) == 1


def test_a_cell_that_was_not_measured_goes_where_the_same_was() -> None:
    failed = replace(on_cpu(), result=replace(ok_result(job(), latency=None), software=None, hardware=None))
    (alike,) = grouped((latency_series(cell), state_of(cell), cell) for cell in (failed, on_cpu())).values()
    assert len(alike) == 2


def test_own_weights_in_two_graphs_are_two_series() -> None:
    files = [Weights("file", sha256="a" * 64, norm_eps=eps) for eps in (0.0, 1e-5)]
    jobs = [job(model=replace(job().model, weights=weights)) for weights in files]
    first, second = (latency_series(Cell(of, ok_result(of), execution(of))) for of in jobs)
    assert (first.weights, second.weights) == ("file aaaaaa, eps 0", "file aaaaaa, eps 1e-05")


def test_what_the_software_did_not_record_is_unknown_and_no_value() -> None:
    silent, told = (latency_series(on_cpu(software=software(numerics=n))) for n in ({}, {"default_dtype": "float32"}))
    assert (silent.fact("default_dtype"), told.fact("default_dtype")) == (None, "float32")
    assert conflicts([silent, told]) == []
