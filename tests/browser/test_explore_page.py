"""The page of ``fleetfront explore`` in a real browser, started by the real command.

Screenshots in three sizes, light and dark, go to the folder that FLEETFRONT_SCREENSHOTS names.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from solver.api import read_instance, solve
from solver.result import canonical_digest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("dash", reason="dash is not installed: pip install 'fleetfront[explore]'")

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "instances" / "replica" / "llama-3.1-70b-fp8-h100.toml"
IMPOSSIBLE = ROOT / "instances" / "replica" / "llama-3.1-405b-impossible-h100.toml"
LONG = ROOT / "instances" / "fleet" / "fleet-100000.toml"
POOL = ROOT / "instances" / "fleet" / "one-model-one-pool.toml"
CHROMIUM = os.environ.get("FLEETFRONT_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
SLOW_MS = 60_000
"""Patience, not a measurement: machines that test do much else."""

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium found; name one in FLEETFRONT_CHROMIUM"),
]


@dataclass
class Seen:
    """A tab, and what happened in it that nobody wants."""

    page: Any
    address: str
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@contextmanager
def _explore(*arguments: str) -> Iterator[str]:
    """Run the command on a free port; its address."""
    code = "import sys; from solver.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "explore", "--no-browser", "--port", "0", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert found is not None, line
            yield found[0]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        sync_api.expect.set_options(timeout=SLOW_MS)
        yield chromium
        chromium.close()


@contextmanager
def _tab(browser: Any, address: str, **options: Any) -> Iterator[Seen]:
    """A tab that is checked, when it is left, to have met no error and asked nobody else."""
    context = browser.new_context(
        **{"viewport": {"width": 1440, "height": 900}, "accept_downloads": True, **options}
    )
    seen = Seen(context.new_page(), address)
    page = seen.page
    page.on(
        "console",
        lambda said: seen.console.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            seen.foreign.append(asked.url)
            if not asked.url.startswith((address, "data:", "blob:"))
            else None
        ),
    )
    page.on("response", lambda got: seen.failed.append(got.url) if got.status >= 400 else None)
    page.on("dialog", lambda dialog: seen.console.append(f"dialog: {dialog.message}"))
    page.set_default_timeout(SLOW_MS)
    page.goto(address)
    yield seen
    assert (seen.console, seen.foreign, seen.failed) == ([], [], [])
    context.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with _explore(str(README)) as found:
        yield found


@pytest.fixture(scope="module")
def readme(browser: Any, address: str) -> Iterator[Seen]:
    """One tab for all tests of the README's question."""
    with _tab(browser, address) as seen:
        yield seen


@pytest.fixture(scope="module")
def asked() -> list[list[float]]:
    """The points of the README's question as its file asks it."""
    return _points(solve(README).to_dict())


@pytest.fixture
def tab(readme: Seen, asked: list[list[float]]) -> Iterator[Seen]:
    """The README's question as its file asks it, solved and drawn; no error is left unseen."""
    page = readme.page
    page.locator("#standing-A strong").wait_for()
    page.get_by_label("Compare with a second scenario").uncheck()
    page.locator("#reset-A").click()
    sync_api.expect(page.locator("#panel-A .changed")).to_have_count(0)
    _drawn_again(page, asked)
    yield readme
    assert (readme.console, readme.foreign, readme.failed) == ([], [], [])


def _solved(page: Any, scenario: str = "A", sentence: str = "Complete.") -> None:
    """Wait for an answer that is drawn."""
    sync_api.expect(page.locator(f"#standing-{scenario}")).to_contain_text(sentence)
    page.wait_for_function(
        """name => {
          const box = document.querySelector('#chart-box').className;
          const plot = document.querySelector('#chart .js-plotly-plot');
          return box === 'chart hidden' || (box === 'chart' && plot?._fullData?.some(
            trace => trace.name === `Scenario ${name}` && trace.x.length));
        }""",
        arg=scenario,
    )


def _drawn(page: Any, scenario: str = "A") -> list[list[float]]:
    """The points of a scenario as the chart holds them, sorted."""
    # Plotly may carry numbers as packed bytes; its own calculated data is plain.
    found: list[list[float]] = page.evaluate(
        """name => document.querySelector('#chart .js-plotly-plot')._fullData
             .filter(trace => trace.name === `Scenario ${name}`)
             .flatMap(trace => Array.from(trace.x, (x, at) => [x, trace.y[at]]))""",
        scenario,
    )
    return sorted(found)


def _points(document: dict[str, Any]) -> list[list[float]]:
    return sorted([p["objectives"]["speed"], p["objectives"]["cost"]] for p in document["points"])


