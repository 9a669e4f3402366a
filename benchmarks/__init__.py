"""The harness's own speed, measured against references: `make perf`, or python -m benchmarks [ONLY]."""
