import harness
from tests.command_line import told_json


def test_the_catalogue_is_the_command_s() -> None:
    printed, frame = told_json("models"), harness.models()
    assert frame.builder.tolist() == [each["builder"] for each in printed]
    assert frame.box_ap.tolist() == [each["box_ap"] for each in printed]
    assert frame.tasks[0].split(", ") == printed[0]["tasks"]
    assert frame.mask_ap.isna().tolist() == [each["mask_ap"] is None for each in printed]


def test_the_published_table_is_checked_as_the_command_does() -> None:
    printed = told_json("published", "check", exit_code=0 if harness.published_check().is_the.notna().all() else 1)
    frame = harness.published_check()
    assert frame.astype(object).where(frame.notna(), None).to_dict("records") == printed
