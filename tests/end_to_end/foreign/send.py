"""Sends one message as an application would, with Python's smtplib: send.py HOST PORT USERNAME PASSWORD FROM TO"""

import smtplib
import ssl
import sys
from email.message import EmailMessage

host, port, username, password, sender, recipient = sys.argv[1:]

message = EmailMessage()
message["From"] = f"Änne <{sender}>"
message["To"] = recipient
message["Subject"] = "Grüße from smtplib"
message.set_content("plain text, with ümlauts and\n.a dot\n")
message.add_alternative("<p>rich text</p>", subtype="html")
message.add_attachment(bytes(range(256)) * 400, maintype="application", subtype="octet-stream", filename="all.bin")

# The server under test has a self-signed certificate.
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE

with smtplib.SMTP(host, int(port), timeout=90) as client:
    client.starttls(context=context)
    try:
        client.login(username, password)
    except smtplib.SMTPAuthenticationError as error:
        sys.exit(f"authentication refused: {error.smtp_code}")
    client.send_message(message)
