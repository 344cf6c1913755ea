"""Every screen over an empty snapshot, one with one of everything, and one with a history."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import threading
from dataclasses import replace
from datetime import timedelta

import html5lib
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.dashboard.downloads import as_csv
from ipfs_accel_pipeline.dashboard.filters import url_of
from ipfs_accel_pipeline.dashboard.registry import SCREENS
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage import prepared
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.dashboard.conftest import client_of, settings_in
from ipfs_accel_pipeline_tests.reports import example

ADDRESSES = [
    *[entry.path for entry in SCREENS if entry.label],
    f"/model?id={example.BERT}",
    f"/platform?id={example.SOFTWARE}",
    "/platform?id=mps-absent",
    "/test?id=test-20",
    "/test?id=test-24",
    "/test?id=test-25",
    "/compare?by=platform",
    "/compare?by=version",
    "/compare?by=platform&a=cpu-fake-9000&b=webgpu-fake-swiftshader",
    "/trends?metric=energy",
    "/matrix?provenance=imported&provenance=emulated",
    "/tests?failed=true",
    "/scatter?x=latency&y=memory&z=parameters",
    "/heatmap?metric=tokens",
    "/pareto?x=first_token&y=tokens",
    "/trends?metric=first_token",
    "/api",
]
NEEDS_NO_ROW = [address for address in ADDRESSES if "id=" not in address]


def page(client: TestClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def strict(text: str) -> None:
    """Raises at the first thing that is not HTML as the standard has it."""
    html5lib.HTMLParser(strict=True).parse(text)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_screen_is_valid_html_over_one_of_everything(example_client, address):
    strict(page(example_client, address))


@pytest.mark.parametrize(
    "address", ["/", "/overview", "/matrix.csv", "/api/summary", "/static/dashboard.css", "/nothing"]
)
def test_head_is_answered_as_get_without_the_body(example_client, address):
    head, get = (example_client.request(method, address, follow_redirects=False) for method in ("HEAD", "GET"))
    assert head.status_code == get.status_code
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.content == b""


@pytest.mark.parametrize("address", NEEDS_NO_ROW)
def test_every_screen_says_something_over_an_empty_snapshot(empty_client, address):
    text = page(empty_client, address)

    strict(text)
    assert "<h1>" in text


@pytest.mark.parametrize("address", NEEDS_NO_ROW)
def test_every_screen_is_valid_html_over_a_history(client, address):
    strict(page(client, address))


def test_no_page_holds_inline_script_or_style_which_its_policy_forbids(client):
    for address in NEEDS_NO_ROW:
        text = page(client, address)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), address
        assert set(re.findall(r"<script(?: type=\"([^\"]*)\")?", text)) <= {"", "application/json"}


def test_no_page_names_another_host(client):
    for address in NEEDS_NO_ROW:
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page(client, address)), address


def test_an_odd_name_is_shown_as_it_is_and_does_nothing(example_client):
    text = page(example_client, "/models")

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_imported_emulated_and_software_rows_are_labelled_and_never_ringed(example_client):
    text = page(example_client, "/matrix")

    cells = re.findall(r"<td class=\"([^\"]*)\">(.*?)</td>", text, re.DOTALL)
    imitated = [(kind, cell) for kind, cell in cells if "imitated" in kind]
    assert len(imitated) == 3
    assert not [kind for kind, _ in imitated if "ringed" in kind]
    assert any("imported" in cell for _, cell in imitated)
    assert any("emulated" in cell for _, cell in imitated)
    assert "<strong>software</strong>" in text


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.parametrize("address", ["/tests", f"/platform?id={example.EMULATOR}"])
def test_what_is_emulated_is_labelled_once(example_client, address):
    label = '<span class="label">emulated</span>'
    assert label in (text := page(example_client, address))
    assert f"{label} {label}" not in text


@pytest.fixture
def unquiet_client(tmp_path):
    """Two results of three rounds each: of one two fell into a slow phase of the host, of the other all."""
    settings = settings_in(tmp_path)
    waited = {"rounds": [{"contention_slowdown": 1.626}, {}, {"contention_slowdown": 2.893}]}
    pairs = [example.passed(1, 10.0, details=waited), example.passed(2, 20.0, endpoint_type="onnxruntime")]
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        built = {"backend": "openvino", "backend_version": "2026.4.1-22982-e213a147257"}
        write_rows(connection, "test_results", [replace(test, **built) for test, _ in pairs])
        write_rows(
            connection,
            "performance_results",
            [replace(result, slow_rounds=slow) for (_, result), slow in zip(pairs, (2, 3), strict=True)],
        )
    publish_snapshot(settings.database, settings.snapshot)
    return client_of(settings)


@pytest.mark.parametrize("address", [f"/model?id={fakes.MODEL_ID}", f"/platform?id={fakes.HARDWARE_ID}"])
def test_rounds_in_slow_phases_stand_beside_the_result_as_in_a_report(unquiet_client, address):
    text = page(unquiet_client, address)
    assert '<span class="label">2 of 3 rounds slow, not counted</span>' in text
    assert '<span class="label">every round slow</span>' in text


def test_a_tie_with_a_much_lower_number_is_explained_where_the_host_was_slow(tmp_path, unquiet_client):
    settings = settings_in(tmp_path / "slow")
    fast, slow = example.passed(1, 10.0), example.passed(2, 60.0, endpoint_type="onnxruntime", slow_rounds=3)
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [fast[0], slow[0]])
        write_rows(connection, "performance_results", [fast[1], replace(slow[1], host_slowdown=2.0)])
    publish_snapshot(settings.database, settings.snapshot)
    address, told = f"/model?id={fakes.MODEL_ID}", "measure again while nothing else runs"

    assert told in page(client_of(settings), address)
    assert told not in page(unquiet_client, address)


def test_the_time_of_a_test_leads_to_it(example_client):
    (link, *_) = re.findall(r"<td class=\"time\"><a href=\"(/test[^\"]+)\"", page(example_client, "/tests"))

    assert example_client.get(link).status_code == 200


def test_a_test_shows_how_long_each_round_waited_for_a_cpu(unquiet_client):
    text = page(unquiet_client, "/test?id=test-1")
    assert "<dt>Times longer by waiting for a CPU, by round</dt><dd>1.63, –, 2.89</dd>" in text
    assert "waiting for a CPU" not in page(unquiet_client, "/test?id=test-2")


@pytest.mark.parametrize("address", ["/tests", "/trends"])
def test_a_list_has_the_version_of_a_runtime_without_its_build_which_stands_behind_it(unquiet_client, address):
    assert '<td title="2026.4.1-22982-e213a147257">openvino 2026.4.1</td>' in page(unquiet_client, address)


def test_a_trend_has_the_same_labels_as_the_cases(unquiet_client):
    history = page(unquiet_client, "/trends").partition("The history of this case, newest first")[2]
    assert '<span class="label">every round slow</span>' in history
    assert '<span class="label">random weights</span>' in history
    assert '<span class="label">2 threads</span>' in history


def test_written_text_is_shown_with_the_reason_where_there_is_none(example_client):
    shown = plain(page(example_client, f"/model?id={example.BERT}"))
    assert "Text generation" in shown
    assert "21.5 ms 4.00 ms 250 32 software random weights" in shown, "the noise of the forward pass is not the text's"
    assert "– – – – token by token: wrong output &lt;b&gt;| at last" in shown
    assert "Tokens per second 250" in plain(page(example_client, "/test?id=test-4"))
    assert "Tokens per second – (token by token: wrong output" in plain(page(example_client, "/test?id=test-3"))


def test_of_what_writes_no_text_nothing_is_said_about_it(example_client):
    assert "Text generation" not in page(example_client, f"/model?id={example.VIT}")
    assert "Tokens per second" not in page(example_client, "/test?id=test-7")


def test_a_filter_that_nothing_meets_gives_a_page_that_says_so(client):
    assert "No test meets these filters" in page(client, "/matrix?family=no-such-family")


def test_filters_narrow_the_matrix_and_stand_in_its_form(client):
    text = page(client, "/matrix?family=bert&type=CPU&batch=8")

    assert "invented/bert-000" in text
    assert 'href="/model?id=invented%2Fvit-003"' not in text
    assert "cuda-invented" not in re.findall(r"<thead>.*?</thead>", text, re.DOTALL)[0]
    assert '<input type="checkbox" name="batch" value="8" checked>' in text


def test_a_wide_matrix_is_shown_in_pages_and_downloaded_whole(client, monkeypatch):
    monkeypatch.setattr("ipfs_accel_pipeline.dashboard.screens.matrix._MOST_CELLS", 1)
    monkeypatch.setattr("ipfs_accel_pipeline.dashboard.screens.matrix._FEWEST_MODELS", 6)

    def models(text: str) -> list[str]:
        return re.findall(r'<th scope="row"><a[^>]*>([^<]*)</a>', text)

    pages = [page(client, f"/matrix?skip={skip}&type=CPU") for skip in (0, 6, 12, 10_000)]

    assert [len(models(text)) for text in pages] == [6, 6, 4, 4]
    assert len({model for text in pages for model in models(text)}) == 16
    assert 'href="/matrix?skip=6&amp;type=CPU"' in pages[0]
    assert 'href="/matrix?type=CPU"' in pages[1]
    assert "Models 13 to 16 of 16" in pages[3]
    assert "next →" not in pages[3]
    assert len(rows_of(client, "/matrix.json?skip=6&type=CPU")) == 16


def test_what_cannot_be_is_refused_with_a_page_that_names_it(client):
    answer = client.get("/matrix?batch=many")

    assert answer.status_code == 422
    assert "batch" in answer.text
    assert "<h1>" in answer.text


@pytest.mark.parametrize("address", ["/model?id=nobody", "/platform?id=nowhere", "/test?id=none", "/model", "/nowhere"])
def test_what_is_not_there_is_a_404_with_a_page(client, address):
    answer = client.get(address)

    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_an_address_without_a_page_says_where_the_pages_are(client):
    page, api = client.get("/compatibility<b>"), client.get("/api/nothing")
    assert (page.status_code, api.status_code) == (404, 404)
    assert "GET /compatibility&lt;b&gt; is nothing that is served here. See the menu" in page.text
    assert api.json()["detail"].startswith("GET /api/nothing is nothing that is served here")


def test_a_defect_of_ours_is_a_500_with_a_page_and_tells_no_secret(example_settings, monkeypatch):
    def fail(*_):
        raise RuntimeError("a path of this machine")

    monkeypatch.setattr("ipfs_accel_pipeline.dashboard.desks.Office.desk", fail)
    client = TestClient(create_app(example_settings), base_url="http://127.0.0.1", raise_server_exceptions=False)

    for address in ("/overview", "/api/summary"):
        answer = client.get(address)
        assert answer.status_code == 500
        assert "has a defect" in answer.text
        assert "a path of this machine" not in answer.text


def test_a_dashboard_takes_a_new_snapshot_before_anybody_asks(tmp_path, monkeypatch):
    settings = settings_in(tmp_path)
    publish_snapshot(settings.database, settings.snapshot)
    with client_of(settings):
        is_prepared, prepare = threading.Event(), prepared.prepare

        def told(connection):
            prepare(connection)
            is_prepared.set()

        monkeypatch.setattr(prepared, "prepare", told)
        example.write_example(settings.database)
        publish_snapshot(settings.database, settings.snapshot)
        assert is_prepared.wait(60)


def test_a_dashboard_without_a_snapshot_says_how_to_publish_one(tmp_path):
    answer = client_of(settings_in(tmp_path)).get("/overview")

    assert answer.status_code == 503
    assert "ipfs-accel snapshot" in answer.text


def test_energy_that_nobody_measured_is_not_drawn_but_explained(example_client):
    text = page(example_client, "/scatter")

    assert "No case has all three numbers" in text
    assert "figure" not in text


def test_without_recommendations_none_is_invented(client):
    assert "No recommendation was derived" in page(client, "/recommend")


CHANGE = """
INSERT INTO performance_changes BY NAME SELECT
    'c-1' AS id, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length,
    'p50_latency_ms' AS metric, 'regression' AS kind, test_timestamp AS last_before_at, test_timestamp AS changed_at,
    test_id AS test_id_before, test_id AS test_id_after, 10.0 AS value_before, 13.0 AS value_after,
    0.3 AS relative_change, 0.99 AS confidence, 5 AS points_before, 5 AS points_after, '[]'::JSON AS what_changed,
    now() AS found_at, TRUE AS still_found, 'new' AS status
