"""The command `latent-explorer encode`: the encodings of a data set as a table or as arrays."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tqdm import tqdm

import vae
from explorer.own_data_command import add_own_data_options, dataset_asked_for, load_visibly
from explorer.places import default_places
from vae.datasets import DATASETS
from vae.encodings_file import require_format, write_encodings
from vae.errors import ConfigurationError
from vae.files import require_writable


def add_encode_options(parser: ArgumentParser) -> None:
    """What may be asked for."""
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a model")
    names = ", ".join((*DATASETS, "or the path of your own images"))
    add("--dataset", metavar="NAME", help=f"{names} (default: what it was trained on)")
    add_own_data_options(parser)
    add("--data-dir", type=Path, metavar="DIR", help="where the data sets are")
    add("--out", type=Path, metavar="FILE", required=True, help="the file to write: .csv or .npz")


def encode(options: Namespace) -> int:
    """Look at everything that may be wrong first, then encode."""
    require_format(options.out)
    require_writable(options.out)
    checkpoint = vae.load(options.file)
    if checkpoint.model.config.real_valued:
        raise ConfigurationError(f"{options.file} encodes points of the plane. Choose a model of images.")
    name = dataset_asked_for(options, checkpoint.dataset)
    data = load_visibly(name, default_places(options.data_dir).data)
    with tqdm(total=100, desc="encoding", leave=False, bar_format="{desc} {percentage:.0f} %") as bar:
        for share in write_encodings(options.out, checkpoint.model, data):
            bar.update(100 * share - bar.n)
    return 0
