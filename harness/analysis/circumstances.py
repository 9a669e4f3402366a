"""What differs around two results, and on which kinds of operators it bears."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from harness.documents.explanation import Circumstance
from harness.text import count
from runner.contract import Result, SharedLibrary, Software

HEAVY = re.compile("convolutions|matrix products")
ALLOCATORS = re.compile("jemalloc|tcmalloc|mimalloc")
ALL, BOXES = re.compile(""), re.compile("suppression|choosing boxes|pooled regions|other")


class _Looked(NamedTuple):
    what: str
    of: Callable[[Result], str | None]
    bears: re.Pattern[str]


def _of_software(look: Callable[[Software], str | None]) -> Callable[[Result], str | None]:
    return lambda result: look(result.software) if result.software else None


def _libraries(pattern: str) -> Callable[[Result], str | None]:
    """Return what tells the loaded libraries of a kind, or that there is none; two of one kind stand side by side."""
    named = re.compile(pattern)

    def told(software: Software) -> str:
        used = [each for each in software.shared_libraries if not each.is_bundled]
        found = [each for each in used if named.search(each.name)]
        return " and ".join(map(_library, found)) or "none of its own"

    return _of_software(told)


def _library(library: SharedLibrary) -> str:
    threads = f" with {count(library.threads, 'thread')} of its own" if library.threads else ""
    return f"{library.name} {library.version or ''}".strip() + threads


def _cudnn(result: Result) -> str | None:
    """Return the version of cuDNN, which computes nothing on a CPU."""
    if result.job.device != "cuda" or result.software is None or result.software.cudnn is None:
        return None
    return str(result.software.cudnn)


def _config(pattern: str) -> Callable[[Result], str | None]:
    def told(software: Software) -> str | None:
        found = re.search(pattern, software.torch_config)
        return found.group(1).strip() if found else None

    return _of_software(told)


def _onednn(result: Result) -> str | None:
    """Return the version of oneDNN, and where torch was told not to compute with it."""
    version = _config(r"(?:MKL-DNN|oneDNN)\)? (v[\d.]+)")(result)
    off = result.software is not None and result.software.numerics.get("onednn") == "False"
    return f"{version or 'of its own'}, off" if off else version


def _switches(software: Software) -> str:
    others = {name: value for name, value in sorted(software.numerics.items()) if name != "onednn"}
    return ", ".join(f"{name}={value}" for name, value in others.items())


def _allocator(software: Software) -> str | None:
    """Return what allocates memory in the place of the C library, and the variables that tell it how."""
    if software.malloc is None:
        return None
    loaded = [each.name for each in software.shared_libraries if ALLOCATORS.search(each.name)]
    told = [f"{name}={value}" for name, value in sorted(software.malloc.items())]
    return ", ".join([" and ".join(loaded) or "the C library's", *told])


def _routes(result: Result) -> str | None:
    contents = (result.latency.contents if result.latency else None) or []
    return ", ".join(sorted({each.nms_route for each in contents if each.nms_route})) or None


def _sizes(result: Result) -> str | None:
    contents = (result.latency.contents if result.latency else None) or []
    sizes = {f"{each.resized_height}x{each.resized_width}" for each in contents if each.resized_height}
    return ", ".join(sorted(sizes)) or None


def _thresholds(result: Result) -> str | None:
    return str(result.job.model.thresholds) if result.job.model.thresholds else None


def _load(result: Result) -> str | None:
    load = result.latency.other_load_cpus if result.latency else None
    return None if load is None else f"{load:.1f} CPUs"


def _quota(result: Result) -> str | None:
    supply = result.cpu_supply
    return None if supply is None else "none" if supply.quota_cpus is None else f"{supply.quota_cpus:g} CPUs"


LOOKED = (
    _Looked("threads", _of_software(lambda software: str(software.threads)), ALL),
    _Looked("BLAS", _libraries(r"blas|mkl|blis|atlas"), HEAVY),
    _Looked("OpenMP runtimes", _libraries(r"gomp|iomp|lib(ll)?omp"), ALL),
    _Looked("oneDNN", _onednn, HEAVY),
    _Looked("instruction set", _config(r"CPU capability usage: (\S+)"), ALL),
    _Looked("cuDNN", _cudnn, HEAVY),
    _Looked("memory allocator", _of_software(_allocator), ALL),
    _Looked("resized sizes", _sizes, ALL),
    _Looked("NMS route", _routes, BOXES),
    _Looked("thresholds", _thresholds, BOXES),
    _Looked("CPU quota", _quota, ALL),
    _Looked("other load", _load, ALL),
    _Looked("switches of torch", _of_software(_switches), HEAVY),
    _Looked("torch", _of_software(lambda software: software.torch), ALL),
    _Looked("torchvision", _of_software(lambda software: software.torchvision), BOXES),
    _Looked("processor", lambda result: result.hardware.cpu_model if result.hardware else None, ALL),
)


def circumstances(a: Result, b: Result) -> list[Circumstance]:
    """Return what is not alike around two results, what is most likely to matter first."""
    seen = [Circumstance(each.what, each.of(a), each.of(b)) for each in LOOKED]
    return [each for each in seen if each.a != each.b]


def bearing(differing: list[Circumstance], what: str) -> Iterator[str]:
    """Yield the names of the circumstances that bear on operators of a kind."""
    differ = {each.what for each in differing}
    yield from (each.what for each in LOOKED if each.what in differ and each.bears.search(what))
