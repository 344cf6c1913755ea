from datetime import UTC, datetime

import pytest

from ipfs_accel_pipeline.benchmark.campaign import Campaign, PlannedCase
from ipfs_accel_pipeline.benchmark.canary import HostBest
from ipfs_accel_pipeline.benchmark.launcher import Outcome
from ipfs_accel_pipeline.benchmark.worker import RoundRequest
from ipfs_accel_pipeline.records import GENERATION_FAILURE, Generation, Status
from ipfs_accel_pipeline.timing import Protocol
from ipfs_accel_pipeline_tests.fakes import case, observation


class FakeLauncher:
    """Answers each job from a script: model name -> what its rounds give, in turn, the last one for ever."""

    def __init__(self, **answers):
        self._answers = {name: list(given) for name, given in answers.items()}
        self.jobs = []

    def run(self, job):
        self.jobs.append(job)
        name = job.arguments["request"].bundle
        answers = self._answers[name]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def quiet(p50=10.0, canary=5.0, **changes):
    value = {
        "status": Status.PASSED,
        "latencies_ms": (p50,) * 10,
        "canary_before_ms": canary,
        "canary_after_ms": canary,
        "environment": {"load_average_1m": 0.5},
        **changes,
    }
    return Outcome(Status.PASSED, value, None, 2.0)


SLOW = quiet(p50=20.0, canary=10.0)
CRASH = Outcome(Status.CRASHED, None, "killed by signal 9 (SIGKILL)", 1.0, {"log_tail": "last words"})
WRONG = Outcome(Status.PASSED, {"status": Status.FAILED, "error_message": "wrong output"}, None, 1.0)


def planned(name, **changes):
    request = RoundRequest(name, "CPU", "pytorch", "cpu", "fp32", 1, 128, 2, Protocol())
    return PlannedCase(case(model_id=name), "cpu", request, **changes)


class WritingLauncher(FakeLauncher):
    """Answers the jobs that write text from a script of their own."""

    def __init__(self, *texts, **answers):
        super().__init__(**answers)
        self._texts = list(texts)
        self.text_jobs = []

    def run(self, job):
        if "measure_generation" not in job.target:
            return super().run(job)
        self.text_jobs.append(job)
        return self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]


def written(**changes):
    text = Generation(4, (50.0,), ((10.0, 11.0, 12.0),))
    value = {"generation": text, "canary_after_ms": 5.0, "contention_slowdown": 1.0, **changes}
    return Outcome(Status.PASSED, value, None, 3.0)


@pytest.fixture
def run(tmp_path):
    def run_campaign(launcher, names, already=(), protocol=None, recorded=None):
        campaign = Campaign(
            protocol or Protocol(rounds=3, max_repeats=2),
            launcher,
            HostBest(tmp_path / "best.json"),
            threads=2,
            memory_limit_mb=None,
            record=(recorded if recorded is not None else []).append,
            profile="standard",
        )
        return list(campaign.run([n if isinstance(n, PlannedCase) else planned(n) for n in names], already))

    return run_campaign


def order(observations):
    return [(one.case.model_id, one.round_index) for one in observations]


def test_rounds_go_round_robin_over_the_models(run):
    observations = run(FakeLauncher(a=[quiet()], b=[quiet()]), ["a", "b"])
    assert order(observations) == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_a_slow_round_is_kept_flagged_and_repeated_at_the_end(run):
    observations = run(FakeLauncher(a=[quiet(), SLOW, quiet()], b=[quiet()]), ["a", "b"])
    assert order(observations)[-1] == ("a", 3)
    assert [one.is_slow_phase for one in observations if one.case.model_id == "a"] == [False, True, False, False]
    assert [one.canary_slowdown for one in observations if one.case.model_id == "a"] == [1, 2, 1, 1]
    assert len(order(observations)) == 7


@pytest.mark.parametrize(("contention", "is_slow"), [(None, False), (1.05, False), (1.6, True)])
def test_a_round_that_waited_for_cpus_between_two_quiet_canaries_is_slow_too(run, contention, is_slow):
    disturbed = quiet(p50=16.0, contention_slowdown=contention)
    observations = run(FakeLauncher(a=[quiet(), disturbed, quiet()]), ["a"])
    assert observations[1].canary_slowdown == 1
    assert [one.is_slow_phase for one in observations[:3]] == [False, is_slow, False]
    assert len(observations) == 3 + is_slow


def test_repeats_end_at_the_limit(run):
    observations = run(FakeLauncher(a=[quiet(), SLOW]), ["a"])
    assert len(observations) == 3 + 2
    assert sum(one.is_slow_phase for one in observations) == 4


@pytest.mark.parametrize("ending", [CRASH, WRONG])
def test_a_case_that_did_not_pass_is_not_run_again_and_the_others_go_on(run, ending):
    observations = run(FakeLauncher(a=[ending], b=[quiet()]), ["a", "b"])
    assert order(observations) == [("a", 0), ("b", 0), ("b", 1), ("b", 2)]
    assert observations[0].status is not Status.PASSED
    assert all(one.status is Status.PASSED for one in observations[1:])


def test_a_wrong_output_is_failed_although_its_process_ended_well(run):
    (one,) = run(FakeLauncher(a=[WRONG]), ["a"])
    assert (one.status, one.error_message) == (Status.FAILED, "wrong output")


def test_a_crash_keeps_its_reason_and_last_words(run):
    (one,) = run(FakeLauncher(a=[CRASH]), ["a"])
    assert (one.status, one.error_message) == (Status.CRASHED, "killed by signal 9 (SIGKILL)")
    assert one.details["log_tail"] == "last words"


