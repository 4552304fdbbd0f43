"""The starter: Ditto's latent motion diffusion at a small size, in the ``arkit`` space, trained on synthetic speech."""
