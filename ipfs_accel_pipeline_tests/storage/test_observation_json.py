from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.records import Case, Observation, ParityResult, PowerReading, Status
from ipfs_accel_pipeline.storage.observation_json import FORMAT, observation_from_json, observation_to_json
from ipfs_accel_pipeline_tests import fakes

# Any text, lone surrogates included: the stderr of a crashed process is anything.
texts = st.text(st.characters(), max_size=20)
numbers = st.floats(allow_nan=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
optional_numbers = st.none() | numbers
optional_texts = st.none() | texts
times = st.datetimes(timezones=st.just(UTC))
cases = st.builds(
    Case,
    model_id=texts,
    hardware_id=texts,
    endpoint_type=texts,
    precision=texts,
    batch_size=st.integers(),
    sequence_length=st.none() | st.integers(),
)
# NaN is tested by itself below: it never equals itself, so "unchanged" cannot be said of it.
parities = st.builds(
    ParityResult,
    cosine=optional_numbers,
    max_abs=optional_numbers,
    relative_error=optional_numbers,
    reason=optional_texts,
)
readings = st.builds(PowerReading, source=texts, reason=optional_texts, energy_joules=optional_numbers)
observations = st.builds(
    Observation,
    case=cases,
    status=st.sampled_from(Status),
    error_message=optional_texts,
    started_at=times,
    execution_time_s=numbers,
    requested_device=texts,
    parity=st.lists(parities, max_size=2).map(tuple),
    latencies_ms=st.lists(numbers, max_size=5).map(tuple),
    power=st.none() | readings,
    is_slow_phase=st.none() | st.booleans(),
    environment=st.dictionaries(texts, json_values, max_size=3),
    details=st.dictionaries(texts, json_values, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(observations)
def test_an_observation_survives_json_unchanged(observation):
    text = json.dumps(observation_to_json(observation), allow_nan=False)
    assert observation_from_json(json.loads(text)) == observation


def test_numbers_that_json_lacks_survive_where_a_number_is_expected():
    parity = fakes.parity(cosine=math.nan, max_abs=math.inf, relative_error=-math.inf)
    text = json.dumps(observation_to_json(fakes.observation(parity=(parity,))), allow_nan=False)
    (again,) = observation_from_json(json.loads(text)).parity
    assert math.isnan(again.cosine)
    assert (again.max_abs, again.relative_error) == (math.inf, -math.inf)


def test_odd_values_in_free_form_fields_are_kept_in_json_form():
    details = {"loss": np.float32(0.5), "shape": (1, np.int64(2)), 3: {"x"}, "nan": math.nan, "path": ValueError("no")}
    data = observation_to_json(fakes.observation(details=details))
    assert data["details"] == {"loss": 0.5, "shape": [1, 2], "3": ["x"], "nan": "NaN", "path": "no"}


def test_fields_that_a_former_version_did_not_write_are_unknown():
    data = observation_to_json(fakes.observation())
    del data["canary_slowdown"]
    assert observation_from_json(data) == replace(fakes.observation(), canary_slowdown=None)


def test_a_later_format_is_refused_with_both_versions():
    with pytest.raises(StorageError, match=rf"format {FORMAT + 1}, this package reads up to {FORMAT}. Upgrade"):
        observation_from_json(observation_to_json(fakes.observation()), FORMAT + 1)


def test_a_field_of_the_future_is_named_with_the_version():
    data = observation_to_json(fakes.observation()) | {"mood": "good"}
    with pytest.raises(StorageError, match=f"Observation of format {FORMAT} has no field mood"):
        observation_from_json(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "great"), ("started_at", "yesterday"), ("latencies_ms", ["fast"]), ("case", "a case")],
)
def test_a_value_that_cannot_be_understood_is_an_error_not_a_guess(field, value):
    with pytest.raises(StorageError):
        observation_from_json(observation_to_json(fakes.observation()) | {field: value})


def test_a_missing_field_is_named():
    data = observation_to_json(fakes.observation())
    del data["case"]
    with pytest.raises(StorageError, match="case"):
        observation_from_json(data)


def test_times_keep_microseconds_and_zone():
    moment = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    again = observation_from_json(observation_to_json(fakes.observation(started_at=moment)))
    assert again.started_at == moment
