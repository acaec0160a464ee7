"""Learning rate, momentum and beta from step to step."""

import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR

from vae.configuration import TrainingConfig
from vae.schedule import beta_at, learning_rate_at


def one_cycle_of_torch(config: TrainingConfig, steps: int) -> list[tuple[float, float]]:
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = OneCycleLR(
        optimizer,
        max_lr=config.learning_rate,
        total_steps=steps + 1,
        pct_start=config.warm_up,
        cycle_momentum=True,
    )
    values = []
    for _ in range(steps):
        group = optimizer.param_groups[0]
        values.append((group["lr"], group["betas"][0]))
        optimizer.step()
        schedule.step()
    return values


@pytest.mark.parametrize("steps", [1, 2, 10, 301])
@pytest.mark.parametrize("warm_up", [0.0, 0.1, 0.37, 0.9, 1.0])
def test_one_cycle_is_that_of_torch(warm_up: float, steps: int) -> None:
    config = TrainingConfig(learning_rate=3e-3, warm_up=warm_up)
    ours = [learning_rate_at(config, step, steps) for step in range(steps)]
    for mine, theirs in zip(ours, one_cycle_of_torch(config, steps), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-9)


def test_a_climb_that_is_over_with_the_first_step_begins_at_the_peak() -> None:
    """There torch divides by zero."""
    config = TrainingConfig(learning_rate=3e-3, warm_up=0.25)
    assert learning_rate_at(config, 0, 3)[0] == pytest.approx(3e-3)


def test_a_constant_rate_is_that_of_plain_adam() -> None:
    config = TrainingConfig(learning_rate=2e-3, schedule="constant")
    assert {learning_rate_at(config, step, 50) for step in range(50)} == {(2e-3, 0.9)}


def test_beta_climbs_in_a_straight_line_and_stays() -> None:
    config = TrainingConfig(beta=4.0, beta_warm_up=2.0)
    assert [beta_at(config, epoch) for epoch in (0.0, 0.5, 1.0, 2.0, 9.0)] == [0.0, 1.0, 2.0, 4.0, 4.0]
    assert beta_at(TrainingConfig(beta=0.5), 0.0) == 0.5
