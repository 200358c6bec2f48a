# SPDX-License-Identifier: Apache-2.0
"""`--output html` in a real browser: headless Chromium, narrow and wide, light and dark. `make check-pages`; the screenshots are build/pages/*.png."""

import json
import os
import subprocess

import pytest

import browser

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(TOP, "build", "ssm-preflight")
SITUATIONS = os.path.join(TOP, "build", "situations")
SHOTS = os.path.join(TOP, "build", "pages")
HOSTILE = "</script><script>window.ran=1</script><img src=//x.invalid/a onerror=window.ran=1>\"'><svg onload=window.ran=1>"
PAGES = {  # what the page must say
    "endpoint-blocks-443": ["NOT READY", "endpoint-blocks-443 of ssmmessages", "10.0.1.22", "authorize-security-group-ingress"],
    "several--role-and-names": ["NOT READY (3 causes)", "role-missing", "endpoint-missing", "agent-disabled", "The EC2 serial console"],
    "dns-slow": ["DEGRADED", "dns-slow", "is slow"],
    "imds-unreachable": ["NOT READY", "imds-unreachable", "IMDS, the metadata service"],
    "healthy": ["READY", "answers"],
    "fleet": ["instances:", "NOT READY", "READY", "The way of ", "What fixes ", "endpoint-blocks-443"],
    "hostile": ["denied", "window.ran=1"],
    "hostile-fleet": ["1 instance:", "window.ran=1"],
}

FITS = "[...document.querySelectorAll('svg text')].every(e => e.getBBox().x + e.getBBox().width <= e.ownerSVGElement.viewBox.baseVal.width)"

pytestmark = pytest.mark.skipif(not browser.find() and not os.environ.get("NEED_CHROMIUM"), reason="no Chromium is installed: packaging/scripts/setup pages")


json_of = {}  # by the page's name


def parsed(text):
    """A report, or one object a line."""
    return json.loads(text) if text.startswith("{\n") else [json.loads(line) for line in text.splitlines()]


def hostile(value):
    """Whatever is text and no plain name, as far as it is kept."""
    if isinstance(value, dict):
        return {name: hostile(of) for name, of in value.items()}
    if isinstance(value, list):
        return [hostile(of) for of in value]
    return HOSTILE[:110] if isinstance(value, str) and len(value) > 40 and " " in value else value


def write(name, folder):
    if name.startswith("hostile"):
        with open(f"{SITUATIONS}/denied.json", encoding="utf-8") as file:
            report = json.load(file)
        report["facts"] = hostile(report["facts"])
        report["facts"]["role"]["role"] = report["facts"]["instance"]["id"] = HOSTILE[:60]
        names = [str(folder / file) for file in ("<img src=x onerror=window.ran=1>.json", "two.json")]
        for path in names:
            with open(path, "w", encoding="utf-8") as file:
                json.dump(report, file)
        sources = names if name == "hostile-fleet" else names[:1]
    else:
        sources = [SITUATIONS if name == "fleet" else f"{SITUATIONS}/{name}.json"]
    json_of[name] = subprocess.run([BINARY, "show", *sources, "--output", "json"], capture_output=True, text=True, check=False).stdout
    done = subprocess.run([BINARY, "show", *sources, "--output", "html"], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1, 3) and done.stdout.startswith("<!doctype html>"), done.stderr
    path = folder / f"{name}.html"
    path.write_text(done.stdout)
    return path


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    os.makedirs(SHOTS, exist_ok=True)
    started = browser.Browser(tmp_path_factory.mktemp("profile"))
    yield started
    started.end()


@pytest.mark.parametrize("name", PAGES)
def test_a_page(chromium, name, tmp_path):
    path = write(name, tmp_path)
    for width in (400, 1400):
        for scheme in ("light", "dark"):
            chromium.open(path, width, scheme)
            text = chromium.evaluate("document.body.innerText + document.body.textContent")
            assert parsed(chromium.evaluate("document.querySelector('#report').textContent")) == parsed(json_of[name])
            assert [words for words in PAGES[name] if words not in text] == []
            assert chromium.evaluate("document.documentElement.scrollWidth") <= width, "it must be scrolled sideways"
            colour = chromium.evaluate("getComputedStyle(document.documentElement).backgroundColor + ' ' + getComputedStyle(document.body).color")
            assert colour.endswith("rgb(0, 0, 0)") == (scheme == "light"), colour
            assert chromium.evaluate(FITS), "a text of the picture is cut off"
            chromium.screenshot(f"{SHOTS}/{name}-{width}-{scheme}.png")
            assert [request["request"]["url"] for request in chromium.happened("Network.requestWillBeSent")
                    if not request["request"]["url"].startswith("file://")] == []
            assert len(chromium.happened("Network.requestWillBeSent")) == 1, "it loads something besides itself"
            assert chromium.happened("Runtime.exceptionThrown") == []
            assert chromium.happened("Runtime.consoleAPICalled") == []
            assert [entry for entry in chromium.happened("Log.entryAdded") if entry["entry"]["level"] in ("error", "warning")] == []
            assert chromium.evaluate("window.ran === undefined && document.images.length === 0 && document.scripts.length === 2")
            assert chromium.evaluate("[...document.querySelectorAll('*')].every(e => ![...e.attributes].some(a => a.name.startsWith('on')))")


def test_the_copy_button_takes_the_commands(chromium, tmp_path):
    chromium.open(write("endpoint-blocks-443", tmp_path), 1400, "light")
    chromium.evaluate("document.querySelector('button').click()")
    assert chromium.evaluate("document.querySelector('button').textContent") == "copied"
    taken = chromium.evaluate("getSelection().toString()")
    assert taken.startswith("SG=$(aws ec2 describe-vpc-endpoints ") and "\naws ec2 authorize-security-group-ingress " in taken


def test_the_browser_sees_what_a_page_without_the_policy_does(chromium, tmp_path):
    """What the other tests rely on: it runs scripts, loads images and reports both."""
    path = tmp_path / "bad.html"
    path.write_text("<body><img src=http://192.0.2.1/x.png onerror='window.ran=1'><script>window.ran=1;console.error('no')</script>")
    chromium.open(path, 400, "light")
    assert chromium.evaluate("window.ran") == 1
    assert len(chromium.happened("Network.requestWillBeSent")) == 2 and chromium.happened("Runtime.consoleAPICalled")
