"""The images of the Docker environments, and the engine that holds them."""
