"""What can go wrong: the server said no (`ApiError`), or there was no reply (`ConnectionFailed`)."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Type


@dataclass(frozen=True)
class Fault:
    """One fault of a request; `field` is a JSON pointer into it, such as `/recipients/3/email`."""

    field: str
    code: str
    message: str


class PostriderError(Exception):
    """Every error of this package. `status` and `request_id` are None when there was no reply."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status: Optional[int] = None
        self.request_id: Optional[str] = None
        self.errors: List[Fault] = []
        self.idempotency_key: Optional[str] = None
        """The key the request carried: sending the same body with it again cannot send the mail twice."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ConnectionFailed(PostriderError):
    """No whole reply arrived. `connected` is False when the request cannot have reached the server."""

    def __init__(self, message: str, connected: bool, permanent: bool = False) -> None:
        super().__init__("connection_failed", message)
        self.connected = connected
        self.permanent = permanent
        """The next try would fail the same way: the server's certificate is not trusted."""


class ApiError(PostriderError):
    """A reply other than 2xx, or one that is not JSON."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status: int = status
        self.retry_after: Optional[float] = None
        """The seconds the server asks to wait."""

    def __str__(self) -> str:
        faults = "".join(f"; {fault.field}: {fault.message}" for fault in self.errors)
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.code}: {self.message}{faults}{request}"


class BadRequest(ApiError):
    """400: the request has faults; `errors` lists all of them."""


class Unauthorized(ApiError):
    """401: the key is missing, unknown, expired or revoked."""


class Forbidden(ApiError):
    """403: the account or the domain may not do this, for instance `domain_not_verified`."""


class NotFound(ApiError):
    """404: there is no such thing in this account."""


class Conflict(ApiError):
    """409: it exists already, or it is too late."""


class TooLarge(ApiError):
    """413: the request is larger than the server takes."""


class Unprocessable(ApiError):
    """422: for instance `idempotency_key_reused`, a key that came with another body before."""


class RateLimited(ApiError):
    """429: too many requests; `retry_after` says when to come back."""


class ServerError(ApiError):
    """5xx: the server or something before it could not; nothing was accepted."""


_CLASSES: Dict[int, Type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Unprocessable,
    429: RateLimited,
}


def api_error(status: int, body: Any) -> ApiError:
    """The error of a reply. A body that is not the API's (a proxy's page) gives the code `http_<status>`."""
    fields = body if isinstance(body, dict) else {}
    kind = _CLASSES.get(status, ServerError if status >= 500 else ApiError)
    code = fields.get("code") or fields.get("error") or f"http_{status}"
    error = kind(status, str(code), str(fields.get("message") or f"the server answered {status}"))
    faults = fields.get("errors")
    error.errors = [_fault(fault) for fault in faults if isinstance(fault, dict)] if isinstance(faults, list) else []
    return error


def _fault(fault: Dict[str, Any]) -> Fault:
    return Fault(str(fault.get("field", "")), str(fault.get("code", "")), str(fault.get("message", "")))
