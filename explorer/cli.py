"""The command line. Whatever goes wrong is told in one sentence, with an exit code that is not 0.

Only what ``--help`` needs is imported at the top: torch and Qt take seconds.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

import vae
from explorer.failures import failure_of
from explorer.places import default_places
from vae.configuration import TrainingConfig
from vae.datasets import DATASETS, Dataset, download, is_available, load
from vae.errors import ConfigurationError, LatentExplorerError, TrainingError
from vae.files import require_writable, write_whole
from vae.presets import DEFAULT_PRESET, PRESETS, preset_of

if TYPE_CHECKING:
    from vae import EpochReport, Terms

FAILED, INTERRUPTED = 1, 130  # exit codes; argparse's own is 2
TRAINING = ("epochs", "batch_size", "learning_rate", "beta", "seed")  # what an option may change
TOUR = Path("tour")  # where the pictures go when there is no display

COMMANDS = """commands, each with its own --help:
  train         train a model and save it
  info FILE     say what is known of a model
  render FILE   draw what the latent plane decodes to
  tour          show the application at work, as pictures in a folder
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what ``arguments`` (the process's own by default) ask for; returns the exit code."""
    try:
        options = _parse(sys.argv[1:] if arguments is None else arguments)
        code: int = options.run(options)
        print(end="", flush=True)  # so that it fails here, if at all
    except LatentExplorerError as error:
        _say(f"latent-explorer: {error}")
    except KeyboardInterrupt:
        _say("latent-explorer: stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has left: nor must Python's last flush complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # told in a sentence; the traceback is logged
        _say(f"latent-explorer: {failure_of(error)}")
    else:
        return code
    return FAILED


def _say(sentence: str) -> None:
    tqdm.write(sentence, file=sys.stderr)


def _parse(arguments: Sequence[str]) -> Namespace:
    parsers = {"train": _train_parser, "info": _info_parser, "render": _render_parser, "tour": _tour_parser}
    if arguments and arguments[0] in parsers:
        return parsers[arguments[0]]().parse_args(arguments[1:])
    return _window_parser().parse_args(arguments)


def _window_parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="latent-explorer",
        usage="%(prog)s [FILE] [--data-dir DIR]\n       %(prog)s COMMAND ...",
        description="Train variational autoencoders and explore their latent plane.",
        epilog=COMMANDS,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_window)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a model to open")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where the data sets are")
    return parser


def _train_parser() -> ArgumentParser:
    parser = _command_parser("train", _train, "Train a model and save it.")
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
        add(f"--{name}", type=_number, metavar="N", help=f"{meaning} (default: the preset's)")
    add("--out", type=Path, metavar="FILE", help="the model to write (default: a new file in this folder)")
    add("--json", action="store_true", help="print one JSON object an epoch")
    return parser


def _info_parser() -> ArgumentParser:
    parser = _command_parser("info", _info, "Say what is known of a model.")
    parser.add_argument("file", type=Path, metavar="FILE", help="a model")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _render_parser() -> ArgumentParser:
    parser = _command_parser("render", _render, "Draw what the latent plane decodes to.")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a model")
    add("--out", type=Path, metavar="PNG", required=True, help="the picture to write")
    add("--extent", type=_number, metavar="Z", default=5, help="z runs from -Z to Z (default: %(default)s)")
    add("--grid", type=_number, metavar="N", default=25, help="N x N images (default: %(default)s)")
    return parser


def _tour_parser() -> ArgumentParser:
    description = "Open a model, drag, encode and train, and save a picture of each. Needs no display."
    parser = _command_parser("tour", _tour, description)
    parser.set_defaults(file=None)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="the folder for the pictures")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where the data sets are")
    return parser


def _command_parser(name: str, run: Callable[[Namespace], int], description: str) -> ArgumentParser:
    parser = ArgumentParser(prog=f"latent-explorer {name}", description=description)
    parser.set_defaults(run=run)
    return parser


