"""One HTTP exchange over a kept connection. It never retries; it says whether the request can have arrived."""

import http.client
import selectors
import ssl
import threading
from dataclasses import dataclass
from typing import Dict, List, Optional, Union
from urllib.parse import urlsplit

from .errors import ConnectionFailed
from .version import VERSION

IDLE_CONNECTIONS_MAX = 8


@dataclass(frozen=True)
class Request:
    """`repeatable`: carrying it out twice is the same as once."""

    method: str
    path: str
    body: Optional[bytes]
    repeatable: bool
    idempotency_key: Optional[str] = None


@dataclass(frozen=True)
class Reply:
    status: int
    headers: "http.client.HTTPMessage"
    body: bytes


class Transport:
    """Connections to one server. Any number of threads may use it at once."""

    def __init__(self, url: str, timeout: float, ssl_context: Optional[ssl.SSLContext]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the URL of the server must begin with https:// or http://, not: {url!r}")
        self._host = parts.hostname
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout = timeout
        self._tls = (ssl_context or ssl.create_default_context()) if parts.scheme == "https" else None
        self._idle: List[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def exchange(self, request: Request, key: str) -> Reply:
        """Sends the request and reads the whole reply."""
        connection = (self._idle_connection() if request.repeatable else None) or self._connect()
        try:
            connection.request(request.method, self._prefix + request.path, request.body, _headers(request, key))
            response = connection.getresponse()
            reply = Reply(response.status, response.msg, response.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionFailed(f"no reply from {self._host}: {error!r}", connected=True) from error
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._keep(connection)
        return reply

    def close(self) -> None:
        """Closes the idle connections; a later exchange opens a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        connection: Union[http.client.HTTPConnection, http.client.HTTPSConnection]
        if self._tls:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            untrusted = isinstance(error, ssl.SSLCertVerificationError)
            message = f"cannot connect to {self._host}: {error}"
            raise ConnectionFailed(message, connected=False, permanent=untrusted) from error
        return connection

    def _idle_connection(self) -> Optional[http.client.HTTPConnection]:
        """The one used last, if the server has not closed it meanwhile."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if _is_quiet(connection):
                return connection
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < IDLE_CONNECTIONS_MAX:
                self._idle.append(connection)
                return
        connection.close()


def _is_quiet(connection: http.client.HTTPConnection) -> bool:
    """On an idle connection there is something to read only when the server has closed it."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return not selector.select(0)


def _headers(request: Request, key: str) -> Dict[str, str]:
    headers = {
        "Authorization": f"Bearer {key}",
        "Accept": "application/json",
        "User-Agent": f"postrider-python/{VERSION}",
    }
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    if request.idempotency_key is not None:
        headers["Idempotency-Key"] = request.idempotency_key
    return headers
