"""The dashboard as a person uses it, in a real headless Chromium."""

from __future__ import annotations

import csv
import json
import re
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest

from ipfs_accel_pipeline.dashboard.registry import SCREENS
from ipfs_accel_pipeline.reports.content import gather
from ipfs_accel_pipeline.reports.figures import with_unit
from ipfs_accel_pipeline.reports.write import render_report
from ipfs_accel_pipeline.storage.snapshot import open_snapshot
from ipfs_accel_pipeline_tests.dashboard.browser import find_axe
from ipfs_accel_pipeline_tests.reports import example

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREEN_PATHS = [entry.path for entry in SCREENS if entry.label]
CASE = (
    "of_model=invented%2Fbert-008&of_hardware=cuda-invented-02&of_endpoint=pytorch&of_precision=fp32&of_batch=8"
    "&of_sequence=128"
)
# Every rule of axe: what it finds is a defect.
AXE = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done)"


def state_of(browser) -> dict[str, list[str]]:
    return parse_qs(urlsplit(browser.driver.current_url).query)


@pytest.mark.parametrize("path", SCREEN_PATHS)
def test_the_browser_has_nothing_to_complain_of_and_draws_every_chart(browser, site, path):
    browser.look_at(site.address + path)

    assert browser.problems() == []
    assert browser.find_all("figure.chart.failed") == []
    assert len(browser.find_all("figure.chart")) == len(browser.find_all("figure.chart .main-svg:first-child"))


def test_a_filter_acts_at_once_and_stands_in_the_address(browser, site):
    browser.look_at(f"{site.address}/matrix")
    before = len(browser.find_all("tbody tr"))

    browser.find("details.filter summary").click()
    browser.find("input[name=type][value=CPU]").click()
    browser.wait_until(lambda: len(browser.find_all("thead th")) == 2, "one platform is left")

    assert state_of(browser) == {"type": ["CPU"]}
    assert len(browser.find_all("tbody tr")) == before
    assert browser.run("return document.activeElement.value") == "CPU"  # the keyboard stays where it was


def test_the_address_alone_brings_the_same_screen_back(browser, site):
    browser.look_at(f"{site.address}/matrix?type=CPU&family=bert&batch=8")

    assert browser.texts("thead th")[1:] == ["cpu-invented-00CPU"]
    assert browser.texts("tbody th a") == ["invented/bert-000", "invented/bert-008"]
    assert [box.get_attribute("value") for box in browser.find_all("input:checked")] == ["CPU", "bert", "8"]


def test_back_undoes_a_filter(browser, site):
    browser.look_at(f"{site.address}/matrix")
    everything = len(browser.find_all("thead th"))
    browser.find("details.filter summary").click()
    browser.find("input[name=type][value=CUDA]").click()
    browser.wait_until(lambda: len(browser.find_all("thead th")) == 2, "one platform is left")

    browser.driver.back()

    browser.wait_until(lambda: len(browser.find_all("thead th")) == everything, "all platforms are back")
    assert state_of(browser) == {}


def test_a_table_is_sorted_both_ways_and_the_address_remembers(browser, site):
    browser.look_at(f"{site.address}/models")

    def parameters() -> list[float]:
        script = "return Array.from(document.querySelectorAll('tbody tr'), (row) => Number(row.cells[3].dataset.sort))"
        return browser.run(script)

    head = "thead th:nth-child(4) button.sort"
    browser.find(head).click()
    assert parameters() == sorted(parameters())
    browser.find(head).click()
    assert parameters() == sorted(parameters(), reverse=True)
    assert browser.find("thead th:nth-child(4)").get_attribute("aria-sort") == "descending"

    browser.look_at(browser.driver.current_url)
    assert parameters() == sorted(parameters(), reverse=True)


def test_two_runs_are_compared_by_choosing_them(browser, site):
    browser.look_at(f"{site.address}/compare?by=run&a=run-004&b=run-005")
    tiles = browser.texts(".tiles dd")

    browser.run(
        "const a = document.querySelector('[name=a]'); a.value = 'run-002';"
        "a.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    browser.wait_until(lambda: state_of(browser).get("a") == ["run-002"], "the other run is in the address")
    browser.wait_for_charts()

    assert browser.texts(".tiles dd") != tiles
    assert any("B slower" in verdict for verdict in browser.texts("tbody td:nth-child(7)"))


def test_another_kind_of_comparison_forgets_the_sides_that_were_chosen(browser, site):
    browser.look_at(f"{site.address}/compare?by=run&a=run-004&b=run-005")

    browser.run(
        "const by = document.querySelector('[name=by]'); by.value = 'platform';"
        "by.dispatchEvent(new Event('change', {bubbles: true}))"
    )

    browser.wait_until(lambda: state_of(browser) == {"by": ["platform"]}, "only the kind is in the address")


def test_links_lead_from_the_overview_to_a_test_and_back_to_its_history(browser, site):
    browser.look_at(site.address)
    browser.find("#failures ~ .scroll tbody td:last-child a").click()
    assert "InventedError" in browser.find("pre.error").text

    browser.find(".lead a").click()
    assert browser.find("h1").text.startswith("invented/")
    browser.find("td.rank a").click()
    assert "results" not in browser.texts("h2")[0]
    assert browser.find_all("figure.chart")


READERS = {
    "csv": lambda path: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())),
    "json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    "parquet": lambda path: pq.read_table(path).to_pylist(),
}


