import pytest

pytest.importorskip("torch")

from tools.write_models import CATALOGUE, published, text

pytestmark = pytest.mark.torch


def test_the_catalogue_says_what_the_installed_torchvision_publishes() -> None:
    catalogue = CATALOGUE.read_text(encoding="utf-8")
    assert text(catalogue) == catalogue


def test_a_figure_that_is_another_is_written_anew() -> None:
    known = published("maskrcnn_resnet50_fpn")
    table = "[maskrcnn_resnet50_fpn]\ngflops = 1\nmask_ap = 2\n\n[of_nobody]\ngflops = 1\n"
    assert text(table) == table.replace("gflops = 1", f"gflops = {known['gflops']}", 1).replace(
        "= 2", f"= {known['mask_ap']}"
    )
