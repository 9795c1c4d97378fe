#!/usr/bin/env bash
# Runs the official Kaltura clients for Python and Node from their registries against the emulator, and the recipes of the
# guide that use them.
# Needs cargo, and python3 with venv or node with npm. A client whose tools are missing is skipped with a message.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
emulator=
trap '[ -z "$emulator" ] || kill "$emulator"; rm -rf "$work"' EXIT

cargo build --quiet --manifest-path "$here/../Cargo.toml" --bin apptoken-emulator
# `cargo run` replaces itself by the emulator, so this is the process id of the emulator.
cargo run --quiet --manifest-path "$here/../Cargo.toml" --bin apptoken-emulator -- \
    --config "$here/accounts.json" --ready-file "$work/emulator.env" >"$work/log" 2>&1 &
emulator=$!
until [ -e "$work/emulator.env" ]; do
    kill -0 "$emulator" || { cat "$work/log" && exit 1; }
    sleep 0.1
done
url=$(sed -n 's/^KALTURA_SERVICE_URL=//p' "$work/emulator.env")

failed=0
if python3 -c 'import venv, ensurepip' 2>/dev/null; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check KalturaApiClient lxml pytest
    "$work/venv/bin/python" "$here/client.py" "$url" "$here/accounts.json" || failed=1
else
    echo "python: skipped, python3 with venv is not installed"
fi
if command -v node >/dev/null && command -v npm >/dev/null; then
    # The client is found in the current directory.
    (cd "$work" && npm install --silent --no-audit --no-fund kaltura-client \
        && node "$here/client.mjs" "$url" "$here/accounts.json") || failed=1
else
    echo "node: skipped, node with npm is not installed"
fi
# A recipe without its tools is skipped.
RECIPE_TOOLS=$work cargo test --quiet --manifest-path "$here/../Cargo.toml" --test it recipes:: || failed=1
exit "$failed"
