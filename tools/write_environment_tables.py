"""Writes the tables of docs/environments.md anew from docker/environments.toml."""

from harness.catalogue import docker_environments
from harness.host.gpus import HostGpu
from harness.paths import ROOT
from harness.preflight.compatibility import verdict

PAGE = ROOT / "docs" / "environments.md"
NEWEST_DRIVER = "999"
#: A GPU of every architecture that some environment runs on, and its compute capability.
GPUS = {
    "Tesla K80": (3, 7),
    "Tesla P100": (6, 0),
    "GTX 1070, 1080": (6, 1),
    "V100": (7, 0),
    "T4, RTX 20": (7, 5),
    "A100": (8, 0),
    "A10, RTX 30": (8, 6),
    "L4, RTX 40": (8, 9),
    "H100, H200": (9, 0),
    "B200": (10, 0),
    "RTX 50": (12, 0),
}
NONE = "\u2013"
MARKS = {"native": "yes", "ptx": "from PTX", "impossible": NONE}
STACKS = [stack for stack in docker_environments() if "cuda" in stack.devices]


def by_gpu() -> list[list[str]]:
    """Return which environment runs on which GPU, were its driver new enough."""
    rows = [["GPU", "capability", *(f"`{stack.name}`" for stack in STACKS)]]
    for name, capability in GPUS.items():
        gpu = HostGpu("", name, capability, 0, False, NEWEST_DRIVER)
        marks = [MARKS[verdict(stack, gpu).kind] for stack in STACKS]
        rows.append([name, f"{capability[0]}.{capability[1]}", *marks])
    return rows


def by_stack() -> list[list[str]]:
    """Return what each environment holds, needs and reproduces."""
    rows = [["environment", "torch", "torchvision", "Python", "oldest driver", "image", "published columns"]]
    for stack in docker_environments():
        driver = stack.minor_version_driver or stack.minimum_driver or NONE
        versions = [stack.expected[name] for name in ("torch", "torchvision", "python")]
        size = f"{stack.image_gb:g} GB" + (", compiled" if stack.source_build else "")
        rows.append([f"`{stack.name}`", *versions, driver, size, ", ".join(stack.reproduces) or NONE])
    return rows


def page(text: str) -> str:
    """Return the page with its tables, which stand between marks, replaced."""
    for name, rows in (("by-gpu", by_gpu()), ("by-stack", by_stack())):
        lines = ["| " + " | ".join(row) + " |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]]
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = before + begin + "\n".join(lines) + f"\n{end}" + after
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
