"""The window: train a variational autoencoder and walk through its latent plane."""
