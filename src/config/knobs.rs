//! The table of every knob: its name, kind, bounds, default and reason.
//!
//! Three things read it and nothing else states these facts: the reader of configuration files (which takes defaults
//! and bounds from here), `docs/configuration.md`, and the commented file that `postrider init` writes. A test builds
//! a configuration and fails when a knob of this table is not read, or one is read that is not here.

mod bounces;
mod http;
mod reports;
mod retention;
mod webhooks;

use std::time::Duration;

use Kind::{
    Address, Choice, Count, Filter, Host, Lapse, Mailbox, Many, Networks, NextHop, Number, Path, Pattern,
    Port, PrivateFile, PublicFile, Size, Socket, Switch, Text,
};
use Preset::{Required, Unset, Value};

/// One `[section]` or `[[section]]` of the file.
#[derive(Debug)]
pub struct Section {
    /// The name between the brackets.
    pub name: &'static str,
    /// Whether it may stand any number of times, `[[name]]`.
    pub repeated: bool,
    /// What it is about.
    pub about: &'static str,
    /// Its keys, in the order in which they are documented.
    pub knobs: &'static [Knob],
}

/// One key of a section.
#[derive(Debug)]
pub struct Knob {
    /// The key.
    pub key: &'static str,
    /// What its value looks like, with its unit and bounds.
    pub kind: Kind,
    /// What holds when it is absent.
    pub preset: Preset,
    /// What it does and why its default is what it is.
    pub reason: &'static str,
}

