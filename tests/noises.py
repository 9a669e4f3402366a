"""A host's noise as a document, for tests."""

from harness.analysis.noise import repeats_for
from harness.documents.noise import Noise, Reach, Scatter
from runner.contract import SCHEMA_VERSION
from tests.samples import NOW

KNOWN = Noise(
    schema_version=SCHEMA_VERSION,
    host="a1b2c3",
    measured_at=NOW,
    run="noise",
    environment="local",
    device="cpu",
    model="ssdlite320_mobilenet_v3_large",
    processes=10,
    failed=0,
    iterations=22,
    interrupted=False,
    wall=Scatter(0.02, 0.015, 0.025, None),
    cpu=None,
    cpu_missing_reason="the runner did not look",
    margin=0.03,
    paired_false_alarms=0.04,
    unpaired_false_alarms=0.05,
    repeats=repeats_for(0.015),
    smallest=[Reach(3, 0.08)],
)
