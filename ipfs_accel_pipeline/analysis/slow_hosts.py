"""What a slow host may hide: a result whose every round fell into a slow phase may be faster than it looks."""

from __future__ import annotations

_LEAST = 0.01  # a thread that never ran says nothing of how fast it is


def least_share(host_slowdown: float | None) -> float:
    """What a quiet host may need at least, as a share of the measured latency; 1 where a quiet round counts (None).

    The square of what the host's signs say: threads that wait for each other are held up by the waiting of all.
    ResNet-18 on two threads took 3.5 times its quiet latency while each thread waited for half of its time (1.9).
    `storage/sql/dashboard/case.sql` has the same rule.
    """
    return max(_LEAST, 1 / max(1.0, host_slowdown or 1.0) ** 2)