/// What holds when a key is absent.
#[derive(Debug)]
pub enum Preset {
    /// The key may not be absent; with an example, a TOML literal.
    Required(&'static str),
    /// A TOML literal.
    Value(&'static str),
    /// No value of its own.
    Unset {
        /// What happens then.
        meaning: &'static str,
        /// What a value could look like, a TOML literal.
        example: &'static str,
    },
}

/// What a value looks like. Bounds are inclusive.
#[derive(Debug)]
pub enum Kind {
    /// Any text but the empty one.
    Text,
    /// A host name (RFC 1123).
    Host,
    /// An e-mail address (RFC 5321 §4.1.2).
    Mailbox,
    /// An absolute `http` or `https` URL (RFC 3986) that others are appended to: without query and fragment.
    Url,
    /// A web origin (RFC 6454), or `*` for all of them.
    Origin,
    /// A path, relative to the folder of the configuration file.
    Path,
    /// A file that must exist.
    PublicFile,
    /// A file that must exist and that nobody else should be able to read.
    PrivateFile,
    /// A whole number.
    Count {
        /// What is counted.
        of: &'static str,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A number of octets.
    Size {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A length of time.
    Lapse {
        /// The least.
        min: Duration,
        /// The most.
        max: Duration,
    },
    /// A number with a fraction.
    Number {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An IP address.
    Address,
    /// An IP address and a port.
    Socket,
    /// A port number.
    Port,
    /// A list of values of one kind.
    Many(&'static Kind),
    /// A list of networks, `address/prefix`.
    Networks,
    /// A domain, `*.domain` or `*`.
    Pattern,
    /// `host:port`, or `[host]:port` without MX look-up.
    NextHop,
    /// An Argon2id hash as a PHC string.

    /// Directives of a log filter.
    Filter,
}

/// Every section of the file, in the order in which they are documented.
pub const SECTIONS: &[Section] = &[
    SERVER,
    LISTENER,
    SESSIONS,
    TLS,
    CERTIFICATE,
    STORE,
    DELIVERY,
    ROUTE,
    RETRY,
    DNS,
    DKIM,
    reports::REPORTS,
    http::OPERATOR,
    http::API,
    bounces::BOUNCES,
    webhooks::WEBHOOKS,
    retention::RETENTION,
    LOG,
];

/// The section called `name`.
pub fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3_600)
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

const SERVER: Section = Section {
    name: "server",
    repeated: false,
    about: "The name and the folder of this server.",
    knobs: &[
        Knob {
            key: "hostname",
            kind: Host,
            preset: Required("\"mail.example.org\""),
            reason: "The fully qualified name given in greetings, trace headers and EHLO. Receivers compare it with the \
                     PTR record of the sending address, so there is no default that would be right.",
        },
        Knob {
            key: "data_dir",
            kind: Path,
            preset: Value("\"data\""),
            reason: "Folder of everything the server writes: the store, the self-signed certificate, the operator token.",
        },
        Knob {
            key: "drain",
            kind: Lapse {
                min: seconds(0),
                max: hours(1),
            },
            preset: Value("\"30s\""),
            reason: "How long sessions and attempts under way may take to end after SIGTERM. Mail cut off then is not \
                     lost: it is tried again after the next start, and could arrive twice.",
        },
    ],
};

const LISTENER: Section = Section {
    name: "listener",
    repeated: true,
    about: "An address on which mail comes in.",
    knobs: &[
        Knob {
            key: "name",
            kind: Text,
            preset: Required("\"submission\""),
            reason: "How logs and metrics call the listener; unique.",
        },
        Knob {
            key: "kind",
            kind: Choice(&["submission", "relay", "reports"]),
            preset: Required("\"submission\""),
            reason: "`submission` takes mail from accounts that log in, after TLS. `relay` takes mail from machines \
                     in the `trusted` networks, without a password. `reports` takes from everybody what is about mail \
                     of accounts, and nothing else: bounces, complaints, unsubscribes; it belongs on port 25. No kind \
                     takes mail for others from everybody.",
        },
        Knob {
            key: "address",
            kind: Socket,
            preset: Required("\"[::]:587\""),
            reason: "The address to bind. `[::]` takes IPv4 as well.",
        },
        Knob {
            key: "implicit_tls",
            kind: Switch,
            preset: Value("false"),
            reason: "TLS from the first octet instead of after STARTTLS: what RFC 8314 recommends for submission, \
                     customarily on port 465.",
        },
        Knob {
            key: "trusted",
            kind: Networks,
            preset: Value("[]"),
            reason: "Networks whose mail a relay listener takes; a relay listener needs at least one.",
        },
        Knob {
            key: "account",
            kind: Mailbox,
            preset: Unset {
                meaning: "no account",
                example: "\"shop@example.org\"",
            },
            reason: "E-mail of the customer account to which the mail of this relay listener is attributed: its quota, \
                     suppressions and events. A submission listener takes the account from the login instead.",
        },
    ],
};

const SESSIONS: Section = Section {
    name: "sessions",
    repeated: false,
    about: "Bounds of incoming sessions.",
    knobs: &[
        Knob {
            key: "max",
            kind: Count {
                of: "sessions",
                min: 1,
                max: 1_000_000,
            },
            preset: Value("2000"),
            reason: "Sessions open at once, over all listeners; one more is told 421 and closed. A session under way \
                     costs about 100 KiB.",
        },
        Knob {
            key: "max_per_address",
            kind: Count {
                of: "sessions",
                min: 1,
                max: 1_000_000,
            },
            preset: Value("200"),
            reason: "Sessions open at once from one client address, so that a single client cannot take all of them.",
        },
        Knob {
            key: "message_size_max",
            kind: Size {
                min: 64 * KIB,
                max: GIB,
            },
            preset: Value("\"25MiB\""),
            reason: "The largest message, announced as SIZE (RFC 1870). Large receivers take 25 MB, so more would only \
                     be refused later.",
        },
        Knob {
            key: "recipients_max",
            kind: Count {
                of: "recipients",
                min: 1,
                max: 50_000,
            },
            preset: Value("1000"),
            reason: "Recipients of one transaction. RFC 5321 §4.5.3.1.8 asks for at least 100.",
        },
        Knob {
            key: "idle_timeout",
            kind: Lapse {
                min: seconds(1),
                max: hours(1),
            },
            preset: Value("\"5m\""),
            reason: "How long a client may stay silent. RFC 5321 §4.5.3.2.7 asks for at least five minutes.",
        },
    ],
};

const TLS: Section = Section {
    name: "tls",
    repeated: false,
    about: "How strictly outgoing mail is encrypted, and certificates that come and go.",
    knobs: &[
        Knob {
            key: "outbound",
            kind: Choice(&["never", "opportunistic", "required"]),
            preset: Value("\"opportunistic\""),
            reason: "Use of STARTTLS towards other servers. `opportunistic` encrypts when offered, with any certificate \
                     (RFC 7435); `required` leaves mail waiting rather than send it in clear text.",
        },
        Knob {
            key: "folder",
            kind: Path,
            preset: Unset {
                meaning: "no certificates but those of `[[certificate]]`",
                example: "\"/etc/postrider/certificates\"",
            },
            reason: "Folder of further certificates, such as those of customers' tracking hosts: each `NAME.pem`, a chain, \
                     with its private key in `NAME.key`. It is read at the start and by every reload.",
        },
    ],
};

const CERTIFICATE: Section = Section {
    name: "certificate",
    repeated: true,
    about: "A certificate offered to clients, chosen by the name they ask for; the first is the default. Without any, \
            a self-signed certificate is made and kept in the data folder.",
    knobs: &[
        Knob {
            key: "certificate",
            kind: PublicFile,
            preset: Required("\"tls/fullchain.pem\""),
            reason: "PEM file of the chain, the server's own certificate first.",
        },
        Knob {
            key: "private_key",
            kind: PrivateFile,
            preset: Required("\"tls/privkey.pem\""),
            reason: "PEM file of its private key.",
        },
    ],
};

const STORE: Section = Section {
    name: "store",
    repeated: false,
    about: "Where accepted mail is kept until it is delivered.",
    knobs: &[
        Knob {
            key: "engine",
            kind: Choice(&["rocksdb", "memory"]),
            preset: Value("\"rocksdb\""),
            reason: "`memory` keeps nothing after the process ends: for tests and demonstrations only.",
        },
        Knob {
            key: "floor_bytes",
            kind: Size {
                min: 0,
                max: 64 * TIB,
            },
            preset: Value("\"512MiB\""),
            reason: "New mail is answered 452 while the file system has less free space than this; delivery goes on \
                     and needs the rest to record its results.",
        },
        Knob {
            key: "floor_inodes",
            kind: Count {
                of: "inodes",
                min: 0,
                max: 1 << 40,
            },
            preset: Value("1000"),
            reason: "The same for free inodes.",
        },
    ],
};

const DELIVERY: Section = Section {
    name: "delivery",
    repeated: false,
    about: "Outgoing connections.",
    knobs: &[
        Knob {
            key: "connections_per_route",
            kind: Count {
                of: "connections",
                min: 1,
                max: 10_000,
            },
            preset: Value("20"),
            reason: "Connections open at once to one route: what large receivers tolerate from an unknown sender.",
        },
        Knob {
            key: "messages_per_connection",
            kind: Count {
                of: "messages",
                min: 1,
                max: 1_000_000,
            },
            preset: Value("100"),
            reason: "Messages sent over one connection before it is closed; several large receivers end it there anyway.",
        },
        Knob {
            key: "recipients_per_transaction",
            kind: Count {
                of: "recipients",
                min: 1,
                max: 1_000,
            },
            preset: Value("100"),
            reason: "Recipients of one outgoing transaction. RFC 5321 §4.5.3.1.8 obliges a server to take 100, not more.",
        },
        Knob {
            key: "idle_connection",
            kind: Lapse {
                min: seconds(0),
                max: seconds(300),
            },
            preset: Value("\"5s\""),
            reason: "How long a connection without work is kept for the next message. Longer saves handshakes but holds \
                     a slot of the receiver.",
        },
        Knob {
            key: "memory_max",
            kind: Size { min: 0, max: TIB },
            preset: Value("\"32MiB\""),
            reason: "Message bodies kept in memory for their first attempt, which then reads nothing back from the \
                     store. Bodies beyond it are read when their turn comes.",
        },
        Knob {
            key: "source_address",
            kind: Address,
            preset: Unset {
                meaning: "the system chooses",
                example: "\"192.0.2.25\"",
            },
            reason: "The local address of outgoing connections, for hosts with several. Servers of the other address \
                     family cannot be reached from it.",
        },
        Knob {
            key: "ehlo_name",
            kind: Host,
            preset: Unset {
                meaning: "`server.hostname`",
                example: "\"out.example.org\"",
            },
            reason: "The name given in EHLO; it should be the PTR record of the source address.",
        },
        Knob {
            key: "connect_timeout",
            kind: Lapse {
                min: seconds(1),
                max: seconds(300),
            },
            preset: Value("\"30s\""),
            reason: "How long one connection attempt may take before the next address is tried.",
        },
        Knob {
            key: "smtp_port",
            kind: Port,
            preset: Value("25"),
            reason: "The port of mail exchangers, and of routes that name none. Other ports are for tests and labs.",
        },
    ],
};

const ROUTE: Section = Section {
    name: "route",
    repeated: true,
    about: "A next hop other than the recipient domain's MX. The most specific pattern wins, whatever the order.",
    knobs: &[
        Knob {
            key: "domain",
            kind: Pattern,
            preset: Required("\"*.example.org\""),
            reason: "Recipient domains: one domain, every domain below one (`*.example.org`, without `example.org` \
                     itself), or all (`*`).",
        },
        Knob {
            key: "to",
            kind: NextHop,
            preset: Required("\"[relay.example.net]:587\""),
            reason: "Where their mail goes: `host:port` by the MX records of that host, `[host]:port` by its addresses. \
                     Without a port it is `delivery.smtp_port`.",
        },
    ],
};

const RETRY: Section = Section {
    name: "retry",
    repeated: false,
    about: "When a delivery that failed for the time being is tried again.",
    knobs: &[
        Knob {
            key: "first",
            kind: Lapse {
                min: seconds(1),
                max: days(1),
            },
            preset: Value("\"5m\""),
            reason: "Delay after the first failed attempt: long enough for most greylisting to let the second one pass.",
        },
        Knob {
            key: "factor",
            kind: Number { min: 1.0, max: 100.0 },
            preset: Value("2.0"),
            reason: "Each delay is this many times the one before, so that a dead host costs little.",
        },
        Knob {
            key: "max",
            kind: Lapse {
                min: seconds(1),
                max: days(7),
            },
            preset: Value("\"4h\""),
            reason: "The longest delay: how late mail can be after the receiver is back.",
        },
        Knob {
            key: "jitter",
            kind: Number { min: 0.0, max: 1.0 },
            preset: Value("0.2"),
            reason: "Share of a delay by which it is randomly lengthened or shortened, so that mail deferred together \
                     does not come back together.",
        },
        Knob {
            key: "expire",
            kind: Lapse {
                min: seconds(1),
                max: days(30),
            },
            preset: Value("\"5d\""),
            reason: "Age at which mail is given up and its sender told. RFC 5321 §4.5.4.1: four to five days.",
        },
    ],
};

const DNS: Section = Section {
    name: "dns",
    repeated: false,
    about: "The resolver.",
    knobs: &[
        Knob {
            key: "servers",
            kind: Many(&Socket),
            preset: Value("[]"),
            reason: "Name servers; empty means those of `/etc/resolv.conf`. A caching, validating resolver on the same \
                     host is best.",
        },
        Knob {
            key: "timeout",
            kind: Lapse {
                min: seconds(1),
                max: seconds(60),
            },
            preset: Value("\"5s\""),
            reason: "How long one question may wait for its answer before the delivery is put off.",
        },
        Knob {
            key: "cache_entries",
            kind: Count {
                of: "answers",
                min: 0,
                max: 1_000_000,
            },
            preset: Value("10000"),
            reason: "Answers kept in memory, about 300 octets each.",
        },
        Knob {
            key: "cache_max_ttl",
            kind: Lapse {
                min: seconds(0),
                max: days(1),
            },
            preset: Value("\"1h\""),
            reason: "The longest time for which an answer is kept, whatever its TTL: how late a receiver's move can be \
                     noticed.",
        },
    ],
};

const DKIM: Section = Section {
    name: "dkim",
    repeated: true,
    about: "A key that signs the mail of one domain (RFC 6376). `postrider dkim new DOMAIN` makes a pair and prints \
            their DNS records.",
    knobs: &[
        Knob {
            key: "domain",
            kind: Host,
            preset: Required("\"example.org\""),
            reason: "The domain of From: whose mail is signed.",
        },
        Knob {
            key: "selector",
            kind: Host,
            preset: Required("\"pr1\""),
            reason: "The selector under which the public key is published; each key of a domain has its own.",
        },
        Knob {
            key: "private_key",
            kind: PrivateFile,
            preset: Required("\"data/dkim/example.org.pr1.pem\""),
            reason: "PEM file of an RSA or Ed25519 private key. Sign with both: every receiver verifies RSA (2048 bits), \
                     not every one Ed25519 (RFC 8463).",
        },
    ],
};

const LOG: Section = Section {
    name: "log",
    repeated: false,
    about: "What is written to standard error.",
    knobs: &[
        Knob {
            key: "format",
            kind: Choice(&["pretty", "json"]),
            preset: Value("\"pretty\""),
            reason: "`json` writes one object a line, for collectors.",
        },
        Knob {
            key: "filter",
            kind: Filter,
            preset: Value("\"info\""),
            reason: "Which events are logged: `error`, `warn`, `info`, `debug`, or directives such as \
                     `info,postrider::outbound=debug`.",
        },
    ],
};
