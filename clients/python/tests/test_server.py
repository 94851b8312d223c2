"""Every operation against a running server."""

import os
import tempfile
import unittest
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import account
from postrider import BadRequest, Conflict, Fault, NotFound, Postrider, Unauthorized, Unprocessable, attachment


def setUpModule() -> None:
    account.require()


class ServerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.mail = account.client()
        self.addCleanup(self.mail.close)

    def in_an_hour(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(hours=1)


class Sending(ServerTest):
    def test_html_and_text(self) -> None:
        email = account.email()
        sent = self.mail.send(email)
        self.assertEqual(sent["status"], "queued")
        found = self.mail.get_email(sent["id"])
        self.assertEqual((found["id"], found["subject"]), (sent["id"], email["subject"]))
        self.assertEqual([one["address"] for one in found["recipients"]], [account.recipient()])

    def test_text_alone_or_html_alone(self) -> None:
        for left_out in ("html", "text"):
            with self.subTest(left_out=left_out):
                email = account.email()
                del email[left_out]  # type: ignore[misc]
                self.assertEqual(self.mail.send(email)["status"], "queued")

    def test_attachment_from_a_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "Übersicht.pdf")
            path.write_bytes(bytes(range(256)) * 64)
            email = account.email()
            email["attachments"] = [attachment(path), attachment(path, filename="logo.png", content_id="logo")]
        self.assertEqual([part.get("content_type") for part in email["attachments"]], ["application/pdf", "image/png"])
        self.assertEqual(self.mail.send(email)["status"], "queued")

    def test_characters_outside_ascii(self) -> None:
        email = account.email()
        email["subject"] = f"Grüße, 你好, 🐎 {uuid.uuid4()}"
        email["from"] = f"Jürgen Groß <juergen@{os.environ['POSTRIDER_DOMAIN']}>"
        email["text"] = "Schöne Grüße\n再见"
        email["metadata"] = {"größe": "übergroß", "anzahl": 3}
        found = self.mail.get_email(self.mail.send(email)["id"])
        self.assertEqual(found["subject"], email["subject"])
        self.assertEqual(found["metadata"], email["metadata"])

    def test_every_fault_is_named_with_its_field(self) -> None:
        email = account.email()
        email["to"] = "nobody"
        email["reply_to"] = "no one"
        email["tag"] = "t" * 256
        with self.assertRaises(BadRequest) as caught:
            self.mail.send(email)
        error = caught.exception
        self.assertEqual(error.status, 400)
        self.assertEqual({fault.field for fault in error.errors}, {"/to", "/reply_to", "/tag"})
        for fault in error.errors:
            self.assertIsInstance(fault, Fault)
            self.assertTrue(fault.code and fault.message, fault)
        self.assertTrue(error.request_id)

    def test_an_unknown_field_is_refused_by_name(self) -> None:
        email = account.email()
        email["track_open"] = True  # type: ignore[typeddict-unknown-key]
        with self.assertRaises(BadRequest) as caught:
            self.mail.send(email)
        self.assertIn("track_open", str(caught.exception))

    def test_a_wrong_key_is_unauthorized(self) -> None:
        with Postrider(os.environ["POSTRIDER_URL"], "ml_live_" + "0" * 64) as stranger:
            with self.assertRaises(Unauthorized) as caught:
                stranger.send(account.email())
        self.assertEqual(caught.exception.status, 401)

    def test_the_sandbox_takes_mail_too(self) -> None:
        with account.client("POSTRIDER_TEST_KEY") as sandbox:
            sent = sandbox.send(account.email())
            self.assertEqual(sandbox.get_email(sent["id"])["id"], sent["id"])

    def test_a_batch_takes_the_good_and_names_the_bad(self) -> None:
        bad = account.email()
        bad["to"] = "nobody"
        reply = self.mail.batch([account.email(), bad, account.email()])
        self.assertEqual((reply["total"], reply["queued"], reply["failed"]), (3, 2, 1))
        self.assertEqual([result["index"] for result in reply["results"]], [0, 1, 2])
        self.assertEqual(["id" in result for result in reply["results"]], [True, False, True])
        self.assertIn("error", reply["results"][1])

    def test_a_missing_variable_fails_its_recipient_only(self) -> None:
        reply = self.mail.bulk_send(
            {
                "from": f"news@{os.environ['POSTRIDER_DOMAIN']}",
                "subject": "Hello {{name}}",
                "html": "<p>Hello {{name}}</p>",
                "recipients": [
                    {"email": account.recipient(), "vars": {"name": "Ada"}},
                    {"email": account.recipient().replace("@", "+two@"), "vars": {}},
                ],
            }
        )
        self.assertEqual((reply["total"], reply["queued"], reply["failed"]), (2, 1, 1))
        self.assertEqual([error["index"] for error in reply["errors"]], [1])
        self.assertTrue(reply["bulk_id"])


