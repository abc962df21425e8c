"""Whether the headline results were put in: sensitivity to what is uncertain, and what happens without each penalty."""
