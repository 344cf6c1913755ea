"""How the numbers of a report were taken, in sentences. The figures come from the protocol itself."""

from __future__ import annotations

from ipfs_accel_pipeline.benchmark.parity import TOLERANCES
from ipfs_accel_pipeline.benchmark.protocol import PROFILES
from ipfs_accel_pipeline.reports.figures import percent
from ipfs_accel_pipeline.reports.rows import MethodNote
from ipfs_accel_pipeline.timing import Protocol

_ISOLATION = (
    "Every benchmark runs in its own fresh process, so that a crash, a hang, missing memory or a missing library"
    " becomes a row with a status and a reason instead of ending the run."
)
_ROUNDS = (
    "One process is not one truth: the same loop can be twice as slow in the next process. Rounds run in separate"
    " processes, interleaved over the models. Every percentile is the median over the rounds of the percentile within"
    " each round (p99 of up to 101 iterations lies between the two slowest of them); the average, and throughput with"
    " it, is the mean over the rounds: a slow round moves it, and it may lie above p99."
)
_SLOW_PHASES = (
    "A short fixed computation runs before and after each round. Its slowdown against the host's best is stored, and so"
    " is how much longer the timed window took because its threads waited for a CPU that others had (Linux counts"
    " that). A round in a slow phase by either is kept and repeated up to the profile's limit. It counts only where the"
    " case has no other round; how many were left out stands beside the result."
)
_INTERVAL = (
    "The 95 % interval of p50 is a two-level bootstrap: rounds are drawn first, then iterations within each round."
    " Where the interval of a result overlaps that of the fastest, the two are reported as tied. A result of one round"
    " cannot see the spread between processes: its interval is too narrow. Where they differ much, that of three rounds"
    " holds further ones in 74 % of cases, of five in 92 %. Where the host was slow in every round, the"
    " interval reaches, for this question, down to what a quiet host may need: the measured latency over the seventh"
    " power of the slowdown by the signs of the quietest round. Threads that spin while they wait for each other were"
    " seen to take 120 times as long at a sign of 2."
)
_ELSEWHERE = (
    "A browser's iterations are timed in its page by the same protocol. A device of AI Hub is timed by the service,"
    " which returns every inference time of one job: one round without canary, whose outputs are judged at the measured"
    " shape only. An emulator is asked for its outputs and is never timed."
)
_GENERATION = (
    "Models that write text also append tokens to the prompt, in a process of their own after the forward pass"
    " was timed: greedily, with a cache, all items of the batch together. First the two prompts of the parity gate"
    " are told token by token, and every answer must be the reference's within the gate's tolerance. Time to first"
    " token is from handing over the prompt until the host has the token (an encoder-decoder reads its encoder's"
    " input and 8 tokens of the decoder); time per output token is the mean of the later ones within a text; each"
    " is the median over the texts of a round, then over the rounds. Tokens per second is the batch size over the"
    " time per output token: writing alone, without the prompt. A token takes longer the more there are before it:"
    " compare texts of the same length after prompts of the same length."
)
_NOISY = (
    "A result is noisy when a round missed its interval target, when the first and second half of a round disagree, or"
    " when the rounds disagree."
)
_RANKING = (
    "Only measured results on real hardware whose newest test passed are ranked, and only within this report and the"
    " same model and weights, precision, batch size, sequence length and number of threads. Imported, emulated and"
    " software-rendered results are labelled and stand below, unranked."
)
_RECOMMENDATIONS = (
    "They also weigh how much whole runs differ, which no interval of one run can see, and older runs of the same"
    " level; a run whose every round was slow counts only where there is no other, and then as what may be faster, by"
    " as much as the host's signs leave open. So what is starred as fastest may be a tie there."
)
_COUNTS = (
    "Tests, passed and success rate count measured tests over the whole history. The rate leaves out what could not be"
    " tried (unsupported or skipped): a missing runtime is no failure. A dash means not measured; it never stands for"
    " zero."
)
_WEIGHTS = (
    "The model has its true architecture and size, but untrained weights. The latency of a dense model"
    " does not depend on their values; nothing is said about accuracy on a task."
)
_MEMORY = (
    "Peak memory is the largest resident size of the process above its size before the model was loaded (MiB); on GPUs"
    " of NVIDIA and AMD the most that the model took of the GPU's own memory, a dash where the runtime does not tell."
    " Power is read from the sensors of the device over the timed window, or is a dash with the reason."
)


def method_notes() -> tuple[MethodNote, ...]:
    return (
        MethodNote("Isolation", _ISOLATION),
        *(MethodNote(f"Profile {name}", _profile(protocol)) for name, protocol in PROFILES.items()),
        MethodNote("Rounds", _ROUNDS),
        MethodNote("Slow phases of the host", _SLOW_PHASES),
        MethodNote("Interval and ties", _INTERVAL),
        MethodNote("Timed elsewhere", _ELSEWHERE),
        MethodNote("Text generation", _GENERATION),
        MethodNote("Noisy", _NOISY),
        MethodNote("Parity gate", _parity()),
        MethodNote("Ranking", _RANKING),
        MethodNote("Recommendations", _RECOMMENDATIONS),
        MethodNote("Counts", _COUNTS),
        MethodNote("Random weights", _WEIGHTS),
        MethodNote("Memory and power", _MEMORY),
    )


def _profile(protocol: Protocol) -> str:
    rounds = "1 round" if protocol.rounds == 1 else f"{protocol.rounds} rounds"
    return (
        f"{rounds}; warm-up of at least {protocol.warmup_iterations} iterations, until two windows agree"
        f" within {percent(protocol.warmup_agreement)} or {protocol.max_warmup_s:g} s have passed; then at least"
        f" {protocol.min_iterations} timed iterations and {protocol.min_duration_s:g} s, until the 95 % interval of the"
        f" median is within {percent(protocol.interval_target)}, at most {protocol.max_duration_s:g} s or"
        f" {protocol.max_iterations:,} iterations; at most {protocol.max_repeats} further rounds for slow ones;"
        f" {protocol.new_tokens} new tokens in each text."
    )


def _parity() -> str:
    limits = "; ".join(
        f"{precision}: {limit.min_cosine}, {limit.max_relative_error}" for precision, limit in TOLERANCES.items()
    )
    return (
        "Before timing counts, every output is compared with the torch fp32 CPU reference on the same weights and"
        " inputs, at two shapes (a user's ONNX or OpenVINO file: with its own runtime). Out of tolerance is failed, not"
        " passed. Least cosine and largest relative error: " + limits + "."
    )