@pytest.mark.parametrize("format", READERS)
def test_a_click_downloads_the_rows_that_the_filters_left_on_the_screen(browser, site, tmp_path, format):
    browser.save_downloads_in(tmp_path)
    browser.look_at(f"{site.address}/matrix?type=CPU")
    browser.find("details.filter summary").click()
    browser.find("input[name=type][value=CUDA]").click()
    browser.wait_until(lambda: len(browser.find_all("thead th")) == 3, "two platforms are shown")
    models, medians = browser.texts("tbody th a"), browser.texts("small.best")

    browser.find(f".downloads a[href*='.{format}']").click()
    browser.wait_until(lambda: list(tmp_path.glob(f"matrix-*.{format}")), "the file is there")

    (file,) = tmp_path.iterdir()
    rows = READERS[format](file)
    assert {row["hardware_type"] for row in rows} == {"CPU", "CUDA"}
    assert {row["model_id"] for row in rows} == set(models)
    numbers = [with_unit(float(row["p50_latency_ms"]), "ms") for row in rows if row["p50_latency_ms"]]
    assert sorted(numbers) == sorted(re.findall(r"[\d.,]+ ms", " ".join(medians)))


def test_versions_are_marked_in_a_trend(browser, site):
    browser.look_at(f"{site.address}/trends?{CASE}")

    assert browser.texts(".annotation-text") == ["pytorch 1.1.0", "pytorch 1.2.0"]


def test_a_point_of_a_chart_leads_to_its_test(browser, site):
    browser.look_at(f"{site.address}/trends?{CASE}")

    point = browser.run("return document.querySelector('.plot').data[0].customdata[0]")
    browser.run("document.querySelector('.plot').emit('plotly_click', {points: [{customdata: arguments[0]}]})", point)

    browser.wait_until(lambda: "/test?" in browser.driver.current_url, "the test is shown")


def test_dark_is_followed_chosen_and_kept(browser, site):
    paper = "return getComputedStyle(document.body).backgroundColor"
    browser.look_at(f"{site.address}/trends", dark=True)
    dark = browser.run(paper)
    browser.look_at(f"{site.address}/trends")
    light = browser.run(paper)
    assert dark != light

    try:
        for _ in range(2):  # from the system's to light, from light to dark
            browser.find("button.theme").click()
        assert browser.run(paper) == dark
        browser.look_at(f"{site.address}/matrix")
        assert browser.run(paper) == dark
    finally:
        browser.run("localStorage.clear()")


@pytest.mark.parametrize("path", SCREEN_PATHS)
def test_a_narrow_screen_scrolls_tables_and_never_the_page(browser, site, path):
    browser.look_at(site.address + path, width=360, height=740)

    assert browser.run("return document.documentElement.scrollWidth") <= 360


def test_a_heatmap_scrolls_on_a_narrow_screen_rather_than_shrink_its_cells(browser, site):
    browser.look_at(f"{site.address}/heatmap", width=390, height=740)
    figure, plot = (
        browser.run(f"return document.querySelector('{one}').getBoundingClientRect().width")
        for one in ("figure.chart", "figure.chart .plot")
    )
    columns = browser.run("return document.querySelector('figure.chart .plot').data[0].x.length")

    assert figure <= 390 < plot
    assert (plot - 340) / columns >= 40
    assert browser.find("figure.chart .plot").get_attribute("tabindex") == "0"


def test_a_caption_keeps_to_what_is_seen_of_a_wide_table(browser, site):
    browser.look_at(f"{site.address}/matrix", width=360, height=740)
    words, box, table = (
        browser.run(f"return document.querySelector('{one}').getBoundingClientRect().right")
        for one in ("caption span", ".scroll", ".matrix")
    )
    assert words <= box < table


def test_the_menu_of_a_narrow_screen_opens(browser, site):
    browser.look_at(f"{site.address}/overview", width=360, height=740)
    assert not browser.find("#menu").is_displayed()

    browser.find(".menu-button").click()

    assert browser.find("#menu").is_displayed()


