//! An account whose mail is called spam too often: it is suspended by what its readers' providers tell, and by nothing less.

use serde_json::{Value, json};

use super::homecoming::{HOME, Stage, arf, count, stage};
use crate::world::customer::Customer;
use crate::world::eventually;

/// The least mail on which anybody is judged, and one complaint less than too many of it: exactly one percent.
const MAILS: usize = 200;
const TOLERATED: usize = 2;

fn stopped(customer: &Customer) -> Value {
    let profile = customer.ask("GET", "/api/customer/profile", None).json();
    profile["customer"]["sending_stopped"].clone()
}

fn refreshed(customer: &Customer) -> Value {
    let reply = customer.ask("POST", "/api/customer/health-score/refresh", None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn email() -> Value {
    json!({ "to": "good@dest.test", "from": "hello@src.test", "subject": "s", "text": "t" })
}

/// Mail to [`MAILS`] readers, all of it delivered.
fn send_all(stage: &Stage) {
    let recipients: Vec<Value> = (0..MAILS)
        .map(|number| json!({ "email": format!("b{number}@dest.test"), "vars": {} }))
        .collect();
    let news = json!({ "from": "news@src.test", "subject": "News", "text": "t", "recipients": recipients });
    let reply = stage.customer.ask("POST", "/api/bulk-send", Some(&news));
    assert_eq!(reply.json()["queued"], MAILS, "{}", reply.text());
    stage.program.drained();
    assert_eq!(count(&stage.customer, "delivered"), MAILS);
}

#[test]
fn too_many_complaints_suspend_an_account_until_an_operator_lets_it_go() {
    let mut stage = stage();
    send_all(&stage);
    let mails = stage.host.mail(MAILS);
    let desk = format!("fbl@{HOME}");
    // One provider sends reports to the address of the loop, another to the return path, a third tells by a hook.
    stage.report("fbl@provider.test", &desk, &arf("abuse", Some(&mails[0].text)));
    let path = &mails[1].reverse_path;
    stage.report("fbl@provider.test", path, &arf("fraud", None));
    assert_eq!(count(&stage.customer, "complaints"), TOLERATED);
    assert_eq!(refreshed(&stage.customer)["sending_stopped"], Value::Null);
    // A report that is told again, and one that is no complaint, are not one more.
    stage.report("fbl@provider.test", &desk, &arf("abuse", Some(&mails[0].text)));
    stage.report("fbl@provider.test", &desk, &arf("not-spam", Some(&mails[2].text)));
    assert_eq!(refreshed(&stage.customer)["sending_stopped"], Value::Null);
    let good = stage.customer.send(&email());
    stage.customer.becomes(&good["id"], "delivered");

    let path = format!(
        "/api/v1/events?type=delivered&recipient={}",
        mails[2].recipients[0]
    );
    let listed = stage.customer.ask("GET", &path, None).json();
    let complaint = json!({ "emailId": listed["events"][0]["email_id"], "feedbackType": "abuse" });
    let header = "Content-Type: application/json\r\n";
    let told = stage.customer.raw(
        "POST",
        "/webhooks/complaint",
        header,
        complaint.to_string().as_bytes(),
    );
    assert_eq!((told.status, told.json()), (200, json!({ "success": true })));

    // Nobody asks for a judgement: the next round of the server makes it, and the first comes with its start.
    stage.program.stop();
    stage.program = stage.world.start();
    let stop = eventually("a suspension", || {
        Some(stopped(&stage.customer)).filter(|stop| !stop.is_null())
    });
    assert_eq!(stop["kind"], "suspended", "{stop}");
    let reason = stop["reason"].as_str().unwrap();
    assert_eq!(reason, "complaints in 7 days are 1.49 %, more than 1 %");
    for (path, body) in [
        ("/api/send", email()),
        ("/api/batch", json!({ "emails": [email()] })),
    ] {
        let refused = stage.customer.ask("POST", path, Some(&body));
        assert_eq!(refused.status, 403, "{}", refused.text());
        let problem = refused.json();
        assert_eq!(problem["code"], "account_suspended", "{problem}");
        assert!(problem["message"].as_str().unwrap().contains(reason), "{problem}");
    }
    let health = refreshed(&stage.customer);
    assert_eq!(health["sending_stopped"], stop);
    let audit = stage.program.json(&["customer", "audit"]).to_string();
    assert!(
        audit.contains("account.suspended") && audit.contains(reason),
        "{audit}"
    );
    assert_eq!(
        stage.program.json(&["customer", "show", "owner@src.test"])["status"],
        "suspended"
    );

    // What was complained about before is forgiven, and does not stop it again.
    let active = stage.program.json(&["customer", "reinstate", "owner@src.test"]);
    assert_eq!(active["status"], "active");
    let sent = stage.customer.send(&email());
    stage.customer.becomes(&sent["id"], "delivered");
    let health = refreshed(&stage.customer);
    assert_eq!(health["sending_stopped"], Value::Null, "{health}");
    assert_eq!(health["health_score"]["complaint_rate"], 0.0, "{health}");
}
