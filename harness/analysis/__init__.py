"""What is derived from documents: series, timings, ratios, gates and tables' figures, without looking at the host."""
