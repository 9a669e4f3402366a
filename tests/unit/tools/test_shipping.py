from importlib.util import find_spec
from typing import Any

import pytest

from harness.paths import ROOT
from tests.needs import lacks


@pytest.mark.parametrize("version", ["standard", "editable"])
def test_a_wheel_has_the_parts_and_an_editable_install_the_checkout(version: str) -> None:
    if find_spec("hatchling") is None:
        lacks("TOOLS", "hatchling is not installed: make lint")
    from tools.shipping import PARTS, Shipping

    hook = Shipping(str(ROOT), {}, None, None, "", "wheel")
    build_data: dict[str, Any] = {"force_include": {}}
    hook.initialize(version, build_data)
    assert list(build_data["force_include"]) == (PARTS if version == "standard" else [])
    assert all((ROOT / part).exists() for part in PARTS)
