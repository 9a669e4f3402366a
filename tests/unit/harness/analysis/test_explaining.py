"""Causes planted in one of two profiles are named first, and with their kind."""

from dataclasses import replace

import pytest

from harness.analysis.explaining import explained
from harness.documents.explanation import Explanation
from harness.report.explanation import markdown, sentences
from runner.contract import Content, CpuSupply, Profile, Result, SharedLibrary
from tests.samples import hardware, software
from tests.unit.harness.profiles import profile, result

SLOW_CONV = "aten::_slow_conv2d_forward"


def between(a: Profile, b: Profile, **changes: object) -> Explanation:
    return explained(("A", "B"), result(a), result(b, **changes), "SSD300 VGG16")


@pytest.mark.parametrize(
    ("planted", "where", "what", "why"),
    [
        (profile(m1=(3.0, 3.0)), "backbone.body", "depthwise convolutions", "slower"),
        (
            profile(m0=(3.5, 3.5, SLOW_CONV, ""), m1=(5.0, 5.0, SLOW_CONV, "")),
            "backbone.body",
            "convolutions",
            "other kernels",
        ),
        (profile(**{f"m{n}": (2.0, 1.0) for n in range(3)}), "backbone.body", "convolutions", "threads waiting"),
        (profile(batched_nms=(40.0, 40.0, "", "10000x4")), "batched_nms", "suppression", "other work"),
        (
            profile(**{f"m{n}": (4.0, 4.0, "", "1x16x640x640 16x3x3x3 16") for n in range(3)}),
            "backbone.body",
            "convolutions",
            "other work",
        ),
    ],
    ids=["a slow module", "oneDNN off", "one thread", "ten times the candidates", "another size"],
)
@pytest.mark.parametrize("first", ["A", "B"])
def test_a_planted_cause_is_named_first(planted: Profile, where: str, what: str, why: str, first: str) -> None:
    pair = (profile(), planted) if first == "B" else (planted, profile())
    found = between(*pair)
    assert found.beyond_noise
    largest = found.differences[0]
    assert (largest.where, largest.why) == (where, why) and what in largest.what


def test_of_slow_kernels_both_sides_name_their_own_and_nine_tenths_are_named() -> None:
    found = between(profile(), profile(m0=(3.5, 3.5, SLOW_CONV, ""), m1=(1.5, 1.5)))
    largest = found.differences[0]
    assert largest.a.operators == ["aten::mkldnn_convolution"] and largest.b.operators == [SLOW_CONV]
    assert [round(each.share, 2) for each in found.differences] == [0.89, 0.11]
    assert largest.b.cpu_ms == pytest.approx(7 * 20, rel=0.02) and largest.a.allocated_bytes == 4096


def test_between_two_identical_environments_there_is_nothing_beyond_noise() -> None:
    found = between(profile(), profile(m1=(1.02, 1.02)))
    assert not found.beyond_noise and found.differences == []
    assert list(sentences(found)) == ["SSD300 VGG16: 47.0 ms in A, A; 47.3 ms in B, B: nothing beyond noise"]


def test_circumstances_that_differ_are_told_and_named_where_they_bear() -> None:
    blas = [SharedLibrary("libopenblas.so.0", "/lib/libopenblas.so.0", "0.3.29"), SharedLibrary("libgomp.so.1", "/g")]
    other = software(threads=1, shared_libraries=blas, torch_config="oneDNN v3.7\nCPU capability usage: AVX2\n")
    supply = CpuSupply(0.5, 10, 3, 20.0, 0.0)
    found = between(profile(), profile(m1=(4.0, 4.0)), software=other, cpu_supply=supply)
    told = {each.what: (each.a, each.b) for each in found.circumstances}
    assert told["threads"] == ("2", "1")
    assert told["BLAS"] == ("none of its own", "libopenblas.so.0 0.3.29")
    assert told["OpenMP runtimes"] == ("none of its own", "libgomp.so.1")
    assert told["oneDNN"] == (None, "v3.7") and told["CPU quota"] == (None, "0.5 CPUs")
    assert "processor" not in told and "torch" not in told
    assert {"threads", "BLAS", "oneDNN", "CPU quota"} <= set(found.differences[0].bearing)
    nms = between(profile(), profile(batched_nms=(90.0, 90.0)), software=other).differences[0]
    assert "BLAS" not in nms.bearing and "threads" in nms.bearing


def routed(of: Result, route: str) -> Result:
    assert of.latency
    return replace(of, latency=replace(of.latency, contents=[Content("1.jpg", 3, nms_route=route)]))


def test_allocators_routes_and_a_switched_off_onednn_are_circumstances() -> None:
    jemalloc = [SharedLibrary("libjemalloc.so.2", "/lib/libjemalloc.so.2")]
    config = "Intel(R) MKL-DNN v2.1.2"
    one = result(profile(), software=software(malloc={}, torch_config=config, numerics={"onednn": "True"}))
    seen = software(
        malloc={"MALLOC_ARENA_MAX": "2"},
        shared_libraries=jemalloc,
        torch_config=config,
        numerics={"onednn": "False"},
    )
    two = result(profile(m1=(4.0, 4.0)), software=seen)
    routes = ("vanilla", "coordinate trick")
    one, two = map(routed, (one, two), routes)
    told = {each.what: (each.a, each.b) for each in explained(("A", "B"), one, two, "SSD300").circumstances}
    assert told == {
        "memory allocator": ("the C library's", "libjemalloc.so.2, MALLOC_ARENA_MAX=2"),
        "NMS route": routes,
        "oneDNN": ("v2.1.2", "v2.1.2, off"),
    }


def test_a_stack_without_a_profiler_is_explained_by_modules() -> None:
    blind = replace(profile(m1=(4.0, 4.0)), operators=[], missing_reason="torch 1.7 has no torch.profiler")
    found = between(profile(), blind)
    assert found.differences[0].where == "backbone.body" and found.differences[0].b.operators is None
    assert found.remarks == ["B is explained by modules alone: torch 1.7 has no torch.profiler"]
    sealed = replace(profile(), modules_missing_reason="nothing can stand in for backbone.body")
    assert between(sealed, profile()).remarks == ["of A, nothing can stand in for backbone.body"]


def test_a_module_that_one_side_lacks_is_its_own_place() -> None:
    lone = profile()
    lone = replace(lone, modules=[each for each in lone.modules if each.path != "transform.resize"])
    lone = replace(lone, wall_ms=[ms - 4 for ms in lone.wall_ms])
    found = between(lone, profile())
    assert found.differences[0].where == "transform.resize" and found.differences[0].a.ms == 0
    assert any("in B alone" in line for line in sentences(found))


def test_it_reads_as_text_and_as_markdown() -> None:
    found = between(profile(), profile(m0=(3.5, 3.5, SLOW_CONV, "")), hardware=hardware("Another | one"))
    lines = list(sentences(found))
    assert lines[0] == "SSD300 VGG16: 47.0 ms in A, A; 97.0 ms in B, B: 2.06 times"
    assert lines[1] == (
        "  backbone.body, convolutions: 3.5 times, 100 % of the difference; 20.01 → 70.03 ms; other kernels"
    )
    assert lines[2] == f"    aten::mkldnn_convolution in A, {SLOW_CONV} in B"
    text = markdown([found], ["a remark"])
    assert "| backbone.body, convolutions | 20.01 | 70.03 | 100 % |" in text
    assert "Another \\| one" in text and "- a remark" in text


def test_a_result_without_a_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="has no profile"):
        between(profile(), replace(profile(), wall_ms=[]))
