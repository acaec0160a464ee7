"""Training by stochastic variational inference: an iterator that the caller drives step by step."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from vae.configuration import TrainingConfig, require_fit
from vae.errors import TrainingError
from vae.inference import as_terms, evaluate, require_labels
from vae.models import VAE
from vae.objectives import estimate
from vae.reports import EpochReport, Report, RollbackReport, StepReport, Terms
from vae.schedule import beta_at, learning_rate_at
from vae.training_data import Arrays, TrainingData
from vae.training_state import TrainingState

GOOD_STATE_EVERY = 50  # steps between copies of the state, to return to when the loss is lost
MOST_ROLLBACKS = 3  # in a row; the last of them ends the run


def train(
    model: VAE,
    config: TrainingConfig,
    train_images: NDArray[np.generic],
    test_images: NDArray[np.generic],
) -> Training:
    """Train ``model`` in place on images without labels: iterate over what this returns."""
    nothing = (np.full(len(images), -1) for images in (train_images, test_images))
    return Training(model, config, Arrays(train_images, next(nothing), test_images, next(nothing)))


class Training(Iterator[Report]):
    """One run: trains ``model`` in place, a report after each step and each epoch.

    Nothing happens between two reports, so whoever drives it may pause by not asking for the next one, and
    stop by letting it go. Between two reports ``state()`` is all that is needed to go on later, and
    ``config`` may be replaced: a changed learning rate or beta counts from the next step on. Pyro draws from
    torch's global generator: the run sets it before each report, so that the same seed gives the same curve
    on a CPU, whatever else is drawn between two reports.

    A loss that is no longer finite takes the run back to its last good state, with half the learning rate; so
    does what torch raises of weights that are not.

    Raises:
        TrainingError: from ``next``, when that happened three times in a row. The model then holds the last
            good weights.
    """

    def __init__(
        self, model: VAE, config: TrainingConfig, data: TrainingData, device: str | torch.device = "cpu"
    ) -> None:
        require_fit(model.config, config)
        require_labels(model, data.train_labels, "training")
        require_labels(model, data.test_labels, "test")
        self.model = model.to(device)
        self.config = config
        self.step = 0  # steps done
        self._data = data
        self._device = torch.device(device)
        self._pixels = torch.from_numpy(data.train_images).to(device)
        self._labels = torch.from_numpy(data.train_labels).to(device) if model.needs_labels else None
        self._batches = math.ceil(len(self._pixels) / config.batch_size)  # an epoch
        self._weights = tuple(model.parameters())
        self._optimizer = prepare_optimizer(model, config)
        self._order_generator = torch.Generator().manual_seed(config.seed)
        torch.manual_seed(config.seed)
        self._chance = torch.get_rng_state()  # between two reports
        self._seconds = 0.0
        self._rollbacks = 0
        self._unscored = False  # whether an epoch is over and the test set not scored
        self._order: tuple[Tensor, ...] = ()  # the batches of this epoch, as places in the training set
        self._order_state = self._order_generator.get_state()
        self._totals = np.zeros(3)
        self._epoch_began = 0.0
        self._last_good = self.state()
        self._good_loss = math.inf  # of the step that was taken from there

    @property
    def steps(self) -> int:
        """Of the whole run."""
        return self._batches * self.config.epochs

    @property
    def epoch(self) -> float:
        """Epochs done."""
        return self.step / self._batches

    @property
    def seconds(self) -> float:
        """Spent on it so far."""
        return self._seconds

    @property
    def scoring_due(self) -> bool:
        """Whether an epoch is over, and the next report is of the test set."""
        return self._unscored

    @property
    def finished(self) -> bool:
        """Whether there is no further report."""
        return self.step >= self.steps and not self._unscored

    def __next__(self) -> Report:
        """Take a step, or score the test set where an epoch is over."""
        if self.finished:
            raise StopIteration
        began = time.perf_counter()
        torch.set_rng_state(self._chance)
        report: Report | None = None
        try:
            report = self._end_epoch(began) if self._unscored else self._take_step(began)
        except (RuntimeError, ValueError):  # a Normal whose scale is NaN, for one, cannot be drawn from
            if not self._is_lost():
                raise
        if report is None:
            report = self._roll_back(began)
        self._chance = torch.get_rng_state()
        return report

    def _take_step(self, began: float) -> StepReport | None:
        """None where the loss is lost."""
        state = self.state() if self._good_state_due() else None
        if self.step % self._batches == 0:
            self._begin_epoch()
        x, y = self._batch()
        beta = beta_at(self.config, self.step / self._batches)
        found = estimate(self.model, self.config, x, y, beta)
        loss, terms = found.loss / len(x), found.terms.cpu().double().numpy()
        if not (math.isfinite(loss.item()) and np.isfinite(terms).all()):
            return None
        means = self._terms(terms / len(x))
        self._note_good_state(state, -means.elbo, x[0].numel())
        rate = self._set_learning_rate()
        for weights in self._weights:
            weights.grad = None
        loss.backward()
        norm = self._clip_gradient()
        self._optimizer.step()
        self.step += 1
        self._totals += terms
        self._unscored = self.step % self._batches == 0
        self._spend(began)
        return StepReport(
            step=self.step,
            steps=self.steps,
            epoch=self.step / self._batches,
            seconds=self._seconds,
            train=means,
            learning_rate=rate,
            beta=beta,
            gradient_norm=norm,
        )

    def _end_epoch(self, began: float) -> EpochReport | None:
        """None where the last step broke the weights."""
        test = evaluate(self.model, self._data.test_images, self._data.test_labels)
        if not math.isfinite(test.elbo):
            return None
        self._unscored = False
        images_per_second = len(self._pixels) / (self._seconds - self._epoch_began)
        mean = self._terms(self._totals / len(self._pixels))
        self._spend(began)
        epoch = self.step // self._batches
        return EpochReport(epoch, self.step, self._seconds, images_per_second, mean, test)

    def _batch(self) -> tuple[Tensor, Tensor | None]:
        """Images and labels of the step that is due."""
        batch = self._order[self.step % self._batches]
        y = self._labels[batch] if self._labels is not None else None
        return as_images(self._pixels.index_select(0, batch)), y

    def _begin_epoch(self) -> None:
        """Shuffle."""
        self._order_state = self._order_generator.get_state()
        self._order = self._shuffled()
        self._totals = np.zeros(3)
        self._epoch_began = self._seconds

    def _shuffled(self) -> tuple[Tensor, ...]:
        order = torch.randperm(len(self._pixels), generator=self._order_generator).to(self._device)
        batches: tuple[Tensor, ...] = order.split(self.config.batch_size)
        return batches

    def _clip_gradient(self) -> float:
        """The norm before. As clip_grad_norm_(), by dot products, at half the cost of torch's norms."""
        gradients = [weights.grad.flatten() for weights in self._weights if weights.grad is not None]
        norm = torch.stack([torch.dot(gradient, gradient) for gradient in gradients]).sum().sqrt()
        if norm > self.config.gradient_clip:
            clip_grads_with_norm_(self._weights, self.config.gradient_clip, norm)
        return norm.item()

    def _set_learning_rate(self) -> float:
        rate, momentum = learning_rate_at(self.config, self.step, self.steps)
        for group in self._optimizer.param_groups:
            group["lr"], group["betas"] = rate, (momentum, group["betas"][1])
        return rate

    def _spend(self, began: float) -> None:
        self._seconds += time.perf_counter() - began

    def _terms(self, values: NDArray[np.float64]) -> Terms:
        return as_terms(values, self.model)

    # --- to go on later

    def state(self) -> TrainingState:
        """All that is needed to go on from here, copied."""
        return TrainingState.taken(
            model=self.model,
            optimizer=self._optimizer,
            order=self._order_state,
            chance=self._chance,
            config=self.config,
            step=self.step,
            unscored=self._unscored,
            seconds=self._seconds,
            epoch_began=self._epoch_began,
            totals=self._totals,
        )

    def take_up(self, state: TrainingState) -> None:
        """Go on from a state of a run of the same model, data and batch size, as if it had not ended."""
        state.restore(self.model, self._optimizer)
        self._order_generator.set_state(state.order)
        self._order_state, self._chance = state.order, state.chance
        self._order = self._shuffled() if state.step else ()
        self.config, self.step, self._unscored = state.config, state.step, state.unscored
        self._seconds, self._epoch_began = state.seconds, state.epoch_began
        self._totals = np.array(state.totals)
        self._last_good, self._rollbacks = state, 0

    def _good_state_due(self) -> bool:
        return self.step % GOOD_STATE_EVERY == 0 and self.step != self._last_good.step

    def _note_good_state(self, state: TrainingState | None, loss: float, values: int) -> None:
        """Keep ``state``, if one is given: the loss of the step from there, in nats per image, is ``loss``.

        Finite is not good: weights on their way to infinity still give a loss of 1e30. A state is refused
        where an image costs twice what it did in the last good one, or, where that was little, a bit more
        for each of its ``values``. The loss here is minus the true ELBO: beta may have been changed.
        """
        if state is not None:
            room = max(abs(self._good_loss), values * math.log(2.0))
            if loss <= self._good_loss + room and self._finite_weights():
                self._last_good, self._rollbacks = state, 0
        if self.step == self._last_good.step:
            self._good_loss = loss

    def _finite_weights(self) -> bool:
        """By their norm, which is ten times as fast as to look at each."""
        return bool(get_total_norm(self._weights).isfinite())

    @torch.no_grad()
    def _is_lost(self) -> bool:
        """Whether weights, or what comes of them, are not finite: that explains an error."""
        if not self._finite_weights():
            return True
        terms = self.model.elbo_terms(*self._batch(), torch.Generator().manual_seed(0))
        return not bool(terms.isfinite().all())

    def _roll_back(self, began: float) -> RollbackReport:
        """Take up the last good state with half the learning rate.

        Raises:
            TrainingError: it was taken up too often.
        """
        lost_step = self.step if self._unscored else self.step + 1
        rollbacks, config = self._rollbacks + 1, self.config
        self._spend(began)
        seconds = self._seconds
        self.take_up(self._last_good)
        if rollbacks >= MOST_ROLLBACKS:
            raise _lost(lost_step, self.step, rollbacks)
        self.config = replace(config, learning_rate=config.learning_rate / 2.0)
        self._rollbacks, self._seconds = rollbacks, seconds
        return RollbackReport(
            self.step, lost_step, self.step / self._batches, seconds, self.config.learning_rate
        )


def as_images(values: Tensor) -> Tensor:
    """uint8 pictures (B, C, H, W) -> float32 in [0, 1]; other values as they are."""
    return values / 255.0 if values.dtype == torch.uint8 else values


def prepare_optimizer(model: VAE, config: TrainingConfig) -> torch.optim.Optimizer:
    """One fused optimizer over all parameters: pyro.optim would make one for each, at a third of the speed.

    The first one made in a process imports hundreds of modules, which takes seconds: make one ahead of the
    first run, where somebody waits for it.
    """
    return torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def _lost(lost_step: int, step: int, rollbacks: int) -> TrainingError:
    kept = f"The weights of step {step:,} are kept" if step else "Nothing was learned before"
    return TrainingError(
        f"The loss stopped being a finite number at step {lost_step:,}, {rollbacks} times in a row, "
        f"each time with half the learning rate. {kept}. A lower learning rate usually cures this.",
        step,
    )
