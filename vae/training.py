"""Training by stochastic variational inference: a generator that the caller drives step by step."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyro
import torch
from numpy.typing import NDArray
from pyro.infer import TraceMeanField_ELBO
from torch import Tensor
from torch.distributions import kl_divergence

from vae.configuration import TrainingConfig
from vae.errors import TrainingError
from vae.inference import CHUNK, to_tensor
from vae.models import VAE, Terms, kl_to_prior

GOOD_WEIGHTS_EVERY = 50  # steps between copies of the weights, to return to when the loss is lost


@dataclass(frozen=True)
class StepReport:
    """One step of gradient ascent on the ELBO. Terms are of the batch, before the step."""

    step: int  # steps done, from 1
    steps: int  # steps of the whole run
    epoch: float  # epochs done
    seconds: float  # since the run began, pauses left out
    train: Terms


@dataclass(frozen=True)
class EpochReport:
    """One pass over the training set."""

    epoch: int  # from 1
    step: int
    seconds: float  # since the run began, pauses left out
    images_per_second: float  # training only, evaluation left out
    train: Terms  # mean over the epoch, while the weights moved
    test: Terms  # after the epoch


class TermsELBO(TraceMeanField_ELBO):
    """Pyro's ELBO with the closed-form KL, which keeps its two terms for the report.

    The loss weighs the KL by beta, through poutine in model and guide; ``terms`` does not.
    """

    terms: Tensor  # (2,) reconstruction and kl, in nats, summed over the batch

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Pyro has no types

    def differentiable_loss(self, model: Any, guide: Any, *args: Any) -> Tensor:
        """The loss of one draw. Pyro's own warns of NaN at every turn; train() looks at the loss instead."""
        with pyro.validation_enabled(False):
            ((model_trace, guide_trace),) = self._get_traces(model, guide, args, {})  # type: ignore[no-untyped-call]
            loss: Tensor = self._differentiable_loss_particle(model_trace, guide_trace)[1]
        return loss

    def _differentiable_loss_particle(self, model_trace: Any, guide_trace: Any) -> Any:
        losses = super()._differentiable_loss_particle(model_trace, guide_trace)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            kl = kl_divergence(guide_trace.nodes["z"]["fn"], model_trace.nodes["z"]["fn"]).sum()
            self.terms = torch.stack((model_trace.nodes["x"]["log_prob_sum"], kl))
        return losses


def train(
    model: VAE,
    config: TrainingConfig,
    train_pictures: NDArray[np.uint8],
    test_pictures: NDArray[np.uint8],
) -> Iterator[StepReport | EpochReport]:
    """Train ``model`` in place, yielding a report after each step and each epoch.

    Nothing happens between two reports, so whoever drives the generator may pause by not asking for the
    next one, and stop by closing it. Seeds torch's global generator: same seed, same curve on a CPU.

    Args:
        model: trained in place.
        config: learning rate, batch size, beta, ...
        train_pictures: (N, C, H, W).
        test_pictures: (N, C, H, W), scored after each epoch.

    Raises:
        TrainingError: the loss is no longer finite. The model then holds the last good weights.
    """
    torch.manual_seed(config.seed)
    order = torch.Generator().manual_seed(config.seed)
    pixels = torch.from_numpy(train_pictures)
    batches = math.ceil(len(pixels) / config.batch_size)
    steps = batches * config.epochs
    optimizer = prepare_optimizer(model, config)
    schedule = _one_cycle(optimizer, config, steps)
    elbo = TermsELBO()
    last_good = _Weights(model)
    clock = _Stopwatch()
    step = 0

    for epoch in range(1, config.epochs + 1):
        totals = np.zeros(2)
        epoch_began = clock.seconds
        for batch in torch.randperm(len(pixels), generator=order).split(config.batch_size):
            x = pixels[batch].float().div_(255.0)
            loss = elbo.differentiable_loss(model.model, model.guide, x, config.beta) / len(x)
            terms = elbo.terms.double().numpy()
            if not (math.isfinite(loss.item()) and np.isfinite(terms).all()):
                raise last_good.restored(step + 1, epoch)
            if step % GOOD_WEIGHTS_EVERY == 0:
                last_good.keep(step)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
            optimizer.step()
            schedule.step()
            step += 1
            totals += terms
            report = StepReport(step, steps, step / batches, clock.seconds, _terms(terms / len(x)))
            with clock.stopped():
                yield report
        images_per_second = len(pixels) / (clock.seconds - epoch_began)
        test = evaluate(model, test_pictures)
        if not math.isfinite(test.elbo):  # the last step broke the weights
            raise last_good.restored(step, epoch)
        mean = _terms(totals / len(pixels))
        epoch_report = EpochReport(epoch, step, clock.seconds, images_per_second, mean, test)
        with clock.stopped():
            yield epoch_report


def prepare_optimizer(model: VAE, config: TrainingConfig) -> torch.optim.Optimizer:
    """One fused optimizer over all parameters: pyro.optim would make one for each, at a third of the speed.

    The first one made in a process imports hundreds of modules, which takes seconds: make one ahead of the
    first run, where somebody waits for it.
    """
    return torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def _one_cycle(
    optimizer: torch.optim.Optimizer, config: TrainingConfig, steps: int
) -> torch.optim.lr_scheduler.OneCycleLR:
    """The learning rate over a run. It counts one step more: a rate is set after the last one, too."""
    total = steps + 1
    # A climb of exactly no steps makes OneCycleLR divide by zero.
    climb = 0.0 if config.warm_up * total == 1.0 else config.warm_up
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=total, pct_start=climb
    )


@torch.no_grad()
def evaluate(model: VAE, pictures: NDArray[np.uint8]) -> Terms:
    """The mean terms of the ELBO over pictures (N, C, H, W): exact KL, one draw of z an image, fixed seed."""
    noise = torch.Generator().manual_seed(0)
    totals = np.zeros(2)
    for start in range(0, len(pictures), CHUNK):
        x = to_tensor(pictures[start : start + CHUNK])
        z_loc, z_scale = model.encode(x)
        z = z_loc + z_scale * torch.randn(z_loc.shape, generator=noise)
        totals += model.log_likelihood(x, z).sum().item(), kl_to_prior(z_loc, z_scale).sum().item()
    return _terms(totals / len(pictures))


def _terms(pair: NDArray[np.float64]) -> Terms:
    reconstruction, kl = pair.tolist()
    return Terms(reconstruction - kl, reconstruction, kl)


class _Weights:
    """A copy of a model's weights to return to."""

    def __init__(self, model: VAE) -> None:
        self.model = model
        self.keep(0)

    def keep(self, step: int) -> None:
        self.step = step
        self.state = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}

    def restored(self, step: int, epoch: int) -> TrainingError:
        """Give the model the copy back; returns the error to raise for what happened at ``step``."""
        self.model.load_state_dict(self.state)
        kept = f"The weights of step {self.step:,} are kept" if self.step else "Nothing was learned before"
        return TrainingError(
            f"The loss stopped being a finite number at step {step:,} (epoch {epoch}). {kept}. "
            "A lower learning rate usually cures this.",
            self.step,
        )


class _Stopwatch:
    """Seconds that leave out what the caller does between two reports, pauses included."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @contextmanager
    def stopped(self) -> Iterator[None]:
        stopped = time.perf_counter()
        yield
        self._began += time.perf_counter() - stopped
