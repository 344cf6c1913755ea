"""What a reader sees. Regenerate the golden files with `UPDATE_GOLDEN=1 pytest ipfs_accel_pipeline_tests/reports`."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.reports.content import gather
from ipfs_accel_pipeline.reports.write import FORMATS, SUFFIXES, render_report
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.snapshot import open_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.dashboard.synthetic import Size, publish_synthetic
from ipfs_accel_pipeline_tests.reports import example

GOLDEN = Path(__file__).parent / "golden"
VOID = {"meta", "br", "hr", "img", "input", "link"}


class BalancedTags(HTMLParser):
    """Collects the text and the elements of a page, and fails on a tag that is closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"line {self.getpos()[0]}"

    def handle_data(self, data):
        self.text += data


def parsed(page: str) -> BalancedTags:
    parser = BalancedTags()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def table_rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def cells(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row)) - 1


@pytest.mark.parametrize("format", FORMATS)
def test_the_report_is_the_golden_one(content, format):
    golden = GOLDEN / f"report{SUFFIXES[format]}"
    # The method quotes the protocol's figures: they are tested there, and would change these files for no reason here.
    text = render_report(replace(content, method=content.method[:1]), format)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("format", FORMATS)
def test_rendering_twice_gives_the_same_text(content, format):
    assert render_report(content, format) == render_report(content, format)


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_database_gives_a_report_that_says_what_to_run(empty_content, format):
    assert "make run" in render_report(empty_content, format)


def test_an_unknown_format_is_refused_with_the_known_ones(content):
    with pytest.raises(UsageError, match="markdown, html, json"):
        render_report(content, "pdf")


def test_every_markdown_table_has_the_same_cells_in_all_its_rows_whatever_the_names(content):
    text = render_report(content, "markdown")

    for table in re.split(r"\n(?!\|)", text):
        assert len({cells(row) for row in table_rows(table)}) <= 1, table
    assert "<script>" not in text


def test_markdown_says_why_a_number_is_missing(content):
    text = render_report(content, "markdown")

    assert "| fake-whisper | – | 2 | 0 | 0 % | 0 | – (no test passed) |  |" in text
    assert "- cpu-fake-9000: – for 2 cases (no power sensor on the fake host; source: unavailable)" in text


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_emulated_and_software_platforms_are_labelled_in_the_matrix(content, format):
    report = render_report(content, format)
    matrix = report[report.index("every latest case passed") :].split("Performance across hardware")[0]

    assert "Qualcomm, emulated" in matrix
    assert "WebGPU, software" in matrix


def test_a_type_that_was_never_looked_for_is_unknown_and_not_absent(content):
    assert "| ROCm | – | ? unknown: no detection of this type is stored yet |" in render_report(content, "markdown")


