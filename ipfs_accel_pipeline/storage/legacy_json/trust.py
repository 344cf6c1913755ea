"""How far a finding may be believed, and why. Every rule looks at one finding; the worst mark is the grade.

The rules that need several files (constants over platforms, ratios of 1.00) look at stored rows: see
`sql/imported_constant.sql` and `sql/imported_relabelled.sql`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from statistics import fmean

from ipfs_accel_pipeline.records import HardwareType, Status
from ipfs_accel_pipeline.storage.legacy_json.findings import SEVERITY, Cited, Finding, Grade
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type

_MOCK = re.compile(r"\(MOCK\)|MagicMock|(?<![a-z])mock(?:ed|ing)?\b|\b(?-i:Mock[A-Z])", re.IGNORECASE)
_SIMULATED = re.compile(r"simulat|\bMOCK_|\bfake\b|\bemulat", re.IGNORECASE)
# `no mock`, `--no-simulation`, `not a simulation`, `unsimulated`; `mock=False`, `simulation mode off`.
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:no|not|non|without|never|disabled?)[\s_-](?:(?:an?|any|using|in)\s)?|\bun)$", re.IGNORECASE
)
_DENIED_AFTER = re.compile(
    r"\w*[\"']?(?:(?:\smode)?\s*[:=]\s*(?:false|off|no|none|disabled|0)|\s+(?:is\s+|mode\s+)?(?:off|disabled))\s*(?:[],;.)}\"'\n]|$)",
    re.IGNORECASE,
)
_BEFORE = 20
# Rounded printing explains a few percent; a contradiction is larger.
_THROUGHPUT_TOLERANCE = 0.1
_AVERAGE_TOLERANCE = 0.02
# A clock gives 6 or more digits; a person types 3 or 4. One that stands alone may be a rounded measurement.
_TYPED_DIGITS = 4
_TYPED_DIGITS_ALONE = 2
_IN_BROWSER = frozenset({HardwareType.WEBNN, HardwareType.WEBGPU})
NO_BROWSER = "no browser is shown to have run it"
_PLACEHOLDER = re.compile(r"^(?:sample|dummy|fake|placeholder|example)[-_ ]?model", re.IGNORECASE)
_TIMINGS = ("average_latency_ms", "throughput_items_per_second", "inference_time_ms", "model_load_ms")
_FIGURES = (*_TIMINGS, "realtime_factor")

Mark = tuple[Grade, str]


def grade(finding: Finding) -> tuple[Grade, list[str]]:
    """The grade and every reason for it, the weightiest first."""
    marks = [(finding.prior, finding.prior_reason), *_marks(finding)]
    if len(marks) > 1:
        marks.sort(key=lambda mark: -SEVERITY[mark[0]])
    worst = marks[0][0]
    return worst, [reason for _, reason in marks]


def _marks(finding: Finding) -> Iterator[Mark]:
    if finding.is_flagged:
        yield Grade.SIMULATED, finding.is_flagged
    if finding.doubt:
        yield Grade.CLAIMED, finding.doubt
    yield from _mock_marks(finding.marks)
    yield from _elsewhere(finding)
    yield from _without_browser(finding)
    if _PLACEHOLDER.match(str(finding.model.value)):
        yield Grade.HAND_WRITTEN, f"no model is called {finding.model.value!r}: it stands for one"
    if finding.values:
        yield from _typed(finding)
        yield from _spread(finding.values)
        yield from _zeros(finding.values)
        yield from _contradictions(finding)


def _mock_marks(texts: tuple[str, ...]) -> Iterator[Mark]:
    plain = "\n".join(texts).casefold()
    # Most texts have none of these, and the patterns are slow.
    if not ("mock" in plain or "simulat" in plain or "fake" in plain or "emulat" in plain):
        return
    for text in texts:
        found = next((one for one in _mentions(text) if not _is_denied(text, one)), None)
        if found:
            yield Grade.SIMULATED, f"the file says {_excerpt(text, found)!r}"
            return


def _mentions(text: str) -> Iterator[re.Match[str]]:
    yield from _MOCK.finditer(text)
    yield from _SIMULATED.finditer(text)


def _is_denied(text: str, found: re.Match[str]) -> bool:
    before = text[max(found.start() - _BEFORE, 0) : found.start()]
    return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(text, found.end()))


def _elsewhere(finding: Finding) -> Iterator[Mark]:
    """What was asked of one kind of hardware and ran on another says nothing of the first.

    OpenVINO on the CPU is no exception: the original's benchmarks asked OpenVINO for nothing, they ran PyTorch on the
    CPU where they knew no device of that name. PyTorch calls the GPUs of ROCm `cuda`.
    """
    if finding.actual_device is None:
        return
    asked, ran = (hardware_type(str(cited.value)) for cited in (finding.hardware, finding.actual_device))
    if ran not in (None, asked) and (asked, ran) != (HardwareType.ROCM, HardwareType.CUDA):
        yield Grade.CLAIMED, f"asked for {finding.hardware.value}, ran on {finding.actual_device.value}"


def _without_browser(finding: Finding) -> Iterator[Mark]:
    """The original's Python tests called WebNN and WebGPU real without a browser; a failure is one anyway."""
    asked = hardware_type(str(finding.hardware.value))
    if asked in _IN_BROWSER and finding.prior is Grade.MEASURED and finding.status is Status.PASSED:
        yield Grade.CLAIMED, NO_BROWSER