FROM performance_results WHERE id = 'performance-1'"""
# The same regression, seen in the throughput too.
SECOND_METRIC = """
INSERT INTO performance_changes BY NAME SELECT * REPLACE (
    'c-2' AS id, 'throughput_items_per_second' AS metric, -0.2 AS relative_change,
    '[{"what": "threads", "before": 2, "after": 1}]'::JSON AS what_changed
) FROM performance_changes WHERE id = 'c-1'"""
NO_LONGER_PASSES = """
INSERT INTO performance_changes BY NAME SELECT * REPLACE (
    'c-3' AS id, 'success' AS metric, NULL AS relative_change, 1 AS value_before, 0 AS value_after
) FROM performance_changes WHERE id = 'c-1'"""
RECOMMENDATION = """
INSERT INTO recommendations BY NAME SELECT
    'r-1' AS id, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, 'latency' AS prefer,
    'recommended' AS verdict, 1 AS place, 0.97 AS probability_best, 4 AS evidence_runs,
    'fastest by far in this test' AS reason, now() AS decided_at
FROM performance_results WHERE id = 'performance-1'"""


@pytest.fixture(scope="module")
def judged_client(tmp_path_factory):
    """The example with one change point and one recommendation."""
    settings = settings_in(tmp_path_factory.mktemp("judged"))
    example.write_example(settings.database)
    with open_database(settings.database) as connection:
        connection.execute(CHANGE)
        connection.execute(SECOND_METRIC)
        connection.execute(NO_LONGER_PASSES)
        connection.execute(RECOMMENDATION)
    publish_snapshot(settings.database, settings.snapshot)
    return client_of(settings)


def test_a_change_point_is_drawn_listed_and_new_on_the_overview(judged_client):
    case = f"of_model={example.BERT}&of_hardware={example.CPU}&of_endpoint=pytorch&of_precision=fp32"
    trend = page(judged_client, f"/trends?{case}&of_batch=1&of_sequence=128")

    assert '"text":"regression"' in trend
    assert "Where the level of this case changed" in trend
    assert "10 → 13 ms (+30.0%)" in trend
    assert "No lasting change of this case is known" in page(
        judged_client, f"/trends?{case}&of_batch=8&of_sequence=128"
    )


def test_the_overview_joins_the_metrics_of_a_new_regression_and_leaves_out_what_is_no_longer_seen(judged_client):
    text = page(judged_client, "/overview")
    strict(text)
    new = text.split("New regressions found in the history")[1].split("</table>")[0]

    row = next(row for row in new.split("</tr>") if example.BERT in row)
    assert "p50 latency +30 %" in row
    assert "Throughput -20 %" in row
    assert example.WHISPER not in new  # still_found is false
    assert "threads: 2 → 1" in row
    assert "no longer passes" in row
    case = f"of_model={example.WHISPER}&of_hardware={example.CPU}&of_endpoint=pytorch&of_precision=fp32"
    assert "No lasting change of this case is known" in page(
        judged_client, f"/trends?{case}&of_batch=1&of_sequence=128"
    )


def test_a_recommendation_is_shown_with_its_reason(judged_client):
    text = page(judged_client, "/recommend")

    strict(text)
    assert "fastest by far in this test" in text
    assert "0.970" in text
    assert "No recommendation meets these filters" in page(judged_client, "/recommend?precision=int8")
    assert "fastest by far in this test" not in page(judged_client, "/recommend?prefer=throughput")


def test_a_run_of_dagster_is_linked_and_one_of_the_command_line_is_not(history_settings, example_client):
    dagster = "https://dagster.example"
    client = client_of(history_settings, dagster_url=dagster)
    measured = client.get("/api/tests", params={"provenance": "measured", "limit": 1}).json()[0]

    assert f'href="{dagster}/runs/{measured["run_id"]}"' in page(client, f"/test?id={measured['test_id']}")
    assert "/runs/" not in page(example_client, "/test?id=test-25")


def rows_of(client: TestClient, address: str) -> list[dict[str, object]]:
    return json.loads(page(client, address))


def test_the_three_downloads_hold_the_same_rows_as_the_screen(client):
    query = "?family=bert&type=CPU"
    as_json = rows_of(client, f"/matrix.json{query}")
    of_csv = list(csv.DictReader(io.StringIO(page(client, f"/matrix.csv{query}"))))
    parquet = pq.read_table(io.BytesIO(client.get(f"/matrix.parquet{query}").content)).to_pylist()

    assert [row["model_id"] for row in as_json] == ["invented/bert-000", "invented/bert-008"]
    assert [float(row["p50_latency_ms"]) for row in of_csv] == [row["p50_latency_ms"] for row in as_json]
    assert [row["p50_latency_ms"] for row in parquet] == [row["p50_latency_ms"] for row in as_json]


@pytest.mark.parametrize("path", [entry.path for entry in SCREENS if entry.label])
@pytest.mark.parametrize("format", ["csv", "parquet", "json"])
def test_every_screen_can_be_downloaded_even_when_it_is_empty(client, empty_client, path, format):
    for one in (client, empty_client):
        answer = one.get(f"{path}.{format}")
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]


def test_a_name_that_a_spreadsheet_would_run_is_disarmed_in_csv(tmp_path):
    assert (
        as_csv([{"model_id": "=HYPERLINK(1)", "p50_latency_ms": -1.5}])
        == b"model_id,p50_latency_ms\n'=HYPERLINK(1),-1.5\n"
    )


def test_an_unknown_format_is_refused(client):
    assert client.get("/matrix.xlsx").status_code == 404


def test_a_download_has_all_rows_where_the_page_shows_the_first(tmp_path, history_settings: Settings):
    client = client_of(history_settings)

    shown = page(client, "/tests").count("<tr>") - 1
    assert shown == 300
    assert len(rows_of(client, "/tests.json")) == 16 * 8 * 3 * 2 * 6


@pytest.fixture(scope="module")
def imported_client(tmp_path_factory):
    """Nothing but what a migration brings: a result of unknown precision, and skipped tests that name theirs."""
    settings = settings_in(tmp_path_factory.mktemp("imported"))
    imported = {"provenance": "imported", "run_id": "import-1", "endpoint_type": "unknown"}
    test, result = example.passed(1, 175.0, precision=None, sequence_length=None, **imported)
    test = replace(test, backend=None, backend_version=None, parity_cosine=None, parity_max_abs=None)
    skipped = fakes.test_row(id="test-2", status="skipped", success=False, error_message="hand-written", **imported)
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.absent_hardware_row(hardware_id=fakes.HARDWARE_ID)])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(
            connection,
            "test_results",
            [test, replace(skipped, precision="fp32"), replace(skipped, id="test-3", batch_size=8)],
        )
        write_rows(connection, "performance_results", [result])
    publish_snapshot(settings.database, settings.snapshot)
    return client_of(settings)


@pytest.mark.parametrize("address", [entry.path for entry in SCREENS if entry.label])
def test_every_screen_is_valid_html_over_nothing_but_imports(imported_client, address):
    strict(page(imported_client, address))


def test_a_heatmap_begins_with_a_shape_of_which_there_are_numbers_and_unknown_can_be_chosen(imported_client):
    text = page(imported_client, "/heatmap")

    assert "precision unknown, batch 1" in text
    assert "175*" in text
    assert "never ranked: it is imported" in text
    assert "<option selected>unknown</option>" in text
    assert "Clear filters" not in text
    assert "has this number" in page(imported_client, "/heatmap?precision=fp32")


def test_what_has_no_precision_is_found_by_a_filter_on_every_screen(imported_client):
    tests = downloaded(imported_client, "/tests.json?precision=unknown")

    assert [one["test_id"] for one in tests] == ["test-1"]
    assert len(downloaded(imported_client, "/api/cases?precision=unknown")) == 1


@pytest.mark.parametrize("provenance", ["measured", "imported"])
def test_a_pair_whose_tests_were_all_skipped_is_untested_as_in_the_report(tmp_path, provenance):
    settings = settings_in(tmp_path)
    skipped = fakes.test_row(status="skipped", success=False, error_message="no memory left", provenance=provenance)
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [skipped])
    publish_snapshot(settings.database, settings.snapshot)
    client = client_of(settings)

    (cell,) = rows_of(client, "/matrix.json")
    assert cell["state"] == "untested"
    assert f"/test?id={skipped.id}" in page(client, "/matrix")


def test_an_overview_of_imports_says_that_nothing_was_measured_and_what_to_do(imported_client):
    text = plain(page(imported_client, "/overview"))

    assert "Nothing was measured here yet" in text
    assert "make run" in text
    assert "Imported or emulated cases 3 3 imported, 0 emulated; never ranked" in text
    assert "Got worse – nothing to compare with yet" in text
    assert "No measured case is slower" not in text
    assert "with the run before" not in text


def test_after_one_run_nothing_is_said_to_be_no_slower(unquiet_client):
    text = plain(page(unquiet_client, "/overview"))

    assert "Each measured case has one result so far" in text
    assert "No measured case is slower" not in text


def test_a_run_is_compared_with_the_measured_one_before_it_on_the_same_hardware(client):
    """The synthetic history imports a run beside each that is measured."""
    text = page(client, "/overview")
    links = set(re.findall(r"/compare\?by=run&amp;a=([^&]+)&amp;b=([^\"]+)", text))

    assert ("run-004", "run-005") in links
    assert not [pair for pair in links if any(side.startswith("import") for side in pair)]
    assert "some emulated" in text


def test_an_imported_test_names_no_fact_without_a_value_and_leads_to_its_history(imported_client):
    text = page(imported_client, "/test?id=test-1")

    assert not re.findall(r"<dt>([^<]*)</dt><dd>\s*</dd>", text)
    (history,) = re.findall(r"href=\"([^\"]+)\">history of this case", text)
    assert "175 ms" in page(imported_client, history.replace("&amp;", "&"))
    assert "of the only case with a number" in page(imported_client, f"/model?id={fakes.MODEL_ID}")


def test_every_page_says_when_its_snapshot_was_published(tmp_path):
    settings = settings_in(tmp_path)
    example.write_example(settings.database)
    publish_snapshot(settings.database, settings.snapshot)
    os.utime(settings.snapshot, (then := fakes.NOON.timestamp(), then))

    for address in ("/overview", "/power", f"/model?id={example.BERT}"):
        assert "published at 2026-03-01 12:00 UTC" in page(client_of(settings), address)


def downloaded(client: TestClient, address: str) -> list[dict[str, object]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("by", ["run", "platform", "version"])
def test_a_side_that_is_not_stored_is_told_and_no_other_one_seems_chosen(client, by):
    text = page(client, f"/compare?by={by}&a=gone&b=gone too")

    assert f"There is no {by} gone with tests in this snapshot" in text
    assert re.findall(r'<option value="([^"]*)" selected>', text)[-2:] == ["gone", "gone too"]
    assert client.get(f"/api/compare?by={by}&a=gone&b=gone too").status_code == 404


def test_a_run_that_is_older_than_the_offered_ones_can_be_compared_by_its_address(client, monkeypatch):
    monkeypatch.setattr("ipfs_accel_pipeline.dashboard.screens.compare._RUNS", 2)

    text = page(client, "/compare?by=run&a=run-000&b=run-005")

    assert '<option value="run-000" selected>' in text
    assert "A is run-000, B is run-005" in text


@pytest.fixture(scope="module")
def two_machines_client(tmp_path_factory):
    """Three runs on one device, and one on another between the second and the third."""
    settings = settings_in(tmp_path_factory.mktemp("machines"))
    there = "cuda-fake-elsewhere"
    runs = {"first": fakes.HARDWARE_ID, "second": fakes.HARDWARE_ID, "elsewhere": there, "third": fakes.HARDWARE_ID}
    pairs = [
        example.passed(day, 10.0, run_id=run, hardware_id=hardware, timestamp=fakes.NOON.replace(day=day))
        for day, (run, hardware) in enumerate(runs.items(), start=1)
    ]
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row(), fakes.hardware_row(hardware_id=there)])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [test for test, _ in pairs])
        write_rows(connection, "performance_results", [result for _, result in pairs])
    publish_snapshot(settings.database, settings.snapshot)
    return client_of(settings)


@pytest.mark.parametrize(
    ("address", "sides"), [("/compare", "A is second, B is third"), ("/compare?b=second", "A is first, B is second")]
)
def test_a_run_is_compared_with_an_older_one_of_its_hardware_unless_the_address_says_otherwise(
    two_machines_client, address, sides
):
    assert sides in page(two_machines_client, address)


@pytest.mark.parametrize(
    ("filters", "drawn"),
    [("", "cuda-invented-02"), ("&hardware=cpu-invented-00", "cpu-invented-00"), ("&type=CPU", "cpu-invented-00"),
     ("&hardware=cuda-invented-02&type=CUDA&family=bert", "cuda-invented-02")],
)  # fmt: skip
def test_a_filter_that_the_drawn_case_does_not_meet_draws_another_one(client, filters, drawn):
    (shown, *_) = downloaded(client, "/api/cases?hardware=cuda-invented-02&family=bert")
    case = url_of(
        "",
        of_model=shown["model_id"],
        of_hardware=shown["hardware_id"],
        of_endpoint=shown["endpoint_type"],
        of_precision=shown["precision"],
        of_batch=shown["batch_size"],
        of_sequence=shown["sequence_length"],
    )

    text = page(client, f"/trends{case}{filters}")

    assert re.search(r"<p><a href=\"/platform\?id=([^\"]+)\"", text)[1] == drawn


def test_two_runs_are_drawn_by_the_rounds_that_count(tmp_path):
    settings = settings_in(tmp_path)
    with ShardStore(settings.shards).journal(fakes.HARDWARE_ID, "run") as journal:
        journal.append(fakes.observation(latencies_ms=(10.25,) * 20))
        journal.append(fakes.observation(round_index=1, latencies_ms=(97.75,) * 20, is_slow_phase=True))
        shard = journal.seal()
    pairs = [example.passed(1, 10.0, run_id="run-a"), example.passed(2, 10.0, run_id="run-b")]
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [replace(test, shard_id=shard.shard_id) for test, _ in pairs])
        write_rows(connection, "performance_results", [result for _, result in pairs])
    publish_snapshot(settings.database, settings.snapshot)
    client = client_of(settings)

    text = page(client, "/compare?by=run&a=run-a&b=run-b")
    assert ("10.25" in text, "97.75" in text) == (True, False)
    assert "97.75" in page(client, "/test?id=test-1")


def test_a_trend_of_tokens_per_second_is_of_texts_of_one_length(tmp_path):
    settings = settings_in(tmp_path)
    nights = [fakes.NOON + timedelta(days=day) for day in range(3)]
    tests = [fakes.test_row(id=f"night-{day}", timestamp=at) for day, at in enumerate(nights)]
    results = [
        fakes.performance_row(
            id=f"result-{day}", test_id=f"night-{day}", test_timestamp=at, tokens_per_second=speed, new_tokens=length
        )
        for day, (at, speed, length) in enumerate(zip(nights, (41.5, 97.25, 42.5), (32, 4, 32), strict=True))
    ]
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", tests)
        write_rows(connection, "performance_results", results)
    publish_snapshot(settings.database, settings.snapshot)
    client = client_of(settings)

    text = page(client, "/trends?metric=tokens")
    assert [number in text for number in ("41.5", "97.25", "42.5")] == [True, False, True]
    assert "texts of 32 new tokens" in text
    assert len(downloaded(client, "/trends.json?metric=tokens")) == 3


def test_a_downloaded_history_says_of_which_case_it_is(client):
    rows = downloaded(client, "/trends.json?hardware=cuda-invented-02&family=bert")

    assert {(row["hardware_id"], row["endpoint_type"]) for row in rows} == {("cuda-invented-02", "pytorch")}
    assert len({(row["model_id"], row["precision"], row["batch_size"]) for row in rows}) == 1


def show_five_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipfs_accel_pipeline.dashboard.desks.desk_of.__wrapped__.__defaults__", (5,))


def test_the_fastest_of_a_platform_are_the_fastest_of_all_its_cases_however_many_rows_the_table_has(
    client, monkeypatch
):
    address = "/platform?id=cuda-invented-02"
    before = page(client, address)
    cases = len(downloaded(client, address.replace("?", ".json?")))

    show_five_rows(monkeypatch)
    text = page(client, address)

    assert f"The first 5 of {cases} cases" in text
    chart = r"data-chart=\"latency\">.*?</figure>"
    assert re.findall(chart, text, re.DOTALL) == re.findall(chart, before, re.DOTALL)


@pytest.mark.parametrize("address", ["/power", "/model?id=invented/bert-000"])
def test_a_table_that_is_cut_says_of_how_many_rows(client, monkeypatch, address):
    assert "The first " not in plain(page(client, "/model?id=invented/bert-000"))
    show_five_rows(monkeypatch)

    assert re.search(r"The first 5 (of \d+ )?cases", page(client, address))


def test_power_that_nobody_read_has_a_reason_for_every_case_with_numbers(imported_client):
    text = page(imported_client, "/power")

    assert "No power or energy was measured" in text
    assert "imported without a reading" in text
    assert "No case is without a reading" not in text
    assert "clear the filters" in page(imported_client, "/power?family=nothing")


def test_estimated_watts_are_called_so_and_stand_in_no_chart_of_measured_ones(tmp_path):
    settings = settings_in(tmp_path)
    estimate = fakes.power_row(
        source="tdp_model", kind="modelled", power_watts_avg=12.5, power_watts_peak=14, reason=None
    )
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [fakes.test_row()])
        write_rows(connection, "performance_results", [fakes.performance_row()])
        write_rows(connection, "power_metrics", [estimate])
    publish_snapshot(settings.database, settings.snapshot)
    client = client_of(settings)

    assert "12.5 W, modelled: an estimate" in page(client, f"/test?id={fakes.TEST_ID}")
    assert client.get(f"/api/tests/{fakes.TEST_ID}").json()["power_kind"] == "modelled"
    assert "No result that may be ranked has both numbers" in page(client, "/pareto?x=latency&y=power")
    text = page(client, "/power")
    assert "12.5 W" in text
    assert "tdp_model, modelled" in text
    assert "data-chart" not in text


def test_a_front_is_of_all_cases_however_few_are_drawn(client, monkeypatch):
    def on_the_page(text: str) -> list[str]:
        return re.findall(r"/test\?id=([^\"]+)", text.split("On the front")[-1])

    address = "/pareto?x=latency&y=throughput"
    whole = on_the_page(page(client, address))
    all_cases = len(downloaded(client, address.replace("?", ".json?")))
    assert len(whole) > 1

    monkeypatch.setattr("ipfs_accel_pipeline.dashboard.screens.fields._MOST_POINTS", 1)
    text = page(client, address)

    assert on_the_page(text) == whole
    assert f"of {all_cases} cases are drawn" in plain(text)
    assert len(downloaded(client, address.replace("?", ".json?"))) == all_cases


def test_a_case_with_the_asked_numbers_is_found_behind_any_number_of_cases_without(client, monkeypatch):
    """Energy is known of CPU and CUDA only, and the first cases of the list are none of these."""
    monkeypatch.setattr("ipfs_accel_pipeline.dashboard.screens.fields._MOST_POINTS", 1)

    rows = downloaded(client, "/scatter.json?x=energy&y=latency&z=memory")

    assert len(rows) > 100
    assert all(row["joules_per_item"] for row in rows)
    assert "No case has all three numbers" not in page(client, "/scatter?x=energy&y=latency&z=memory")
