"""A training run in the terminal: a progress bar on the error stream, a line an epoch on the other."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from tqdm import tqdm

import vae
from explorer.run_keeper import RunKeeper
from explorer.terminal import in_words, say
from vae.errors import TrainingError

if TYPE_CHECKING:
    from vae import EpochReport


class TerminalRun:
    """A run on its way into a file."""

    def __init__(self, run: vae.Training, keeper: RunKeeper, *, as_json: bool) -> None:
        self._run, self._keeper, self._as_json = run, keeper, as_json

    def go(self) -> None:
        """Train to the end and save.

        Whatever ends the run before, what it has learned is saved, and unless its loss is lost, it can be
        resumed.
        """
        resumable = True
        try:
            self._train()
            self._save("The model is in")
            resumable = False
        except TrainingError:
            resumable = False
            self._save_so_far()
            raise
        except BaseException:
            self._save_so_far()
            if self._keeper.file.exists():
                say(f"To go on: latent-explorer train --resume '{self._keeper.file}'")
            raise
        finally:
            self._keeper.close(resumable=resumable)

    def _train(self) -> None:
        run, keeper = self._run, self._keeper
        bar = tqdm(unit="step", leave=False, total=run.steps, initial=run.step)
        with bar, _Interruption(keeper.save_soon) as interruption:
            for report in run:
                keeper.note(report)
                self._show(report, bar)
                if interruption.asked and not keeper.saving:
                    raise KeyboardInterrupt

    def _show(self, report: vae.Report, bar: tqdm[None]) -> None:
        match report:
            case vae.StepReport():
                bar.set_postfix_str(f"ELBO {report.train.elbo:.5g}", refresh=False)
                bar.update()
            case vae.EpochReport():
                tqdm.write(self._line(report), file=sys.stdout)
                sys.stdout.flush()
            case vae.RollbackReport():
                bar.update(report.step - bar.n)
                say(
                    f"The loss was lost at step {report.lost_step:,}: going on from step "
                    f"{report.step:,} with half the learning rate, {report.learning_rate:g}."
                )

    def _line(self, report: EpochReport) -> str:
        if self._as_json:
            return json.dumps(vae.epoch_as_json(report))
        return f"epoch {report.epoch}: train {in_words(report.train)}, test {in_words(report.test)}"

    def _save_so_far(self) -> None:
        self._keeper.cut_back()
        if self._run.step:
            self._save(f"Ended at step {self._run.step:,}: the model trained so far is in")

    def _save(self, sentence: str) -> None:
        self._keeper.keep(self._keeper.checkpoint())
        say(f"{sentence} {self._keeper.model_path}.")


class _Interruption:
    """Within, Ctrl+C waits until the step is whole and saved; a second one does not wait."""

    def __init__(self, asked: Callable[[], None]) -> None:
        self.asked = False
        self._tell = asked

    def __enter__(self) -> _Interruption:
        self._former = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._former)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._tell()
