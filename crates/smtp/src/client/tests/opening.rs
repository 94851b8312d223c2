//! From the greeting to a ready session, or not.

use super::script::{check, check_with, ready};
use crate::client::TlsUse;

#[test]
fn ehlo_makes_a_session_ready() {
    check(&ready(
        "PIPELINING, SIZE 1000",
        "> quit\nC: QUIT\nS: 221 bye\n* close",
    ));
}

#[test]
fn a_server_without_extensions_is_greeted_with_helo() {
    for refusal in ["500 what", "502 5.5.1 not implemented", "504 no", "550 no"] {
        check(&format!(
            "S: 220 old\nC: EHLO me.example\nS: {refusal}\nC: HELO me.example\nS: 250 old\n* ready\n\
             > begin 1 a@x b@y size=100 8bit\nC: MAIL FROM:<a@x>"
        ));
    }
}

#[test]
fn a_greeting_may_have_many_lines() {
    check("S: 220-one\nS: 220-two\nS: 220 three\nC: EHLO me.example");
}

#[test]
fn a_session_that_is_refused_says_quit() {
    for (said, outcome) in [
        ("554 5.7.1 no mail here", "permanent 5.7.1 554 5.7.1 no mail here"),
        ("450 later", "temporary 4.0.0 450 later"),
        (
            "354 what",
            "temporary 4.5.0 unexpected reply before the greeting: 354 what",
        ),
    ] {
        check(&format!(
            "S: {said}\n* failed {outcome}\nC: QUIT\nS: 221 bye\n* close"
        ));
    }
    for (said, outcome) in [
        ("450 4.7.1 later", "temporary 4.7.1 450 4.7.1 later"),
        (
            "354 what",
            "temporary 4.5.0 unexpected reply after EHLO: 354 what",
        ),
    ] {
        check(&format!(
            "S: 220 mx\nC: EHLO me.example\nS: {said}\n* failed {outcome}\nC: QUIT\nS: 221 bye\n* close"
        ));
    }
    check(
        "S: 220 mx\nC: EHLO me.example\nS: 550 no\nC: HELO me.example\nS: 550 5.7.1 really not\n\
         * failed permanent 5.7.1 550 5.7.1 really not\nC: QUIT\n> disconnect\n* close",
    );
}

#[test]
fn a_peer_that_says_421_is_left_without_quit() {
    check("S: 421 4.3.2 shutting down\n* failed temporary 4.3.2 421 4.3.2 shutting down\n* close");
    check(
        "S: 220 mx\nC: EHLO me.example\nS: 421 busy\n* failed temporary 4.0.0 421 busy\n* close\nS: 250 late\n> quit",
    );
}

#[test]
fn a_connection_lost_or_silent_before_the_session_is_ready_is_a_failure() {
    for (so_far, stage) in [
        ("S~ 22\n", "before the greeting"),
        ("S: 220 mx\nC: EHLO me.example\n", "after EHLO"),
        (
            "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n",
            "after STARTTLS",
        ),
        (
            "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n* starttls\n",
            "after STARTTLS",
        ),
    ] {
        check(&format!(
            "{so_far}> disconnect\n* failed temporary 4.4.2 connection lost {stage}\n* close"
        ));
        check(&format!(
            "{so_far}> timeout\n* failed temporary 4.4.2 no answer in time {stage}\n* close"
        ));
        check(&format!(
            "{so_far}> quit\n* close\n> disconnect\n> timeout\n> quit"
        ));
    }
}

#[test]
fn rubbish_for_a_greeting_is_a_temporary_failure() {
    check(
        "S: HTTP/1.1 400\n* failed temporary 4.5.0 not understood before the greeting: not a reply code\n* close",
    );
    check(
        "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 550 no\n\
         * failed temporary 4.5.0 not understood after EHLO: different codes in one reply\n* close",
    );
}

#[test]
fn starttls_is_used_when_offered_and_makes_the_session_begin_anew() {
    // RFC 3207 §4.2: what was offered in the clear counts no more.
    let script = "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250-PIPELINING\nS: 250 starttls\nC: STARTTLS\n\
                  S: 220 go\n* starttls\n> tls\nC: EHLO me.example\nS: 250-mx\nS: 250-STARTTLS\nS: 250 SIZE\n* ready\n\
                  > begin 1 a@x b@y\nC: MAIL FROM:<a@x> SIZE=100";
    check(script);
    check_with(TlsUse::Required, script);
}

#[test]
fn an_ehlo_refused_under_tls_is_still_encrypted() {
    check_with(
        TlsUse::Required,
        "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n* starttls\n> tls\n\
         C: EHLO me.example\nS: 502 no\nC: HELO me.example\nS: 250 mx\n* ready",
    );
}

#[test]
fn tls_is_as_required_as_it_is_configured() {
    let no_offer = "S: 220 mx\nC: EHLO me.example\nS: 250 mx\n";
    let missing = "* failed temporary 4.7.4 TLS is required, and the server does not offer it\nC: QUIT";
    check_with(TlsUse::Never, &format!("{no_offer}* ready"));
    check_with(TlsUse::Opportunistic, &format!("{no_offer}* ready"));
    check_with(TlsUse::Required, &format!("{no_offer}{missing}"));
    check_with(
        TlsUse::Required,
        &format!("S: 220 mx\nC: EHLO me.example\nS: 500 no\nC: HELO me.example\nS: 250 mx\n{missing}"),
    );

    let offer = "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\n";
    check_with(TlsUse::Never, &format!("{offer}* ready"));
    for (refusal, code) in [("454 4.7.0 not now", "4.7.4"), ("554 never", "4.7.4")] {
        check_with(
            TlsUse::Opportunistic,
            &format!("{offer}C: STARTTLS\nS: {refusal}\n* ready"),
        );
        check_with(
            TlsUse::Required,
            &format!(
                "{offer}C: STARTTLS\nS: {refusal}\n\
                 * failed temporary {code} TLS is required, and the server refused it: {refusal}\nC: QUIT"
            ),
        );
    }
    for tls in [TlsUse::Opportunistic, TlsUse::Required] {
        check_with(
            tls,
            &format!(
                "{offer}C: STARTTLS\nS: 250 what\n\
                 * failed temporary 4.5.0 unexpected reply after STARTTLS: 250 what\nC: QUIT"
            ),
        );
        check_with(
            tls,
            &format!("{offer}C: STARTTLS\nS: 421 bye\n* failed temporary 4.0.0 421 bye\n* close"),
        );
    }
}

#[test]
fn plaintext_behind_the_reply_to_starttls_ends_the_session() {
    check(
        "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nS: 250 mx\n\
         * starttls\n* failed temporary 4.7.5 plaintext follows the reply to STARTTLS\n* close\n> tls",
    );
}

#[test]
fn a_transaction_cannot_be_begun_before_or_after() {
    check("> unwanted 7\n* not tried 7");
    check(&ready("", "> quit\n> unwanted 7\nC: QUIT\n* not tried 7"));
    check(&ready("", "S: 421 bye\n* close\n> unwanted 7\n* not tried 7"));
}