def _typed(finding: Finding) -> Iterator[Mark]:
    figures = [finding.values[name] for name in _FIGURES if name in finding.values]
    written = [one.value if isinstance(one.raw, str) else one.raw for one in figures]
    numbers = [raw for raw in written if isinstance(raw, (int, float)) and raw]
    most = _TYPED_DIGITS if len(numbers) > 1 else _TYPED_DIGITS_ALONE
    if numbers and finding.latencies is None and all(_digits(raw) <= most for raw in numbers):
        shown = ", ".join(f"{raw:g}" for raw in numbers)
        yield Grade.HAND_WRITTEN, f"every figure is round ({shown}): no clock gives that"


def _spread(values: dict[str, Cited]) -> Iterator[Mark]:
    """Minimum and maximum that lie the same whole percentage from the average were computed from it."""
    low, middle, high = (values.get(name) for name in ("min_latency_ms", "average_latency_ms", "max_latency_ms"))
    if not (low and middle and high) or middle.value <= 0:
        return
    below, above = (1 - low.value / middle.value) * 100, (high.value / middle.value - 1) * 100
    if above > 0.5 and abs(below - above) < 1e-9 and abs(above - round(above)) < 1e-9:
        yield Grade.HAND_WRITTEN, f"minimum and maximum are exactly {above:.0f} % from the average: computed, not timed"


def _zeros(values: dict[str, Cited]) -> Iterator[Mark]:
    for name in _TIMINGS:
        if name in values and values[name].value <= 0:
            yield Grade.CLAIMED, f"{name} is {values[name].raw!r}: nothing takes no time"


def _contradictions(finding: Finding) -> Iterator[Mark]:
    values = finding.values
    average, throughput = values.get("average_latency_ms"), values.get("throughput_items_per_second")
    batch = values["batch_size"].value if "batch_size" in values else None
    if average and throughput and batch and average.value > 0 and throughput.value > 0:
        expected = batch / average.value * 1000
        if abs(throughput.value / expected - 1) > _THROUGHPUT_TOLERANCE:
            yield (
                Grade.CLAIMED,
                f"throughput {throughput.value:.4g}/s contradicts batch {batch} in {average.value:.4g} ms "
                f"({expected:.4g}/s)",
            )
    yield from _average_of_runs(finding, average)


def _average_of_runs(finding: Finding, average: Cited | None) -> Iterator[Mark]:
    runs = finding.latencies.value if finding.latencies else []
    if runs and min(runs) <= 0:
        yield Grade.CLAIMED, "a run took no time"
    elif runs and average and abs(fmean(runs) / average.value - 1 if average.value else 1) > _AVERAGE_TOLERANCE:
        yield Grade.CLAIMED, f"the average {average.value:.4g} ms is not that of the runs ({fmean(runs):.4g} ms)"
    if len(runs) > 2 and len(set(runs)) == 1:
        yield Grade.HAND_WRITTEN, f"all {len(runs)} runs took exactly {runs[0]:g} ms"
    elif (
        len(runs) > 2
        and finding.latencies
        and all(_digits(raw) <= _TYPED_DIGITS_ALONE for raw in finding.latencies.raw)
    ):
        yield (
            Grade.HAND_WRITTEN,
            f"every run is round ({', '.join(f'{one:g}' for one in runs[:3])} ms): no clock gives that",
        )


def _digits(number: float) -> int:
    """Significant digits as written."""
    if number == 0 or not math.isfinite(number):
        return 0
    short = repr(number)
    if len(short) > 6:
        short = repr(float(f"{abs(number):.15e}".split("e")[0]))
    return len(short.split("e")[0].removesuffix(".0").replace(".", "").replace("-", "").strip("0"))


def _excerpt(text: str, found: re.Match[str]) -> str:
    start = max(found.start() - 20, 0)
    return text[start : found.end() + 20].strip()