def _price(page: Any, scenario: str = "A") -> Any:
    panel = page.locator(f"#panel-{scenario}")
    return panel.get_by_role("textbox", name="Price of H100 SXM")


def _repriced(page: Any, price: str, scenario: str = "A") -> list[list[float]]:
    """Type another price; the frontier that it leads to."""
    before = _drawn(page, scenario)
    _price(page, scenario).fill(price)
    deadline = time.monotonic() + SLOW_MS / 1000
    while (after := _drawn(page, scenario)) == before:
        assert time.monotonic() < deadline, "the frontier did not change"
        page.wait_for_timeout(20)
    _solved(page, scenario)
    return after


def _drawn_again(page: Any, points: list[list[float]], scenario: str = "A") -> None:
    """Wait until a scenario has the points it had: what stands there may be an answer before."""
    _solved(page, scenario)
    deadline = time.monotonic() + SLOW_MS / 1000
    while _drawn(page, scenario) != points:
        assert time.monotonic() < deadline, "the frontier did not come back"
        page.wait_for_timeout(20)
    _solved(page, scenario)


def test_the_frontier_of_the_file_is_drawn(tab: Seen, asked: list[list[float]]) -> None:
    assert _drawn(tab.page) == asked


def test_another_price_is_solved_exactly(tab: Seen) -> None:
    settings = {"price.usd_per_hour": "4.2"}
    expected = _points(solve(read_instance(README, settings=settings)).to_dict())
    assert _repriced(tab.page, "4.2") == expected


def test_a_changed_control_is_marked_and_can_be_reset(tab: Seen) -> None:
    page = tab.page
    before = _drawn(page)
    _repriced(page, "5.5")
    changed = page.locator("#panel-A .changed")
    sync_api.expect(changed).to_have_count(1)
    sync_api.expect(changed).to_contain_text("File: 2.95")
    changed.get_by_role("button", name=re.compile("^Reset")).click()
    sync_api.expect(changed).to_have_count(0)
    _drawn_again(page, before)


def test_a_click_on_a_point_shows_its_plan(tab: Seen) -> None:
    page = tab.page
    title = page.locator("#plan-title")
    before = title.inner_text()
    page.locator("#chart .scatterlayer .trace").nth(1).locator(".point").last.click(force=True)
    sync_api.expect(title).not_to_have_text(before)
    sync_api.expect(page.locator("#plan")).to_contain_text("H100 SXM")
    sync_api.expect(page.locator("#plan")).to_contain_text("Paced by")


