# shellcheck shell=sh
# Makes a browser available to the tests of pages; `script/test` reads this file.

# Installs a Chromium where "$1", the environment's Python, can start none: Debian's, which plays H.264, or else the
# one that playwright brings. Where neither can be had, these tests skip and say why.
provide_browser() {
    if problem=$("$1" tests/browsers.py 2>&1); then return; fi
    if [ "${DH_CHROMIUM-}" ]; then
        echo "script/test: DH_CHROMIUM=$DH_CHROMIUM: $problem"
        return
    fi
    echo "script/test: installing Chromium for the tests of pages, this once"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        {
            apt-get -qq update &&
                DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium
        } </dev/null >/dev/null 2>&1 || :
        if "$1" tests/browsers.py 2>/dev/null; then return; fi
    fi
    "$1" -m playwright install chromium-headless-shell || :
    problem=$("$1" tests/browsers.py 2>&1) || echo "script/test: $problem; the tests of pages are skipped"
}
