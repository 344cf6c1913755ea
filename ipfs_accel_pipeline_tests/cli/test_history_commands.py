"""compare, regressions and recommend as a person types them, over invented nights in a real database."""

import json

import pytest
from click.testing import CliRunner

from ipfs_accel_pipeline.cli import main
from ipfs_accel_pipeline.pipeline.history import refresh_history
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, MODEL_ID, failed_observation
from ipfs_accel_pipeline_tests.pipeline.nights import night, seal

OTHER = "openvino-cpu-fake-9000"
SLOWER = {"environment": {"threads": 1}}


def invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def rounds(day, level, **changes):
    return [night(day * 10 + number, level, round_index=number, **changes) for number in range(3)]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Seven nights, four slower ones with one thread, and another device on two nights."""
    path = tmp_path_factory.mktemp("nights") / "benchmark.duckdb"
    settings = load_settings(path)
    for day in range(11):
        level, changes = (10.0, {}) if day < 7 else (14.0, SLOWER)
        changes = {**changes, "environment": {**changes.get("environment", {"threads": 2}), "branch": f"b{day}"}}
        # In night 2 a neighbour took the host during one round, which the tables leave out.
        slow = [night(20, 900.0, round_index=3, is_slow_phase=True, **changes)] if day == 2 else []
        seal(settings, f"night-{day:03}", *rounds(day, level, **changes), *slow)
    seal(settings, "other-1", *rounds(3, 25.0, hardware_id=OTHER, endpoint_type="openvino"))
    seal(settings, "broken-1", failed_observation(hardware_id=OTHER, endpoint_type="openvino", batch_size=8))
    load_pending(settings, [HARDWARE_ID, OTHER])
    refresh_history(settings)
    publish_snapshot(settings.database, settings.snapshot)
    return path


def test_a_slower_run_is_worse_with_exit_code_1_and_says_what_differs(database):
    result = invoke("compare", "night-006", "night-007", "--db-path", database)
    assert result.exit_code == 1, result.output
    assert "### night-007 against night-006: 1 worse" in result.stdout
    assert f"| ✗ worse | {MODEL_ID} | fp32 b1 s128 {HARDWARE_ID} pytorch |" in result.stdout
    assert "- threads: 2 → 1" in result.stdout


def test_two_nights_of_one_state_do_not_differ(database):
    result = invoke("compare", "run:night-001", "run:night-002", "--db-path", database)
    assert result.exit_code == 0, result.output
    assert "1 no difference" in result.stdout


def test_the_beginning_of_a_run_is_enough_where_no_other_begins_so(database):
    result = invoke("compare", "night-000", "night-01", "--db-path", database)
    assert "### night-01 against night-000: 1 worse" in result.stdout


@pytest.mark.parametrize(
    ("a", "b"), [("branch:b2", "branch:b9"), ("date:2026-03-21", "latest"), ("night-000", "version:version-1")]
)
def test_a_side_may_be_a_branch_a_date_a_version_or_the_latest(database, a, b):
    result = invoke("compare", a, b, "--db-path", database, "--format", "json")
    assert result.exit_code == 1, result.output
    compared = json.loads(result.stdout)["compared"]
    assert compared[0]["verdict"] == "worse"
    assert compared[0]["change"] == pytest.approx(0.4, abs=0.05)


def test_platforms_are_compared_whatever_their_endpoints_are_called(database):
    result = invoke("compare", f"hardware:{HARDWARE_ID}", f"hardware:{OTHER}", "--db-path", database)
    assert result.exit_code == 1
    assert f"{HARDWARE_ID} pytorch → {OTHER} openvino" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["compare", "nothing", "latest"], "No measured test belongs to 'nothing'"),
        (["compare", "date:yesterday", "latest"], "no date"),
        (["compare", "night-010", "branch:b10"], "are the same tests: nothing can be compared"),
        (["compare", "night-00", "latest"], "10 runs begin with 'night-00', such as night-009, night-008, night-007"),
        (["compare", "branch:", "latest"], "names no branch"),
        (["compare", "latest", "latest", "--minimum-effect", "7"], "makes no sense"),
        (["recommend", "--model", "unheard-of"], "The database has no model 'unheard-of'"),
        (["recommend", "--model", "bert-tny"], "Perhaps you meant: fake-bert-tiny"),
        (["recommend", "--fleet", "--models", "bert-tny"], "Perhaps you meant: fake-bert-tiny"),
        (["compare", "night-001", "night-002", "--models", "bert-tny"], "Perhaps you meant: fake-bert-tiny"),
        (["recommend", "--price", "cpu=free"], "is no price"),
        (["recommend", "--hardware", "cpu-unknown"], "No test is stored of"),
        (["recommend", "--fleet", "--hardware", "cpu"], "choose one of the two"),
        (["regressions", "--set", "fixed", "zzz"], "No change has an id"),
        (["regressions", "--minimum-effect", "3"], "0.03 means three per cent"),
    ],
)
def test_wrong_use_is_one_clear_message_and_exit_code_2(database, arguments, says):
    result = invoke(*arguments, "--db-path", database)
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert says in result.output


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "question",
    [
        *(["recommend", f"--{limit}"] for limit in ("max-latency-ms", "max-p99-ms", "max-memory-mb", "max-watts")),
        *(["recommend", f"--{limit}"] for limit in ("min-throughput", "min-parity", "max-age-days")),
        ["compare", "night-001", "night-002", "--minimum-effect"],
        ["regressions", "--minimum-effect"],
    ],
)
def test_a_limit_that_is_no_finite_number_is_wrong_use(database, question, number):
    result = invoke(*question, number, "--db-path", database)
    assert result.exit_code == 2
    assert f"'{number}' is no number that a value can be compared with" in result.output


@pytest.mark.parametrize("price", ["nan", "inf"])
def test_a_price_that_is_no_finite_number_is_wrong_use(database, price):
    result = invoke("recommend", "--prefer", "cost", "--price", f"{OTHER}={price}", "--db-path", database)
    assert result.exit_code == 2
    assert "is no price" in result.output


def test_regressions_are_listed_with_why_until_a_person_answers(database):
    result = invoke("regressions", "--db-path", database, "--format", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert {one["metric"] for one in found} == {"p50_latency_ms", "p99_latency_ms", "throughput_items_per_second"}
    text = invoke("regressions", "--db-path", database)
    assert "changed there: branch: b6 → b7; threads: 2 → 1" in text.stdout
    assert "| changed | model |" in invoke("regressions", "--db-path", database, "--format", "markdown").stdout
    for one in found:
        answered = invoke("regressions", "--set", "expected", one["id"], "--note", "one thread", "--db-path", database)
        assert answered.exit_code == 0, answered.output
    looser = invoke("regressions", "--minimum-effect", 0.9, "--all", "--format", "json", "--db-path", database)
    assert not any(one["still_found"] for one in json.loads(looser.stdout))
    kept = invoke("regressions", "--all", "--format", "json", "--db-path", database)
    assert {one["id"] for one in json.loads(kept.stdout) if one["still_found"]} >= {one["id"] for one in found}
    quiet = invoke("regressions", "--db-path", database)
    assert (quiet.exit_code, quiet.stdout) == (0, "No regression is open.\n")
    assert "note: one thread" in invoke("regressions", "--all", "--db-path", database).stdout


def test_the_recommendation_names_the_device_the_evidence_and_why_not_the_rest(database):
    result = invoke("recommend", "--model", MODEL_ID, "--batch-size", 1, "--db-path", database, "--max-age-days", 9999)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"{MODEL_ID} fp32 b1 s128, by latency"
    assert lines[1].startswith(f"  recommended {HARDWARE_ID} (pytorch, 2 threads): median latency ")
    assert f"  dominated   {HARDWARE_ID} (pytorch, 1 thread)" in result.stdout
    assert f"  dominated   {OTHER}" in result.stdout


def test_limits_that_nothing_keeps_are_exit_code_1_and_say_by_how_much(database):
    options = ["--batch-size", 1, "--max-p99-ms", 5, "--max-age-days", 9999, "--db-path", database]
    result = invoke("recommend", *options)
    assert result.exit_code == 1
    assert "beyond the limit of 5 ms" in result.stdout
    assert "recommended" not in result.stdout
    fleet = invoke("recommend", "--fleet", *options)
    assert "nothing serves it within the limits" in fleet.stdout
    assert (fleet.exit_code, invoke("recommend", "--hardware", OTHER, *options).exit_code) == (1, 1)


def test_the_other_questions_have_answers_too(database):
    options = ["--batch-size", 1, "--max-age-days", 9999, "--db-path", database]
    assert "times the best known latency" in invoke("recommend", "--hardware", OTHER, *options).stdout
    assert f"1 device: {HARDWARE_ID}" in invoke("recommend", "--fleet", *options).stdout
    rows = json.loads(invoke("recommend", "--format", "json", *options).stdout)
    assert rows[0]["verdict"] == "recommended"
    (suited,) = json.loads(invoke("recommend", "--hardware", OTHER, "--format", "json", *options).stdout)
    assert suited["hardware_id"] == OTHER
    assert suited["times_the_best"] > 1
    fleet = json.loads(invoke("recommend", "--fleet", "--format", "json", *options).stdout)
    assert (fleet["hardware_ids"], fleet["unserved"]) == ([HARDWARE_ID], [])
    assert fleet["served"][0]["hardware_id"] == HARDWARE_ID
    cost = invoke("recommend", "--prefer", "cost", "--price", f"{OTHER}=0.1/h", *options)
    assert f"recommended {OTHER}" in cost.stdout
    assert f"no price is known: add --price {HARDWARE_ID}=..." in cost.stdout


def test_a_run_whose_host_was_slow_in_every_round_is_no_evidence_of_worse(tmp_path):
    settings = load_settings(tmp_path / "benchmark.duckdb")
    seal(settings, "quiet", *rounds(1, 10.0))
    seal(settings, "slower", *rounds(2, 20.0))
    seal(settings, "disturbed", *rounds(3, 20.0, is_slow_phase=True))
    load_pending(settings, [HARDWARE_ID])
    publish_snapshot(settings.database, settings.snapshot)

    def compared(a, b):
        result = invoke("compare", a, b, "--db-path", settings.database, "--format", "json")
        (one,) = json.loads(result.stdout)["compared"]
        return result.exit_code, one["verdict"], one["reason"]

    assert compared("quiet", "slower") == (1, "worse", None)
    code, verdict, reason = compared("quiet", "disturbed")
    assert (code, verdict) == (0, "not enough data")
    assert "every round of B fell into a slow phase of its host" in reason
    code, verdict, reason = compared("disturbed", "quiet")
    assert (code, verdict) == (0, "not enough data")
    assert "every round of A" in reason


def test_a_test_is_not_compared_with_itself(tmp_path):
    settings = load_settings(tmp_path / "benchmark.duckdb")
    seal(settings, "first", *rounds(1, 10.0), *rounds(1, 10.0, batch_size=8))
    seal(settings, "second", *rounds(2, 20.0))
    load_pending(settings, [HARDWARE_ID])
    publish_snapshot(settings.database, settings.snapshot)

    result = invoke("compare", "first", "latest", "--db-path", settings.database)

    assert result.exit_code == 1
    assert "### latest against first: 1 worse\n" in result.stdout
    assert f"The same test on both sides, so not compared: {MODEL_ID} fp32 b8 s128" in result.stdout


def test_a_recommendation_leaves_out_a_run_whose_host_was_slow_in_every_round(tmp_path):
    settings = load_settings(tmp_path / "benchmark.duckdb")
    seal(settings, "quiet", *rounds(1, 10.0))
    seal(settings, "disturbed", *rounds(2, 20.0, is_slow_phase=True))
    load_pending(settings, [HARDWARE_ID])
    refresh_history(settings)
    publish_snapshot(settings.database, settings.snapshot)

    said = invoke("recommend", "--model", MODEL_ID, "--max-age-days", 10_000, "--db-path", settings.database).stdout

    assert "(1 run," in said
    assert "median latency 20" not in said