class Scheduling(ServerTest):
    def test_a_scheduled_mail_can_be_cancelled_once(self) -> None:
        email = account.email()
        email["send_at"] = self.in_an_hour()
        sent = self.mail.send(email)
        self.assertEqual(sent["status"], "scheduled")
        self.assertEqual(self.mail.get_email(sent["id"])["status"], "scheduled")
        self.mail.cancel_email(sent["id"])
        self.assertEqual(self.mail.get_email(sent["id"])["status"], "canceled")
        with self.assertRaises(Conflict):
            self.mail.cancel_email(sent["id"])

    def test_an_unknown_mail_is_not_found(self) -> None:
        with self.assertRaises(NotFound):
            self.mail.get_email(str(uuid.uuid4()))


class Idempotency(ServerTest):
    def test_the_same_key_and_body_give_the_first_reply(self) -> None:
        email, key = account.email(), str(uuid.uuid4())
        self.assertEqual(
            self.mail.send(email, idempotency_key=key),
            self.mail.send(email, idempotency_key=key),
        )

    def test_without_a_key_every_call_is_a_mail(self) -> None:
        email = account.email()
        self.assertNotEqual(self.mail.send(email)["id"], self.mail.send(email)["id"])

    def test_the_same_key_with_another_body_is_refused(self) -> None:
        key = str(uuid.uuid4())
        self.mail.send(account.email(), idempotency_key=key)
        with self.assertRaises(Unprocessable) as caught:
            self.mail.send(account.email(), idempotency_key=key)
        self.assertEqual(caught.exception.code, "idempotency_key_reused")
        self.assertEqual(caught.exception.idempotency_key, key)


class Account(ServerTest):
    def test_domains_come_and_go(self) -> None:
        name = f"t-{uuid.uuid4().hex[:12]}.client-test.example.org"
        domain = self.mail.domains.add(name)
        self.assertEqual((domain["domain"], domain["status"]), (name, "pending"))
        self.assertIn("dkim", {record["purpose"] for record in domain["dns_records"]})
        with self.assertRaises(Conflict):
            self.mail.domains.add(name)
        self.assertIn(name, [one["domain"] for one in self.mail.domains.list(limit=500)["domains"]])
        self.assertEqual(self.mail.domains.get(domain["id"])["domain"], name)
        self.assertIs(self.mail.domains.update(domain["id"], {"track_opens": True})["track_opens"], True)
        self.mail.domains.delete(domain["id"])
        with self.assertRaises(NotFound):
            self.mail.domains.get(domain["id"])

    def test_the_profile_shows_the_account_and_no_key(self) -> None:
        customer = self.mail.profile()["customer"]
        self.assertEqual(customer["status"], "active")
        self.assertNotIn(os.environ["POSTRIDER_KEY"], str(customer))

    def test_the_name_of_the_account_can_be_changed(self) -> None:
        name = self.mail.profile()["customer"]["name"]
        self.addCleanup(self.mail.update_profile, {"name": name})
        self.assertEqual(self.mail.update_profile({"name": "Zoë"})["customer"]["name"], "Zoë")
        self.assertEqual(self.mail.profile()["customer"]["name"], "Zoë")

    def test_smtp_credentials_have_no_password(self) -> None:
        credentials = self.mail.smtp_credentials()["smtp_credentials"]
        self.assertIn(credentials["recommended_port"], credentials["ports"])
        self.assertNotIn("password", credentials)


if __name__ == "__main__":
    unittest.main()