def _number(text: str) -> int | float | str:
    """A number, or else the text itself: the check of the settings then refuses it by name."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _window(options: Namespace) -> int:
    if options.file is not None and not options.file.is_file():
        raise LatentExplorerError(
            f"There is no file {options.file}, nor a command of that name. See latent-explorer --help."
        )
    _load_torch_before_qt()
    from explorer.app import make_application, run_window, visible

    application = make_application()
    if not visible():
        print(f"There is no display: the same is done offscreen, as latent-explorer tour --out {TOUR}/")
        return _run_tour(TOUR, options)
    return run_window(application, default_places(options.data_dir), options.file)


def _load_torch_before_qt() -> None:
    """On Windows torch's libraries do not load after Qt's; elsewhere the window need not wait for them."""
    if sys.platform == "win32":
        import torch  # noqa: F401


def _tour(options: Namespace) -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # nobody need look on
    return _run_tour(options.out, options)


def _run_tour(folder: Path, options: Namespace) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LatentExplorerError(
            f"The folder {folder} cannot be made: {error.strerror or error}. Choose another."
        ) from error
    _load_torch_before_qt()
    from explorer.tour import run_tour

    return run_tour(folder, default_places(options.data_dir), options.file)


def _train(options: Namespace) -> int:
    """Look at everything that may be wrong first, then load the data, then train."""
    preset, folder = preset_of(options.preset), default_places(options.data_dir).data
    available = is_available(options.dataset, folder)
    shape = DATASETS[options.dataset].image_shape
    config = replace(preset.model, image_shape=shape, **_given(options, "latent_dim"))
    training = replace(preset.training, **_given(options, *TRAINING))
    out = options.out or _new_file(f"{options.dataset}-{preset.name}")
    require_writable(out)
    if not available and options.data_dir is None:
        _download(options.dataset, folder)
    data = load(options.dataset, folder)
    _Run(preset.name, training, data, vae.VAE(config, seed=training.seed), out).go(as_json=options.json)
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
        reports = vae.train(self.model, self.training, self.data.train_images, self.data.test_images)
        with tqdm(unit="step", leave=False) as bar:
            for report in reports:
                self.step = report.step
                if isinstance(report, vae.EpochReport):
                    self.history.append(report)
                    train, test = _in_words(report.train), _in_words(report.test)
                    words = f"epoch {report.epoch}: train {train}, test {test}"
                    tqdm.write(json.dumps(asdict(report)) if as_json else words, file=sys.stdout)
                    sys.stdout.flush()
                else:
                    bar.total = report.steps
                    bar.set_postfix_str(f"ELBO {report.train.elbo:.5g}", refresh=False)
                    bar.update()

    def _save(self, sentence: str) -> None:
        encodings = vae.encode_images(self.model, self.data.test_images, self.data.test_labels)
        history, dataset = tuple(self.history), self.data.info.name
        trained = vae.Checkpoint(self.model, self.preset, dataset, self.training, history, encodings)
        vae.save(self.out, trained)
        _say(f"{sentence} {self.out}.")


def _in_words(terms: Terms) -> str:
    return f"ELBO {terms.elbo:.2f} nats (reconstruction {terms.reconstruction:.2f}, KL {terms.kl:.2f})"


def _info(options: Namespace) -> int:
    checkpoint = vae.load(options.file)
    test = checkpoint.history[-1].test if checkpoint.history else None
    facts: dict[str, Any] = {
        "format_version": checkpoint.format_version,
        "preset": checkpoint.preset,
        "dataset": checkpoint.dataset,
        "latent_dim": checkpoint.model.config.latent_dim,
        "parameters": checkpoint.model.config.parameters,
        "epochs": len(checkpoint.history),
    }
    if options.json:
        print(json.dumps(facts | {"test": test and asdict(test)}))
        return 0
    for name, value in (facts | {"test": _in_words(test) if test else "no epoch was finished"}).items():
        print(f"{name.replace('_', ' '):<16}{value:,}" if isinstance(value, int) else f"{name:<16}{value}")
    return 0


def _render(options: Namespace) -> int:
    from vae.manifold import manifold, png

    require_writable(options.out)
    if options.out.exists() and options.file.exists() and options.out.samefile(options.file):
        raise ConfigurationError(f"The picture would replace the model {options.file}. Choose another --out.")
    write_whole(options.out, png(manifold(vae.load(options.file).model, options.extent, options.grid)))
    return 0
