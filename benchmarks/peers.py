"""The training loops that ours is measured against. All learn the same 784-400-2 network, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam  # type: ignore[attr-defined]  # made when it is imported
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from vae.configuration import ModelConfig
from vae.datasets import Dataset, _torchvision_mnist

PIXELS, HIDDEN, LATENT = 784, 400, 2
LEARNING_RATE = 1e-3
SAME_NETWORK = ModelConfig(
    encoder_widths=(HIDDEN,), decoder_widths=(HIDDEN,), latent_dim=LATENT, activation="softplus"
)  # as ours is asked for


class _Encoder(nn.Module):
    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(PIXELS, HIDDEN)
        self.fc21 = nn.Linear(HIDDEN, latent_dim)
        self.fc22 = nn.Linear(HIDDEN, latent_dim)
        self.softplus = nn.Softplus()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.softplus(self.fc1(x.reshape(-1, PIXELS)))
        return self.fc21(hidden), torch.exp(self.fc22(hidden))


class _Decoder(nn.Module):
    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(latent_dim, HIDDEN)
        self.fc21 = nn.Linear(HIDDEN, PIXELS)
        self.softplus = nn.Softplus()

    def logits(self, z: Tensor) -> Tensor:
        logits: Tensor = self.fc21(self.softplus(self.fc1(z)))
        return logits

    def forward(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(z))


class _TutorialVAE(nn.Module):
    """The model of Pyro's VAE tutorial, in its words."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.encoder, self.decoder = _Encoder(latent_dim), _Decoder(latent_dim)

    def model(self, x: Tensor) -> None:
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z_loc = torch.zeros(x.shape[0], self.latent_dim, dtype=x.dtype)
            z_scale = torch.ones(x.shape[0], self.latent_dim, dtype=x.dtype)
            z = pyro.sample("latent", dist.Normal(z_loc, z_scale).to_event(1))
            loc_img = self.decoder(z)
            pixels = dist.Bernoulli(loc_img, validate_args=False).to_event(1)
            pyro.sample("obs", pixels, obs=x.reshape(-1, PIXELS))

    def guide(self, x: Tensor) -> None:
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            z_loc, z_scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(z_loc, z_scale).to_event(1))


def tutorial_svi(latent_dim: int) -> SVI:
    """What Pyro's tutorial steps: its model and guide, Trace_ELBO, pyro.optim; unchecked, as there."""
    dist.enable_validation(False)
    pyro.clear_param_store()
    vae = _TutorialVAE(latent_dim)
    return SVI(vae.model, vae.guide, Adam({"lr": LEARNING_RATE}), loss=Trace_ELBO())


def pyro_tutorial(data: Dataset, batch_size: int, svi: SVI | None = None) -> Iterator[float]:
    """An epoch of Pyro's tutorial, by default the first. Loss by batch.

    DataLoader with ToTensor and num_workers=1, as in tutorial/source/vae.ipynb of Pyro's repository.
    """
    loader, svi = _loader(data, batch_size, workers=1), svi or tutorial_svi(LATENT)
    for x, _ in loader:
        yield svi.step(x)


def lecture(data: Dataset, batch_size: int) -> Iterator[float]:
    """The lecture's loop: DataLoader with ToTensor, 784-400-200-2 and back, Adam. Loss by batch."""
    leaky = partial(nn.LeakyReLU, 0.2)
    encoder = nn.Sequential(nn.Linear(PIXELS, 400), leaky(), nn.Linear(400, 200), leaky())
    mean_layer, log_variance_layer = nn.Linear(200, LATENT), nn.Linear(200, LATENT)
    decoder = nn.Sequential(
        *(nn.Linear(LATENT, 200), leaky(), nn.Linear(200, 400), leaky()),
        *(nn.Linear(400, PIXELS), nn.Sigmoid()),
    )
    whole = nn.ModuleList((encoder, mean_layer, log_variance_layer, decoder))
    adam = torch.optim.Adam(whole.parameters(), LEARNING_RATE)
    for pictures, _ in _loader(data, batch_size, workers=0):
        x = pictures.view(len(pictures), PIXELS)
        adam.zero_grad()
        hidden = encoder(x)
        mean, log_variance = mean_layer(hidden), log_variance_layer(hidden)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        reconstruction = functional.binary_cross_entropy(decoder(z), x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        loss = reconstruction + kl
        loss.backward()
        adam.step()
        yield loss.item()


def _loader(data: Dataset, batch_size: int, workers: int) -> DataLoader[Any]:
    return DataLoader(_as_torchvision(data), batch_size=batch_size, shuffle=True, num_workers=workers)


def _as_torchvision(data: Dataset) -> Any:
    """The training images as torchvision's MNIST: of each by itself a PIL image is made, then a tensor."""
    mnist = _torchvision_mnist()
    from torchvision.transforms import ToTensor

    pictures = mnist.MNIST.__new__(mnist.MNIST)  # without __init__, which would read files
    pictures.data = torch.from_numpy(data.train_images[:, 0])
    pictures.targets = torch.from_numpy(data.train_labels)
    pictures.transform, pictures.target_transform = ToTensor(), None
    return pictures


def plain_pytorch(data: Dataset, batch_size: int) -> Iterator[float]:
    """What one writes by hand: tensors in memory, the closed-form KL, one fused Adam. Loss by batch."""
    images = torch.from_numpy(data.train_images.astype(np.float32) / 255).reshape(-1, PIXELS)
    encoder, decoder = _Encoder(LATENT), _Decoder(LATENT)
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], LEARNING_RATE, fused=True)
    for batch in torch.randperm(len(images)).split(batch_size):
        x = images[batch]
        z_loc, z_scale = encoder(x)
        z = z_loc + z_scale * torch.randn_like(z_scale)
        reconstruction = functional.binary_cross_entropy_with_logits(decoder.logits(z), x, reduction="sum")
        kl = 0.5 * (z_loc.square() + z_scale.square() - 1 - 2 * z_scale.log()).sum()
        loss = (reconstruction + kl) / len(x)
        adam.zero_grad()
        loss.backward()
        adam.step()
        yield loss.item()
