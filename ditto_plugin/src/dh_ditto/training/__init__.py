"""Training of the motion diffusion model: the published recipe, for the published model and for the starter."""