@pytest.mark.parametrize("which", ["content", "empty_content"])
def test_the_page_is_well_formed(request, which):
    page = parsed(render_report(request.getfixturevalue(which), "html"))

    headings = [tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert headings[:2] == ["h1", "h2"]
    assert headings.count("h1") == 1


@pytest.mark.parametrize("which", ["content", "empty_content"])
def test_the_page_is_valid_html(request, which):
    html5lib.HTMLParser(strict=True).parse(render_report(request.getfixturevalue(which), "html"))


def test_the_page_of_sixty_models_on_eight_platforms_stays_small_with_its_distributions(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "ipfs_accel_pipeline.reports.distributions.counted_latencies_ms_of",
        lambda _, test: [[10.0 + hash((test.id, number)) % 100 / 10 for number in range(90)]],
    )
    size = Size(models=60, platforms=8, runs=2, batches=(1,), precisions=("fp32",))
    with open_snapshot(publish_synthetic(tmp_path, size)) as connection:
        content = gather(connection, generated_at=example.GENERATED_AT, shards=tmp_path)
    page = render_report(content, "html")

    assert page.count("<td") > 60 * 8
    assert page.count('class="density"') == 100
    assert len(page.encode()) < 510_000


def test_the_matrix_is_grouped_by_family_and_rings_the_fastest_alone(content):
    page = render_report(content, "html")
    matrix = page[page.index('id="compatibility"') : page.index('id="performance"')]

    assert re.findall(r'<th scope="rowgroup" colspan="\d+">(\w+)</th>', matrix) == ["bert", "vit", "whisper"]
    ringed = re.findall(r'<td class="ringed">.*?<small class="best">(.) [\d.]+ ms (\w+)', matrix)
    assert ringed == [("≈", "onnxruntime"), ("≈", "openvino")]
    assert 'class="imitated"' in matrix


def test_the_page_needs_no_network_and_its_policy_lets_only_its_own_script_and_style_act(content):
    text = render_report(content, "html")
    page = parsed(text)

    assert not {"link", "img", "iframe"} & {tag for tag, _ in page.elements}
    targets = [value for _, attrs in page.elements for name, value in attrs.items() if name in ("src", "href")]
    assert all(target.startswith("#") for target in targets)
    (policy,) = [attrs["content"] for _, attrs in page.elements if "http-equiv" in attrs]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not [name for _, attrs in page.elements for name in attrs if name == "style" or name.startswith("on")]


def test_memory_is_drawn_and_energy_that_nobody_measured_is_one_line_with_the_reason(content):
    unpowered = replace(content, power=())
    section = render_report(unpowered, "html").split('id="memory"')[1].split("</section>")[0]

    assert "No energy was measured: no power sensor on the fake host." in section
    assert section.count("<table") == 1
    assert re.search(r'fake-bert-tiny</th>.*<use href="#m0".*150 MiB', section)


def test_energy_is_drawn_where_it_was_measured(content):
    rows = tuple(replace(row, energy_efficiency_items_per_joule=3.0) for row in content.performance)
    page = render_report(replace(content, performance=rows), "html")

    assert "No energy was measured" not in page
    assert "Items per joule, from the lowest platform to the highest" in page


def test_an_odd_name_is_shown_as_it_is_and_does_nothing(content):
    page = parsed(render_report(content, "html"))

    assert example.ODD in page.text


def test_every_section_of_the_page_is_linked(content):
    page = parsed(render_report(content, "html"))

    links = {attrs["href"] for tag, attrs in page.elements if tag == "a"}
    assert links == {f"#{attrs['id']}" for tag, attrs in page.elements if tag == "h2"}


def test_every_table_of_the_page_has_a_caption_and_every_head_a_scope(content):
    page = parsed(render_report(content, "html"))
    tags = [tag for tag, _ in page.elements]

    assert tags.count("caption") == tags.count("table") > 0
    assert all(attrs.get("scope") for tag, attrs in page.elements if tag == "th")


@pytest.mark.parametrize(
    "status", ["✓ passed", "✗ crashed", "◐ partial, 50 % passed", "✗ incompatible", "· untested", "○ absent"]
)
def test_a_status_is_a_symbol_and_a_word_beside_its_colour(content, status):
    assert status in parsed(render_report(content, "html")).text


def test_json_names_its_version_and_has_no_nan(content):
    document = json.loads(render_report(content, "json"), parse_constant=pytest.fail)

    assert document["schema_version"] == 1
    assert document["generated_at"] == "2026-03-02T12:00:00Z"
    assert document["performance"][0]["ci95_low_ms"] == pytest.approx(6.1 * 0.98)


def test_json_carries_the_names_and_numbers_as_they_were_stored(content):
    document = json.loads(render_report(content, "json"))

    assert example.ODD in {model["model_id"] for model in document["models"]}
    assert {row["p50_latency_ms"] for row in document["performance"]} >= {0.842, 1234.0}
    assert [row for row in document["performance"] if row["memory_peak_mb"] is None]


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_models_that_nobody_tested_are_counted_and_not_listed_row_by_row(tmp_path, format):
    with open_database(tmp_path / "benchmark.duckdb") as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        untested = [fakes.model_row(model_id=f"catalogue-{n}", model_name=f"of/catalogue-{n}") for n in range(73)]
        write_rows(connection, "models", [fakes.model_row(), *untested])
        write_rows(connection, "test_results", [fakes.test_row()])
        everything = gather(connection, generated_at=fakes.NOON)
        asked_for = gather(connection, generated_at=fakes.NOON, models=["catalogue-1"])

    text = render_report(everything, format)
    assert fakes.MODEL_ID in text
    assert "catalogue-1" not in text
    assert text.count("73 further models are known, without a test here.") == 2
    assert len(json.loads(render_report(everything, "json"))["models"]) == 74
    assert "catalogue-1" in render_report(asked_for, format).partition("Compatibility")[2]
    assert "further model" not in render_report(asked_for, format)
