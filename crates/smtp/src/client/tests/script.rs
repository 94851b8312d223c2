//! Runs a dialogue written as text: `S:` what the peer says (`S~` without a line end), `>` what the caller does,
//! `C:` what is sent (` / ` between the lines of one write), `*` every other output.
//!
//! Lines of the peer that follow each other arrive together. Actions that follow each other happen before anything is
//! polled.

use crate::address::{ForwardPath, ReversePath};
use crate::client::{Client, ClientConfig, Output, RecipientResult, TlsUse, Token, Transaction};

/// Checks a dialogue of a session that may encrypt.
pub(super) fn check(script: &str) {
    check_with(TlsUse::Opportunistic, script);
}

/// Checks a dialogue, with what the peer says arriving whole, octet by octet, and in two parts cut anywhere.
pub(super) fn check_with(tls: TlsUse, script: &str) {
    let steps = steps(script);
    let longest = steps.iter().map(|step| step.input_length()).max().unwrap_or(0);
    run(tls, &steps, &|input| vec![input]);
    run(tls, &steps, &|input| input.chunks(1).collect());
    for cut in 1..longest {
        run(tls, &steps, &|input| {
            let (head, tail) = input.split_at(cut.min(input.len()));
            vec![head, tail]
        });
    }
}

/// Checks a dialogue that is too long to be cut everywhere: whole, and octet by octet.
pub(super) fn check_once(script: &str) {
    let steps = steps(script);
    run(TlsUse::Never, &steps, &|input| vec![input]);
    run(TlsUse::Never, &steps, &|input| input.chunks(1).collect());
}

/// A dialogue up to a ready session with a peer that offers `keywords`, and what follows.
pub(super) fn ready(keywords: &str, rest: &str) -> String {
    let mut script = String::from("S: 220 mx.example.com ESMTP\nC: EHLO me.example\n");
    let mut lines: Vec<&str> = vec!["mx.example.com greets you"];
    lines.extend(keywords.split(", ").filter(|keyword| !keyword.is_empty()));
    let last = lines.len() - 1;
    for (index, line) in lines.into_iter().enumerate() {
        let separator = if index == last { ' ' } else { '-' };
        script.push_str(&format!("S: 250{separator}{line}\n"));
    }
    script + "* ready\n" + rest
}

/// A transaction as scripts write it: `a@x b@y,c@z [size=N] [8bit] [utf8]`; a sender `-` is the null path.
pub(super) fn transaction(text: &str) -> Transaction {
    let mut words = text.split(' ');
    let path = |text: &str| format!("<{}>", text.trim_start_matches('-'));
    let reverse_path = ReversePath::parse(&path(words.next().expect("a sender"))).expect("a reverse-path");
    let recipients = words.next().expect("recipients").split(',');
    let recipients = recipients
        .map(|text| ForwardPath::parse(&path(text)).expect("a forward-path"))
        .collect();
    let mut transaction = Transaction {
        reverse_path,
        recipients,
        size: 100,
        eight_bit: false,
        smtputf8: false,
    };
    for word in words {
        match word {
            "8bit" => transaction.eight_bit = true,
            "utf8" => transaction.smtputf8 = true,
            _ => {
                transaction.size = word
                    .strip_prefix("size=")
                    .expect("a size")
                    .parse()
                    .expect("a number")
            }
        }
    }
    transaction
}

#[derive(Debug)]
struct Step<'a> {
    inputs: Vec<Input<'a>>,
    expected: Vec<&'a str>,
}

#[derive(Debug)]
enum Input<'a> {
    Peer(String),
    Action(&'a str),
}

impl Step<'_> {
    fn input_length(&self) -> usize {
        let length = |input: &Input<'_>| match input {
            Input::Peer(text) => text.len(),
            Input::Action(_) => 0,
        };
        self.inputs.iter().map(length).max().unwrap_or(0)
    }
}

