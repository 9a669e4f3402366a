"""The host side: plans cells, executes them in pinned environments, reports what they left behind."""

__version__ = "0.1.0"
