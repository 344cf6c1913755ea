"""One calibration pass over batch normalization, for networks whose signal dies with untrained statistics.

Untrained running statistics (mean 0, variance 1) do not normalize: EfficientNet's logits come out at 0 and MobileViT's
at 1e-40, and then any wrong export looks right. One pass over a seeded batch, layer after layer, sets the statistics to
those of its input, as training would have done; and where the variance has sunk below the layer's epsilon, so that
normalizing no longer lifts the signal (EfficientNet: epsilon 1e-3), the layer's scale makes up for it.
"""

from __future__ import annotations

from typing import Any

# A spread below this share of the mean is rounding, which no scale may amplify.
_ROUNDING_SHARE = 1e-3
_SMALLEST = 1e-30


def has_batch_norm(model: Any) -> bool:
    return bool(_layers(model))


def calibrate(model: Any, inputs: dict[str, Any]) -> None:
    """Changes the batch-norm layers only. The same inputs give the same statistics every time."""
    import torch

    hooks = [layer.register_forward_pre_hook(_fit) for layer in _layers(model)]
    try:
        with torch.no_grad():  # layers see what the ones before them, already fitted, let through
            model(**inputs)
    finally:
        for hook in hooks:
            hook.remove()


def _fit(layer: Any, arguments: tuple[Any, ...]) -> None:
    """Have the layer turn this very input into mean 0 and variance 1 per channel."""
    values = arguments[0]
    axes = [axis for axis in range(values.dim()) if axis != 1]
    mean, variance = values.mean(axes), values.var(axes, correction=0)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)
    if layer.weight is not None:
        floor = (_ROUNDING_SHARE * mean).square() + _SMALLEST
        layer.weight.copy_(((variance + layer.eps) / variance.maximum(floor)).sqrt())


def _layers(model: Any) -> list[Any]:
    from torch.nn.modules.batchnorm import _BatchNorm

    return [module for module in model.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
