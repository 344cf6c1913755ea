from ipfs_accel_pipeline_tests.reports import example


def test_open_regressions_come_first_and_withdrawn_changes_are_left_out(content):
    assert [(change.model_id, change.kind) for change in content.lasting_changes] == [
        (example.BERT, "regression"),
        (example.ODD, "improvement"),
        (example.VIT, "unstable"),
    ]


def test_a_change_says_its_size_and_what_else_changed(content):
    regression, improvement, unstable = content.lasting_changes
    assert regression.size == "10 → 12 ms (+20.0%)"
    assert regression.interval == "+18.0% to +22.0%"
    assert regression.explanation == "threads: 2 → 1"
    assert improvement.explanation == "nothing that is recorded"
    assert (unstable.size, unstable.interval) == ("passes and fails by turns: 6 changes in 8 tests", "–")


def test_only_what_leads_is_recommended(content):
    assert [(one.model_id, one.hardware_id, one.verdict) for one in content.recommended] == [
        (example.BERT, example.CPU, "recommended")
    ]


def test_a_database_without_history_says_so(empty_content):
    assert (empty_content.lasting_changes, empty_content.recommended) == ((), ())
