"""CSV and Parquet dumps of the original are read by the same readers."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet
import pytest

from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, LeftOut
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import read_document
from ipfs_accel_pipeline.storage.legacy_json.tabular import csv_document, parquet_document


def test_a_table_with_names_is_read_and_one_with_numbers_left_out():
    named = b"model_name,hardware_type,average_latency_ms\nbert,cpu,12.3456789\n"
    (finding,) = read_document(csv_document(named), Origin("dump.csv"))[1]
    assert isinstance(finding, Finding)
    assert finding.values["average_latency_ms"].value == 12.3456789
    numbered = b"model_id,hardware_id,average_latency_ms\n1,2,12.3456789\n"
    (left_out,) = read_document(csv_document(numbered), Origin("dump.csv"))[1]
    assert isinstance(left_out, LeftOut)


def test_empty_cells_are_unknown_and_short_lines_do_no_harm():
    document = csv_document(b"a,b,c\n1,,x\n2\n")
    assert document["rows"] == [{"a": 1, "b": None, "c": "x"}, {"a": 2, "b": None, "c": None}]


def test_what_has_one_column_is_no_table():
    with pytest.raises(Refused, match="fewer than two columns"):
        csv_document(b"hello\nthere\n")


def test_a_column_name_that_occurs_twice_is_refused():
    with pytest.raises(Refused, match="two columns are called 'b'"):
        csv_document(b"a,b,b\n1,2,3\n")


@pytest.mark.parametrize(
    "data",
    [
        "model_name;hardware;note\nt5-small;cpu;a, b\n".encode("utf-16"),
        b"model_name\thardware\tnote\r\nt5-small\tcpu\ta, b\r\n",
    ],
)
def test_other_separators_and_encodings_are_read(data):
    assert csv_document(data)["rows"] == [{"model_name": "t5-small", "hardware": "cpu", "note": "a, b"}]


def test_a_cell_with_an_underscore_is_no_number():
    assert csv_document(b"a,b\n1_000,1e3\n")["rows"] == [{"a": "1_000", "b": 1000.0}]


def test_a_row_with_an_error_is_no_success_and_one_of_the_script_says_nothing_of_the_model():
    head = b"model_id,hardware,batch_size,timestamp,error\nbert-base-uncased,cpu,1,2025-03-23T14:23:59,"
    (finding,) = read_document(csv_document(head + b"out of memory\n"), Origin("dump.csv"))[1]
    assert str(finding.status) == "out_of_memory"
    (left_out,) = read_document(csv_document(head + b"name 'np' is not defined\n"), Origin("dump.csv"))[1]
    assert "failure of the test script" in left_out.reason


def test_a_table_of_something_else_is_unknown_with_its_columns():
    shape, (left_out,) = read_document(
        csv_document(b"index,scenario,wall_clock_seconds\n0,edit,7.1\n"), Origin("b.csv")
    )
    assert shape is None
    assert left_out.reason == "a table of something else; its columns: index, scenario, wall_clock_seconds"


def parquet(**columns):
    sink = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_a_parquet_dump_is_a_table_as_well():
    data = parquet(
        model_name=["bert-base-uncased"],
        hardware_type=["cuda"],
        status=["timed_out"],
        metadata=[{"notes": "x", "is_simulation": True}],
    )
    (finding,) = read_document(parquet_document(data), Origin("dump.parquet"))[1]
    assert (str(finding.status), bool(finding.is_flagged)) == ("timeout", True)


def test_a_damaged_parquet_file_is_refused():
    with pytest.raises(Refused, match="broken Parquet"):
        parquet_document(parquet(a=[1], b=[2])[:-9])
