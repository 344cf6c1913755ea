"""One calibration pass over batch normalization, for networks whose signal dies with untrained statistics.

Untrained running statistics (mean 0, variance 1) do not normalize: EfficientNet's logits come out exactly 0 and
MobileViT's at 1e-40, and then any wrong export looks right. One pass in training mode sets the statistics to those of
a seeded batch, as training would have done.
"""

from __future__ import annotations

from typing import Any


def has_batch_norm(model: Any) -> bool:
    return bool(_layers(model))


def calibrate(model: Any, inputs: dict[str, Any]) -> None:
    """Leaves the model in evaluation mode. Seeded inputs give the same statistics every time."""
    import torch

    layers = _layers(model)
    for layer in layers:
        layer.momentum = None  # a cumulative average, so one batch sets the statistics outright
        layer.reset_running_stats()
        layer.train()
    with torch.no_grad():
        model(**inputs)
    for layer in layers:
        layer.momentum = 0.1
        layer.eval()


def _layers(model: Any) -> list[Any]:
    from torch.nn.modules.batchnorm import _BatchNorm

    return [module for module in model.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
