"""Which curves the ELBO plot draws, and how each is told from the others: by colour, width and marker."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.views.run_curves import MEMORY


@dataclass(frozen=True)
class Line:
    """A curve that has a chip of its own."""

    name: str
    title: str
    tip: str
    term: str  # a column of the numbers
    colour: str  # a concept of the theme
    train: bool = False  # a thin line, over the single steps
    test: bool = False  # a marker an epoch
    marker: str = ""  # pyqtgraph's name for it
    joined: bool = False  # whether a thick line joins the markers
    dashed: bool = False  # a run that is laid over

    @property
    def width(self) -> float:
        """Of the pen."""
        return 3.0 if self.joined else 1.5


_TRAIN = f"The line is the mean over the last {MEMORY} steps (of an opened model: over each epoch)"

ELBO_LINES = (
    Line(
        name="elboTrain",
        title="ELBO, train",
        tip=f"The ELBO of the training batches. {_TRAIN}; the faint line is each step.",
        term="elbo",
        colour="elbo",
        train=True,
    ),
    Line(
        name="elboTest",
        title="ELBO, test",
        tip="The ELBO of the test set, after each epoch.",
        term="elbo",
        colour="elbo",
        test=True,
        marker="o",
        joined=True,
    ),
    Line(
        name="reconstruction",
        title="reconstruction",
        tip=f"E[log p(x|z)] under q(z|x). {_TRAIN}; the squares are the test set.",
        term="reconstruction",
        colour="reconstruction",
        train=True,
        test=True,
        marker="s",
    ),
)
KL_LINES = (
    Line(
        name="kl",
        title="KL",
        tip=f"KL(q(z|x) || p(z)). {_TRAIN}; the diamonds are the test set.",
        term="kl",
        colour="kl",
        train=True,
        test=True,
        marker="d",
    ),
)
