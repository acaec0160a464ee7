"""The command line. Whatever goes wrong is told in one sentence, with an exit code that is not 0.

Only what ``--help`` needs is imported at the top: torch and Qt take seconds.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import vae
from explorer.encode_command import add_encode_options, encode
from explorer.failures import failure_of
from explorer.places import default_places
from explorer.terminal import in_words, number, say
from explorer.train_command import add_train_options, train
from vae.errors import ConfigurationError, LatentExplorerError
from vae.files import require_writable
from vae.history import epoch_rows, write_csv
from vae.presets import PRESETS
from vae.tensorboard import write_events

FAILED, INTERRUPTED = 1, 130  # exit codes; argparse's own is 2
TOUR = Path("tour")  # where the pictures go when there is no display

COMMANDS = """commands, each with its own --help:
  train         train a model and save it
  presets       list what can be trained, and where it comes from
  info FILE     say what is known of a model
  render FILE   draw what the latent plane decodes to
  encode FILE   write the encodings of a data set as CSV or NPZ
  tour          show the application at work, as pictures in a folder
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what ``arguments`` (the process's own by default) ask for; returns the exit code."""
    try:
        options = _parse(sys.argv[1:] if arguments is None else arguments)
        code: int = options.run(options)
        print(end="", flush=True)  # so that it fails here, if at all
    except LatentExplorerError as error:
        say(f"latent-explorer: {error}")
    except KeyboardInterrupt:
        say("latent-explorer: stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has left: nor must Python's last flush complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # told in a sentence; the traceback is logged
        say(f"latent-explorer: {failure_of(error)}")
    else:
        return code
    return FAILED


def _parse(arguments: Sequence[str]) -> Namespace:
    parsers = {
        "train": _train_parser,
        "presets": _presets_parser,
        "info": _info_parser,
        "render": _render_parser,
        "encode": _encode_parser,
        "tour": _tour_parser,
    }
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
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a model or a view to open")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where the data sets are")
    return parser


def _train_parser() -> ArgumentParser:
    parser = _command_parser("train", train, "Train a model and save it.")
    add_train_options(parser)
    return parser


def _presets_parser() -> ArgumentParser:
    return _command_parser("presets", _presets, "List what can be trained, and where it comes from.")


def _info_parser() -> ArgumentParser:
    parser = _command_parser("info", _info, "Say what is known of a model.")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a model")
    add("--json", action="store_true", help="print one JSON object")
    add("--csv", type=Path, metavar="OUT", help="write its history to a table besides")
    add("--tensorboard", type=Path, metavar="DIR", help="the same as TensorBoard's event files")
    return parser


def _render_parser() -> ArgumentParser:
    parser = _command_parser("render", _render, "Draw what the latent plane decodes to.")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a model")
    add("--out", type=Path, metavar="PNG", required=True, help="the picture to write")
    spacing = parser.add_mutually_exclusive_group()
    spacing.add_argument(
        "--extent", type=number, metavar="Z", default=5, help="z runs from -Z to Z (default: %(default)s)"
    )
    spacing.add_argument(
        "--quantiles", action="store_true", help="z at the quantiles of N(0, 1) instead: of equal probability"
    )
    add("--label", type=number, metavar="Y", help="the label that a conditional model is told (default: 0)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--grid", type=number, metavar="N", default=25, help="N x N images (default: %(default)s)"
    )
    size.add_argument(
        "--pixels", type=number, metavar="P", help="as many images as fit into P x P pixels, up to 8192"
    )
    return parser


def _encode_parser() -> ArgumentParser:
    parser = _command_parser("encode", encode, "Write the encodings of a data set, with their ELBO.")
    add_encode_options(parser)
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


def _presets(options: Namespace) -> int:
    for preset in PRESETS.values():
        print(f"{preset.name}\n    {preset.description}\n    Source: {preset.source}.")
    return 0


def _info(options: Namespace) -> int:
    checkpoint = vae.load(options.file)
    if options.csv is not None:
        require_writable(options.csv)
        write_csv(options.csv, epoch_rows(checkpoint.history))
    if options.tensorboard is not None:
        write_events(options.tensorboard, epoch_rows(checkpoint.history))
    test = checkpoint.history[-1].test if checkpoint.history else None
    facts: dict[str, Any] = {
        "format_version": checkpoint.format_version,
        "preset": checkpoint.preset,
        "dataset": checkpoint.dataset,
        "latent_dim": checkpoint.model.config.latent_dim,
        "parameters": sum(weights.numel() for weights in checkpoint.model.parameters()),
        "epochs": len(checkpoint.history),
    }
    if options.json:
        print(json.dumps(facts | {"test": test and vae.terms_as_json(test)}))
        return 0
    for name, value in (facts | {"test": in_words(test) if test else "no epoch was finished"}).items():
        print(f"{name.replace('_', ' '):<16}{value:,}" if isinstance(value, int) else f"{name:<16}{value}")
    return 0


def _render(options: Namespace) -> int:
    from vae.manifold import grid_of_pixels, plan_of, save_manifold

    require_writable(options.out)
    if options.out.exists() and options.file.exists() and options.out.samefile(options.file):
        raise ConfigurationError(f"The picture would replace the model {options.file}. Choose another --out.")
    model = vae.load(options.file).model
    shape = model.config.image_shape
    grid = options.grid if options.pixels is None else grid_of_pixels(options.pixels, shape)
    plan = plan_of(model.config, None if options.quantiles else options.extent, grid, options.label)
    for _ in save_manifold(options.out, model, plan):
        pass
    return 0
