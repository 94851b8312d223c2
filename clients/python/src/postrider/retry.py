"""When a request is sent again, and after how long."""

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Optional

from .errors import ApiError, ConnectionFailed, PostriderError
from .transport import Request

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class RetryPolicy:
    """`retries` tries after the first. Waits double from `wait_first` to `wait_max` seconds, less up to half at random,
    so that clients that failed together do not come back together. A server that asks for more than `retry_after_max`
    seconds is not waited for: the error is raised, with its `retry_after`."""

    retries: int = 3
    wait_first: float = 0.5
    wait_max: float = 8.0
    retry_after_max: float = 60.0

    def wait(self, request: Request, error: PostriderError, tried: int) -> Optional[float]:
        """Seconds to wait before the next try after `tried` failed ones, or None when there is none."""
        if tried > self.retries or not may_repeat(request, error):
            return None
        asked = error.retry_after if isinstance(error, ApiError) and error.retry_after else 0.0
        if asked > self.retry_after_max:
            return None
        backoff = min(self.wait_first * 2.0 ** (tried - 1), self.wait_max)
        return max(asked, backoff * random.uniform(0.5, 1.0))


def may_repeat(request: Request, error: PostriderError) -> bool:
    """Whether sending the request again is useful and cannot do its work twice."""
    if isinstance(error, ConnectionFailed):
        return not error.permanent and (request.repeatable or not error.connected)
    if not request.repeatable:
        return False
    # With a key, 409 means that the first request with it has not been answered yet.
    return error.status in RETRIED_STATUSES or (error.status == 409 and request.idempotency_key is not None)


def retry_after_seconds(value: Optional[str]) -> Optional[float]:
    """RFC 9110 §10.2.3: Retry-After is a number of seconds or a date. Neither: as if it were not there."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
