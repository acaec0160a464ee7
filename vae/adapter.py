"""The user's own encoder and decoder as a model: torch modules or plain functions.

encode() is given x as its images were given, (B, H, W), (B, C, H, W) or (B, H, W, C), float32 in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vae.configuration import ModelConfig
from vae.errors import AdapterError
from vae.models import VAE

SHOWN = 8  # images that are sent through a model to learn what it takes and gives
CERTAIN = 1e-6  # how near to black and white a decoded pixel may come: its logit stays finite
TOLERANCE = 1e-3  # by which a decoded pixel may leave [0, 1]
COLOURS = (1, 3)  # channels that a screen can show


@dataclass(frozen=True)
class Layout:
    """How the user's arrays hold images."""

    shape: tuple[int, ...]  # of one image, as the user has it
    image_shape: tuple[int, int, int]  # C, H, W
    last: bool  # whether the channels come last

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Layout:
        """Tell it by the shape of an array of images.

        Raises:
            AdapterError: these are no images.
        """
        match shape[1:]:
            case (height, width):
                return cls(shape[1:], (1, height, width), last=False)
            case (channels, height, width) if channels in COLOURS:
                return cls(shape[1:], (channels, height, width), last=False)
            case (height, width, channels) if channels in COLOURS:
                return cls(shape[1:], (channels, height, width), last=True)
        raise AdapterError(
            f"The images have the shape {shape}. It must be (N, H, W), (N, C, H, W) or (N, H, W, C), "
            "with 1 or 3 channels C."
        )

    def to_own(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> as the user has it."""
        return (x.movedim(-3, -1) if self.last else x).reshape(len(x), *self.shape)

    def from_own(self, values: Tensor) -> Tensor | None:
        """What decode() gives, in either layout or flat -> (B, C, H, W); None where it does not fit."""
        channels, height, width = self.image_shape
        match tuple(values.shape[1:]):
            case given if given == self.image_shape:
                return values
            case given if given == (height, width, channels):
                return values.movedim(-1, -3)
            case given if (1, *given) == self.image_shape:
                return values.unsqueeze(1)
            case (size,) if size == channels * height * width and self.last:
                return values.reshape(-1, *self.shape).movedim(-1, -3)
            case (size,) if size == channels * height * width:
                return values.reshape(-1, *self.image_shape)
        return None


class AdaptedModel(VAE):
    """A VAE whose networks are somebody else's. It is explored as it is: the application never trains it.

    Each decoded pixel is read as the mean of a Bernoulli, unless the user's model has a log_likelihood(x, z)
    of its own. Copies share that model, which may hold what cannot be copied.
    """

    def __init__(self, own: _Own, layout: Layout, latent_dim: int) -> None:
        super().__init__(ModelConfig(layout.image_shape, latent_dim, (1,), (1,)))
        self._own = own
        self.encoder = _Encoder(own, layout)  # type: ignore[assignment]  # takes and gives what it does
        self.decoder = _Decoder(own, layout)  # type: ignore[assignment]  # likewise
        self._layout = layout

    def build(self) -> None:
        """Nothing: the networks are there."""

    @property
    def has_own_likelihood(self) -> bool:
        """Whether the user's model scores images by itself."""
        return self._own.has("log_likelihood")

    def log_likelihood(self, x: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor:
        """By the user's own function, if there is one."""
        if not self.has_own_likelihood:
            return super().log_likelihood(x, z, y)
        found = self._own.call("log_likelihood", self._layout.to_own(x), z)
        assert isinstance(found, Tensor)
        return found

    def __deepcopy__(self, memo: dict[int, object]) -> AdaptedModel:
        return self


class _Own:
    """Calls the user's functions with what they take: tensors where their weights are, or numpy arrays."""

    def __init__(self, model: object) -> None:
        self._model = model
        self._device = torch.device("cpu")
        self._arrays = False  # whether the functions take numpy arrays
        if isinstance(model, nn.Module):
            model.eval()
            self._device = next((weights.device for weights in model.parameters()), self._device)

    def has(self, name: str) -> bool:
        """Whether there is such a function."""
        return callable(getattr(self._model, name, None))

    @torch.no_grad()
    def call(self, name: str, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Float32 tensors on the CPU in and out."""
        function: Callable[..., Any] = getattr(self._model, name)
        given = [i.detach().cpu().numpy() if self._arrays else i.to(self._device) for i in inputs]
        found = function(*given)
        return tuple(map(_tensor, found)) if isinstance(found, tuple | list) else _tensor(found)

    def learn(self, name: str, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The first call: find out whether plain functions take arrays or tensors.

        Raises:
            AdapterError: they take neither.
        """
        if isinstance(self._model, nn.Module):
            return self.call(name, *inputs)
        self._arrays = True
        try:
            return self.call(name, *inputs)
        except Exception as error:  # told below, unless tensors do better
            with_arrays = error
        self._arrays = False
        try:
            return self.call(name, *inputs)
        except Exception as error:
            raise AdapterError(
                f"{name}() fails for values of the shape {tuple(inputs[0].shape)}: as a numpy array "
                f"({with_arrays}), and as a tensor ({error}). Give it images as it takes them."
            ) from error


class _Encoder(nn.Module):
    def __init__(self, own: _Own, layout: Layout) -> None:
        super().__init__()
        self._own, self._layout = own, layout

    def forward(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """``x`` (B, C, H, W) -> ``z_loc`` and ``z_scale``, each (B, D)."""
        z_loc, z_scale = self._own.call("encode", self._layout.to_own(x))
        return z_loc, z_scale


class _Decoder(nn.Module):
    def __init__(self, own: _Own, layout: Layout) -> None:
        super().__init__()
        self._own, self._layout = own, layout

    def forward(self, z: Tensor) -> Tensor:
        """``z`` (..., D) -> the logits of the mean images, (..., C, H, W)."""
        found = self._own.call("decode", z.flatten(0, -2))
        assert isinstance(found, Tensor)
        images = self._layout.from_own(found)
        assert images is not None
        logits: Tensor = torch.logit(images, eps=CERTAIN).unflatten(0, z.shape[:-1])
        return logits


def adapt(model: object, images: object) -> tuple[AdaptedModel, NDArray[np.uint8]]:
    """A model from anything that has encode(x) -> (z_loc, z_scale) and decode(z) -> images in [0, 1].

    A torch module is put into evaluation mode.

    Args:
        model: a torch module, or another object with the two functions; they take tensors or numpy arrays.
        images: (N, H, W), (N, C, H, W) or (N, H, W, C): uint8, or floating point in [0, 1].

    Returns:
        The model, and the images as pictures (N, C, H, W).

    Raises:
        AdapterError: the images are none, or what the functions give does not fit them.
    """
    values = _array(images)
    layout = Layout.of(values.shape)
    pictures = _pictures(values, layout)
    own = _Own(model)
    for name in ("encode", "decode"):
        if not own.has(name):
            raise AdapterError(
                f"{type(model).__name__} has no {name}(). A model needs encode(x) -> (z_loc, z_scale) "
                "and decode(z) -> images."
            )
    few = layout.to_own(torch.from_numpy(pictures[:SHOWN]).float() / 255.0)
    z_loc = _checked_codes(own.learn("encode", few), len(few))
    _check_decoded(own.call("decode", z_loc), layout, z_loc)
    return AdaptedModel(own, layout, z_loc.shape[1]).eval(), pictures


def _array(images: object) -> NDArray[Any]:
    values = images.detach().cpu().numpy() if isinstance(images, Tensor) else np.asarray(images)
    if not values.size:
        raise AdapterError(f"There are no images in an array of the shape {values.shape}. Give at least one.")
    return values


def _pictures(values: NDArray[Any], layout: Layout) -> NDArray[np.uint8]:
    """uint8, (N, C, H, W)."""
    if values.dtype != np.uint8:
        low, high = values.min(), values.max()
        if not np.issubdtype(values.dtype, np.floating) or not 0.0 <= low <= high <= 1.0:
            raise AdapterError(
                f"The images hold {values.dtype} from {low:g} to {high:g}. "
                "They must be uint8, or floating point in [0, 1]."
            )
        values = np.round(values * 255.0).astype(np.uint8)
    if layout.last:
        values = np.moveaxis(values, -1, 1)
    return np.ascontiguousarray(values).reshape(len(values), *layout.image_shape)


def _checked_codes(found: Tensor | tuple[Tensor, ...], count: int) -> Tensor:
    """z_loc, once it and z_scale are what they should be."""
    parts = found if isinstance(found, tuple) else (found,)
    shapes = [tuple(part.shape) for part in parts]
    if len(parts) != 2 or shapes[0] != shapes[1] or len(shapes[0]) != 2 or shapes[0][0] != count:
        raise AdapterError(
            f"encode() gives {_named(shapes)} for {count} images. "
            f"It must give two arrays, z_loc and z_scale, of the shape ({count}, D) each."
        )
    z_loc, z_scale = parts
    if not torch.isfinite(z_loc).all() or not torch.isfinite(z_scale).all():
        raise AdapterError("encode() gives values that are not finite numbers. Look at the model's weights.")
    if z_scale.min() <= 0.0:
        raise AdapterError(
            f"encode() gives a z_scale of {z_scale.min():.3g}. A standard deviation must be above 0: "
            "from the logarithm of the variance it is exp(0.5 * log_variance)."
        )
    return z_loc


def _check_decoded(found: Tensor | tuple[Tensor, ...], layout: Layout, z: Tensor) -> None:
    shapes = [tuple(part.shape) for part in (found if isinstance(found, tuple) else (found,))]
    images = layout.from_own(found) if isinstance(found, Tensor) and found.ndim else None
    if images is None or len(images) != len(z):
        raise AdapterError(
            f"decode() gives {_named(shapes)} for codes of the shape {tuple(z.shape)}. "
            f"It must give images as they were given, {(len(z), *layout.shape)}."
        )
    if not (images.min() >= -TOLERANCE and images.max() <= 1.0 + TOLERANCE):
        raise AdapterError(
            f"decode() gives values from {images.min():.3g} to {images.max():.3g}. "
            "It must give images in [0, 1]: of logits, return the sigmoid."
        )


def _named(shapes: list[tuple[int, ...]]) -> str:
    return " and ".join(str(shape) for shape in shapes) or "nothing"


def _tensor(values: object) -> Tensor:
    found = values if isinstance(values, Tensor) else torch.from_numpy(np.asarray(values, np.float32))
    return found.detach().float().cpu()
