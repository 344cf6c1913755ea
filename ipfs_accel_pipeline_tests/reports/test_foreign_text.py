from __future__ import annotations

import pytest

from ipfs_accel_pipeline.reports.foreign_text import first_line, markdown


def test_an_error_is_told_by_its_first_line():
    assert first_line("\n  RuntimeError: no  kernel\nTraceback: much more") == "RuntimeError: no kernel"


def test_a_huge_line_is_cut_with_an_ellipsis():
    line = first_line("x" * 100_000)

    assert line is not None
    assert len(line) == 200
    assert line.endswith("…")


@pytest.mark.parametrize("nothing", [None, "", " \n\t\n"])
def test_an_empty_message_is_no_message(nothing):
    assert first_line(nothing) is None


def test_terminal_colours_and_control_characters_are_left_out():
    assert first_line("\x1b[31mError\x1b[0m:\x00 bell\x07") == "Error: bell"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a|b", r"a\|b"),
        ("a\nb", "a b"),
        ("<script>", "&lt;script&gt;"),
        ("&lt;", "&amp;lt;"),
        ("[x](y)", r"\[x\](y)"),
        ("*b* _i_ ~s~", r"\*b\* \_i\_ \~s\~"),
        ("`code`", r"\`code\`"),
        ("a\\|b", r"a\\\|b"),
    ],
)
def test_markup_in_foreign_text_takes_no_effect_in_markdown(text, safe):
    assert markdown(text) == safe


def test_names_stay_readable_in_the_raw_file():
    assert markdown("batch_size 模型 é") == "batch_size 模型 é"
