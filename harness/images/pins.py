"""Whether the software that was observed is what the environment pins."""

from collections.abc import Mapping

from runner.contract import Software


def deviations(expected: Mapping[str, str], software: Software | None) -> list[str]:
    """Return each version that differs from what the environment pins; "3.9" is met by any 3.9.x."""
    if software is None:
        return []
    differing = []
    for name, wanted in expected.items():
        value = getattr(software, name)
        observed = " ".join(value) if isinstance(value, list) else str(value)
        if observed != wanted and not observed.startswith(wanted + "."):
            differing.append(f"{name} is {observed}, expected {wanted}")
    return differing
