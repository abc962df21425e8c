"""The laws of the model: pure functions of numbers, one equation each."""