def test_the_keyboard_alone_reaches_a_plan(tab: Seen) -> None:
    page = tab.page
    page.reload()
    _solved(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the frontier"
    page.get_by_role("button", name="Show plan 3 of scenario A").focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#plan-title")).to_have_text("Scenario A, point 3 of 584")
    page.locator("#next").focus()
    page.keyboard.press("Space")
    sync_api.expect(page.locator("#plan-title")).to_have_text("Scenario A, point 4 of 584")


def test_the_ring_of_focus_is_seen(tab: Seen) -> None:
    page = tab.page
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_every_field_has_a_name_for_screen_readers(tab: Seen) -> None:
    unnamed = tab.page.evaluate(
        """() => [...document.querySelectorAll('input, select, textarea, button')].filter(field =>
             !field.labels?.length && !field.getAttribute('aria-label') && !field.textContent.trim()
             && !field.ariaHidden && !field.closest('.modebar')).map(field => field.outerHTML)"""
    )
    assert unnamed == []


def test_two_scenarios_stand_side_by_side(tab: Seen) -> None:
    page = tab.page
    page.get_by_label("Compare with a second scenario").check()
    _solved(page, "B")
    after = _repriced(page, "5.9", "B")
    assert after[0][1] == pytest.approx(2 * _drawn(page, "A")[0][1], rel=1e-9)
    sync_api.expect(page.locator("#comparison")).to_contain_text("+100.0 %")
    assert page.locator("#panel-A .changed").count() == 0


def test_a_second_tab_shows_what_the_first_one_asked(browser: Any, tab: Seen) -> None:
    first = _repriced(tab.page, "3.75")
    with _tab(browser, tab.address) as other:
        _solved(other.page)
        assert _drawn(other.page) == first
        sync_api.expect(_price(other.page)).to_have_value("3.75")


@pytest.mark.parametrize("text", ["abc", "-1", "1e999999"])
def test_a_bad_value_is_told_at_its_control(tab: Seen, text: str) -> None:
    page = tab.page
    before = _drawn(page)
    _price(page).fill(text)
    sync_api.expect(page.locator("#standing-A")).to_contain_text("Not solved.")
    fault = page.locator("#panel-A .fault").filter(has_text=re.compile(r"\w"))
    sync_api.expect(fault).to_have_count(1)
    assert _drawn(page) == before


def test_what_is_taken_away_is_what_is_shown(tab: Seen, tmp_path: Path) -> None:
    page = tab.page
    shown = _repriced(page, "3.125")
    files = {}
    for what in ("question", "json", "csv", "png"):
        with page.expect_download() as waiting:
            page.locator(f"#downloads-A a[href='/download/A/{what}']").click()
        files[what] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(files[what])
    assert files["question"].suffix == ".toml"
    assert "# The question of the README." in files["question"].read_text()
    assert _points(solve(files["question"]).to_dict()) == shown
    assert _points(json.loads(files["json"].read_text())) == shown
    assert len(files["csv"].read_text().splitlines()) == 1 + len(shown)
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def test_the_theme_is_switched_and_kept(tab: Seen) -> None:
    page = tab.page
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.locator("#theme").click()
    after = page.evaluate(ground)
    page.reload()
    page.locator("#standing-A strong").wait_for()
    assert before != after == page.evaluate(ground)


def test_a_long_solve_shows_progress_and_can_be_cancelled(browser: Any) -> None:
    with _explore(str(LONG)) as found, _tab(browser, found) as seen:
        page = seen.page
        told = re.compile(r"(starting|\d+ of \d+), [\d.]+ s")
        sync_api.expect(page.locator("#progress-A")).to_contain_text(told)
        page.locator("#cancel-A").click()
        sync_api.expect(page.locator("#standing-A")).to_have_text(re.compile("^(Partial|Stopped)"))
        sync_api.expect(page.locator("#cancel-A")).to_be_hidden()
        # What was stopped can be asked again, unchanged.
        page.locator("#reset-A").click()
        sync_api.expect(page.locator("#progress-A")).to_contain_text(told)


def test_limits_in_conflict_are_told_with_how_far_each_must_give(browser: Any) -> None:
    with _explore(str(IMPOSSIBLE)) as found, _tab(browser, found) as seen:
        page = seen.page
        sync_api.expect(page.locator("#standing-A")).to_contain_text("No plan meets all limits.")
        row = page.locator("#outcome tr").filter(has_text="max_devices")
        sync_api.expect(row).to_contain_text("16 devices")
        page.get_by_role("textbox", name="Devices of a replica, at most").fill("16")
        _solved(page)
        assert _drawn(page)


EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script><a href=javascript:alert(3)>x</a>"
MARKUP = "img[onerror], b[onclick], a[href^=javascript], #react-entry-point script"


def test_markup_in_a_question_is_shown_as_text_and_never_run(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "evil.toml"
    text = re.sub(r'^title = ".*"$', f'title = "{EVIL}"', POOL.read_text(), flags=re.MULTILINE)
    assert EVIL in text
    path.write_text(text)
    with _explore(str(path)) as found, _tab(browser, found) as seen:
        page = seen.page
        _solved(page)
        page.get_by_label("Compare with a second scenario").check()
        _solved(page, "B")
        sync_api.expect(page.locator("h1")).to_have_text(EVIL)
        assert page.locator(MARKUP).count() == 0


def test_markup_in_a_result_is_shown_as_text_and_never_run(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "evil.json"
    text = json.dumps(solve(POOL).to_dict())
    document = json.loads(text.replace('"h100"', '"<b onclick=alert(4)>h100</b>"'))
    document["digest"] = canonical_digest(document)
    path.write_text(json.dumps(document))
    with _explore(str(path)) as found, _tab(browser, found) as seen:
        page = seen.page
        _solved(page, sentence="Complete, says the file.")
        sync_api.expect(page.locator("#plan")).to_contain_text("<b onclick=alert(4)>h100</b>")
        page.locator("#chart .scatterlayer .trace").nth(1).locator(".point").first.hover(force=True)
        hover = page.locator("#chart .hovertext").first
        sync_api.expect(hover).to_contain_text("<b onclick=alert(4)>h100</b>")
        assert page.locator(MARKUP).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)])
def test_nothing_is_cut_off_in_any_size(
    browser: Any, address: str, size: tuple[int, int], scheme: str
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    with _tab(browser, address, viewport=viewport, color_scheme=scheme) as seen:
        page = seen.page
        page.locator("#standing-A strong").wait_for()
        page.locator("#chart .scatterlayer .point").first.wait_for(state="attached")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        box = page.locator("#chart .main-svg").first.bounding_box()
        assert box["width"] > 0.6 * page.locator("#frontier").bounding_box()["width"]
        assert box["height"] > 300
        folder = os.environ.get("FLEETFRONT_SCREENSHOTS")
        if folder:
            name = f"explore-{size[0]}x{size[1]}-{scheme}.png"
            page.screenshot(path=str(Path(folder) / name), full_page=True)
