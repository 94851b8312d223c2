"""An attachment from a file."""

import base64
import mimetypes
import os
from pathlib import Path
from typing import Optional, Union

from .types import Attachment


def attachment(
    path: "Union[str, os.PathLike[str]]",
    *,
    filename: Optional[str] = None,
    content_type: Optional[str] = None,
    content_id: Optional[str] = None,
) -> Attachment:
    """Reads the file whole. The type is guessed from its name unless given; with `content_id` the part is inline."""
    file = Path(path)
    part: Attachment = {
        "filename": filename or file.name,
        "content": base64.b64encode(file.read_bytes()).decode("ascii"),
    }
    kind = content_type or mimetypes.guess_type(part["filename"])[0]
    if kind:
        part["content_type"] = kind
    if content_id:
        part["content_id"] = content_id
    return part
