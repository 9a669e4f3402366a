"""One cell from job to result: identify the stack, build the model, measure, account."""

import os
import time
import traceback
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Optional, Tuple

import torch
from torch import nn

from runner import (
    compat,
    content,
    cuda,
    detection,
    graphs,
    hardware,
    inputs,
    instructions,
    latency,
    masks,
    memory,
    models,
    profiled,
    rules,
    software,
    staged,
    switches,
    used_gpu,
    work,
)
from runner.contention import Contention
from runner.contract import (
    SCHEMA_VERSION,
    Failure,
    Hardware,
    Job,
    Latency,
    Profile,
    Result,
    Stages,
    rows,
    source_sha256,
)
from runner.errors import JobError, said
from runner.latency import Progress
from runner.own import answers, blame, building
from runner.states import Remark


@dataclass(frozen=True)
class Folders:
    """Where the job's images, its weights and a person's own code lie, and where what it finds goes."""

    images: Optional[Path]
    weights: Optional[Path]
    out: Path
    code: Optional[Path] = None


def execute(job: Job, folders: Folders, progress: Progress) -> Result:
    """Measure the job's cell and return its result; a failure is a result too, never an exception."""
    blank = Result(
        schema_version=SCHEMA_VERSION,
        job=job,
        status="failed",
        started_at=_now(),
        finished_at="",
        hardware=hardware.observe(),
        runner_sha256=source_sha256(Path(__file__).parent),
        harness_version=os.environ.get("HARNESS_VERSION"),
    )
    try:
        _set_switches(job)
        result = _measure(blank, folders, progress)
    except JobError as error:
        result = replace(blank, failure=error.failure)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        result = _failed(blank, error, folders)
    seen = software.observe()
    unheeded = rules.unheeded(job.variant, seen) if result.status == "ok" else []
    remarks = [*result.remarks, *unheeded]
    return replace(result, software=seen, hardware=_used(result), remarks=remarks, finished_at=_now())


def _set_switches(job: Job) -> None:
    switches.set_numerics(job.numerics)
    switches.set_onednn(job.variant.onednn)


def _used(result: Result) -> Optional[Hardware]:
    """Return the hardware and which GPU computed: none, whatever the driver lists, where torch sees none.

    Asked last, so that torch starts the driver as in any program.
    """
    if result.hardware is None or result.job.device == "cpu" or not torch.cuda.is_available():
        return result.hardware
    return replace(result.hardware, used_gpu=used_gpu.observe())


def _measure(blank: Result, folders: Folders, progress: Progress) -> Result:
    device = cuda.choose(blank.job.device, blank.hardware.gpus_missing_reason if blank.hardware else None)
    remarks = cuda.remarks(device)  # before CUDA starts, since torch 1.13 and newer set CUDA_MODULE_LOADING then
    meter = memory.Meter(device)
    started = time.perf_counter_ns()
    model, state_sha256 = _loaded(blank.job, folders, remarks.append)
    model = model.to(device)
    model.eval()
    load_ms = (time.perf_counter_ns() - started) / 1e6
    progress("loaded", load_ms=load_ms)
    blank = replace(blank, weights_sha256=state_sha256)
    suite = _detect if blank.job.suite == "accuracy" else _time
    if blank.job.model.code is None:
        graphs.require_one(model, blank.job.model, device)
    check = _check(blank.job)
    remarks += rules.remarks(blank.job.variant, model)
    with torch.no_grad(), rules.held(blank.job.variant, model):
        result = suite(blank, model, device, folders, load_ms, progress, check)
    if isinstance(check, answers.Checked):
        # An earlier process may have detected in every picture.
        makes = check.makes or detection.makes(folders.out / rows.FILE)
        result, remarks = replace(result, makes=makes), remarks + check.remarks()
    return replace(result, status="ok", memory=meter.read(), remarks=remarks)


def _loaded(job: Job, folders: Folders, remark: Remark) -> Tuple[nn.Module, str]:
    """Return the job's model and the hash of its state; see models.load and building.load."""
    if job.model.code is None:
        return models.load(job.model, folders.weights, remark)
    loaded = building.load(job.model, job.model.code, folders.code, folders.weights, remark)
    _set_switches(job)  # a person's own code may have changed them
    return loaded


