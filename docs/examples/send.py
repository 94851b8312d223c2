"""Sends one e-mail to the simulator and prints its id.

Needs Python 3.10; reads POSTRIDER_URL, POSTRIDER_KEY and POSTRIDER_DOMAIN from the environment.
"""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid

email = {
    "from": f"hello@{os.environ['POSTRIDER_DOMAIN']}",
    "to": "delivered@sim.postrider.invalid",
    "subject": "Hello from Python",
    "text": "It works.",
}
request = urllib.request.Request(
    os.environ["POSTRIDER_URL"] + "/api/send",
    data=json.dumps(email).encode(),
    headers={
        "Authorization": f"Bearer {os.environ['POSTRIDER_KEY']}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    },
)
try:
    with urllib.request.urlopen(request, timeout=30) as reply:
        print(json.load(reply)["id"])
except urllib.error.HTTPError as error:
    sys.exit(f"{error.code}: {error.read().decode()}")
