"""make test-gpu: what only a machine with an NVIDIA GPU can tell, the most important first.

Never part of make test; its own logic is tested there, against stand-ins (tests/integration/test_gpu_check.py). It
imports the standard library, the runner and what the runner itself needs, so a Python with torch is enough: no
harness, no network, no Docker.

A part is an entry of PARTS (parts.py) and a module of tests, partN_NAME.py, which can be run alone, by `ONLY=NAME` or
by pytest with this folder's own pytest.ini. Each part is a pytest process with a time limit (running.py), started in
the project's folder, with this folder's conftest.py alone. That gives a test

- `folder`: the part's own, packed into the report with all that lies there: runs, logs;
- `report`: the report's folder, for a file that lies there by itself; there may be 8 in all, and report.py writes 5;
- `seen`: seen("architecture", "sm_90") writes a value into the summary, whether the test holds or not.

What does not hold is an assertion whose message says what was seen and what was expected. A test that can't be run
skips with the reason, and its part is then skipped, or broken where another test fails. What a machine is not meant to
have, such as a second GPU, is no reason to skip: `seen` says that it was left out. A part gets SIGINT once its time
(GPU_CHECK_LIMIT, in seconds) is over, and so does whatever it started.
"""
