"""The starter: Ditto's latent motion diffusion at a small size, in the ``arkit`` space, shipped with its weights."""
