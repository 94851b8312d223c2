"""Certificates are verified, and one that is not trusted is not asked for again."""

import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path
from threading import Thread
from typing import List, Tuple

from postrider import ConnectionFailed, Postrider, RetryPolicy

REPLY = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"known": {}}'


class Tls(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        key, self.certificate = str(Path(folder.name, "key.pem")), str(Path(folder.name, "certificate.pem"))
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
        subject = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.certificate]
        subprocess.run(command.split() + subject, check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)

    def serve(self) -> Tuple[int, List[str]]:
        """A port, and what happened on each connection to it."""
        listener = socket.create_server(("127.0.0.1", 0))
        met: List[str] = []

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    with self.context.wrap_socket(connection, server_side=True) as stream:
                        met.append("request" if stream.recv(65536) else "silence")
                        stream.sendall(REPLY)
                except OSError:
                    met.append("refusal")

        thread = Thread(target=run, daemon=True)
        thread.start()

        def stop() -> None:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            listener.close()

        self.addCleanup(stop)
        return listener.getsockname()[1], met

    def test_an_unknown_certificate_is_refused_once(self) -> None:
        port, met = self.serve()
        with Postrider(f"https://localhost:{port}", "ml_live_old", retry=RetryPolicy(wait_first=0.001)) as client:
            with self.assertRaises(ConnectionFailed) as caught:
                client.profile()
        self.assertTrue(caught.exception.permanent)
        self.doCleanups()
        self.assertEqual(met, ["refusal"])

    def test_a_certificate_for_another_name_is_refused(self) -> None:
        port, met = self.serve()
        trusting = ssl.create_default_context(cafile=self.certificate)
        with Postrider(f"https://127.0.0.1:{port}", "ml_live_old", ssl_context=trusting) as client:
            with self.assertRaises(ConnectionFailed):
                client.profile()
        self.doCleanups()
        self.assertEqual(met, ["refusal"])

    def test_a_trusted_certificate_is_taken(self) -> None:
        port, met = self.serve()
        trusting = ssl.create_default_context(cafile=self.certificate)
        with Postrider(f"https://localhost:{port}", "ml_live_old", ssl_context=trusting) as client:
            self.assertEqual(client.profile(), {"known": {}})
        self.doCleanups()
        self.assertEqual(met, ["request"])


if __name__ == "__main__":
    unittest.main()
