"""The command `latent-explorer train`: what is asked for, and whether it can be had."""

from __future__ import annotations

import itertools
from argparse import ArgumentParser, Namespace
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

import vae
from explorer.own_data_command import (
    OWN_DATA,
    add_own_data_options,
    dataset_asked_for,
    load_visibly,
    short_name,
)
from explorer.places import default_places
from explorer.run_keeper import RunKeeper, is_free, model_file, unfinished_file
from explorer.terminal import number, say
from explorer.terminal_run import TerminalRun
from vae.configuration import DEVICES
from vae.datasets import DATASETS, Dataset, download, info_of, is_available
from vae.errors import CheckpointError, ConfigurationError
from vae.files import require_writable
from vae.points import CLOUDS, Cloud, draw_cloud
from vae.presets import DEFAULT_PRESET, PRESETS, Preset, preset_of

if TYPE_CHECKING:
    from vae import EpochReport

DEFAULT_DATASET = "mnist"
TRAINING = ("epochs", "batch_size", "learning_rate", "beta", "seed")  # what an option may change


def add_train_options(parser: ArgumentParser) -> None:
    """What may be asked for."""
    add = parser.add_argument
    presets = f"{', '.join(PRESETS)}: see latent-explorer presets"
    add("--preset", metavar="NAME", help=f"{presets} (default: {DEFAULT_PRESET})")
    names = ", ".join((*DATASETS, *CLOUDS, "or the path of your own images"))
    add("--dataset", metavar="NAME", help=f"{names} (default: {DEFAULT_DATASET})")
    add_own_data_options(parser)
    add("--data-dir", type=Path, metavar="DIR", help="a folder to read from (default: downloads by itself)")
    for name, meaning in (
        ("epochs", "passes over the training images"),
        ("batch-size", "images a step"),
        ("learning-rate", "AdamW's step size, at the peak of its schedule"),
        ("latent-dim", "dimensions of the latent space"),
        ("beta", "weight of the KL in the objective"),
        ("seed", "a whole number; the same gives the same curve"),
    ):
        add(f"--{name}", type=number, metavar="N", help=f"{meaning} (default: the preset's)")
    add("--device", help=f"{', '.join(DEVICES)}: auto is the fastest (default: auto)")
    add("--out", type=Path, metavar="FILE", help="the model to write (default: a new file in this folder)")
    add("--resume", type=Path, metavar="FILE", help="go on with a run that was cut off, as it was begun")
    add("--json", action="store_true", help="print one JSON object an epoch")


def train(options: Namespace) -> int:
    """Look at everything that may be wrong first, then load the data, then train."""
    if options.resume is not None:
        _resume(options)
    else:
        _begin(options)
    return 0


def _begin(options: Namespace) -> None:
    """Train a new model."""
    preset = preset_of(DEFAULT_PRESET if options.preset is None else options.preset)
    dataset = dataset_asked_for(options, DEFAULT_DATASET)
    _require_match(preset, dataset)
    info = CLOUDS[dataset] if dataset in CLOUDS else info_of(dataset)
    fitted = preset.model.fitted(info.image_shape, len(info.classes))
    config = replace(fitted, **_given(options, "latent_dim"))
    training = replace(preset.training, **_given(options, *TRAINING))
    out = options.out or _new_file(f"{short_name(dataset)}-{preset.name}")
    _require_free(out)
    device = vae.resolve_device("auto" if options.device is None else options.device)
    data = _data(dataset, options)
    config = replace(config, classes=len(data.info.classes))  # of one's own images, known only now
    run = vae.Training(vae.build(config, training.seed), training, data, device)
    _go(run, data, preset.name, out, options)


def _resume(options: Namespace) -> None:
    """Go on with a run that was cut off."""
    if given := _given(options, "preset", "dataset", "latent_dim", *TRAINING, *OWN_DATA):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ConfigurationError(f"A run is resumed as it was begun: leave out {names}.")
    resumed = vae.load_run(options.resume)
    header = resumed.header
    out = (
        options.out
        or model_file(options.resume)
        or _new_file(f"{short_name(header.dataset)}-{header.preset}")
    )
    _require_free(out, but=options.resume)
    device = vae.resolve_device(vae.device_for(header) if options.device is None else options.device)
    data = _data(header.dataset, options)
    vae.require_same_data(header, len(data.train_images))
    run = vae.Training(vae.build(header.model), header.training, data, device)
    run.take_up(resumed.state)
    _go(run, data, header.preset, out, options, header.history)


def _go(
    run: vae.Training,
    data: Dataset | Cloud,
    preset: str,
    out: Path,
    options: Namespace,
    history: tuple[EpochReport, ...] = (),
) -> None:
    keeper = RunKeeper(run, data, preset, out, tell=lambda error: say(str(error)), history=history)
    TerminalRun(run, keeper, as_json=options.json).go()


def _data(dataset: str, options: Namespace) -> Dataset | Cloud:
    """Drawn, or loaded and first downloaded, unless a folder to read from was named."""
    if dataset in CLOUDS:
        return draw_cloud(dataset)
    folder = default_places(options.data_dir).data
    if options.data_dir is None and not is_available(dataset, folder):
        _download(dataset, folder)
    return load_visibly(dataset, folder)


def _require_free(out: Path, but: Path | None = None) -> None:
    """Nobody's work is in the way of the model at ``out``, ``but`` for the run that is resumed."""
    require_writable(out)
    file = unfinished_file(out)
    if file.exists() and is_free(file) and not (but is not None and file.samefile(but)):
        raise CheckpointError(
            f"{file} holds a run that was cut off. Go on with it by --resume '{file}', or remove it, "
            "or choose another --out."
        )


def _require_match(preset: Preset, dataset: str) -> None:
    """Points are for the presets for points, and images for the others."""
    if preset.for_points and dataset not in CLOUDS:
        raise ConfigurationError(
            f"The preset '{preset.name}' learns from points of the plane, not from '{dataset}'. "
            f"Choose a --dataset of {', '.join(CLOUDS)}."
        )
    if dataset in CLOUDS and not preset.for_points:
        suited = ", ".join(other.name for other in PRESETS.values() if other.for_points)
        raise ConfigurationError(
            f"'{dataset}' are points of the plane, and the preset '{preset.name}' learns from images. "
            f"Choose a --preset of {suited}."
        )


def _given(options: Namespace, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _new_file(stem: str) -> Path:
    endings = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    paths = (Path(f"{stem}{ending}.safetensors") for ending in endings)
    return next(path for path in paths if not (path.exists() or unfinished_file(path).exists()))


def _download(name: str, folder: Path) -> None:
    with closing(download(name, folder)) as reports, tqdm(desc=name, unit="B", unit_scale=True) as bar:
        for report in reports:
            bar.total = report.total
            bar.update(report.done - bar.n)
