"""tracking.py API_URL API_KEY NGINX_URL MAIL_DIR REPEATS - hits of pictures and links, as rows of a table.

Needs wrk. Sends 1000 e-mails with ten links each from bench.test to dest.test; whoever starts this lets them arrive in
MAIL_DIR, one file for each. Then, over 32 connections kept alive and in turn: nginx giving a file of 43 octets, pictures
asked for, links followed, each of them another one than before. After each load it is waited until the counters stand
still, and they must say what was sent: not less than was answered, and not more than was asked.
"""

import email
import email.policy
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

URL, KEY, NGINX, MAIL, REPEATS = *sys.argv[1:5], int(sys.argv[5])
COPIES, LINKS, SECONDS = 1000, 10, int(os.environ.get("BENCH_SECONDS", "10"))
READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

# Each connection asks for the next of the paths; what was sent is told at the end.
SCRIPT = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = wrk.format("GET", line, {["User-Agent"] = "%s", ["Host"] = "track.bench.test"}) end
local at, threads = 0, {}
sent = 0
function setup(thread) threads[#threads + 1] = thread end
function request()
  at = at %% #paths + 1
  sent = sent + 1
  return paths[at]
end
function done(summary, latency)
  local all, errors = 0, summary.errors
  for _, thread in ipairs(threads) do all = all + thread:get("sent") end
  io.write(string.format("told %%d %%d %%d %%f %%f %%f\\n", summary.requests, all,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def ask(method, path, body=None):
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, headers=headers, method=method)
    return json.load(urllib.request.urlopen(request, timeout=60))


def send():
    links = "".join(f'<p><a href="https://shop.example/offers/{n}?campaign=november&amp;item={n * 7919}">{n}</a></p>\n' for n in range(LINKS))
    recipients = [{"email": f"r{n}@dest.test", "vars": {}} for n in range(COPIES)]
    reply = ask("POST", "/api/bulk-send", {"subject": "November", "from": "a@bench.test", "html": links, "recipients": recipients})
    assert reply["queued"] == COPIES, reply
    for _ in range(600):
        if len(os.listdir(MAIL)) == COPIES:
            return
        time.sleep(0.1)
    raise SystemExit("tracking.py: the e-mails did not arrive")


def paths(kind):
    """The paths of all e-mails, no two neighbours of one e-mail."""
    found = []
    for name in sorted(os.listdir(MAIL)):
        with open(os.path.join(MAIL, name), "rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        html = message.get_body(("html",)).get_content()
        found.append(re.findall(rf"/track/{kind}/[\w-]+", html))
    return [path for turn in zip(*found, strict=True) for path in turn]


def wrk(base, asked):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/paths", "w") as file:
            file.writelines(path + "\n" for path in asked)
        with open(f"{folder}/hits.lua", "w") as file:
            file.write(SCRIPT % (f"{folder}/paths", READER))
        command = ["wrk", "-t1", "-c32", f"-d{SECONDS}s", "--timeout", "60s", "-s", f"{folder}/hits.lua", base]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answered, sent, errors, rate, p50, p99 = map(float, re.search(r"(?m)^told (.*)$", told).group(1).split())
    assert errors == 0, told
    return int(answered), int(sent), (rate, p50, p99)


def counted(metric):
    return ask("GET", "/api/stats/outbound?filter=all")[metric]


def settled(metric):
    """The counter once it stands still for a second, and how long that took."""
    begun, last, since = time.time(), None, time.time()
    while time.time() - since < 1:
        now = counted(metric)
        if now != last:
            last, since = now, time.time()
        time.sleep(0.05)
    return last, max(0.0, since - begun)


def measure(metric, asked):
    before = counted(metric)
    answered, sent, figures = wrk(URL, asked)
    after, took = settled(metric)
    recorded = after - before
    if not answered <= recorded <= sent:
        raise SystemExit(f"tracking.py: {metric}: {answered} answered, {sent} sent, and {recorded} counted")
    return figures, answered, sent, recorded, took


def told(name, rows):
    rates = sorted(row[0] for row in rows)
    p50, p99 = (statistics.median(row[at] for row in rows) for at in (1, 2))
    print(f"{name}: {statistics.median(rates):.0f} requests/s ({rates[0]:.0f}-{rates[-1]:.0f}), p50 {p50:.2f} ms, p99 {p99:.2f} ms", flush=True)


send()
opens, clicks = paths("o"), paths("c")
time.sleep(3)
rows = {"nginx, a file": [], "opens": [], "clicks": []}
for _ in range(REPEATS):
    rows["nginx, a file"].append(wrk(NGINX, ["/pixel.gif"])[2])
    for metric, asked in (("opens", opens), ("clicks", clicks)):
        figures, answered, sent, recorded, took = measure(metric, asked)
        rows[metric].append(figures)
        print(f"  {metric}: {answered} answered, {sent} sent, {recorded} counted, the last {took:.1f} s after the load", flush=True)
for name, figures in rows.items():
    told(name, figures)
