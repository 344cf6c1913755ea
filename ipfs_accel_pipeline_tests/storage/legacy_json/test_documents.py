"""Broken, odd and hostile bytes: read with a remark, or refused with a reason that a person understands."""

from __future__ import annotations

import json

import pytest

from ipfs_accel_pipeline.storage.legacy_json.documents import MOST_VALUES, Refused, parse


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b'{"a": 1, "b": ', "truncated"),
        (b'{"a": [1, 2', "truncated"),
        (b'{"a": 1,}', "broken JSON"),
        (b"hello there", "not JSON: it begins with 'hello there'"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 4, "binary"),
        (b'{"a": 1, "a": 2}', "a key occurs twice with different values (a)"),
        (b'{"x": {"a" : 1, "a" : 2}}', "a key occurs twice"),
        (b'{"\\u0061": 1, "a": 2}', "a key occurs twice"),
        (b"[" * 5000 + b"]" * 5000, "5000 levels deep"),
        (b'{"a":' * 300 + b"NaN" + b"}" * 300, "300 levels deep"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "300 levels deep"),
        (b"\xff\xfe{\x00", "truncated"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(data, says):
    with pytest.raises(Refused, match=says.replace("(", r"\(").replace(")", r"\)")):
        parse(data)


def test_a_key_repeated_with_the_same_value_is_harmless():
    assert parse(b'{"a": 1, "a": 1}').value == {"a": 1}


def test_text_that_looks_like_a_key_is_no_repeated_key():
    assert parse(b'{"a": "say \\"b\\": 1", "b": "\\"b\\":"}').problems == []


def test_nan_and_infinity_become_unknown_each_with_its_place():
    document = parse(b'{"a": {"b/c": [1.5, NaN]}, "d": -Infinity}')
    assert document.value == {"a": {"b/c": [1.5, None]}, "d": None}
    assert {problem.pointer for problem in document.problems} == {"/a/b~1c/1", "/d"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_unicode_encodings_are_read(encoding):
    assert parse(json.dumps({"device": "Gerät"}, ensure_ascii=False).encode(encoding)).value == {"device": "Gerät"}


def test_latin_1_is_read_with_a_remark():
    document = parse('{"path": "C:\\\\Gerät"}'.encode("latin-1"))
    assert document.value == {"path": "C:\\Gerät"}
    assert "latin-1" in document.problems[0].reason


def test_half_a_surrogate_is_kept_as_it_is():
    assert parse(b'{"a": "\\ud800"}').value == {"a": "\ud800"}


def test_small_values_that_would_fill_memory_are_refused_before_they_are_parsed():
    with pytest.raises(Refused, match="is the most for one file: split it"):
        parse(b"[" + b"{}," * (MOST_VALUES // 2) + b"{}]")
