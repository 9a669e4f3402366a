"""The table of knobs. Adding one: its field in runner/contract/job.py, the runner's use of it, and its entry here."""

from typing import TYPE_CHECKING

from harness.knobs.entry import Knob, Option, Sight, Turn
from harness.knobs.kinds import COUNT, CPUS, PERCENTILE, one_of

if TYPE_CHECKING:
    from runner.contract import Device

#: The groups of the help in which options of knobs stand.
WHERE, LATENCY, ACCURACY = "where", "latency", "accuracy"


def _switch(
    name: str, *observed: str, values: tuple[object, ...] = (False, True), device: "Device | None" = None
) -> Knob:
    """Return the entry of a switch of torch's numerics, observed under the names that the runner gives it."""
    words = {each: each.replace("_", " ") for each in observed or (name,)}
    return Knob(
        f"numerics.{name}",
        tuple(Sight(each, f"software.numerics.{each}", f"{text}: {{}}", text) for each, text in words.items()),
        turn=Turn(name.replace("_", "-"), values, device),
        holds=f"numerics.{name}",
        detects=True,
    )


#: Every knob, in the order in which labels name them: those that a person chooses, then the switches of torch's
#: numerics, which sweeps turn.
KNOBS: tuple[Knob, ...] = (
    Knob(
        "iterations",
        (Sight("iterations", "", "iterations: {}", "iterations", unset="all"),),
        Option(COUNT, "Fewer iterations, labelled.", LATENCY),
        suite="latency",
    ),
    Knob(
        "percentile",
        (Sight("percentile", "latency.percentile", "p{}", "percentile", or_asked=True, splits=False),),
        Option(PERCENTILE, "A high percentile with bounds, such as 99.", LATENCY),
        suite="latency",
    ),
    Knob(
        "threads",
        (Sight("threads", "software.threads", "threads: {}", "threads", or_asked=True),),
        Option(COUNT, "torch's threads; of several, such as 1,2,4, each is measured.", WHERE, ladder=True),
        Turn("one-thread", (1,), "cpu"),
        holds="numerics.threads",
        paces=True,
    ),
    Knob(
        "cpus",
        (Sight("cpus", "hardware.usable_cpus", "CPUs: {}", "CPUs", or_asked=True),),
        Option(CPUS, "CPUs to use, such as 0,2-3.", WHERE),
        paces=True,
    ),
    Knob(
        "reader",
        (Sight("reader", "", "{}", "reader", said="read by {}"),),
        Option(one_of("cv2", "pil", "torchvision"), "Who decodes, if not the protocol's.", ACCURACY),
        holds="detection.reader",
        suite="accuracy",
        paces=True,
    ),
    Knob(
        "batch",
        (Sight("batch", "", "batch {}", "batch"),),
        Option(COUNT, "Images at once.", ACCURACY),
        holds="detection.batch",
        suite="accuracy",
        paces=True,
    ),
    Knob(
        "resize_rule",
        (Sight("resize_rule", "", "resized by {}", "resize rule", unset="the stack's own"),),
        Option(one_of("float32", "float64"), "In what the scale is computed, if not the stack's own.", WHERE),
        paces=True,
        detects=True,
    ),
    Knob(
        "nms_route",
        (Sight("nms_route", "", "NMS {}", "NMS route", unset="the stack's own"),),
        Option(one_of("vanilla", "coordinate-trick"), "How NMS tells classes apart, if not as the stack does.", WHERE),
        paces=True,
        detects=True,
    ),
    Knob(
        "blas_threads",
        (Sight("blas_threads", "", "BLAS threads: {}", "threads of the BLAS", unset="as many as torch's"),),
        Option(COUNT, "Threads of a BLAS that has its own, beside torch's.", WHERE),
        paces=True,
    ),
    Knob(
        "onednn",
        (Sight("onednn", "", "oneDNN: {}", "oneDNN", unset="the stack's own"),),
        Option(one_of("on", "off"), "Whether torch computes with oneDNN, if not as it does.", WHERE),
        paces=True,
        detects=True,
    ),
    _switch("matmul_precision", values=("highest", "medium")),
    _switch("tf32", "cudnn_allow_tf32", device="cuda"),
    _switch("cudnn_benchmark", device="cuda"),
    _switch("deterministic", "cudnn_deterministic", "deterministic_algorithms"),
    _switch("flush_denormals", device="cpu"),
)
#: The knobs that a person chooses, by name.
OPTIONS: dict[str, tuple[Knob, Option]] = {knob.field: (knob, knob.option) for knob in KNOBS if knob.option}
