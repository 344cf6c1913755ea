"""One round of text written token by token, in a child process of its own: after the forward pass was measured.

Greedy, with a cache, every item of the batch the same number of new tokens whatever they say. Time to first token is
from handing over the prompt until the host has the first token; time per output token is the mean of the later ones,
without the prompt, as OpenVINO GenAI's TPOT and optimum-benchmark's decode latency are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.interface import Generator, WritesText
from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.canary import canary_cpus, run_canary
from ipfs_accel_pipeline.benchmark.contention import ContentionMeter
from ipfs_accel_pipeline.benchmark.parity import compare
from ipfs_accel_pipeline.benchmark.protocol import Clock, relative_half_width
from ipfs_accel_pipeline.benchmark.worker import RoundRequest, no_garbage_collection, refuse_other_precision
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle, ParityCase, open_bundle
from ipfs_accel_pipeline.models.generation import grown_input, token_by_token
from ipfs_accel_pipeline.models.inputs import make_arrays, maximum_sequence
from ipfs_accel_pipeline.records import Generation, ParityResult
from ipfs_accel_pipeline.timing import Protocol

# For the times of first tokens; fewer where the time is up before, and one at least.
_FEWEST_TEXTS = 3


def measure_generation(request: RoundRequest) -> dict[str, Any]:
    """Fields of an Observation. Times are taken only after the logits were found right token by token."""
    backend = load_backend(request.hardware_type, request.endpoint_type)
    if not isinstance(backend, WritesText):
        raise Unsupported(f"not implemented: {request.endpoint_type} runs no decoders with a cache")
    bundle = open_bundle(request.bundle)
    _require_room(bundle, request)
    cpus = canary_cpus(request.threads)
    generator = backend.load_generator(bundle, request.device, request.precision, request.threads)
    try:
        refuse_other_precision(generator.effective_precision, request.precision)
        parity = tuple(told_parity(generator, case, request.precision) for case in bundle.parity_cases())
        wrong = next((one for one in parity if not one.passed), None)
        if wrong:
            return {"generation": Generation(parity=parity, reason=f"token by token: {wrong.reason}")}
        prompt = generator.prepare(make_arrays(bundle.input_specs, request.batch_size, request.sequence_length))
        contention = ContentionMeter()
        with no_garbage_collection():
            firsts, laters = take_times(generator, prompt, request.protocol, before_timing=contention.start)
        slowdown = contention.read()
    finally:
        generator.close()
    return {
        "generation": Generation(
            new_tokens=request.protocol.new_tokens,
            first_token_ms=firsts,
            later_token_ms=laters,
            interval_target_met=_meets_target(laters, request.protocol),
            parity=parity,
            actual_device=generator.actual_device,
            device_proof=generator.device_proof,
        ),
        "contention_slowdown": slowdown,
        "canary_after_ms": run_canary(cpus),
    }


def take_times(
    generator: Generator,
    prompt: Any,
    protocol: Protocol,
    clock: Clock = time.perf_counter,
    before_timing: Callable[[], None] = lambda: None,
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Of each text the milliseconds of its first token, and of each later one.

    A first text warms up. Then whole texts are written until their later tokens, taken for iterations, are as many
    and last as long as the protocol asks for and meet its interval, or the time is up.
    """
    _write_text(generator, prompt, protocol.new_tokens, clock)
    before_timing()
    firsts: list[float] = []
    laters: list[tuple[float, ...]] = []
    started = clock()
    while not _is_enough(laters, clock() - started, protocol):
        first, *later = _write_text(generator, prompt, protocol.new_tokens, clock)
        firsts.append(first)
        laters.append(tuple(later))
    return tuple(firsts), tuple(laters)


def _write_text(generator: Generator, prompt: Any, new_tokens: int, clock: Clock) -> list[float]:
    """Milliseconds of each token."""
    before = clock()
    tokens = generator.read(prompt)
    after = clock()
    times = [(after - before) * 1e3]
    for _ in range(new_tokens - 1):
        before = after
        tokens = generator.write(tokens)
        after = clock()
        times.append((after - before) * 1e3)
    return times


def _is_enough(texts: list[tuple[float, ...]], elapsed_s: float, protocol: Protocol) -> bool:
    if texts and elapsed_s >= protocol.max_duration_s:
        return True
    tokens = sum(len(text) for text in texts)
    if len(texts) < _FEWEST_TEXTS or tokens < protocol.min_iterations or elapsed_s < protocol.min_duration_s:
        return False
    return tokens >= protocol.max_iterations or _meets_target(texts, protocol)


def _meets_target(texts: Sequence[tuple[float, ...]], protocol: Protocol) -> bool:
    return relative_half_width([one for text in texts for one in text]) <= protocol.interval_target


def told_parity(generator: Generator, case: ParityCase, precision: str) -> ParityResult:
    """The reference's own tokens are told, whatever the generator would have chosen: one other choice changes all."""
    told = token_by_token(case)
    generator.read(generator.prepare(told.prompt))
    logits = [generator.logits()]
    for tokens in told.tokens:
        generator.write(tokens)
        logits.append(generator.logits())
    answer = {"logits": np.stack(logits, axis=1)}
    return compare({"logits": told.expected}, answer, precision, case.batch_size, case.sequence_length)


def _require_room(bundle: Bundle, request: RoundRequest) -> None:
    """An encoder-decoder writes into a sequence of its own, of a length that its input does not tell."""
    specs = {spec.name: spec for spec in bundle.input_specs}
    longest = maximum_sequence(bundle.input_specs)
    if grown_input(specs) == "input_ids" and request.sequence_length and longest:
        length = request.sequence_length + request.protocol.new_tokens - 1  # the last one is never read
        if length > longest:
            raise Unsupported(
                f"{request.sequence_length} tokens and {request.protocol.new_tokens} new ones are more than the "
                f"model's {longest}"
            )
