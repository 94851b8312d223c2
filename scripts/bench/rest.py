"""rest.py API_URL API_KEY METRICS_URL DATA_DIR REPEATS - what the REST API accepts onto disk, as rows of a table.

Needs wrk. The e-mails go to dest.test from bench.test; whoever starts this lets them arrive somewhere.

  send    10 KB of html, 32 connections kept alive: requests/s and their latency, while what was accepted is signed and
          delivered; the same for mail that is due later, which is accepting alone; and over one connection
  batch   500 such e-mails in a request, 2 connections, due later: e-mails/s
  bulk    10 000 recipients of a 100 KB template: seconds to accept, growth of the data folder
  sync    one fdatasync of 12 KB on the same disk, by itself: what no acceptance can be faster than
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

URL, KEY, METRICS, DATA, REPEATS = *sys.argv[1:5], int(sys.argv[5])
LINE = "<p>It was a dark and stormy night; the rain fell in torrents, except at <b>times</b>, number %d.</p>\n"


def email(size):
    html = "".join(LINE % number for number in range(size // len(LINE)))
    return {"to": "b@dest.test", "from": "a@bench.test", "subject": "November", "html": html}


def later(size):
    return {**email(size), "send_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))}


def quiet():
    """Waits until nothing is being delivered, at most a minute."""
    for _ in range(60):
        told = urllib.request.urlopen(METRICS, timeout=10).read().decode()
        if re.search(r"(?m)^postrider_delivery_ready 0$", told):
            return
        time.sleep(1)


def unit(text):
    number, scale = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[scale]


def wrk(path, body, connections, seconds):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/body", "w") as file:
            json.dump(body, file)
        with open(f"{folder}/post.lua", "w") as file:
            file.write(
                'wrk.method = "POST"\n'
                'wrk.headers["Content-Type"] = "application/json"\n'
                f'wrk.headers["Authorization"] = "Bearer {KEY}"\n'
                f'wrk.body = io.open("{folder}/body"):read("*a")\n'
            )
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency", "-s", f"{folder}/post.lua", URL + path]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in told and "Socket errors" not in told, told
    latency = {share: unit(re.search(rf"(?m)^\s+{share}%\s+(\S+)", told).group(1)) for share in (50, 99)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told).group(1)), latency


def sync():
    path = os.path.join(DATA, "sync.probe")
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(file, bytes(16 * 1024 * 1024))
    os.fsync(file)
    os.lseek(file, 0, 0)
    took = []
    for _ in range(500):
        begun = time.perf_counter()
        os.write(file, bytes(12 * 1024))
        os.fdatasync(file)
        took.append((time.perf_counter() - begun) * 1000)
    os.close(file)
    os.unlink(path)
    return statistics.median(took)


def folder_bytes():
    return sum(os.lstat(os.path.join(at, name)).st_blocks * 512 for at, _, names in os.walk(DATA) for name in names)


def bulk(size, recipients):
    body = later(size)
    del body["to"]
    body["html"] += "{{name}}"
    body["recipients"] = [{"email": f"r{n}@dest.test", "vars": {"name": f"N{n}"}} for n in range(recipients)]
    request = urllib.request.Request(
        URL + "/api/bulk-send",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    before, begun = folder_bytes(), time.perf_counter()
    reply = json.load(urllib.request.urlopen(request, timeout=60))
    took = time.perf_counter() - begun
    assert reply["queued"] == recipients, reply
    return took, (folder_bytes() - before) / 1e6


def median(rows):
    return statistics.median(list(rows))


single, due_later, alone, many, disk, copies = [], [], [], [], [], []
for _ in range(REPEATS):
    disk.append(sync())
    copies.append(bulk(100 * 1024, 10_000))
    alone.append(wrk("/api/send", email(10 * 1024), 1, 3))
    quiet()
    single.append(wrk("/api/send", email(10 * 1024), 32, 6))
    quiet()
# Last, because what is due later stays in the store, which tidies it away while the next is measured.
for _ in range(REPEATS):
    due_later.append(wrk("/api/send", later(10 * 1024), 32, 4))
    many.append(wrk("/api/batch", {"emails": [later(10 * 1024)] * 500}, 2, 4)[0] * 500)
    time.sleep(3)


def told(name, rows):
    rates = sorted(rate for rate, _ in rows)
    p50, p99 = (median(latency[share] for _, latency in rows) for share in (50, 99))
    print(f"{name}: {median(rates):.0f} requests/s ({rates[0]:.0f}-{rates[-1]:.0f}), p50 {p50:.2f} ms, p99 {p99:.2f} ms")


told("send", single)
told("send, due later", due_later)
told("send, one connection", alone)
ratio = median(many) / median(rate for rate, _ in due_later)
print(f"batch of 500, due later: {median(many):.0f} e-mails/s ({min(many):.0f}-{max(many):.0f}), {ratio:.1f} x single")
print(f"bulk of 10000: {median(t for t, _ in copies):.2f} s, the folder grew by {median(g for _, g in copies):.1f} MB")
print(f"one sync alone: {median(disk):.2f} ms")
