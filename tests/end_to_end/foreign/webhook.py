"""An endpoint built on the published library of Standard Webhooks: webhook.py HOST PORT FOLDER

Verifies each request with the secret in FOLDER/secret and appends it to FOLDER/heard, one JSON value to a line. Answers with
the status in FOLDER/status; a redirect leads to /elsewhere. Prints "ready" when it listens.
"""

import http.server
import json
import pathlib
import sys

from standardwebhooks import Webhook, WebhookVerificationError

host, port, folder = sys.argv[1:]
folder = pathlib.Path(folder)


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            payload = Webhook((folder / "secret").read_text()).verify(body, headers)
        except WebhookVerificationError as error:
            payload = {"forged": str(error)}
        line = json.dumps({"path": self.path, "id": headers.get("webhook-id"), "payload": payload})
        with open(folder / "heard", "a") as heard:
            heard.write(line + "\n")
        status = int((folder / "status").read_text())
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", f"http://{host}:{port}/elsewhere")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer((host, int(port)), Endpoint)
print("ready", flush=True)
server.serve_forever()