def _check(job: Job) -> answers.Check:
    """Return what the model's answers go through before they are used."""
    if job.model.code is None:
        return answers.trusted
    if job.suite == "latency":
        return answers.Checked(job.model.code.name)
    return answers.Checked(job.model.code.name, on_masks=lambda: masks.require_pycocotools(job.environment))


def _time(
    blank: Result,
    model: nn.Module,
    device: torch.device,
    folders: Folders,
    load_ms: float,
    progress: Progress,
    check: answers.Check,
) -> Result:
    job = blank.job
    source = inputs.open_source(job, folders.images, device)
    stopwatch = latency.stopwatch(device, job.protocol.synchronise_before)
    watch = Contention()
    samples, ending = latency.measure(model, source, stopwatch, job, progress, check)
    load, supply = watch.read(), watch.supply()
    calls = work.Counter(model)
    contents, missing_reason = content.observe(model, source, check, calls.call)
    counted = work.observe(model, calls, source)
    stages, no_stages = _stages(job, model, source, device, check)
    profile, no_profile = _profile(job, model, source, device, folders.out)
    measured = Latency(
        load_ms=load_ms,
        planned_iterations=job.measured_iterations,
        other_load_cpus=load,
        inputs=source.seen(),
        samples=samples,
        contents=contents,
        contents_missing_reason=missing_reason,
        stages=stages,
        stages_missing_reason=no_stages,
        percentile=job.variant.percentile,
        profile=profile,
        profile_missing_reason=no_profile,
        instructions_missing_reason=None if samples.instructions else instructions.counter().missing_reason,
        work=counted,
        **ending._asdict(),
    )
    return replace(blank, latency=measured, cpu_supply=supply)


def _stages(
    job: Job, model: nn.Module, source: inputs.Source, device: torch.device, check: answers.Check
) -> Tuple[Optional[Stages], Optional[str]]:
    """Return what the stages took, where the job asks for it, or why they are not known."""
    if job.stages is None:
        return None, None
    return staged.observe(model, source, device, min(job.stages, job.measured_iterations), check)


def _profile(
    job: Job, model: nn.Module, source: inputs.Source, device: torch.device, out: Path
) -> Tuple[Optional[Profile], Optional[str]]:
    """Return where the time went, where the job asks for it, or why that is not known."""
    if job.profile is None:
        return None, None
    return profiled.observe(model, source, device, job.profile, out)


def _detect(
    blank: Result,
    model: nn.Module,
    device: torch.device,
    folders: Folders,
    load_ms: float,
    progress: Progress,
    check: answers.Check,
) -> Result:
    job, state_sha256 = blank.job, str(blank.weights_sha256)
    if job.dataset is None or job.detection is None or folders.images is None:
        raise JobError("the job names no dataset, no detection pass or no images", "plan the run again")
    if job.model.code is None:  # of a person's own, only its answers tell
        models.require_classes(model, job.model, job.dataset)
        masks.require_encoder(model, job.environment)
    key = detection.key_of(job, state_sha256, software.observe())
    rule = rules.rule_of(job.variant, model)
    task = detection.PassTask(
        model, job.dataset, job.detection, folders.images, device, key, job.skip_bad_images, check, rule
    )
    watch = Contention()
    detections = detection.detect(task, folders.out, load_ms, progress)
    return replace(blank, detections=detections, cpu_supply=watch.supply())


def _failed(blank: Result, error: BaseException, folders: Folders) -> Result:
    """Return the result of a cell that an error ended: memory, the machine, or else the model."""
    plain = Failure(
        kind=type(error).__name__,
        message=said(error) or type(error).__name__,
        remedy="read log.txt beside this result for the traceback",
        cause="model",
    )
    if blank.job.model.code is not None:
        plain = blame.failure_of(error, blank.job.model.code, folders.code)
    if not compat.is_out_of_memory(error):
        return replace(blank, failure=cuda.failure_of(error) or plain)
    remedy = cuda.remedy_of_memory(error)
    return replace(blank, status="out_of_memory", failure=replace(plain, remedy=remedy, cause="infrastructure"))


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