def test_a_server_that_is_gone_is_told_and_the_page_stays(browser, site):
    browser.look_at(f"{site.address}/matrix")
    rows = len(browser.find_all("tbody tr"))
    browser.run("window.fetch = () => Promise.reject(new Error('refused'))")

    browser.find("details.filter summary").click()
    browser.find("input[name=type][value=CPU]").click()

    browser.wait_until(lambda: browser.find_all(".notice.problem"), "the problem is told")
    assert "refused" in browser.find(".notice.problem").text
    assert len(browser.find_all("tbody tr")) == rows


@pytest.fixture(scope="session")
def axe() -> str:
    script = find_axe()
    if script is None:
        pytest.skip("axe-core is not here: npm install --no-save axe-core, or name its script with AXE_PATH")
    return script.read_text(encoding="utf-8")


def violations(browser, axe: str) -> list[str]:
    """What is found by all of axe's rules."""
    browser.run(axe)
    found = browser.driver.execute_async_script(AXE)["violations"]
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [*SCREEN_PATHS, "/api", "/model?id=invented/bert-000", "/platform?id=cuda-invented-02", "/nowhere"],
)
def test_axe_finds_no_barrier_on_a_screen(browser, site, axe, path, dark):
    browser.look_at(site.address + path, dark=dark)

    assert violations(browser, axe) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_barrier_on_the_page_of_one_test(browser, site, axe, dark):
    browser.look_at(f"{site.address}/tests")
    link = browser.run("return [...document.links].find(one => one.href.includes('/test?')).href")
    browser.look_at(link, dark=dark)

    assert violations(browser, axe) == []


@pytest.fixture(scope="module")
def report(example_settings, tmp_path_factory) -> str:
    """The address of the example's report."""
    with open_snapshot(example_settings.snapshot) as connection:
        content = gather(connection, generated_at=example.GENERATED_AT)
    page = tmp_path_factory.mktemp("report") / "report.html"
    page.write_text(render_report(content, "html"), encoding="utf-8")
    return page.as_uri()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_barrier_in_the_report(browser, axe, report, dark):
    browser.look_at(report, dark=dark)

    assert violations(browser, axe) == []


def test_axe_finds_no_barrier_in_a_report_that_is_sorted_and_filtered(browser, axe, report):
    browser.look_at(report)
    browser.find("#models ~ .scroll thead button").click()
    browser.find(".finder input").send_keys("bert")

    assert violations(browser, axe) == []


def shown_rows(browser, section: str) -> list[str]:
    script = (
        "return Array.from(document.querySelectorAll(`section[aria-labelledby=${arguments[0]}] tbody tr:not(.case)`))"
        ".filter((row) => row.checkVisibility()).map((row) => row.cells[0].textContent)"
    )
    return browser.run(script, section)


def test_the_report_is_filtered_by_words_of_a_row_and_of_what_it_is_folded_under(browser, report):
    browser.look_at(report)
    box, everything = browser.find(".finder input"), shown_rows(browser, "performance")

    box.send_keys("bert openvino")
    assert shown_rows(browser, "performance") == [f"{example.OPENVINO}openvino"] * 2
    assert shown_rows(browser, "models") == []  # its best result is of another platform
    assert re.fullmatch(r"\d+ of \d+ rows", browser.find(".finder [role=status]").text)

    box.clear()
    browser.run("arguments[0].dispatchEvent(new Event('input'))", box)
    assert shown_rows(browser, "performance") == everything
    assert browser.problems() == []


def test_a_table_of_the_report_is_sorted_both_ways_with_unknown_last_and_back(browser, report):
    browser.look_at(report)
    given = shown_rows(browser, "models")
    head = browser.find("#models ~ .scroll thead th:nth-child(2)")
    unknown = [row for row in given if row == example.WHISPER]

    def parameters() -> list[str]:
        return browser.texts("section[aria-labelledby=models] tbody td:nth-child(2)")

    head.find_element("tag name", "button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    upwards = parameters()
    head.find_element("tag name", "button").click()
    downwards = parameters()
    head.find_element("tag name", "button").click()

    numbers = [float(text.removesuffix(" M")) for text in upwards[:-1]]
    assert numbers == sorted(numbers)
    assert [float(text.removesuffix(" M")) for text in downwards[:-1]] == numbers[::-1]
    assert (upwards[-1], downwards[-1]) == ("–", "–")
    assert unknown
    assert shown_rows(browser, "models") == given
    assert head.get_attribute("aria-sort") is None


def test_the_report_is_whole_without_script(browser, report):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get(report)
        assert not browser.find_all(".finder, thead button")
        assert browser.find("#performance").is_displayed()
        assert "fake-bert-tiny" in browser.find("section[aria-labelledby=memory]").text
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
