"""Which parameters matter: variance shares, elementary effects, regressions, and the region where something happens."""
