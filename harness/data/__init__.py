"""Files that are fetched and read: checkpoints, pictures, datasets."""
