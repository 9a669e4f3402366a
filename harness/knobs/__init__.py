"""The knobs of a cell: one table, from which plan, command line, series, labels, tables and estimates derive."""
