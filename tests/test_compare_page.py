"""The page of a comparison in headless Chromium, from the file system, as those who are shown it open it."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright")
from PIL import Image
from playwright.sync_api import Browser, Page

from browsers import NoBrowser, chromium
from example_report import HOSTILE, LABELS, VALUES, read_number, write_report
from page_probes import CONTRASTS, SAMPLE, wait_for

FRAME = 1 / 30  # seconds, of the video with the highest rate
FRAME_COUNTS = (75, 75, 90, 50)
RATES = (25, 25, 30, 25)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as browser:
            yield browser
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("reports") / "a report 100% #1?"
    return folder, write_report(folder, side=96)


@pytest.fixture
def open_page(browser: Browser, report: tuple[Path, dict[str, Any]]) -> Iterator[Callable[..., Page]]:
    """Opens the page; at the end nothing may have been reported or asked for beyond the report's folder."""
    faults: list[str] = []
    contexts = []
    root = report[0].as_uri()

    def open_report(width: int = 1280, height: int = 900, anchor: str = "", **settings: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request", lambda asked: faults.append(asked.url) if not asked.url.startswith((root, "data:")) else None
        )
        page.goto(f"{root}/index.html{anchor}")
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture
def playable(page: Page) -> Page:
    """The page in a browser that plays its videos, which are there and wait."""
    if not page.evaluate("document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.42E01E\"')"):
        pytest.skip("this Chromium is built without H.264; Debian's 'chromium' package plays it")
    wait_for(page, "[...document.querySelectorAll('video')].every((video) => video.readyState >= 2)")
    return page


def come_to_rest_on(page: Page, frames: list[int]) -> None:
    """The pictures on the screen carry these numbers, once every video rests and the browser has drawn it."""
    wait_for(page, "[...document.querySelectorAll('video')].every((v) => v.paused && !v.seeking)")
    deadline = time.monotonic() + 5  # drawn some time after the seek is told as done, on a busy machine
    while (shown := shown_frames(page)) != frames and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert shown == frames


def shown_frames(page: Page) -> list[int]:
    """The numbers that the pictures on the screen carry now."""
    videos = page.locator("video")
    shots = [videos.nth(place).screenshot() for place in range(videos.count())]
    return [read_number(Image.open(io.BytesIO(shot))) for shot in shots]


def expected_frames(frame: int) -> list[int]:
    """Of each video at a frame of the fastest: its own frame then, its last one where it is over."""
    seconds = (frame + 0.5) * FRAME
    return [min(count - 1, int(seconds * rate)) for rate, count in zip(RATES, FRAME_COUNTS, strict=True)]


def play_to(page: Page, seconds: float) -> None:
    wait_for(page, f"document.querySelector('video').currentTime > {seconds}")


def row(page: Page, metric: str) -> list[tuple[str, bool]]:
    """Values of a metric as they are printed, by variant, and whether each is marked as the best."""
    cells = page.locator(f"tr[data-metric={metric}] td")
    return [
        (
            cell.locator(".number").inner_text() if cell.locator(".number").count() else "",
            "best" in (cell.get_attribute("class") or ""),
        )
        for cell in cells.all()
    ]


