"""One module per command: what cli.py calls after parsing."""
