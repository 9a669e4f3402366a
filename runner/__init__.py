"""The container side: measures one cell and leaves its result.json. Python 3.9 syntax, torch 1.9.0 to newest."""
