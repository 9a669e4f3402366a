"""People's own detectors: found, built, and what they answer checked."""
