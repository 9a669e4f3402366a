"""Where cells run. Everything above this seam is the same for Docker, a local process and the tests' fake."""
