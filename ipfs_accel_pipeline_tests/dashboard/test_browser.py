"""The dashboard as a person uses it, in a real headless Chromium."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from ipfs_accel_pipeline.dashboard.registry import SCREENS
from ipfs_accel_pipeline.reports.content import gather
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
AXE = "const done = arguments[1]; axe.run(document, {resultTypes: ['violations'], ...arguments[0]}).then(done)"


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


def test_a_download_link_carries_the_state_of_the_screen(browser, site):
    browser.look_at(f"{site.address}/matrix?type=CPU")
    browser.find("details.filter summary").click()
    browser.find("input[name=type][value=CUDA]").click()
    browser.wait_until(lambda: len(browser.find_all("thead th")) == 3, "two platforms are shown")

    address = browser.find(".downloads a[href*='.json']").get_attribute("href")
    rows = json.loads(
        browser.driver.execute_async_script(
            "const done = arguments[1]; fetch(arguments[0]).then((one) => one.text()).then(done)", address
        )
    )

    assert {row["hardware_type"] for row in rows} == {"CPU", "CUDA"}


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


def violations(browser, axe: str, dark: bool) -> list[str]:
    """By all rules in light colours; in dark ones only what colours can break."""
    browser.run(axe)
    found = browser.driver.execute_async_script(AXE, {"runOnly": ["color-contrast"]} if dark else {})["violations"]
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [*SCREEN_PATHS, "/api", "/model?id=invented/bert-000", "/platform?id=cuda-invented-02", "/nowhere"],
)
def test_axe_finds_no_barrier_on_a_screen(browser, site, axe, path, dark):
    browser.look_at(site.address + path, dark=dark)

    assert violations(browser, axe, dark) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_barrier_on_the_page_of_one_test(browser, site, axe, dark):
    browser.look_at(f"{site.address}/tests")
    link = browser.run("return [...document.links].find(one => one.href.includes('/test?')).href")
    browser.look_at(link, dark=dark)

    assert violations(browser, axe, dark) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_barrier_in_the_report(browser, axe, example_settings, tmp_path, dark):
    with open_snapshot(example_settings.snapshot) as connection:
        content = gather(connection, generated_at=example.GENERATED_AT)
    page = tmp_path / "report.html"
    page.write_text(render_report(content, "html"), encoding="utf-8")

    browser.look_at(page.as_uri(), dark=dark)

    assert violations(browser, axe, dark) == []
