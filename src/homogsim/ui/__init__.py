"""The page: `homogsim ui`. It shows; every number comes from the model, the table of metrics and the experiments."""
