"""The lines of the table of metrics, by theme."""
