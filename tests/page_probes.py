"""What tests look for inside of a page with videos."""

from __future__ import annotations

from playwright.sync_api import Page

SAMPLE = """([wanted, measure]) => new Promise((resolve) => {
    const measures = {
        apart: (times) => Math.max(...times) - Math.min(...times),
        sound: (times) => Math.abs(times[0] - document.getElementById('sound').currentTime),
        second: (times) => Math.abs(times[0] - times[1]),
    };
    const samples = [];
    const look = () => {
        const going = [...document.querySelectorAll('video')].filter((video) => !video.paused);
        if (going.length > 2) samples.push(measures[measure](going.map((video) => video.currentTime)));
        if (samples.length < wanted && document.body.matches('.playing')) requestAnimationFrame(look);
        else resolve(samples.sort((one, other) => one - other));
    };
    look();
})"""
"""Gives, lowest first, distances in seconds at pictures that the browser draws while the videos play."""

CONTRASTS = """() => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => {
        const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const [r, g, b, alpha = 1] = parse(getComputedStyle(at).backgroundColor);
            if (alpha === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const low = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
        const style = getComputedStyle(element);
        const ink = parse(element instanceof SVGElement ? style.fill : style.color).slice(0, 3);
        const [high, deep] = [light(ink), light(behind(element))].sort((one, other) => other - one);
        const ratio = (high + 0.05) / (deep + 0.05);
        if (ratio < 4.5 && !element.closest(':disabled')) low.push([ratio, walker.currentNode.data]);
    }
    return low;
}"""
"""Gives contrast ratio and text of whatever is seen below 4.5 to 1, the AA level of WCAG 2."""


def wait_for(page: Page, condition: str) -> None:
    """Waits until a condition in JavaScript holds, in a page whose policy lets nobody evaluate text."""
    page.evaluate(f"""() => new Promise((done, failed) => {{
        const deadline = performance.now() + 20000;
        const look = () => {{
            if ({condition}) done();
            else if (performance.now() > deadline) failed(new Error('waited for too long'));
            else requestAnimationFrame(look);
        }};
        look();
    }})""")
