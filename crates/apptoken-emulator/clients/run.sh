#!/usr/bin/env bash
# Runs the official Kaltura clients for Python, Node and TypeScript from their registries against the emulator: a test of two
# of them, the programs in programs/, and the recipes and examples of the documentation that use them.
# Needs cargo, and python3 with venv or node with npm. What lacks its tools is skipped with a message.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
emulator=
trap 'stop; rm -rf "$work"' EXIT

# Starts an emulator with a configuration; its settings are in the file emulator.env.
start() {
    # `cargo run` replaces itself by the emulator, so this is the process id of the emulator.
    cargo run --quiet --manifest-path "$here/../Cargo.toml" --bin apptoken-emulator -- \
        --config "$1" --ready-file "$work/emulator.env" >"$work/log" 2>&1 &
    emulator=$!
    until [ -e "$work/emulator.env" ]; do
        kill -0 "$emulator" || { cat "$work/log" && exit 1; }
        sleep 0.1
    done
}

stop() {
    [ -z "$emulator" ] || { kill "$emulator" && wait "$emulator" || true; }
    emulator=
}

# Runs a program against an emulator of its own, with the account `<name>.json` or account.json, and compares what it prints with what is expected. The clients are found in
# the current directory.
passed=0 broken=0
program() {
    local name=$1 account=$here/programs/$1.json
    shift
    [ -e "$account" ] || account=$here/programs/account.json
    start "$account"
    (cd "$work" && set -a && . ./emulator.env && "$@") >"$work/output" 2>&1 || echo "it ended with the status $?" >>"$work/output"
    stop
    if diff "$here/programs/$name.expected" "$work/output"; then
        passed=$((passed + 1))
    else
        echo "$name: it printed something else (>) than expected (<)"
        broken=$((broken + 1))
    fi
}

typescript() {
    cp "$here/programs/$1.ts" "$work"
    program "$1" sh -c 'npx --no-install tsc --target es2020 --module commonjs --skipLibCheck --types node "$1.ts" \
        && node --require "$2/programs/browser.cjs" "$1.js"' sh "$1" "$here"
}

cargo build --quiet --manifest-path "$here/../Cargo.toml" --bin apptoken-emulator
failed=0
if python3 -c 'import venv, ensurepip' 2>/dev/null; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check KalturaApiClient lxml pytest requests
    start "$here/accounts.json"
    url=$(sed -n 's/^KALTURA_SERVICE_URL=//p' "$work/emulator.env")
    "$work/venv/bin/python" "$here/client.py" "$url" "$here/accounts.json" || failed=1
    stop
    program list_captions "$work/venv/bin/python" "$here/programs/list_captions.py"
    program page_media "$work/venv/bin/python" "$here/programs/page_media.py"
    program whoami "$work/venv/bin/python" "$here/programs/whoami.py"
else
    echo "python: skipped, python3 with venv is not installed"
fi
if command -v node >/dev/null && command -v npm >/dev/null; then
    (cd "$work" && npm install --silent --no-audit --no-fund kaltura-client kaltura-typescript-client \
        jsdom@26 typescript@5)
    start "$here/accounts.json"
    url=$(sed -n 's/^KALTURA_SERVICE_URL=//p' "$work/emulator.env")
    (cd "$work" && node "$here/client.mjs" "$url" "$here/accounts.json") || failed=1
    stop
    cp "$here/programs/whoami.mjs" "$work"
    program whoami node whoami.mjs
    # The client uses a deprecated way to make a buffer.
    program upload node --no-deprecation "$here/programs/upload.mjs"
    program embed node --no-deprecation "$here/programs/embed.mjs"
    typescript sync_users
    typescript rotate_token
else
    echo "node: skipped, node with npm is not installed"
fi
echo "programs: $passed passed, $broken failed"
[ "$broken" = 0 ] || failed=1
# A recipe without its tools is skipped.
RECIPE_TOOLS=$work cargo test --quiet --manifest-path "$here/../Cargo.toml" --test it recipes:: || failed=1
exit "$failed"
