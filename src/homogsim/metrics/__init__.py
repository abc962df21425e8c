"""What a market is like, told from arrays: diversity, survival, welfare, concentration, differentiation, innovation.

Every metric is a pure function of NumPy arrays. It knows no model, no table and no figure, changes nothing it is
given and draws no random numbers: where a sample is needed, the caller passes keyed uniforms. What is undefined is
NaN, never 0.
"""
