#!/bin/sh
# Sees that a Chromium is there for the browser tests, and installs one where it can.
set -u
cd "$(dirname "$0")/.."

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null && exit 0
done

python=.venv/bin/python
own=$($python -c 'from playwright.sync_api import sync_playwright as start
with start() as playwright: print(playwright.chromium.executable_path)' 2>/dev/null)
[ -x "$own" ] && exit 0

echo "The browser tests need a Chromium; installing one ..."
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get install -y -qq --no-install-recommends chromium >/dev/null ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } && exit 0
fi
$python -m playwright install chromium && exit 0

echo "No Chromium was found and none could be installed. Install it yourself: apt-get install chromium" >&2
exit 1
