"""What a slow host may hide: a result whose every round fell into a slow phase may be faster than it looks."""

from __future__ import annotations

# Seen on two cores that other programs wanted for themselves, two threads, a sign of 1.6 to 2.0: OpenVINO took 1.1 to
# 2.4 times its quiet latency, ONNX Runtime 1.2 to 3.7, PyTorch 3 to 120, because its threads spin while they wait for
# one that has no CPU. benchmarks/README.md has the figures.
_MOST_BY_SIGN = 7
_LEAST = 1e-4  # a thread that never ran says nothing of how fast it is


def least_share(host_slowdown: float | None) -> float:
    """What a quiet host may need at least, as a share of the measured latency; 1 where a quiet round counts (None).

    The seventh power of what the host's signs say, which no case was seen to exceed. The same rule stands in
    `storage/sql/dashboard/case.sql`.
    """
    return max(_LEAST, max(1.0, host_slowdown or 1.0) ** -_MOST_BY_SIGN)
