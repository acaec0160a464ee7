"""The manifold behind the points: from the request to the painted frame, against a bare batched decode."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEventLoop, QRectF
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

import vae
from benchmarks.table import Aim, Row
from benchmarks.window import let_run, opened_window
from explorer.main_window import MainWindow
from explorer.plane_messages import Manifold
from vae.networks import Decoder
from vae.tiles import TileGrid

SIDE = 32  # tiles along each side of the view
PIXELS = 22 * SIDE  # of the view: a little more than the least that a tile may have
STEP = 0.125  # side of a tile on the plane
REPEATS = 30
QUIET = 0.2  # seconds in which next to nothing is computed
IDLE = 0.1  # share of the processor's time
LIMIT = 1.5  # times the bare decode


def measure(share: float) -> Iterator[Row]:
    """Go where no tile is known, and then one column further."""
    with opened_window() as window:
        view = _View(window)
        ours, bare, counts = [], [], []
        for repeat in range(max(5, round(REPEATS * share))):
            grid = TileGrid((repeat % 6 - 3) * SIDE * STEP, (repeat // 6 - 3) * SIDE * STEP, STEP, SIDE, SIDE)
            ours.append(view.go(grid))
            bare.append([view.decode(grid, use_cores) for use_cores in (vae.use_all_cores, vae.use_one_core)])
            with counted_decodes() as decoded:
                view.go(replace(grid, left=grid.left + STEP))
            counts.append(sum(decoded))
        what, peer = f"{SIDE * SIDE:,} tiles repainted", "bare batched decode"
        for percent, aim in ((50, Aim("ratio", LIMIT)), (95, None)):
            times, decodes = np.percentile(ours, percent), np.percentile(bare, percent, axis=0).min()
            yield Row(f"{what}, p{percent}", float(times), peer, float(decodes), "ms", aim)
        most = float(np.max(counts))
        yield Row("pan by one column: tiles decoded", most, "new tiles", SIDE, "tiles", Aim("ratio", 1.0))


class _View:
    """The plane of a window, of which exactly so many tiles are seen."""

    def __init__(self, window: MainWindow) -> None:
        self._plane, self._session = window.explore.plane_card.plane, window.session
        opened = self._session.workspace.model
        assert opened is not None
        self._model = opened.checkpoint.model
        width, height = self._plane.size_in_pixels()
        around = self._plane.width() - width, self._plane.height() - height
        self._plane.setFixedSize(PIXELS + around[0], PIXELS + around[1])
        wait_until_idle()
        self._asked_at = self._painted_at = 0.0
        self._sharp: TileGrid | None = None  # what has arrived
        self._loop = QEventLoop()
        self._plane.tiles_wanted.connect(self._asked)
        self._session.exploration.manifold_ready.connect(self._arrived)
        self._plane.painted.connect(self._painted)

    def go(self, grid: TileGrid) -> float:
        """Show these tiles; the milliseconds from the request to the frame that shows them all."""
        self._sharp = None
        edge = 0.45 * grid.step  # so that a pixel more or less asks for no other tiles
        whole = QRectF(grid.left, grid.bottom, grid.width, grid.height)
        self._plane.plane.setRange(whole.adjusted(edge, edge, -edge, -edge), padding=0)
        self._loop.exec()
        assert self._sharp == grid, f"{self._sharp} was shown in the place of {grid}"
        return 1000 * (self._painted_at - self._asked_at)

    def decode(self, grid: TileGrid, use_cores: Callable[[], None]) -> float:
        """The milliseconds of decoding them at once, and nothing else."""
        codes = grid.centres()
        wait_until_idle()  # the surroundings of the view are decoded, too
        use_cores()
        began = time.perf_counter()
        vae.decode_images(self._model, codes)
        seconds = time.perf_counter() - began
        vae.use_one_core()  # as the window does
        return 1000 * seconds

    def _asked(self) -> None:
        self._asked_at = time.perf_counter()

    def _arrived(self, manifold: Manifold) -> None:
        if not manifold.level:
            self._sharp = manifold.grid

    def _painted(self) -> None:
        if self._sharp is not None:
            self._painted_at = time.perf_counter()
            self._loop.quit()


def wait_until_idle() -> None:
    """Let the plane thread do all that the opening of a model has brought about."""
    while True:
        began = time.process_time()
        let_run(QUIET)
        if time.process_time() - began < IDLE * QUIET:
            return


@contextmanager
def counted_decodes() -> Iterator[list[int]]:
    """How many codes each call of a decoder takes, in other threads than this one."""
    counts: list[int] = []
    here = threading.get_ident()

    def note(module: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        if isinstance(module, Decoder) and threading.get_ident() != here:
            counts.append(len(given[0]))

    hook = register_module_forward_hook(note)
    try:
        yield counts
    finally:
        hook.remove()
