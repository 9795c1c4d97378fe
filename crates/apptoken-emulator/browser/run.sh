#!/usr/bin/env bash
# Tests the console of the emulator in a real browser. With BLESS=1 it writes docs/console.png anew.
# Needs cargo, chromium, and node with npm. Without them it is skipped with a message.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v chromium >/dev/null; then
    echo "console: skipped, chromium is not installed"
    exit
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "console: skipped, node with npm is not installed"
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The test runner of node must not see the output of cargo.
emulator=$(cargo build --quiet --manifest-path "$here/../Cargo.toml" --bin apptoken-emulator --message-format json \
    | sed -n 's/.*"executable":"\([^"]*apptoken-emulator\)".*/\1/p')
# The packages are found in the current directory.
cd "$work"
npm install --silent --no-audit --no-fund playwright-core@1.65.1 axe-core@4.14.1 upng-js@2.1.0
export EMULATOR=$emulator
node --test --test-concurrency 2 --test-reporter spec "$here"/{attack,console,quality}.test.mjs
# Alone, so that its figures mean something.
node --test --test-reporter spec "$here/speed.test.mjs"
