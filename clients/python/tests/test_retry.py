"""What is sent again, when, and with which key: against a small server that follows a script."""

import json
import socket
import time
import unittest
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Dict, List, NamedTuple, Optional, Type

from postrider import (
    BadRequest,
    Conflict,
    ConnectionFailed,
    Email,
    NotFound,
    Postrider,
    PostriderError,
    RateLimited,
    RetryPolicy,
    ServerError,
)
from postrider.retry import retry_after_seconds

EMAIL: Email = {"to": "ada@example.net", "subject": "Hello", "text": "Hello"}
QUICK = RetryPolicy(wait_first=0.001, wait_max=0.001)


class Answer(NamedTuple):
    """What the server does with a request: `status` None closes the connection without a reply."""

    status: Optional[int]
    headers: Dict[str, str] = {}
    body: str = '{"id": "1", "api_key": "ml_live_new"}'


class Seen(NamedTuple):
    method: str
    path: str
    key: Optional[str]
    authorization: Optional[str]
    body: bytes
    port: int


class Script:
    """A server on the loopback that gives the answers one after the other and keeps what it saw."""

    def __init__(self, test: unittest.TestCase, *answers: Answer) -> None:
        self.seen: List[Seen] = []
        script = iter(answers)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(handler) -> None:
                length = int(handler.headers.get("Content-Length") or 0)
                self.seen.append(
                    Seen(
                        handler.command,
                        handler.path,
                        handler.headers.get("Idempotency-Key"),
                        handler.headers.get("Authorization"),
                        handler.rfile.read(length),
                        handler.client_address[1],
                    )
                )
                answer = next(script)
                if answer.status is None:
                    handler.close_connection = True
                    return
                body = answer.body.encode()
                handler.send_response(answer.status)
                for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
                    handler.send_header(name, value)
                handler.end_headers()
                handler.wfile.write(body)

            do_GET = do_POST = do_DELETE = do_PATCH = answer

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def client(self, test: unittest.TestCase, retry: RetryPolicy = QUICK) -> Postrider:
        client = Postrider(self.url, "ml_live_old", retry=retry)
        test.addCleanup(client.close)
        return client


OK = Answer(200)
LOST = Answer(None)


