"""What changed since the report before, and two runs side by side, on a few rows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.pipeline.reporting import make_report, write_all_reports
from ipfs_accel_pipeline.reports.changes import EarlierReport
from ipfs_accel_pipeline.reports.content import gather
from ipfs_accel_pipeline.reports.distributions import BINS
from ipfs_accel_pipeline.reports.write import render_report
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.reports import example

LATER = fakes.NOON + timedelta(days=2)
BETWEEN = fakes.NOON + timedelta(days=1)

BEFORE = [example.passed(n, 10.0, batch_size=n, run_id="run-a") for n in range(1, 6)]
AFTER = [
    example.passed(11, 13.0, batch_size=1, run_id="run-b", timestamp=LATER),
    example.passed(12, 8.0, batch_size=2, run_id="run-b", timestamp=LATER),
    example.passed(13, 10.1, batch_size=3, run_id="run-b", timestamp=LATER),
    (fakes.failed_test_row(id="test-14", batch_size=4, timestamp=LATER), None),
    example.passed(16, 10.0, batch_size=6, run_id="run-b", timestamp=LATER),
]


def store(settings, pairs):
    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [test for test, _ in pairs])
        write_rows(connection, "performance_results", [result for _, result in pairs if result])
    publish_snapshot(settings.database, settings.snapshot)


@pytest.fixture
def gathered(settings):
    store(settings, BEFORE + AFTER)

    def gather_with(**options):
        with open_database(settings.database) as connection:
            return gather(connection, generated_at=LATER, **options)

    return gather_with


def test_the_worst_news_comes_first_and_an_overlap_is_no_news(gathered):
    changes = gathered(earlier=EarlierReport(BETWEEN)).changes

    assert [(one.kind, one.batch_size) for one in changes] == [("broken", 4), ("slower", 1), ("faster", 2), ("new", 6)]
    assert changes[1].p50_ratio == pytest.approx(1.3)
    assert changes[0].error == "RuntimeError: fake failure"


def test_a_test_whose_host_was_slow_all_the_time_is_no_evidence_of_a_change_of_speed(settings):
    in_slow_phase = {1: (10.0, 40.0, "after"), 2: (40.0, 10.0, "before"), 3: (10.0, 5.0, "after")}
    pairs = []
    for batch_size, (before, after, disturbed) in in_slow_phase.items():
        for number, p50, at, which in ((0, before, fakes.NOON, "before"), (10, after, LATER, "after")):
            test, result = example.passed(number + batch_size, p50, batch_size=batch_size, timestamp=at)
            pairs.append((test, replace(result, slow_rounds=result.rounds if which == disturbed else 0)))
    store(settings, pairs)

    with open_database(settings.database) as connection:
        changes = gather(connection, generated_at=LATER, earlier=EarlierReport(BETWEEN)).changes

    assert [(one.kind, one.batch_size) for one in changes] == [("faster", 3)], (
        "faster in spite of a slow host is faster"
    )


def test_without_an_earlier_report_nothing_is_called_changed(gathered):
    content = gathered()

    assert content.changes == ()
    assert "There is no earlier report" in render_report(content, "html")


def test_changes_are_told_in_every_format(gathered):
    content = gathered(earlier=EarlierReport(BETWEEN))

    for format in ("markdown", "html"):
        assert "▲ slower: 1.30 × as long" in render_report(content, format)


def test_since_leaves_out_older_tests_everywhere(gathered):
    content = gathered(since=BETWEEN)

    assert content.summary.tests == 5
    assert {row.batch_size for row in content.performance} == {1, 2, 3, 6}
    assert {test.batch_size for test in content.recent_tests} == {1, 2, 3, 4, 6}
    assert content.models[0].tests == content.hardware[0].tests == 5
    assert "Tests since 2026-03-02" in render_report(content, "html")


def test_two_runs_stand_side_by_side(gathered):
    content = gathered(compare=("run-a", "run-b"))

    verdicts = {case.batch_size: case.verdict for case in content.comparison.cases}
    assert verdicts == {1: "b slower", 2: "b faster", 3: "tied", 4: "only a", 5: "only a", 6: "only b"}
    for format in ("markdown", "html"):
        text = render_report(content, format)
        assert all(words in text for words in ("▲ B slower", "▼ B faster", "≈ tied", "only in A", "only in B"))


def test_a_run_without_a_result_is_refused(gathered):
    with pytest.raises(UsageError, match="'run-x' has no result"):
        gathered(compare=("run-a", "run-x"))


def test_a_report_is_compared_with_the_one_that_the_last_run_left_and_repeats_its_news(settings):
    store(settings, BEFORE)
    write_all_reports(settings)
    report = settings.reports / "report.json"
    report.write_text(report.read_text().replace(_generated_at(report), BETWEEN.isoformat()))

    store(settings, BEFORE + AFTER)
    first = make_report(settings, "markdown")
    write_all_reports(settings)
    again = make_report(settings, "markdown")

    assert "▲ slower: 1.30 × as long" in first
    assert "▲ slower: 1.30 × as long" in again


@pytest.mark.parametrize("provenance", ["emulated", "imported"])
def test_news_are_repeated_though_something_unmeasured_is_newer(settings, provenance):
    store(settings, BEFORE)
    write_all_reports(settings)
    report = settings.reports / "report.json"
    report.write_text(report.read_text().replace(_generated_at(report), BETWEEN.isoformat()))
    newest = fakes.test_row(id="unmeasured", provenance=provenance, timestamp=LATER + timedelta(hours=1))

    store(settings, [*BEFORE, *AFTER, (newest, None)])
    write_all_reports(settings)

    assert "▲ slower: 1.30 × as long" in make_report(settings, "markdown")


def test_a_test_that_was_measured_before_a_report_and_loaded_after_it_is_told_and_told_again(settings):
    known, other = example.passed(1, 10.0), example.passed(2, 10.0, batch_size=2)
    store(settings, [known, other])
    write_all_reports(settings)

    late = example.passed(3, 30.0, timestamp=fakes.NOON + timedelta(minutes=5))
    store(settings, [known, other, late, example.passed(4, 10.0, batch_size=2, timestamp=LATER)])
    first = make_report(settings, "markdown")
    write_all_reports(settings)
    again = make_report(settings, "markdown")

    assert "▲ slower: 3.00 × as long" in first
    assert "▲ slower: 3.00 × as long" in again


def test_a_report_whose_changes_do_not_name_their_tests_repeats_its_news_by_time(settings):
    store(settings, BEFORE + AFTER)
    write_all_reports(settings)
    path = settings.reports / "report.json"
    by_an_earlier_version = json.loads(path.read_text()) | {
        "earlier_report_at": BETWEEN.isoformat(), "changes": [{"kind": "slower"}]
    }  # fmt: skip
    path.write_text(json.dumps(by_an_earlier_version))

    assert "▲ slower: 1.30 × as long" in make_report(settings, "markdown")


def _generated_at(report) -> str:
    moment: str = json.loads(report.read_text())["generated_at"]
    return moment


def test_an_earlier_report_that_cannot_be_read_is_no_report(settings):
    store(settings, BEFORE)
    settings.reports.mkdir(parents=True)
    (settings.reports / "report.json").write_text("{broken")

    assert "There is no earlier report" in make_report(settings, "markdown")


def test_distributions_are_counted_from_the_raw_samples(settings):
    with ShardStore(settings.shards).journal(fakes.HARDWARE_ID, "shard-run") as journal:
        journal.append(fakes.observation(latencies_ms=tuple(9.0 + i / 100 for i in range(200))))
        slow = fakes.observation(round_index=1, latencies_ms=(90.0,) * 50, is_slow_phase=True)
        journal.append(slow)  # the numbers beside the distribution are without it
        shard = journal.seal()
    test, result = example.passed(1, 10.0)
    store(settings, [(replace(test, shard_id=shard.shard_id), result)])

    with open_database(settings.database) as connection:
        content = gather(connection, generated_at=LATER, shards=settings.shards)

    (one,) = content.distributions
    assert (one.test_id, one.samples) == ("test-1", 200)
    assert sum(one.counts) == 200
    assert len(one.counts) == BINS
    assert 'class="density"' in render_report(content, "html")


def test_throughput_is_drawn_over_batch_size(gathered):
    page = render_report(gathered(), "html")

    assert page.count('<figure class="batch">') == 1
    assert page.count("<circle") == 6 - 1  # the broken one is no longer a result
