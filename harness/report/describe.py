"""What every table says of its cells: the software, and what became of them."""

from collections.abc import Iterable, Mapping, Sequence

from harness.analysis.timed import Stack


def software(stacks: Sequence[Stack]) -> list[str]:
    """Return what there is to say of the software of cells of one environment, pins included."""
    parts = list(dict.fromkeys(stack.text for stack in stacks if stack.text))
    if any(not stack.pinned for stack in stacks):
        deviations = dict.fromkeys(text for stack in stacks for text in stack.deviations)
        parts.append("not pinned" + (f" ({'; '.join(deviations)})" if deviations else ""))
    return parts


def attributed(remarks_of: Mapping[str, Iterable[Sequence[str]]]) -> list[str]:
    """Return the remarks on the cells of each model, each remark once with the models that it is about."""
    about: dict[str, list[str]] = {}
    for display, remarks in remarks_of.items():
        cells = list(remarks)
        said = [remark for cell in cells for remark in cell] if cells else ["not in this run"]
        for remark in dict.fromkeys(said):
            about.setdefault(remark, []).append(display)
    return [f"{', '.join(names)}: {remark}" for remark, names in about.items()]
