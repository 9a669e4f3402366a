"""The Python face: what the command line can, as functions with typed answers. `harness` itself re-exports it."""
