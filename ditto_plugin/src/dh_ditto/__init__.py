"""Ditto: motion-space diffusion for talking heads (Li et al. 2024, arXiv:2411.19509), as a plugin."""