class Retries(unittest.TestCase):
    def test_a_send_is_repeated_with_the_same_key_and_body(self) -> None:
        failures = {"lost": LOST, **{str(status): Answer(status) for status in (408, 409, 429, 500, 502, 503, 504)}}
        for name, failure in failures.items():
            with self.subTest(failure=name):
                script = Script(self, failure, OK)
                self.assertEqual(script.client(self).send(EMAIL)["id"], "1")
                first, second = script.seen
                self.assertTrue(first.key)
                self.assertEqual((first.key, first.body), (second.key, second.body))

    def test_batch_and_bulk_are_keyed_too_and_each_call_has_its_own_key(self) -> None:
        script = Script(self, OK, OK, OK)
        client = script.client(self)
        client.send(EMAIL)
        client.batch([EMAIL])
        client.bulk_send({"subject": "Hello", "text": "Hello", "recipients": [{"email": "ada@example.net"}]})
        self.assertEqual([seen.path for seen in script.seen], ["/api/send", "/api/batch", "/api/bulk-send"])
        self.assertEqual(len({seen.key for seen in script.seen} - {None}), 3)

    def test_retry_after_is_honoured(self) -> None:
        script = Script(self, Answer(429, {"Retry-After": "1"}), OK)
        began = time.monotonic()
        script.client(self).send(EMAIL)
        self.assertGreaterEqual(time.monotonic() - began, 1.0)
        self.assertEqual(len(script.seen), 2)

    def test_a_long_retry_after_is_left_to_the_caller(self) -> None:
        script = Script(self, Answer(429, {"Retry-After": "900"}))
        with self.assertRaises(RateLimited) as caught:
            script.client(self).send(EMAIL)
        self.assertEqual(caught.exception.retry_after, 900.0)
        self.assertEqual(caught.exception.idempotency_key, script.seen[0].key)

    def test_other_refusals_are_final(self) -> None:
        for status in (400, 401, 403, 404, 413, 422, 501):
            with self.subTest(status=status):
                script = Script(self, Answer(status), OK)
                with self.assertRaises(PostriderError) as caught:
                    script.client(self).send(EMAIL)
                self.assertEqual(caught.exception.status, status)
                self.assertEqual(len(script.seen), 1)

    def test_retries_end(self) -> None:
        cases: Dict[Type[PostriderError], Answer] = {ServerError: Answer(503), ConnectionFailed: LOST}
        for kind, failure in cases.items():
            with self.subTest(kind=kind.__name__):
                script = Script(self, *[failure] * 9)
                with self.assertRaises(kind):
                    script.client(self).send(EMAIL)
                self.assertEqual(len(script.seen), 4)

    def test_what_must_not_happen_twice_is_not_repeated_once_connected(self) -> None:
        for failure in (LOST, Answer(503), Answer(429)):
            with self.subTest(failure=failure.status):
                script = Script(self, failure, OK)
                with self.assertRaises(PostriderError):
                    script.client(self).rotate_key()
                self.assertEqual(len(script.seen), 1)

    def test_what_must_not_happen_twice_is_repeated_when_nobody_listened(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unheard:
            port = unheard.getsockname()[1]
        client = Postrider(f"http://127.0.0.1:{port}", "ml_live_old", retry=RetryPolicy(retries=2, wait_first=0.2))
        began = time.monotonic()
        with self.assertRaises(ConnectionFailed) as caught:
            client.rotate_key()
        self.assertFalse(caught.exception.connected)
        self.assertGreaterEqual(time.monotonic() - began, 0.3, "two waits of at least 0.1 and 0.2 seconds")

    def test_a_conflict_without_a_key_is_final(self) -> None:
        script = Script(self, Answer(409), OK)
        with self.assertRaises(Conflict):
            script.client(self).cancel_email("1")
        self.assertEqual(len(script.seen), 1)

    def test_reads_are_repeated_without_a_key(self) -> None:
        script = Script(self, LOST, Answer(502), OK)
        script.client(self).get_email("1")
        self.assertEqual([seen.key for seen in script.seen], [None] * 3)


class Connections(unittest.TestCase):
    def test_one_connection_serves_many_calls(self) -> None:
        script = Script(self, OK, Answer(404), OK)
        client = script.client(self)
        client.profile()
        with self.assertRaises(NotFound):
            client.get_email("1")
        client.send(EMAIL)
        self.assertEqual(len({seen.port for seen in script.seen}), 1)

    def test_a_connection_the_server_closed_is_not_used(self) -> None:
        script = Script(self, Answer(200, {"Connection": "close"}), OK)
        client = script.client(self, RetryPolicy(retries=0))
        client.profile()
        client.profile()
        self.assertEqual(len({seen.port for seen in script.seen}), 2)

    def test_a_silent_server_is_not_waited_for_longer_than_the_timeout(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            client = Postrider(url, "ml_live_old", timeout=0.1, retry=RetryPolicy(retries=0))
            with self.assertRaises(ConnectionFailed) as caught:
                client.profile()
        self.assertTrue(caught.exception.connected)

    def test_the_address_of_the_server_may_have_a_path(self) -> None:
        script = Script(self, OK)
        with Postrider(script.url + "/mail/", "ml_live_old") as client:
            client.profile()
        self.assertEqual(script.seen[0].path, "/mail/api/customer/profile")

    def test_another_scheme_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            Postrider("ftp://127.0.0.1", "ml_live_old")


class Replies(unittest.TestCase):
    def test_a_rotated_key_is_used_from_then_on(self) -> None:
        script = Script(self, OK, OK)
        client = script.client(self)
        self.assertEqual(client.rotate_key()["api_key"], "ml_live_new")
        client.profile()
        self.assertEqual([seen.authorization for seen in script.seen], ["Bearer ml_live_old", "Bearer ml_live_new"])

    def test_an_error_carries_what_the_server_said(self) -> None:
        faults = [{"field": "/to", "code": "invalid_address", "message": "is not an address"}]
        body = {"error": "validation_failed", "code": "validation_failed", "message": "1 fault", "errors": faults}
        script = Script(self, Answer(400, {"X-Request-Id": "r-1"}, json.dumps(body)))
        with self.assertRaises(BadRequest) as caught:
            script.client(self).send(EMAIL)
        self.assertEqual(
            str(caught.exception), "400 validation_failed: 1 fault; /to: is not an address (request r-1)"
        )

    def test_a_page_of_something_else_is_an_error_with_its_status(self) -> None:
        for status, code in ((501, "http_501"), (302, "http_302"), (200, "unreadable_reply")):
            with self.subTest(status=status):
                script = Script(self, Answer(status, {"Location": "/"}, "<html>"))
                with self.assertRaises(PostriderError) as caught:
                    script.client(self).profile()
                self.assertEqual((caught.exception.status, caught.exception.code), (status, code))

    def test_retry_after_in_seconds_as_a_date_and_as_nonsense(self) -> None:
        self.assertEqual(retry_after_seconds("7"), 7.0)
        soon = retry_after_seconds(formatdate(time.time() + 30, usegmt=True))
        self.assertTrue(soon is not None and 25 < soon <= 30, soon)
        self.assertEqual(retry_after_seconds("Thu, 01 Jan 1970 00:00:00 GMT"), 0.0)
        for nonsense in (None, "", "soon", "-3", "1.5"):
            self.assertIsNone(retry_after_seconds(nonsense), nonsense)


if __name__ == "__main__":
    unittest.main()
