"""Reads the message on standard input with Python's email package and tells, as JSON, what a person would see."""

import email
import email.policy
import email.utils
import json
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)


def addresses(name):
    fields = message.get_all(name, [])
    return [[address.display_name, address.addr_spec] for field in fields for address in field.addresses]


parts, files = [], []
for part in message.walk():
    if part.is_multipart():
        continue
    if part.get_filename():
        content = part.get_payload(decode=True)
        files.append([part.get_filename(), part.get_content_type(), len(content), part["Content-ID"]])
    else:
        parts.append([part.get_content_type(), part.get_content().replace("\r\n", "\n")])

html = [text for kind, text in parts if kind == "text/html"]
json.dump(
    {
        "from": addresses("From"),
        "to": addresses("To"),
        "cc": addresses("Cc"),
        "reply_to": addresses("Reply-To"),
        "subject": str(message["Subject"]),
        "message_id": str(message["Message-ID"]),
        "x_order": str(message["X-Order"]),
        "parts": parts,
        "types": [kind for kind, _ in parts],
        "html": html[0] if html else None,
        "files": files,
        "defects": [str(defect) for defect in message.defects],
    },
    sys.stdout,
)
