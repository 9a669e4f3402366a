"""What the project is kept with: writers of generated files, the maker of the shipped weights, torch's installer."""
