"""The command `latent-explorer train`: a progress bar on the error stream, a line an epoch on the other."""

from __future__ import annotations

import itertools
import json
import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

import vae
from explorer.places import default_places
from explorer.terminal import in_words, number, say
from vae.configuration import TrainingConfig
from vae.datasets import DATASETS, Dataset, download, is_available, load
from vae.errors import TrainingError
from vae.files import require_writable
from vae.presets import DEFAULT_PRESET, PRESETS, preset_of

if TYPE_CHECKING:
    from vae import EpochReport

TRAINING = ("epochs", "batch_size", "learning_rate", "beta", "seed")  # what an option may change


def add_train_options(parser: ArgumentParser) -> None:
    """What may be asked for."""
    add = parser.add_argument
    add("--preset", default=DEFAULT_PRESET, help=f"{', '.join(PRESETS)} (default: %(default)s)")
    add("--dataset", default="mnist", help=f"{', '.join(DATASETS)} (default: %(default)s)")
    add("--data-dir", type=Path, metavar="DIR", help="a folder to read from (default: downloads by itself)")
    for name, meaning in (
        ("epochs", "passes over the training images"),
        ("batch-size", "images a step"),
        ("learning-rate", "peak of the one-cycle schedule"),
        ("latent-dim", "dimensions of the latent space"),
        ("beta", "weight of the KL in the objective"),
        ("seed", "a whole number; the same gives the same curve"),
    ):
        add(f"--{name}", type=number, metavar="N", help=f"{meaning} (default: the preset's)")
    add("--out", type=Path, metavar="FILE", help="the model to write (default: a new file in this folder)")
    add("--json", action="store_true", help="print one JSON object an epoch")


def train(options: Namespace) -> int:
    """Look at everything that may be wrong first, then load the data, then train."""
    preset, folder = preset_of(options.preset), default_places(options.data_dir).data
    available = is_available(options.dataset, folder)
    info = DATASETS[options.dataset]
    fitted = preset.model.fitted(info.image_shape, len(info.classes))
    config = replace(fitted, **_given(options, "latent_dim"))
    training = replace(preset.training, **_given(options, *TRAINING))
    out = options.out or _new_file(f"{options.dataset}-{preset.name}")
    require_writable(out)
    if not available and options.data_dir is None:
        _download(options.dataset, folder)
    data = load(options.dataset, folder)
    _Run(preset.name, training, data, vae.build(config, training.seed), out).go(as_json=options.json)
    return 0


def _given(options: Namespace, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _new_file(stem: str) -> Path:
    endings = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    return next(path for end in endings if not (path := Path(f"{stem}{end}.safetensors")).exists())


def _download(name: str, folder: Path) -> None:
    with closing(download(name, folder)) as reports, tqdm(desc=name, unit="B", unit_scale=True) as bar:
        for report in reports:
            bar.total = report.total
            bar.update(report.done - bar.n)


@dataclass
class _Run:
    """A training run on its way into a file."""

    preset: str
    training: TrainingConfig
    data: Dataset
    model: vae.VAE
    out: Path
    step: int = 0
    history: list[EpochReport] = field(default_factory=list)

    def go(self, *, as_json: bool) -> None:
        """Train to the end and save. Whatever ends the run before, what it has learned is saved."""
        try:
            self._train(as_json)
        except BaseException as error:
            if isinstance(error, TrainingError):
                self.step = error.good_step
                self.history = [report for report in self.history if report.step <= self.step]
            if self.step:
                self._save(f"Ended at step {self.step:,}: the model trained so far is in")
            raise
        self._save("The model is in")

    def _train(self, as_json: bool) -> None:
        run = vae.Training(self.model, self.training, self.data)
        with tqdm(unit="step", leave=False, total=run.steps) as bar:
            for report in run:
                self.step = report.step
                match report:
                    case vae.StepReport():
                        bar.set_postfix_str(f"ELBO {report.train.elbo:.5g}", refresh=False)
                        bar.update()
                    case vae.EpochReport():
                        self.history.append(report)
                        tqdm.write(_line(report, as_json=as_json), file=sys.stdout)
                        sys.stdout.flush()
                    case vae.RollbackReport():
                        self.history = [kept for kept in self.history if kept.step <= report.step]
                        bar.update(report.step - bar.n)
                        say(
                            f"The loss was lost at step {report.lost_step:,}: going on from step "
                            f"{report.step:,} with a learning rate of {report.learning_rate:g}."
                        )

    def _save(self, sentence: str) -> None:
        encodings = vae.encode_images(self.model, self.data.test_images, self.data.test_labels)
        history, dataset = tuple(self.history), self.data.info.name
        trained = vae.Checkpoint(self.model, self.preset, dataset, self.training, history, encodings)
        vae.save(self.out, trained)
        say(f"{sentence} {self.out}.")


def _line(report: EpochReport, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(vae.epoch_as_json(report))
    return f"epoch {report.epoch}: train {in_words(report.train)}, test {in_words(report.test)}"
