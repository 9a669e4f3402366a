"""make test-online: what only a connected machine can tell: pins at their registries and indexes, checkpoints, real AP.

Never part of make test. Its own logic is tested there, against servers on loopback (tests/integration/test_online.py).
"""
