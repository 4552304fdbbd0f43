"""Weights: the published files read in place, their conversion, and untrained ones for machines that have none."""