def test_what_cannot_run_is_recorded_without_starting_a_process(run):
    launcher = FakeLauncher()
    refused = PlannedCase(case(), "cpu", refusal=Status.UNSUPPORTED, refusal_reason="no fp16 on this CPU")
    (one,) = run(launcher, [refused])
    assert (one.status, one.error_message) == (Status.UNSUPPORTED, "no fp16 on this CPU")
    assert one.execution_time_s is None, "no process ran, so no time was measured"
    assert launcher.jobs == []


def test_every_observation_is_recorded_before_the_next_one_is_taken(run):
    recorded = []

    class Interrupted(FakeLauncher):
        def run(self, job):
            if len(self.jobs) == 2:
                raise KeyboardInterrupt
            return super().run(job)

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted(a=[quiet()], b=[quiet()]), ["a", "b"], recorded=recorded)
    assert order(recorded) == [("a", 0), ("b", 0)]


def test_an_interrupted_campaign_goes_on_where_it_stopped(run):
    already = [observation(model_id="a"), observation(model_id="b"), observation(model_id="a", round_index=1)]
    observations = run(FakeLauncher(a=[quiet()], b=[quiet()]), ["a", "b"], already=already)
    assert order(observations) == [("b", 1), ("a", 2), ("b", 2)]


def test_a_failure_of_the_interrupted_attempt_stays_settled(run):
    crashed = observation(model_id="a", status=Status.CRASHED)
    assert order(run(FakeLauncher(b=[quiet()]), ["a", "b"], already=[crashed])) == [("b", 0), ("b", 1), ("b", 2)]


def test_an_observation_says_when_where_and_with_what(run):
    (one,) = run(FakeLauncher(a=[quiet()]), ["a"], protocol=Protocol(rounds=1))
    assert abs((datetime.now(UTC) - one.started_at).total_seconds()) < 60
    assert one.requested_device == "cpu"
    assert one.environment["threads"] == 2
    assert one.environment["profile"] == "standard"
    assert one.environment["load_average_1m"] == 0.5
    assert one.environment["versions"]["torch"]


def test_threads_are_set_before_a_library_can_read_them(run):
    launcher = FakeLauncher(a=[quiet()])
    run(launcher, ["a"])
    assert launcher.jobs[0].environment == dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2"
    )


def test_text_is_written_after_each_round_in_a_process_of_its_own(run):
    launcher = WritingLauncher(written(), a=[quiet()])
    observations = run(launcher, [planned("a", generates=True)])
    assert [one.generation.first_token_ms for one in observations] == [(50.0,)] * 3
    assert len(launcher.text_jobs) == 3
    assert [one.execution_time_s for one in observations] == [2.0 + 3.0] * 3
    assert observations[0].latencies_ms == (10.0,) * 10


def test_a_model_that_is_not_asked_for_text_has_none(run):
    observations = run(FakeLauncher(a=[quiet()]), ["a"])
    assert [one.generation for one in observations] == [None] * 3


def test_a_known_reason_is_recorded_without_starting_a_process(run):
    launcher = WritingLauncher(CRASH, a=[quiet()])
    observations = run(launcher, [planned("a", no_generation="no decoder was exported")])
    assert [one.generation.reason for one in observations] == ["no decoder was exported"] * 3
    assert launcher.text_jobs == []


def test_a_crash_while_writing_keeps_the_forward_pass_and_is_not_tried_again(run):
    launcher = WritingLauncher(CRASH, a=[quiet()])
    observations = run(launcher, [planned("a", generates=True)])
    assert [one.status for one in observations] == [Status.PASSED] * 3
    assert [one.latencies_ms for one in observations] == [(10.0,) * 10] * 3
    assert [one.generation.reason for one in observations] == ["crashed: killed by signal 9 (SIGKILL)"] * 3
    assert observations[0].details[GENERATION_FAILURE]["log_tail"] == "last words"
    assert len(launcher.text_jobs) == 1


def test_what_a_runtime_cannot_do_is_a_reason_without_a_status(run):
    launcher = WritingLauncher(Outcome(Status.UNSUPPORTED, None, "no cache", 1.0), a=[quiet()])
    (one,) = run(launcher, [planned("a", generates=True)], protocol=Protocol(rounds=1))
    assert one.generation.reason == "no cache"


@pytest.mark.parametrize("ending", [CRASH, WRONG])
def test_no_text_is_asked_of_a_model_whose_outputs_are_wrong(run, ending):
    launcher = WritingLauncher(written(), a=[ending])
    (one,) = run(launcher, [planned("a", generates=True)])
    assert one.generation is None
    assert launcher.text_jobs == []


@pytest.mark.parametrize("disturbance", [{"canary_after_ms": 10.0}, {"contention_slowdown": 1.6}])
def test_a_round_whose_text_was_disturbed_is_slow_and_repeated(run, disturbance):
    launcher = WritingLauncher(written(), written(**disturbance), written(), a=[quiet()])
    observations = run(launcher, [planned("a", generates=True)])
    assert [one.is_slow_phase for one in observations] == [False, True, False, False]


def test_a_quiet_text_does_not_excuse_a_disturbed_forward_pass(run):
    launcher = WritingLauncher(written(), a=[quiet(), quiet(contention_slowdown=1.6), quiet()])
    observations = run(launcher, [planned("a", generates=True)])
    assert [one.is_slow_phase for one in observations] == [False, True, False, False]
