"""Documents of earlier versions, brought to the shape of now before they are validated.

A step takes what a version could say to what the next one says, and invents nothing: what was not recorded is null.
Documents stay on disk as they are.
"""

from collections.abc import Iterator
from typing import Any

from runner.contract import pseudonym

Data = dict[str, Any]
#: What stood in a protocol itself before it had a document of numerics.
SWITCHES = ("tf32", "cudnn_benchmark", "deterministic")


def upgraded(data: Data, version: int) -> Data:
    """Return the document, of that schema version, as the present one has it. Changes `data`, too."""
    for step in STEPS[version - 1 :]:
        step(data)
    return data


def _numerics_are_one_document(data: Data) -> None:
    """1 to 2: a protocol's numerics; other load on the record; each nested job has the document's version."""
    for job in _jobs(data):
        protocol = job.get("protocol")
        if isinstance(protocol, dict) and "tf32" in protocol:
            numerics = {name: protocol.pop(name) for name in SWITCHES if name in protocol}
            # The runner of then let the same switch decide over matrix products.
            numerics["matmul_precision"] = "high" if numerics["tf32"] else "highest"
            protocol["numerics"] = numerics
        job["schema_version"] = 2
    latency = data.get("latency")
    if isinstance(latency, dict):
        latency.setdefault("other_load_cpus", None)
    data["schema_version"] = 2


#: What a host without a machine-id was called, whichever it was.
NO_MACHINE_ID = pseudonym("no machine-id")


def _devices_have_pseudonyms(data: Data) -> None:
    """2 to 3: UUIDs of GPUs are pseudonyms; a host without a machine-id is unknown; the rest was not observed."""
    hardware = data.get("hardware")
    gpus = hardware.get("gpus") if isinstance(hardware, dict) else None
    for gpu in gpus if isinstance(gpus, list) else []:
        if isinstance(gpu, dict) and isinstance(gpu.get("uuid"), str):
            gpu["uuid"] = pseudonym(gpu["uuid"])
    if isinstance(data.get("gpu"), str):
        data["gpu"] = pseudonym(data["gpu"])
    host = data.get("host")
    if isinstance(host, dict) and host.get("id") == NO_MACHINE_ID:
        host["id"] = None
    for job in _jobs(data):
        job["schema_version"] = 3
    data["schema_version"] = 3


def _jobs(data: Data) -> Iterator[Data]:
    """Yield the jobs of a document: itself, a result's, those of a plan's cells."""
    cells = data.get("cells")
    planned = [cell.get("job") for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    yield from (job for job in [data, data.get("job"), *planned] if isinstance(job, dict) and "protocol" in job)


#: The step from each version to the next, version 1 first.
STEPS = [_numerics_are_one_document, _devices_have_pseudonyms]
