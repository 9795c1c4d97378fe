#!/usr/bin/env bash
# Runs the official Kaltura clients for Python and Node from their registries against the emulator.
# Needs cargo, and python3 with venv or node with npm. A client whose tools are missing is skipped with a message.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
emulator=
trap '[ -z "$emulator" ] || kill "$emulator"; rm -rf "$work"' EXIT

cargo build --quiet --manifest-path "$here/../Cargo.toml" --bin apptoken-emulator
mkfifo "$work/stdout"
# `cargo run` replaces itself by the emulator, so this is the process id of the emulator.
cargo run --quiet --manifest-path "$here/../Cargo.toml" --bin apptoken-emulator -- \
    --config "$here/accounts.json" >"$work/stdout" &
emulator=$!
exec 3<"$work/stdout"
read -r -u 3 listening
url=${listening#listening on }

failed=0
if python3 -c 'import venv, ensurepip' 2>/dev/null; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check KalturaApiClient lxml
    "$work/venv/bin/python" "$here/client.py" "$url" "$here/accounts.json" || failed=1
else
    echo "python: skipped, python3 with venv is not installed"
fi
if command -v node >/dev/null && command -v npm >/dev/null; then
    cd "$work"
    npm install --silent --no-audit --no-fund kaltura-client
    node "$here/client.mjs" "$url" "$here/accounts.json" || failed=1
else
    echo "node: skipped, node with npm is not installed"
fi
exit "$failed"
