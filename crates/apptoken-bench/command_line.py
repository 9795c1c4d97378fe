#!/usr/bin/env python3
"""Measures `apptoken login` as a process, beside scripts with curl and with Kaltura's official clients.

    cargo build --release -p apptoken-cli -p apptoken-emulator
    crates/apptoken-bench/command_line.py [FOLDER OF THE PROGRAMS] [RUNS]

The official clients are measured if `python3` can import KalturaClient (package KalturaApiClient), and if `node` finds
`kaltura-client` (package kaltura-client; NODE_PATH names its folder). Each run calls all programs once, in turn, so that
another load on the machine reaches all of them alike. `/bin/true` is what a process costs by itself.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PYTHON = """
import hashlib, os
from KalturaClient import KalturaClient, KalturaConfiguration
configuration = KalturaConfiguration()
configuration.serviceUrl = os.environ["KALTURA_SERVICE_URL"]
client = KalturaClient(configuration)
widget = client.session.startWidgetSession("_" + os.environ["KALTURA_PARTNER_ID"]).ks
client.setKs(widget)
token_hash = hashlib.sha256((widget + os.environ["KALTURA_APP_TOKEN"]).encode()).hexdigest()
print(client.appToken.startSession(os.environ["KALTURA_APP_TOKEN_ID"], token_hash).ks)
"""

NODE = """
const kaltura = require('kaltura-client'), crypto = require('crypto'), env = process.env;
const configuration = new kaltura.Configuration();
configuration.serviceUrl = env.KALTURA_SERVICE_URL;
const client = new kaltura.Client(configuration);
kaltura.services.session.startWidgetSession('_' + env.KALTURA_PARTNER_ID).execute(client).then(widget => {
  client.setKs(widget.ks);
  const hash = crypto.createHash('sha256').update(widget.ks + env.KALTURA_APP_TOKEN).digest('hex');
  return kaltura.services.appToken.startSession(env.KALTURA_APP_TOKEN_ID, hash).execute(client);
}).then(session => console.log(session.ks));
"""

SHELL = r"""
set -e
url=$KALTURA_SERVICE_URL/api_v3/service
ks() { sed 's/.*"ks":"\([^"]*\)".*/\1/'; }
widget=$(curl -s "$url/session/action/startWidgetSession?format=1" -d "widgetId=_$KALTURA_PARTNER_ID" | ks)
hash=$(printf %s "$widget$KALTURA_APP_TOKEN" | openssl dgst -sha256 -r | cut -d' ' -f1)
curl -s "$url/appToken/action/startSession?format=1" --data-urlencode "ks=$widget" \
  -d "id=$KALTURA_APP_TOKEN_ID" -d "tokenHash=$hash" | ks
"""


def main():
    programs = sys.argv[1] if len(sys.argv) > 1 else "target/release"
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 21
    program = os.path.join(programs, "apptoken")
    home = tempfile.mkdtemp()
    emulator = subprocess.Popen([os.path.join(programs, "apptoken-emulator")], stdout=subprocess.PIPE, text=True)
    try:
        environment = {"HOME": home, "PATH": os.environ["PATH"], "NODE_PATH": os.environ.get("NODE_PATH", "")}
        environment.update(settings(emulator))
        print(f"{program}: {os.path.getsize(program) / 1e6:.2f} MB")
        measure(cases(program, home), environment, runs)
    finally:
        emulator.terminate()
        shutil.rmtree(home)


def settings(emulator):
    """The lines `export NAME=value` that the emulator prints when it starts."""
    found = {}
    for line in emulator.stdout:
        if line.startswith("export "):
            name, value = line.removeprefix("export ").strip().split("=", 1)
            found[name] = value.strip("'\"")
        elif found:
            return found
    sys.exit("the emulator ended without its settings")


def cases(program, home):
    """Name, command, and what is done before each run."""
    def nothing():
        pass

    def forget():
        shutil.rmtree(os.path.join(home, ".cache"), ignore_errors=True)

    return [
        ("/bin/true", ["/bin/true"], nothing),
        ("apptoken --version", [program, "--version"], nothing),
        ("apptoken login, from the cache", [program, "login"], nothing),
        ("apptoken login --fresh, 1 request", [program, "login", "--fresh"], nothing),
        ("apptoken login, 2 requests", [program, "login"], forget),
        ("curl and openssl, 2 requests", ["/bin/sh", "-c", SHELL], nothing),
        ("Node client, 2 requests", ["node", "-e", NODE], nothing),
        ("Python client, 2 requests", [sys.executable, "-c", PYTHON], nothing),
    ]


def measure(cases, environment, runs):
    results = {}
    for number in range(runs + 1):
        for name, command, prepare in list(cases):
            prepare()
            result = run(command, environment)
            # The first round fills caches, and finds out what is not installed.
            if number == 0 and result is None:
                print(f"{name}: not measured, it cannot run here")
                cases.remove((name, command, prepare))
            elif number > 0 and result is not None:
                results.setdefault(name, []).append(result)
    print(f"{'median of ' + str(runs):36} {'time':>9} {'least':>9} {'CPU':>9} {'memory':>9}")
    for name, command, prepare in cases:
        times, processor = zip(*results[name])
        prepare()
        print(
            f"{name:36} {statistics.median(times):6.1f} ms {min(times):6.1f} ms"
            f" {statistics.median(processor):6.1f} ms {memory(command, environment):6.1f} MB"
        )


def run(command, environment):
    """Wall time and processor time in ms, or None if the command failed."""
    begun = time.perf_counter()
    try:
        process = start(command, environment)
    except FileNotFoundError:
        return None
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None
    return elapsed * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def memory(command, environment):
    """The largest memory in MB that is seen in three runs, or 0 if the process is too short; of a script without its children.

    That of `wait4` is no measure: it starts at the memory of this interpreter, of which the process is a copy at first.
    """
    seen = []
    for _ in range(30):
        if len(seen) == 3:
            break
        process, largest = start(command, environment), 0
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    largest = max([largest] + [int(line.split()[1]) for line in status if line.startswith("VmHWM:")])
            except (FileNotFoundError, ProcessLookupError):
                pass
        if largest:
            seen.append(largest)
    return max(seen, default=0) / 1024


def start(command, environment):
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
