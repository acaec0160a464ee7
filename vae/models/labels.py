"""p(x, y|z): image and label from one code, as in a supervised VAE."""

from __future__ import annotations

import pyro
import pyro.distributions as dist
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from vae.models.vae import VAE, draw, kl_to_prior, weighed
from vae.networks import multilayer_perceptron

CLASSIFIER_WIDTH = 64  # units of the classifier's hidden layer


class LabelVAE(VAE):
    """A VAE whose code also tells the label: y is observed beside x, and the encoder sees x alone."""

    needs_labels = True
    scores_labels = True

    def build(self) -> None:
        """A small classifier beside the decoder."""
        super().build()
        widths = (self.config.latent_dim, CLASSIFIER_WIDTH, self.config.classes)
        self.classifier = multilayer_perceptron(widths, self.config.activation)

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """p(x, y, z): z from the prior, x from the decoder, y (B,) from the classifier."""
        with pyro.plate("images", len(x), dim=-1):
            with weighed(beta):
                z = pyro.sample("z", self.prior(x))
            self.observe(x, self.decoder(z))
            pyro.sample("y", dist.Categorical(logits=self.classifier(z), validate_args=False), obs=y)

    def label_probabilities(self, z: Tensor) -> Tensor:
        """p(y|z): codes (B, D) -> (B, classes)."""
        probabilities: Tensor = self.classifier(z).softmax(-1)
        return probabilities

    def elbo_terms(
        self, x: Tensor, y: Tensor | None, generator: torch.Generator, seen: Tensor | None = None
    ) -> Tensor:
        """(3, B), the label's term among them; it is 0 where the label is not known."""
        z_loc, z_scale = self.encode(x if seen is None else seen)
        z = draw(z_loc, z_scale, generator)
        reconstruction = self.log_likelihood(x, z)
        label = (
            torch.zeros_like(reconstruction)
            if y is None
            else -cross_entropy(self.classifier(z), y, reduction="none")
        )
        return torch.stack((reconstruction, kl_to_prior(z_loc, z_scale), label))
