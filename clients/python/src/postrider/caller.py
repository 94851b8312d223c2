"""From a call to its JSON: encodes, sends, sends again when that is safe, decodes, raises."""

import json
import ssl
import time
from datetime import datetime, timezone
from itertools import count
from typing import Any, Optional

from .errors import ApiError, PostriderError, api_error
from .retry import RetryPolicy, retry_after_seconds
from .transport import Reply, Request, Transport


class Caller:
    """A server and a key. `key` may be replaced while in use."""

    def __init__(
        self, url: str, key: str, timeout: float, retry: RetryPolicy, ssl_context: Optional[ssl.SSLContext]
    ) -> None:
        self.key = key
        self._retry = retry
        self._transport = Transport(url, timeout, ssl_context)

    def repeatable(self, method: str, path: str, body: Optional[object] = None) -> Any:
        """A call that may be carried out twice."""
        return self._perform(Request(method, path, _encoded(body), repeatable=True))

    def once(self, method: str, path: str, body: Optional[object] = None) -> Any:
        """A call that must not be carried out twice."""
        return self._perform(Request(method, path, _encoded(body), repeatable=False))

    def keyed(self, path: str, body: object, idempotency_key: str) -> Any:
        """A POST that the server carries out once however often it arrives."""
        return self._perform(Request("POST", path, _encoded(body), repeatable=True, idempotency_key=idempotency_key))

    def close(self) -> None:
        self._transport.close()

    def _perform(self, request: Request) -> Any:
        for tried in count(1):
            try:
                return _decoded(self._transport.exchange(request, self.key))
            except PostriderError as error:
                error.idempotency_key = request.idempotency_key
                wait = self._retry.wait(request, error, tried)
                if wait is None:
                    raise
            time.sleep(wait)
        raise AssertionError("count() does not end")


def _encoded(body: Optional[object]) -> Optional[bytes]:
    if body is None:
        return None
    return json.dumps(body, default=_timestamp, allow_nan=False).encode("ascii")


def _timestamp(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")
    if value.tzinfo is None:
        raise ValueError("a datetime needs a time zone: datetime.now(timezone.utc), for instance")
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _decoded(reply: Reply) -> Any:
    try:
        body = json.loads(reply.body) if reply.body else None
        readable = True
    except ValueError:
        body, readable = None, False
    if 200 <= reply.status < 300 and readable:
        return body
    if 200 <= reply.status < 300:
        error = ApiError(reply.status, "unreadable_reply", "the reply is not JSON: is this a Postrider server?")
    else:
        error = api_error(reply.status, body)
    error.request_id = reply.headers.get("X-Request-Id")
    error.retry_after = retry_after_seconds(reply.headers.get("Retry-After"))
    raise error
