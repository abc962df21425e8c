"""Parameters with which the model meets its targets: simulated minimum distance, and what the targets cannot tell."""
