"""Which tests make one history. A letter is one test of that version, a dot one whose version is not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs_accel_pipeline.analysis.version_lines import lines_of


def lines(history):
    """Each line in the letters of its tests; a bar stands before the first one of its own."""
    versions = [None if letter == "." else ord(letter) for letter in history]
    found = []
    for line in lines_of(versions):
        letters = "".join(history[place] for place in line.tests)
        found.append(f"{letters[: line.begins]}|{letters[line.begins :]}" if line.begins else letters)
    return found


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("AAAA", ["AAAA"]),
        ("AAABBBCCC", ["AAABBBCCC"]),  # a succession
        ("AAABBBAAA", ["AAABBBAAA"]),  # B was taken back
        ("AAABBBABBB", ["AAABBBABBB"]),  # A was measured once more, to be sure that it is B
        ("ABABABAB", ["AAAA", "A|BBBB"]),  # by turns from the start
        ("AAAABABAB", ["AAAAAA", "AAAA|BBB"]),  # B came to stand beside A
        ("AAABBABBABB", ["AAAAA", "AAA|BBBBBB"]),  # often measured once more: B is still judged against A
        ("AAABABABCCC", ["AAAAA", "AAA|BBBCCC"]),  # C follows the one that ran last
        ("ABCABCABC", ["AAA", "A|BBB", "AB|CCC"]),
        ("AA..BB.B", ["AA..BB.B"]),
        ("A.BA.BA.B", ["A.A.A.", "A.|BBB"]),
        ("....", ["...."]),
        (".AAA", [".AAA"]),
        ("", [""]),
    ],
)
def test_versions_that_follow_are_one_line_and_versions_by_turns_a_line_each(history, expected):
    assert lines(history) == expected


@given(st.lists(st.sampled_from([1, 2, 3, 4, None]), min_size=1, max_size=40))
def test_every_test_is_of_exactly_one_line_and_in_order(versions):
    found = lines_of(versions)
    own = [place for line in found for place in line.tests[line.begins :]]
    assert sorted(own) == list(range(len(versions)))
    for line in found:
        assert list(line.tests) == sorted(set(line.tests))
        assert line.begins < len(line.tests)
    assert found[0].begins == 0
