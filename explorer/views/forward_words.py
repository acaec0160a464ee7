"""Numbers and shapes of the forward pass, as they are written."""

from __future__ import annotations

MOST_DIMENSIONS = 4  # of z that are shown; the rest is told in words


def number(value: float, decimals: int = 3) -> str:
    """With a true minus, but none before a zero, and commas between thousands."""
    return f"{value:z,.{decimals}f}".replace("-", "−")


def nats(value: float) -> str:
    """A term of the ELBO."""
    return number(value, 2)


def shape(*sizes: int) -> str:
    """The shape of a tensor of a batch of one image: "(1, 2)"."""
    return str((1, *sizes))


def indexed(name: str, place: int) -> str:
    """z₁ for place 0."""
    return name + str(place + 1).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def beyond(latent_dim: int) -> str:
    """What is left out of a box, as "and 6 more dimensions"; nothing where all are shown."""
    more = latent_dim - MOST_DIMENSIONS
    return "" if more <= 0 else f"and {more} more dimension{'s' if more > 1 else ''}"


def tinted(text: str, colour: str) -> str:
    """Rich text in the colour of its concept."""
    return f"<span style='color:{colour}'>{text}</span>"
