"""What a wheel holds of the repository beside its packages; hatchling asks while it builds one.

An editable install has the checkout itself, so it gets nothing.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Where harness/paths.py looks where there is no checkout. The runner is in it once more: with the recipes beside it,
#: it is what an image is built from, and what the hash of a recipe is taken over.
SHIPPED = "harness/shipped"
PARTS = [".dockerignore", "docker", "runner", "data/photographs", "data/weights", "results/published"]


class Shipping(BuildHookInterface):  # type: ignore[misc]
    """Puts the parts into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name them, unless the `version` of the wheel is an editable one."""
        if version == "standard":
            build_data["force_include"] |= {part: f"{SHIPPED}/{part}" for part in PARTS}
