"""Profiles as the runner leaves them, of a small model, with causes planted in them."""

from dataclasses import replace

from runner.contract import ModuleTimes, Operator, Profile, Result
from tests.samples import job, latency, ok_result

#: What an iteration varies by, as a process does from one to the next.
JITTER = (1.0, 1.004, 0.997, 1.01, 1.002, 0.995, 1.003, 1.0, 0.998, 1.006, 1.001, 0.999)
#: Of each module: ms, with two threads busy all the time, and its operator with the shapes of its tensors.
MODULES = {
    "transform.resize": (4.0, "aten::upsample_bilinear2d", "1x3x300x300"),
    "backbone.body.0": (20.0, "aten::mkldnn_convolution", "1x3x320x320 16x3x3x3 16"),
    "backbone.body.1": (12.0, "aten::mkldnn_convolution", "1x16x160x160 16x1x3x3 16"),
    "backbone.body.2": (8.0, "aten::mkldnn_convolution", "1x16x160x160 64x16x1x1 64"),
    "rpn.filter_proposals": (2.0, "aten::topk", "1x30000"),
    "ops.boxes.batched_nms": (1.0, "torchvision::nms", "1000x4"),
}


def profile(**changed: tuple[float, float] | tuple[float, float, str, str]) -> Profile:
    """Return a profile; of a module by its last name, what its wall and its CPU time are times as much of.

    Two texts behind that are another operator and other shapes; without a name it keeps its own.
    """
    modules, operators = [], []
    for path, (ms, name, shapes) in MODULES.items():
        wall, cpu, *other = changed.get(f"m{path[-1]}" if path[-1].isdigit() else path.split(".")[-1], (1.0, 1.0))
        operator, of = (other[0] or name, other[1] or shapes) if other else (name, shapes)
        walls = [wall * ms * jitter for jitter in JITTER]
        modules.append(ModuleTimes(path, 1.0, walls, [2 * cpu * ms * jitter for jitter in JITTER]))
        outer = operator.replace("mkldnn_", "").replace("_slow_conv2d_forward", "convolution")
        operators.append(Operator(path, operator, of, 1.0, wall * ms, 4096.0))
        operators.append(Operator(path, f"{outer}_", of, 1.0, 0.01, 0.0))
    whole = [sum(each.wall_ms[n] for each in modules) for n in range(len(JITTER))]
    cpu_ms = [sum(each.cpu_ms[n] for each in modules) for n in range(len(JITTER))]
    return Profile(whole, cpu_ms, modules, operators)


def result(known: Profile, **changes: object) -> Result:
    """Return a result with the profile; `changes` are of it."""
    plain = ok_result(job(), latency=replace(latency([47.0] * 3), profile=known))
    return replace(plain, **changes)  # type: ignore[arg-type]
