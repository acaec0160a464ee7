"""The history of a run: what it may be compared with, and how it is kept for others to read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from vae.configuration import ModelConfig, TrainingConfig, from_mapping
from vae.datasets import find_info
from vae.errors import CheckpointError, ConfigurationError
from vae.files import write_whole
from vae.reports import EpochReport, Terms, epoch_from_json

Row = Mapping[str, str | float]  # of the table, by the names of COLUMNS; what is not known is left out

COLUMNS = (
    "record",  # "step", "epoch, train" (the mean over it) or "epoch, test" (after it)
    "step",
    "epoch",
    "seconds",  # of training
    "elbo",  # this and the other terms in nats per image
    "reconstruction",
    "kl",
    "label",
    "learning_rate",
    "beta",
    "gradient_norm",  # before it was clipped
    "images_per_second",
)

NO_BOUND = "nothing"  # that an autoencoder's reconstruction is a bound on
_BOUNDS = {"labels": "log p(x, y)", "conditional": "log p(x|y)", "autoencoder": NO_BOUND}
_LIKELIHOODS = {
    "bernoulli": "Bernoulli",
    "continuous-bernoulli": "continuous Bernoulli",
    "gaussian": "Gaussian",
    "categorical": "categorical, {} levels",
}


@dataclass(frozen=True)
class Measure:
    """What an ELBO measures: two curves share an axis only if it is the same."""

    dataset: str  # its name
    size: str  # of its images
    likelihood: str
    bound: str  # what the ELBO is a bound on

    @classmethod
    def of(cls, model: ModelConfig, dataset: str) -> Measure:
        """By the configuration of a model and the name of the data set."""
        channels, height, width = model.image_shape
        return cls(
            dataset=dataset,
            size=f"{channels} × {height} × {width}",
            likelihood=_LIKELIHOODS[model.likelihood].format(model.levels),
            bound=_BOUNDS.get(model.family, "log p(x)"),
        )

    def difference(self, other: Measure) -> str:
        """In words, for example "likelihood Gaussian, not Bernoulli"; nothing if they compare."""
        names = {"dataset": "data set", "size": "image size", "likelihood": "likelihood", "bound": "bound on"}
        differing = [name for name in names if getattr(self, name) != getattr(other, name)]
        mine, others = ({**asdict(m), "dataset": _title(m.dataset)} for m in (self, other))
        return ", ".join(f"{names[name]} {others[name]}, not {mine[name]}" for name in differing)


@dataclass(frozen=True)
class RunRecord:
    """What a model file tells of its training."""

    preset: str
    dataset: str
    model: ModelConfig
    training: TrainingConfig
    history: tuple[EpochReport, ...]

    @property
    def measure(self) -> Measure:
        """What its ELBO measures."""
        return Measure.of(self.model, self.dataset)


def read_record(path: Path) -> RunRecord:
    """Read all but the weights of a model file, which takes no time.

    Raises:
        CheckpointError: there is no such file, it is no model, it is damaged or of a newer format.
    """
    from vae.tensor_file import MODEL, read_header  # torch takes seconds

    header = read_header(path, MODEL)
    try:
        return RunRecord(
            preset=str(header["preset"]),
            dataset=str(header["dataset"]),
            model=from_mapping(ModelConfig, header["model"]),
            training=from_mapping(TrainingConfig, header["training"]),
            history=tuple(epoch_from_json(values) for values in header["history"]),
        )
    except (ConfigurationError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"The history in {path.name} cannot be read ({error}). "
            "Use another copy of the file, or train the model again."
        ) from error


def _title(dataset: str) -> str:
    info = find_info(dataset)
    return info.title if info else dataset


# --- as a table


def epoch_rows(history: Iterable[EpochReport]) -> Iterator[Row]:
    """Two rows of the table for each epoch."""
    for report in history:
        place = {"step": report.step, "epoch": report.epoch, "seconds": report.seconds}
        speed = {"images_per_second": report.images_per_second}
        yield {"record": "epoch, train", **place, **_known(report.train), **speed}
        yield {"record": "epoch, test", **place, **_known(report.test)}


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write the table as comma-separated values, with a line of COLUMNS at the top.

    Raises:
        CheckpointError: the file cannot be written.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(path, text.getvalue().encode())


def _known(terms: Terms) -> dict[str, float]:
    return {name: value for name, value in asdict(terms).items() if value is not None}
