"""The families of models, by name. None is imported here: that takes torch, and a window need not wait."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from vae.errors import ConfigurationError

if TYPE_CHECKING:
    from vae.models.vae import VAE

FAMILIES: dict[str, type[VAE] | str] = {  # the class, or where it is: "module:Class"
    "vae": "vae.models.vae:VAE",
    "labels": "vae.models.labels:LabelVAE",
    "conditional": "vae.models.conditional:ConditionalVAE",
    "hierarchical": "vae.models.hierarchical:HierarchicalVAE",
    "mixture": "vae.models.mixture:MixtureVAE",
    "autoencoder": "vae.models.autoencoder:Autoencoder",
}


class UnknownFamilyError(ConfigurationError):
    """Nobody has registered a family of this name."""


def register(name: str, family: type[VAE]) -> None:
    """Add a family of models of your own: ModelConfig(family=name), model files and the Train tab know it.

    Raises:
        ConfigurationError: another family has this name.
    """
    known = FAMILIES.get(name)
    if known is not None and _place_of(known) != _place_of(family):
        raise ConfigurationError(
            f"There is a family of models '{name}' already, {_place_of(known)}. Choose another name."
        )
    FAMILIES[name] = family


def require_family(name: str) -> None:
    """Raise UnknownFamilyError unless there is a family of this name."""
    if name not in FAMILIES:
        raise UnknownFamilyError(
            f"The family '{name}' is unknown. Choose one of {', '.join(FAMILIES)}, "
            "or add it first with vae.register()."
        )


def family_of(name: str) -> type[VAE]:
    """The class of that name.

    Raises:
        UnknownFamilyError: there is none.
    """
    require_family(name)
    family = FAMILIES[name]
    if isinstance(family, str):
        module, _, attribute = family.partition(":")
        family = cast("type[VAE]", getattr(importlib.import_module(module), attribute))
    return family


def _place_of(family: type[VAE] | str) -> str:
    """As "module:Class": a notebook's cell that runs again makes the class anew."""
    return family if isinstance(family, str) else f"{family.__module__}:{family.__qualname__}"
