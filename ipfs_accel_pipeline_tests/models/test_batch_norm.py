from __future__ import annotations

import pytest
import torch

from ipfs_accel_pipeline.models.batch_norm import calibrate, has_batch_norm


class Fading(torch.nn.Module):
    """Each layer shrinks the signal a thousandfold; untrained batch norm does not bring it back."""

    def __init__(self) -> None:
        super().__init__()
        layers = [torch.nn.Conv2d(3, 3, 1, bias=False) for _ in range(4)]
        for layer in layers:
            torch.nn.init.constant_(layer.weight, 1e-3)
        pairs = [one for layer in layers for one in (layer, torch.nn.BatchNorm2d(3))]
        self.layers = torch.nn.Sequential(*pairs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class Named(torch.nn.Module):
    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def test_one_pass_brings_a_faded_signal_back():
    torch.manual_seed(0)
    model, x = Fading().eval(), torch.rand(8, 3, 4, 4)
    with torch.no_grad():
        before = model(x).abs().max()
        calibrate(model, {"x": x})
        after = model(x).abs().max()
    assert before < 1e-9
    assert 1 < after < 10


def test_an_epsilon_above_the_variance_is_made_up_for():
    model, x = torch.nn.BatchNorm2d(3, eps=1e-3).eval(), 1e-6 * torch.randn(8, 3, 4, 4)
    calibrate(Named(model), {"x": x})
    assert model(x).std().item() == pytest.approx(1, rel=0.01)


def test_rounding_around_a_constant_is_not_amplified():
    model, x = torch.nn.BatchNorm2d(3).eval(), 5 + 1e-6 * torch.randn(8, 3, 4, 4)
    calibrate(Named(model), {"x": x})
    assert model(x).abs().max() < 0.1


def test_calibration_leaves_evaluation_mode():
    model = Fading().eval()
    calibrate(model, {"x": torch.rand(8, 3, 4, 4)})
    assert not any(module.training for module in model.modules())


def test_models_without_batch_norm_are_left_alone():
    assert has_batch_norm(Fading())
    assert not has_batch_norm(torch.nn.LayerNorm(3))
