//! Reading dialog files.

use smtp::reply::Refusal;

use super::{Dialog, Pattern, Setting, Step};

pub(super) fn dialog(name: &str, text: &str) -> Dialog {
    let mut dialog = Dialog {
        name: name.to_owned(),
        setting: Setting::default(),
        steps: Vec::new(),
    };
    for (line, number) in text.lines().zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !add_step(&mut dialog.steps, number, line) {
            assert!(
                dialog.steps.is_empty(),
                "{name}:{number}: a setting behind a step, or no step: {line}"
            );
            let known = dialog.setting.add(line);
            known.unwrap_or_else(|| panic!("{name}:{number}: unknown or incomplete: {line}"));
        }
    }
    dialog
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            submission: false,
            size_max: 10_000,
            recipients_max: 100,
            implicit_tls: false,
            auth_required: false,
            credentials: Vec::new(),
            auth_unavailable: false,
            refused_senders: Vec::new(),
            refused_recipients: Vec::new(),
            refused_message: None,
            together: false,
        }
    }
}

impl Setting {
    fn add(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["listener", "relay"] => {}
            ["listener", "submission"] => (self.submission, self.auth_required) = (true, true),
            ["size-max", octets] => self.size_max = octets.parse().ok()?,
            ["recipients-max", count] => self.recipients_max = count.parse().ok()?,
            ["implicit-tls"] => self.implicit_tls = true,
            ["optional-auth"] => self.auth_required = false,
            ["credential", user, password] => {
                self.credentials.push((user.to_string(), password.to_string()));
            }
            ["auth-unavailable"] => self.auth_unavailable = true,
            ["refuse-sender", sender, why] => {
                self.refused_senders.push((sender.to_string(), refusal(why)?));
            }
            ["refuse-recipient", recipient, why] => {
                self.refused_recipients
                    .push((recipient.to_string(), refusal(why)?));
            }
            ["refuse-message", why] => self.refused_message = Some(refusal(why)?),
            ["together"] => self.together = true,
            _ => return None,
        }
        Some(())
    }
}

fn refusal(name: &str) -> Option<Refusal> {
    Refusal::ALL
        .iter()
        .copied()
        .find(|refusal| format!("{refusal:?}") == name)
}

// Whether the line is a step.
fn add_step(steps: &mut Vec<(usize, Step)>, number: usize, line: &str) -> bool {
    let (kind, rest) = line.split_once(':').unwrap_or((line, ""));
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let step = match kind {
        "C" => return add_octets(steps, number, format!("{rest}\r\n").into_bytes()),
        "c" => return add_octets(steps, number, unescape(rest)),
        "body" => return add_body(steps, format!("{rest}\r\n").into_bytes()),
        "raw-body" => return add_body(steps, unescape(rest)),
        "S" => Step::Reply(match rest.strip_suffix('*') {
            Some(beginning) => Pattern::Beginning(beginning.to_owned()),
            None => Pattern::Line(rest.to_owned()),
        }),
        "envelope" => Step::Message {
            envelope: rest.to_owned(),
            body: Vec::new(),
        },
        "discarded" => Step::Discarded,
        "tls" => Step::Tls,
        "timeout" => Step::Timeout,
        "shutdown" => Step::Shutdown,
        "close" => Step::Close,
        _ => return false,
    };
    steps.push((number, step));
    true
}

fn add_octets(steps: &mut Vec<(usize, Step)>, number: usize, octets: Vec<u8>) -> bool {
    match steps.last_mut() {
        Some((_, Step::Send(group))) => group.extend(octets),
        _ => steps.push((number, Step::Send(octets))),
    }
    true
}

fn add_body(steps: &mut [(usize, Step)], octets: Vec<u8>) -> bool {
    match steps.last_mut() {
        Some((_, Step::Message { body, .. })) => body.extend(octets),
        _ => return false,
    }
    true
}

/// Text with `\r`, `\n`, `\0`, `\\`, `\xNN` and `\{count*text}`, as octets.
fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        octets.extend(&rest.as_bytes()[..at]);
        let (escape, behind) = rest[at + 1..].split_at(1);
        rest = behind;
        match escape {
            "r" => octets.push(b'\r'),
            "n" => octets.push(b'\n'),
            "0" => octets.push(0),
            "\\" => octets.push(b'\\'),
            "x" => {
                octets.push(u8::from_str_radix(&rest[..2], 16).expect("two hexadecimal digits"));
                rest = &rest[2..];
            }
            "{" => {
                let (repeated, behind) = rest.split_once('}').expect("a closing brace");
                let (count, repeated) = repeated.split_once('*').expect("count*text");
                octets.extend(unescape(repeated).repeat(count.parse().expect("a count")));
                rest = behind;
            }
            _ => panic!("no escape: \\{escape}"),
        }
    }
    octets.extend(rest.as_bytes());
    octets
}

#[test]
fn escapes() {
    assert_eq!(unescape(r"a\r\n\0\\\xffb\{3*xy}z"), b"a\r\n\0\\\xffbxyxyxyz");
}
