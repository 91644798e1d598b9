"""The product's workflow: train a run, look at it, keep what is derived from it, use it."""
