//! The knobs of HTTP: the operator's, and the customers'.

use super::Kind::{Choice, Count, Host, Lapse, Many, Networks, Origin, Path, Size, Socket, Switch, Url};
use super::Preset::{Unset, Value};
use super::{Knob, MIB, Section, days, hours, seconds};

pub(super) const OPERATOR: Section = Section {
    name: "operator",
    repeated: false,
    about: "The operator's HTTP: health, metrics, and the queue for the command line.",
    knobs: &[
        Knob {
            key: "address",
            kind: Socket,
            preset: Value("\"127.0.0.1:8025\""),
            reason: "The address to bind. It speaks clear-text HTTP: leave it on loopback or put a TLS proxy before it.",
        },
        Knob {
            key: "token_file",
            kind: Path,
            preset: Unset {
                meaning: "`operator.token` in the data folder",
                example: "\"/etc/postrider/operator.token\"",
            },
            reason: "File of the token that the command line and the operator present; made at the first start when it \
                     is missing.",
        },
    ],
};

pub(super) const API: Section = Section {
    name: "api",
    repeated: false,
    about: "The customers' HTTP: the REST API, tracking and hooks.",
    knobs: &[
        Knob {
            key: "address",
            kind: Socket,
            preset: Value("\"127.0.0.1:8080\""),
            reason: "The address to bind. Loopback, for a proxy on the same host, until it is decided who else reaches it.",
        },
        Knob {
            key: "tls",
            kind: Switch,
            preset: Value("false"),
            reason: "TLS with the certificates of `[[certificate]]`; off where a proxy does it.",
        },
        Knob {
            key: "public_url",
            kind: Url,
            preset: Unset {
                meaning: "made from `tls` and `address`",
                example: "\"https://api.example.org\"",
            },
            reason: "How customers and readers of their mail reach it: the beginning of every link that it gives out, \
                     and the server of its OpenAPI document.",
        },
        Knob {
            key: "tracking_url",
            kind: Url,
            preset: Unset {
                meaning: "`public_url`; without that nothing is tracked",
                example: "\"https://track.example.org\"",
            },
            reason: "How readers reach the links, pictures and unsubscribe pages of the mail they get: `/track` at this \
                     listener. Mail clients unsubscribe only over https (RFC 8058).",
        },
        Knob {
            key: "tracking_hosts",
            kind: Choice(&["certificates", "proxy"]),
            preset: Value("\"certificates\""),
            reason: "When links of a customer's mail begin with the customer's own tracking host, always over https: with \
                     `certificates` once this listener speaks TLS and has a certificate for the host; with `proxy` as soon \
                     as DNS leads it here, because a proxy has a certificate for each. Until then they begin with \
                     `tracking_url`, and also while that is not https.",
        },
        Knob {
            key: "untracked_domains",
            kind: Many(&Host),
            preset: Value("[]"),
            reason: "Links to these hosts, and to all hosts below them, are never tracked: those that break when they are \
                     led through another server, such as calendars or links that open apps.",
        },
        Knob {
            key: "body_max",
            kind: Size {
                min: MIB,
                max: 100 * MIB,
            },
            preset: Value("\"32MiB\""),
            reason: "The largest request body; a larger one is answered 413. Attachments grow by a third in JSON.",
        },
        Knob {
            key: "rate_limit",
            kind: Count {
                of: "requests",
                min: 1,
                max: 1_000_000_000,
            },
            preset: Value("1000"),
            reason: "Requests from one client address in one `rate_window`; one more is answered 429. An account can be \
                     given a limit of its own.",
        },
        Knob {
            key: "rate_window",
            kind: Lapse {
                min: seconds(1),
                max: days(1),
            },
            preset: Value("\"15m\""),
            reason: "The window of `rate_limit`.",
        },
        Knob {
            key: "failed_auth_limit",
            kind: Count {
                of: "failures",
                min: 1,
                max: 1_000_000_000,
            },
            preset: Value("30"),
            reason: "Failed authentications from one client address in one minute: room for a misconfigured client, \
                     none for guessing.",
        },
        Knob {
            key: "trusted_proxies",
            kind: Networks,
            preset: Value("[]"),
            reason: "Proxies whose `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed. From anybody else the \
                     headers mean nothing, and limits count the address of the connection.",
        },
        Knob {
            key: "cors_origins",
            kind: Many(&Origin),
            preset: Value("[]"),
            reason: "Web origins whose scripts may read replies in a browser, such as `https://app.example.org`; empty \
                     means none. A key in a web page is a key given away: only for pages of the customers themselves.",
        },
        Knob {
            key: "header_timeout",
            kind: Lapse {
                min: seconds(1),
                max: seconds(300),
            },
            preset: Value("\"10s\""),
            reason: "How long a client may take to send the head of a request, and how long a connection may be idle \
                     between two; also a TLS handshake. Holds for `[operator]` too.",
        },
        Knob {
            key: "body_timeout",
            kind: Lapse {
                min: seconds(1),
                max: hours(1),
            },
            preset: Value("\"60s\""),
            reason: "How long a client may take to send the body of a request. One that sends nothing for fifteen \
                     seconds is given up sooner; either is answered 408. Holds for `[operator]` too.",
        },
        Knob {
            key: "simulator_domain",
            kind: Host,
            preset: Value("\"sim.postrider.invalid\""),
            reason: "Mail to this domain is never sent: its local part says what becomes of it, for tests of a \
                     customer's own. `.invalid` is nobody's (RFC 2606 §2).",
        },
    ],
};