def test_the_page_is_one_file_that_names_no_other_place(report: tuple[Path, dict[str, Any]]) -> None:
    text = (report[0] / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+://[\w./]*", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(?!data:)", text)


@pytest.mark.parametrize("speed", ["1", "2", "0.5"])
def test_videos_play_within_one_frame_of_each_other(playable: Page, speed: str) -> None:
    playable.locator("#rate").select_option(speed)
    playable.keyboard.press("k")
    play_to(playable, 0.5 * float(speed))
    apart = playable.evaluate(SAMPLE, [25, "apart"])
    assert len(apart) > 5
    # Twice as fast, a frame lasts half as long on the screen. A machine with other work may miss a picture.
    assert apart[int(0.8 * len(apart))] <= max(1, float(speed)) / 25, apart


@pytest.mark.parametrize(("heard", "element"), [("", "#sound"), ("v1", "[data-variant=v1] video")])
def test_what_is_heard_is_in_step_with_the_pictures(playable: Page, heard: str, element: str) -> None:
    playable.locator("#heard").select_option(heard)
    playable.keyboard.press("k")
    play_to(playable, 1.2)  # a video's own sound comes out some 60 ms late, which pictures make up for by and by
    off = playable.evaluate(SAMPLE, [25, "sound" if heard == "" else "second"])
    assert len(off) > 5
    assert off[len(off) // 2] < 1 / 25, off
    assert playable.locator(element).evaluate("(medium) => !medium.muted && !medium.paused")
    silent = playable.evaluate("[...document.querySelectorAll('video')].map((video) => video.muted)")
    assert silent == [heard != f"v{number}" for number in range(4)]
    playable.keyboard.press("m")
    assert playable.locator(element).evaluate("(medium) => medium.muted")


def test_scrubbing_and_stepping_show_exactly_the_frame_of_that_time(playable: Page) -> None:
    playable.locator("#scrub").fill("37")
    come_to_rest_on(playable, expected_frames(37))
    playable.locator("#play").focus()
    for presses, key, frame in ((3, "ArrowRight", 40), (1, "Shift+ArrowRight", 70), (2, "ArrowLeft", 68)):
        for _ in range(presses):
            playable.keyboard.press(key)
        come_to_rest_on(playable, expected_frames(frame))
        assert playable.locator("#frame").inner_text() == f"frame {frame + 1} of 90"
    playable.keyboard.press("End")
    come_to_rest_on(playable, [count - 1 for count in FRAME_COUNTS])


def test_the_latest_of_several_seeks_wins_in_whatever_order_the_browser_tells_of_them(page: Page) -> None:
    """A browser ends a seek a little before it tells so; a seek that begins in between must not be lost."""
    follower = (files("dh.comparison.page") / "js/follower.js").read_text("utf-8")
    last = page.evaluate(
        "() => {"
        + follower
        + """
            const video = Object.assign(new EventTarget(), { seeking: false, places: [] });
            Object.defineProperty(video, 'currentTime', { set(time) { this.seeking = true; this.places.push(time); } });
            const end = () => { video.seeking = false; };
            const tell = () => video.dispatchEvent(new Event('seeked'));
            const follower = new Follower(video, 10, 100, 'any');
            follower.seek(1);
            follower.seek(2);
            end();
            follower.seek(3);
            tell();
            for (let turn = 0; turn < 3; turn += 1) { end(); tell(); }
            return video.places.at(-1);
        }"""
    )
    assert last == pytest.approx(3.05)


def test_pausing_stops_all_videos_at_the_same_time(playable: Page) -> None:
    playable.keyboard.press("Space")
    play_to(playable, 0.4)
    playable.keyboard.press("Space")
    frame = int(playable.locator("#scrub").input_value())
    assert frame > 5
    come_to_rest_on(playable, expected_frames(frame))


def test_playing_ends_at_the_end_and_with_loop_begins_again(playable: Page) -> None:
    playable.locator("#rate").select_option("2")
    playable.locator("#scrub").fill("75")
    playable.keyboard.press("k")
    wait_for(playable, "document.querySelector('#scrub').value === '89' && !document.body.matches('.playing')")
    come_to_rest_on(playable, [count - 1 for count in FRAME_COUNTS])
    playable.keyboard.press("l")
    assert playable.locator("#loop").get_attribute("aria-pressed") == "true"
    playable.locator("#scrub").fill("80")
    playable.keyboard.press("k")
    wait_for(playable, "Number(document.querySelector('#scrub').value) < 30 && document.body.matches('.playing')")


def test_every_function_works_from_the_keyboard(playable: Page) -> None:
    pressed = playable.keyboard.press
    status = playable.locator("#status")
    for key, said in (
        ("m", "Mute on"),
        ("l", "Loop on"),
        (">", "Speed 1.25"),
        ("<", "Speed 1"),
        ("2", f"Sound: {LABELS[1]}"),
    ):
        pressed(key)
        assert status.text_content() == said
    assert playable.locator("[data-variant=v1] .hear").get_attribute("aria-pressed") == "true"
    pressed("0")
    assert status.text_content() == "Sound: Audio as given"
    pressed("?")
    assert playable.locator("dialog").is_visible()
    pressed("Escape")
    assert not playable.locator("dialog").is_visible()
    pressed("]")
    assert playable.locator("input[value=song]").is_checked()
    pressed("[")
    assert playable.locator("input[value=speech]").is_checked()
    playable.locator("#play").focus()
    pressed("Space")
    assert playable.locator("#play").get_attribute("aria-label") == "Pause"
    assert playable.locator("#play").evaluate("(button) => getComputedStyle(button).outlineStyle") == "solid"


def test_tab_reaches_every_control_in_the_order_of_the_page(page: Page) -> None:
    reached = []
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        if reached[-1] == "help":
            break
    bar = ["scrub", "back", "play", "forward", "rate", "heard", "mute", "loop", "help"]
    assert reached[-len(bar) :] == bar
    assert {"SUMMARY", "INPUT", "metrics-scroller", "copy-command"} <= set(reached)


def test_best_values_are_marked_ties_together_and_none_where_nothing_is_better(page: Page) -> None:
    assert row(page, "mouth-audio-correlation") == [
        ("0.810", False),
        ("0.807", False),
        ("0.620", False),
        ("0.900", True),
    ]
    assert row(page, "jitter") == [("0.00400", True), ("0.00710", False), ("0.00400", True), ("0.00500", False)]
    assert row(page, "head-variety") == [("4.20", False), ("5.10", False), ("1.30", False), ("2.20", False)]
    assert row(page, "mouth-audio-lag") == [("1", False), ("2", False), ("0", False), ("1", False)]
    assert row(page, "sync-c") == [("5.41", False), ("6.90", True), ("", False), ("6.20", False)]


def test_averages_are_over_all_pairs_and_only_those_over_as_many_compare(page: Page) -> None:
    page.get_by_label("Average over all pairs").check()
    values = VALUES["mouth-audio-correlation"]
    # Pairs 0 to 2 are 1, 1.1 and 1.2 times the first; the third variant lacks pair 2, and the fourth pair 1.
    means = [values[0] * 1.1, values[1] * 1.1, values[2] * 1.05, values[3] * 1.1]
    assert row(page, "mouth-audio-correlation") == [(f"{mean:.3f}", place == 0) for place, mean in enumerate(means)]
    counts = page.locator("tr[data-metric=mouth-audio-correlation] td small").all_inner_texts()
    assert counts == ["N 3 of 4", "N 3 of 4", "N 2 of 4", "N 2 of 4"]


def test_what_was_not_measured_says_why_and_every_metric_is_explained(page: Page) -> None:
    cell = page.locator("tr[data-metric=lpips] td").first
    cell.locator("summary").focus()
    page.keyboard.press("Enter")
    assert "run 'dh checkpoints pull lpips'" in cell.inner_text()
    name = page.locator("tr[data-metric=lpips] th")
    name.locator("summary").click()
    text = name.inner_text()
    assert "What LPIPS means" in text and "version 1" in text and "ef" * 32 in text and "whole frame" in text


def test_variants_can_be_ordered_by_a_metric(page: Page) -> None:
    for metric, order in (("jitter", [0, 2, 3, 1]), ("sync-c", [1, 3, 0, 2])):
        page.locator(f"tr[data-metric={metric}] .sort").click()
        heads = page.locator("#metrics-table thead th").all_inner_texts()[1:]
        assert [head.split()[0] for head in heads] == [LABELS[place] for place in order]


def test_the_table_can_be_taken_into_a_paper(page: Page) -> None:
    page.evaluate("document.execCommand = () => { window.taken = document.activeElement.value; return true }")
    page.locator("#copy-latex").click()
    latex = page.evaluate("window.taken")
    assert r"Jitter $\downarrow$" in latex and r"\textbf{0.00400}" in latex
    assert r"slow:steps=50 & \textbf{0.900}" in latex
    page.locator("#copy-markdown").click()
    assert "| face-mesh | 0.620 | 0 | **0.00400** |" in page.evaluate("window.taken")


def test_failed_cells_show_state_reason_and_remedy(open_page: Callable[..., Page]) -> None:
    page = open_page(anchor="#source=s150&audio=song")
    grid = page.locator("#grid").inner_text()
    for text in ("interrupted", "hung", "crashed", "failed", "ended by SIGSEGV", "give it more time with --timeout"):
        assert text in grid
    assert page.locator("#play").is_disabled()
    assert page.locator("video").count() == 0
    page.locator(".failures summary").click()
    assert "6 videos were not made" in page.locator(".failures").inner_text()
    assert "give it more with --memory" in page.locator(".failures").inner_text()


def test_texts_are_shown_as_they_are(page: Page, report: tuple[Path, dict[str, Any]]) -> None:
    assert page.title() == report[1]["title"]
    assert page.locator("h1").inner_text() == report[1]["title"]
    assert HOSTILE in page.locator("[data-variant=v0] h3").inner_text()
    assert HOSTILE in page.locator("#methods").inner_text()
    assert page.locator("b", has_text=re.compile(r'^"bold"$')).count() == 0
    assert page.locator("i").count() == 0
    assert page.evaluate("[...document.images].every((picture) => !picture.complete || picture.naturalWidth > 0)")


def test_hidden_variants_leave_the_grid_and_the_plots(page: Page) -> None:
    lines = page.locator("#plots figure").first.locator("path.line")
    assert (page.locator("#grid video:visible").count(), lines.count()) == (4, 3)
    page.locator("#shown input").nth(1).uncheck(force=True)
    assert (page.locator("#grid video:visible").count(), lines.count()) == (3, 2)


def test_a_click_in_a_plot_goes_to_its_time_and_the_cursors_follow(playable: Page) -> None:
    curve = playable.locator("svg.curve").first
    box = curve.bounding_box()
    assert box is not None
    curve.click(position={"x": 44 + (box["width"] - 56) * 30.5 / 90, "y": 60})
    come_to_rest_on(playable, expected_frames(30))
    ats = playable.eval_on_selector_all(".cursor", "(lines) => lines.map((line) => line.getAttribute('x1'))")
    assert len(ats) == 5 and len(set(ats)) == 1
    assert playable.locator("figure output").first.text_content() != ""


def test_stage_times_are_drawn_and_listed(page: Page) -> None:
    bars = page.locator("#stages svg").nth(1).locator("rect")
    widths = [float(bars.nth(place).get_attribute("width") or 0) for place in range(5)]
    assert [width / widths[1] for width in widths] == pytest.approx([0.2 / 15, 1, 0.3 / 15, 9 / 15, 3.1 / 15])
    assert "driver 15 ms (54 %)" in page.locator("#stages").inner_text()


@pytest.mark.parametrize(("width", "height"), [(360, 740), (320, 568), (640, 500)])
@pytest.mark.parametrize("anchor", ["", "#source=s150&audio=song"])
def test_nothing_is_wider_than_a_phone_or_a_page_at_twice_its_size(
    open_page: Callable[..., Page], width: int, height: int, anchor: str
) -> None:
    page = open_page(width, height, anchor)
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate("window.scrollTo(0, 400)")
    bar = page.locator("#bar").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] == pytest.approx(height, abs=1)
    assert bar["height"] < height * 0.4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page(anchor="#source=s150&audio=speech", color_scheme=scheme)
    page.locator(".failures summary").click()
    assert page.evaluate(CONTRASTS) == []


def test_controls_have_names_and_the_page_has_landmarks(page: Page) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, video')].filter((element) => !(
            element.getAttribute('aria-label') || element.textContent.trim()
            || [...(element.labels ?? [])].some((label) => label.textContent.trim()))).map((one) => one.outerHTML)"""
    )
    assert nameless == []
    for landmark in "header", "nav", "main", "footer":
        assert page.locator(f"body > {landmark}, body > header {landmark}").count() == 1
    scopes = page.eval_on_selector_all("th", "(heads) => heads.map((head) => head.getAttribute('scope'))")
    assert scopes and set(scopes) <= {"col", "row", "rowgroup"}
    assert page.locator("html").get_attribute("lang") == "en"
