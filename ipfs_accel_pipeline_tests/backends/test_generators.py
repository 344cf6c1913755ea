"""What every runtime that writes text owes the benchmark: one suite for each endpoint, device and precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ipfs_accel_pipeline.backends import onnxruntime
from ipfs_accel_pipeline.backends.interface import Generator, WritesText
from ipfs_accel_pipeline.backends.registry import ENDPOINTS as ALL_ENDPOINTS
from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.generation import told_parity
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.build import load_saved
from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.inputs import make_arrays
from ipfs_accel_pipeline.models.reference import torch_inputs
from ipfs_accel_pipeline_tests.backends.test_contract import DEVICES, ENDPOINTS, EVERYWHERE, THREADS
from ipfs_accel_pipeline_tests.bundle_fixtures import TINY_MOONSHINE, prepared_bundle

pytestmark = pytest.mark.slow

NEW_TOKENS = 6


Endpoint = tuple[str, str, str, str]


def pairs() -> list[tuple[str, Endpoint]]:
    """Each tiny model with the endpoints that can be asked to write with it."""
    found = []
    for endpoint in ENDPOINTS:
        _, endpoint_type, _, precision = endpoint
        # The exported decoders are not quantized; GPT-2 has no Linear layers, the only ones that torch quantizes.
        if precision != "int8" or endpoint_type == "pytorch":
            found.append(("tiny_t5_bundle", endpoint))
        if precision != "int8":
            found.append(("tiny_gpt2_bundle", endpoint))
    return found


@pytest.fixture(scope="module", params=pairs(), ids=lambda pair: f"{pair[0]}-{'-'.join(pair[1])}")
def pair(request: pytest.FixtureRequest) -> tuple[Bundle, Endpoint]:
    name, endpoint = request.param
    return request.getfixturevalue(name), endpoint


@pytest.fixture(scope="module")
def bundle(pair: tuple[Bundle, Endpoint]) -> Bundle:
    return pair[0]


@pytest.fixture(scope="module")
def endpoint(pair: tuple[Bundle, Endpoint]) -> Endpoint:
    return pair[1]


def load(bundle: Bundle, endpoint: Endpoint) -> Generator:
    hardware_type, endpoint_type, device, precision = endpoint
    backend = load_backend(hardware_type, endpoint_type)
    assert isinstance(backend, WritesText)
    try:
        return backend.load_generator(bundle, device, precision, THREADS)
    except Unsupported as reason:
        if device in EVERYWHERE and precision == "fp32":
            raise
        pytest.skip(f"not on this machine: {reason}")


@pytest.fixture(scope="module")
def generator(bundle: Bundle, endpoint: Endpoint) -> Iterator[Generator]:
    generator = load(bundle, endpoint)
    yield generator
    generator.close()


def prompt_of(bundle: Bundle, batch: int = 2, length: int = 9, seed: int = 5) -> dict[str, np.ndarray]:
    return make_arrays(bundle.input_specs, batch, length, seed=seed)


def text(generator: Generator, prompt: dict[str, np.ndarray], new_tokens: int = NEW_TOKENS) -> np.ndarray:
    """The new tokens of each item, batch x new_tokens."""
    tokens = generator.read(generator.prepare(prompt))
    written = [tokens]
    while len(written) < new_tokens:
        tokens = generator.write(tokens)
        written.append(tokens)
    return np.hstack(written)


def test_told_token_by_token_it_answers_as_the_reference_did_to_all_at_once(generator, bundle, endpoint):
    for case in reversed(bundle.parity_cases()):
        parity = told_parity(generator, case, endpoint[3])
        assert parity.passed, parity.reason


def test_in_fp32_it_writes_what_transformers_itself_writes(generator, bundle, endpoint):
    if endpoint[3] != "fp32":
        pytest.skip("never: a lower precision may choose another token where two are near")
    prompt = prompt_of(bundle)
    expected = generated_by_transformers(bundle, prompt)
    np.testing.assert_array_equal(text(generator, prompt), expected[:, -NEW_TOKENS:])


def generated_by_transformers(bundle: Bundle, prompt: dict[str, np.ndarray]) -> Any:
    model = load_saved(bundle.artefact_path("reference"), str(bundle.architecture))
    options = {"max_new_tokens": NEW_TOKENS, "min_new_tokens": NEW_TOKENS, "do_sample": False, "pad_token_id": 0}
    if model.config.is_encoder_decoder:
        options["decoder_start_token_id"] = 0  # asked for, although the first tokens are given
    # Without an end of text: `min_new_tokens` would forbid its token instead of writing past it.
    return model.generate(**torch_inputs(prompt), eos_token_id=None, use_cache=True, **options).numpy()


def test_reading_forgets_what_was_before(generator, bundle):
    first = text(generator, prompt_of(bundle))
    other = text(generator, prompt_of(bundle, batch=3, length=4, seed=6))
    assert other.shape == (3, NEW_TOKENS)
    np.testing.assert_array_equal(text(generator, prompt_of(bundle)), first)


def test_the_next_tokens_are_the_likeliest_of_each_item(generator, bundle):
    tokens = generator.read(generator.prepare(prompt_of(bundle)))
    assert (tokens.dtype, tokens.shape) == (np.int64, (2, 1))
    logits = generator.logits()
    assert (logits.dtype, logits.shape) == (np.float32, (2, 100))
    np.testing.assert_array_equal(tokens[:, 0], logits.argmax(axis=1))


def test_logits_stay_valid_when_the_next_ones_come(generator, bundle):
    tokens = generator.read(generator.prepare(prompt_of(bundle)))
    kept = generator.logits()
    before = kept.copy()
    generator.write(tokens)
    np.testing.assert_array_equal(kept, before)
    assert not np.array_equal(generator.logits(), before)


def test_device_and_precision_are_read_back(generator, endpoint):
    assert generator.device_proof
    assert generator.actual_device.lower().startswith(endpoint[2].lower())
    assert generator.effective_precision == endpoint[3]


@pytest.mark.parametrize("device", [one for one in DEVICES if one[1] != "pytorch"], ids="-".join)
def test_a_decoder_that_is_not_there_is_unsupported(tiny_bert_bundle, device):
    backend = load_backend(*device[:2])
    with pytest.raises(Unsupported, match="not prepared"):
        backend.load_generator(tiny_bert_bundle, device[2], "fp32", THREADS)


def test_of_two_sessions_none_keeps_threads_busy_while_the_other_runs(tiny_t5_bundle):
    generator = load_backend("CPU", "onnxruntime").load_generator(tiny_t5_bundle, "cpu", "fp32", THREADS)
    for session in (generator._session, generator._prompt_session):
        assert session.get_session_options().get_session_config_entry("session.force_spinning_stop") == "1"


def test_a_decoder_may_ask_for_more_of_the_encoder_than_its_hidden_state(bundle_store):
    bundle = prepared_bundle(TINY_MOONSHINE, bundle_store, ("reference",))
    assert bundle.writes_text
    generator = load_backend("CPU", "pytorch").load_generator(bundle, "cpu", "fp32", THREADS)
    for case in bundle.parity_cases():
        parity = told_parity(generator, case, "fp32")
        assert parity.passed, parity.reason


def test_a_model_without_logits_cannot_write(tiny_bert_bundle):
    generator = load_backend("CPU", "pytorch").load_generator(tiny_bert_bundle, "cpu", "fp32", THREADS)
    with pytest.raises(Unsupported, match="BertModel returns no logits"):
        generator.read(generator.prepare(prompt_of(tiny_bert_bundle)))


def test_the_endpoints_that_write_text_are_these():
    writing = {
        endpoint
        for hardware_type, endpoints in ALL_ENDPOINTS.items()
        for endpoint in endpoints
        if isinstance(load_backend(hardware_type, endpoint), WritesText)
    }
    assert writing == {"pytorch", "onnxruntime", "openvino", "webgpu-native"}


def test_a_cache_that_would_cross_to_the_host_with_every_token_is_not_timed():
    with pytest.raises(Unsupported, match="not implemented: a decoder's cache in WebGPU's memory"):
        load_backend("WebGPU", "webgpu-native").generator_artefact("fp32")
    for provider, device in (("MIGraphXExecutionProvider", "rocm:0"), ("CoreMLExecutionProvider", "mps")):
        with pytest.raises(Unsupported, match=provider):
            onnxruntime._cache_memory(provider, device)
    assert onnxruntime._cache_memory("CUDAExecutionProvider", "cuda:1") == ("cuda", 1)
