"""How written text is timed, and what stands in the way of it."""

import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest

from ipfs_accel_pipeline.backends.interface import WritesText
from ipfs_accel_pipeline.benchmark import generation
from ipfs_accel_pipeline.benchmark.generation import measure_generation, take_times
from ipfs_accel_pipeline.benchmark.worker import RoundRequest
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.bundles import ParityCase
from ipfs_accel_pipeline.models.spec import InputSpec
from ipfs_accel_pipeline.timing import Protocol

VOCABULARY = 7


class FakeClock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Counting:
    """Answers every token with its successor; reading a prompt and writing a token take their time."""

    actual_device = "here"
    device_proof = MappingProxyType({"nodes": 7})
    effective_precision = "fp32"

    def __init__(self, clock=None, read_s=0.5, write_s=0.25):
        self.clock = clock or FakeClock()
        self.read_s, self.write_s = read_s, write_s
        self.told = []
        self.closed = False

    def prepare(self, arrays):
        return arrays["input_ids"]

    def read(self, prompt):
        self.clock.now += self.read_s
        self.told.append(["read", *prompt[0].tolist()])
        return self._answer(prompt[:, -1:])

    def write(self, tokens):
        self.clock.now += self.write_s
        self.told[-1].append(tokens[0, 0])
        return self._answer(tokens)

    def logits(self):
        return self.last

    def close(self):
        self.closed = True

    def _answer(self, tokens):
        following = (tokens + 1) % VOCABULARY
        self.last = np.eye(VOCABULARY, dtype=np.float32)[following[:, 0]]
        return following


PROMPT = np.array([[1, 2, 3]])
SHORT = Protocol(min_iterations=4, min_duration_s=0, max_duration_s=100, interval_target=0.02, new_tokens=4)


def test_the_first_token_is_timed_apart_and_the_text_before_is_not_timed():
    clock = FakeClock()
    firsts, laters = take_times(Counting(clock), PROMPT, SHORT, clock)
    assert firsts == (500, 500, 500)
    assert laters == ((250, 250, 250),) * 3
    assert clock.now == 4 * (0.5 + 3 * 0.25), "three timed texts and one before them"


def test_the_generator_is_fed_its_own_tokens():
    generator = Counting()
    take_times(generator, PROMPT, SHORT, generator.clock)
    assert generator.told == [["read", 1, 2, 3, 4, 5, 6]] * 4


def test_meters_start_between_the_text_that_warms_up_and_the_first_timed_one():
    generator, seen = Counting(), []
    take_times(generator, PROMPT, SHORT, generator.clock, before_timing=lambda: seen.append(len(generator.told)))
    assert seen == [1]


def test_a_text_longer_than_the_whole_budget_is_the_only_one():
    generator = Counting(read_s=1, write_s=200)
    firsts, laters = take_times(generator, PROMPT, SHORT, generator.clock)
    assert (firsts, laters) == ((1000,), ((200_000,) * 3,))


def test_more_texts_are_written_until_there_are_tokens_enough():
    generator = Counting()
    more = replace(SHORT, min_iterations=30)
    firsts, _ = take_times(generator, PROMPT, more, generator.clock)
    assert len(firsts) == 10, "three later tokens each"


@pytest.fixture
def stage(monkeypatch):
    """A backend and a bundle whose reference says what `Counting` says."""

    def set_up(generator, writes_text=True, maximum=None, reference=None):
        ids = np.array([[1, 2, 3, 4]])
        expected = np.eye(VOCABULARY, dtype=np.float32)[(ids + 1) % VOCABULARY]
        case = ParityCase(1, 4, {"input_ids": ids}, {"logits": expected if reference is None else reference})
        spec = InputSpec("input_ids", "int64", ("batch", "sequence"), "integers", 0, VOCABULARY, maximum)
        bundle = SimpleNamespace(input_specs=(spec,), parity_cases=lambda: [case])
        methods = {"load_generator": lambda *arguments: generator, "generator_artefact": lambda precision: "reference"}
        backend = SimpleNamespace(**(methods if writes_text else {}))
        assert isinstance(backend, WritesText) is writes_text
        monkeypatch.setattr(generation, "load_backend", lambda *names: backend)
        monkeypatch.setattr(generation, "open_bundle", lambda path: bundle)

    return set_up


def request(sequence_length=3, precision="fp32"):
    return RoundRequest(Path("bundle"), "CPU", "imagined", "cpu", precision, 1, sequence_length, 1, SHORT)


def test_times_are_taken_after_the_answers_were_found_right_token_by_token(stage):
    generator = Counting()
    stage(generator)
    fields = measure_generation(request())
    written = fields["generation"]
    assert generator.told[0] == ["read", 1, 2, 3, 4], "the reference's own tokens come first"
    assert (written.reason, written.new_tokens) == (None, 4)
    assert (written.actual_device, written.device_proof) == ("here", {"nodes": 7})
    assert len(written.first_token_ms) == len(written.later_token_ms) >= 3
    assert [(one.passed, one.cosine) for one in written.parity] == [(True, 1.0)]
    assert fields["canary_after_ms"] > 0
    assert generator.closed


def test_a_wrong_answer_in_the_middle_is_the_reason_and_nothing_is_timed(stage):
    generator = Counting()
    wrong = np.eye(VOCABULARY, dtype=np.float32)[[[2, 3, 0, 5]]]
    stage(generator, reference=wrong)
    written = measure_generation(request())["generation"]
    assert written.reason.startswith("token by token: wrong output: cosine")
    assert (written.first_token_ms, written.later_token_ms) == ((), ())
    assert len(generator.told) == 1
    assert generator.closed


def test_a_precision_that_the_runtime_did_not_use_is_refused(stage):
    stage(Counting())
    with pytest.raises(Unsupported, match="asked for fp16, the runtime runs this model in fp32"):
        measure_generation(request(precision="fp16"))


def test_an_endpoint_that_writes_no_text_is_named(stage):
    stage(Counting(), writes_text=False)
    with pytest.raises(Unsupported, match="imagined runs no decoders with a cache"):
        measure_generation(request())


def test_prompt_and_new_tokens_must_fit_the_model(stage):
    stage(Counting(), maximum=5)
    with pytest.raises(Unsupported, match="3 tokens and 4 new ones are more than the model's 5"):
        measure_generation(request())
    stage(Counting(), maximum=6)  # the last token is written and never read
    assert measure_generation(request())["generation"].reason is None


@pytest.mark.parametrize(("write_s", "is_met"), [((0.25,), True), ((0.1, 0.5), False)])
def test_restless_tokens_are_said_to_have_missed_the_interval(stage, write_s, is_met, monkeypatch):
    generator = Restless(write_s)
    stage(generator)
    monkeypatch.setattr(generation, "take_times", partial(take_times, clock=generator.clock))
    assert measure_generation(request())["generation"].interval_target_met is is_met


class Restless(Counting):
    """Takes another time for each token, by turns."""

    def __init__(self, write_s):
        super().__init__()
        self.turns = itertools.cycle(write_s)

    def write(self, tokens):
        self.write_s = next(self.turns)
        return super().write(tokens)