fn steps(script: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (kind, text) = line.split_once(' ').expect("a line has a kind");
        let is_input = matches!(kind, "S:" | "S~" | ">");
        if is_input && steps.last().is_none_or(|step| !step.expected.is_empty()) {
            steps.push(Step {
                inputs: Vec::new(),
                expected: Vec::new(),
            });
        }
        let step = steps.last_mut().expect("a script begins with an input");
        let end = if kind == "S:" { "\r\n" } else { "" };
        match (kind, step.inputs.last_mut()) {
            (">", _) => step.inputs.push(Input::Action(text)),
            ("S:" | "S~", Some(Input::Peer(said))) => said.push_str(&format!("{text}{end}")),
            ("S:" | "S~", _) => step.inputs.push(Input::Peer(format!("{text}{end}"))),
            _ => step.expected.push(line),
        }
    }
    steps
}

fn run(tls: TlsUse, steps: &[Step<'_>], cut: &dyn Fn(&[u8]) -> Vec<&[u8]>) {
    let mut client = Client::new(ClientConfig {
        ehlo_name: "me.example".into(),
        tls,
    });
    for (number, step) in steps.iter().enumerate() {
        for input in &step.inputs {
            match input {
                Input::Peer(said) => cut(said.as_bytes())
                    .into_iter()
                    .for_each(|part| client.handle_input(part)),
                Input::Action(action) => act(&mut client, action),
            }
        }
        assert_eq!(
            outputs(&mut client),
            step.expected,
            "step {number}: {:?}",
            step.inputs
        );
    }
}

fn act(client: &mut Client, action: &str) {
    let (verb, rest) = action.split_once(' ').unwrap_or((action, ""));
    match verb {
        "begin" => {
            let (token, rest) = rest.split_once(' ').expect("a token");
            assert!(client.wants_transaction(), "{action}");
            client.begin(transaction(rest), Token(token.parse().expect("a number")));
        }
        "unwanted" => {
            assert!(!client.wants_transaction(), "{action}");
            client.begin(transaction("- x@y"), Token(rest.parse().expect("a number")));
        }
        "body" => client.body_sent(),
        "tls" => client.tls_started(),
        "timeout" => client.handle_timeout(),
        "disconnect" => client.handle_disconnect(),
        "quit" => client.quit(),
        _ => panic!("no such action: {action}"),
    }
}

// What is sent in a row counts as sent together: cutting the input may cut the writes.
fn outputs(client: &mut Client) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    while let Some(output) = client.poll_output() {
        let line = show(output);
        match (shown.last_mut(), line.strip_prefix("C: ")) {
            (Some(last), Some(more)) if last.starts_with("C: ") => last.push_str(&format!(" / {more}")),
            _ => shown.push(line),
        }
    }
    shown
}

fn show(output: Output) -> String {
    match output {
        Output::Send(octets) => {
            let text = String::from_utf8(octets).expect("commands are UTF-8");
            let lines = text.strip_suffix("\r\n").expect("commands end with CRLF");
            format!("C: {}", lines.replace("\r\n", " / "))
        }
        Output::StartTls => "* starttls".into(),
        Output::Ready => "* ready".into(),
        Output::SendBody(token) => format!("* body {}", token.0),
        Output::Outcome { token, recipients } => {
            let results: Vec<String> = recipients.iter().map(show_result).collect();
            format!("* outcome {}: {}", token.0, results.join("; "))
        }
        Output::NotTried(token) => format!("* not tried {}", token.0),
        Output::Failed(failure) => {
            let kind = if failure.is_permanent() {
                "permanent"
            } else {
                "temporary"
            };
            format!("* failed {kind} {} {failure}", failure.status())
        }
        Output::Close => "* close".into(),
    }
}

fn show_result(result: &RecipientResult) -> String {
    let word = match result {
        RecipientResult::Delivered(_) => "delivered",
        RecipientResult::Deferred(_) => "deferred",
        RecipientResult::Refused(_) => "refused",
    };
    format!("{word} {} {result}", result.status())
}
