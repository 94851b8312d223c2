//! The shape of the house, held to its plan: which crate may import which, who owns each heavy dependency, what must
//! occur nowhere. A new edge is a change to a table here, in a commit that gives its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each crate of the workspace with those of ours that it may import. `Cargo.toml` may name fewer.
const EDGES: &[(&str, &[&str])] = &[
    ("smtp", &[]),
    ("store", &[]),
    ("queue", &["smtp", "store"]),
    ("content", &["smtp"]),
    ("certs", &["store"]),
    ("ledger", &["smtp", "store"]),
    ("api", &["queue", "ledger", "content"]),
    (
        "postrider",
        &["smtp", "store", "queue", "ledger", "content", "certs", "api"],
    ),
];

/// Heavy dependencies, and those that a pure crate must not have, with the crates that may name them outside tests.
const OWNERS: &[(&str, &[&str])] = &[
    ("aho-corasick", &["content", "ledger"]),
    ("argon2", &["postrider"]),
    ("aws-lc-rs", &["ledger", "content", "certs", "api", "postrider"]),
    ("axum", &["api", "postrider"]),
    ("clap", &["postrider"]),
    ("csv", &["api"]),
    ("encodify", &["content"]),
    ("getrandom", &["postrider"]),
    ("hickory-proto", &["postrider"]),
    ("hickory-resolver", &["postrider"]),
    ("jsonschema", &["api"]),
    ("html5gum", &["content"]),
    ("htmlize", &["content"]),
    ("hyper", &["postrider"]),
    ("hyper-util", &["postrider"]),
    ("idna", &["content", "ledger"]),
    ("libc", &["postrider"]),
    ("mail-auth", &["postrider"]),
    ("mail-builder", &["content"]),
    ("metrics", &["postrider"]),
    ("mime", &["content"]),
    ("mime_guess", &["content"]),
    ("psl", &["ledger"]),
    ("rcgen", &["certs"]),
    ("rocksdb", &["store"]),
    ("rustix", &["store", "postrider"]),
    ("rustls", &["certs", "postrider"]),
    ("serde", &["api", "postrider"]),
    ("socket2", &["postrider"]),
    ("tokio", &["api", "postrider"]),
    ("tokio-rustls", &["postrider"]),
    ("toml", &["content", "ledger", "postrider"]),
    ("tower-http", &["postrider"]),
    ("tracing", &["api", "postrider"]),
    ("url", &["ledger"]),
    ("utoipa", &["api"]),
    ("utoipa-axum", &["api"]),
    ("tracing-subscriber", &["postrider"]),
];

/// Crates that decide and never act: they get time, randomness and bytes as arguments.
const PURE: &[&str] = &["smtp", "queue", "ledger", "content"];

/// What code of a pure crate must not mention.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "manager", "core",
];

/// The licences we take, as in deny.toml.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn crates_import_only_what_the_table_allows() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let ours: BTreeSet<&str> = allowed.keys().copied().collect();
    let mut faults = Vec::new();
    for package in workspace_packages() {
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            faults.push(format!("{} is not in the table", package.name));
            continue;
        };
        for import in package
            .imports
            .iter()
            .filter(|import| ours.contains(import.as_str()))
        {
            if !allowed.contains(&import.as_str()) {
                faults.push(format!("{} -> {import}", package.name));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "edges that ARCHITECTURE.md does not have: {faults:#?}"
    );
}

#[test]
fn heavy_dependencies_stay_with_their_owners() {
    let mut faults = Vec::new();
    for package in workspace_packages() {
        for (dependency, owners) in OWNERS {
            if package.imports.contains(*dependency) && !owners.contains(&package.name.as_str()) {
                faults.push(format!("{} -> {dependency}", package.name));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "dependencies outside the crates that own them: {faults:#?}"
    );
}

#[test]
fn pure_crates_neither_look_nor_act() {
    let mut faults = Vec::new();
    for name in PURE {
        for file in sources(&root().join("crates").join(name).join("src")) {
            let text = read(&file);
            // What a file's own tests do is their business; they stand at its end.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            faults.extend(
                IMPURE
                    .iter()
                    .filter(|word| code.contains(**word))
                    .map(|word| format!("{}: {word}", shown(&file))),
            );
        }
    }
    assert!(
        faults.is_empty(),
        "time, files or sockets in a pure crate: {faults:#?}"
    );
}

/// The 250 after DATA can only be built from the value that a commit returns, as long as nothing else pretends to be one.
#[test]
fn one_type_alone_proves_that_a_message_is_on_disk() {
    let proof = concat!("OnDisk", " for ");
    let found: Vec<String> = code_files()
        .iter()
        .filter(|file| !is_test(file))
        .flat_map(|file| {
            let text = read(file);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            code.lines()
                .filter(|line| line.contains(proof) && line.trim_start().starts_with("impl"))
                .map(|line| format!("{}: {}", shown(file), line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found.iter().all(|place| place.starts_with("crates/queue/")),
        "{found:#?}"
    );
}

#[test]
fn every_file_is_named_after_what_it_holds() {
    let faults: Vec<String> = code_files()
        .iter()
        .filter(|file| {
            let stem = file
                .file_stem()
                .and_then(|stem| stem.to_str())
                .unwrap_or_default();
            let folder = file
                .parent()
                .and_then(Path::file_name)
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            EMPTY_NAMES.contains(&stem) || EMPTY_NAMES.contains(&folder)
        })
        .map(|file| shown(file))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_test_is_skipped_and_nothing_is_left_unfinished() {
    let banned = [
        concat!("#[ig", "nore"),
        concat!("#[should", "_panic"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    let mut faults = Vec::new();
    for file in code_files() {
        let text = read(&file);
        for (number, line) in text.lines().enumerate() {
            if banned.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{}: {}", shown(&file), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn main_only_starts() {
    let lines = read(&root().join("src/main.rs")).lines().count();
    assert!(
        lines <= 60,
        "src/main.rs has {lines} lines; what it does belongs into wiring or cli"
    );
}

#[test]
fn every_dependency_has_a_licence_we_take() {
    let faults: Vec<String> = metadata(&[])["packages"]
        .as_array()
        .expect("cargo metadata lists packages")
        .iter()
        .filter_map(|package| {
            let licence = package["license"].as_str().unwrap_or("none given");
            (!licence_is_taken(licence))
                .then(|| format!("{} {}: {licence}", package["name"], package["version"]))
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    for (expression, taken) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true),
        ("none given", false),
    ] {
        assert_eq!(licence_is_taken(expression), taken, "{expression}");
    }
}

/// An SPDX expression: OR binds weaker than AND; `/` is the old way to write OR.
fn licence_is_taken(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (taken, rest) = any_of(&words);
    taken && rest.is_empty()
}

fn any_of<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut taken, mut rest) = all_of(words);
    while let ["OR", next @ ..] = rest {
        let (another, after) = all_of(next);
        taken |= another;
        rest = after;
    }
    (taken, rest)
}

fn all_of<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut taken, mut rest) = one(words);
    while let ["AND", next @ ..] = rest {
        let (another, after) = one(next);
        taken &= another;
        rest = after;
    }
    (taken, rest)
}

fn one<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inner @ ..] => match any_of(inner) {
            (taken, [")", rest @ ..]) => (taken, rest),
            (_, rest) => (false, rest),
        },
        [licence, "WITH", exception, rest @ ..] => (
            LICENCES.contains(&format!("{licence} WITH {exception}").as_str()),
            rest,
        ),
        [licence, rest @ ..] => (LICENCES.contains(licence), rest),
        [] => (false, &[]),
    }
}

struct Package {
    name: String,
    /// Normal and build dependencies; what only tests use is free.
    imports: BTreeSet<String>,
}

fn workspace_packages() -> Vec<Package> {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo metadata lists packages");
    packages.iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let dependencies = package["dependencies"]
        .as_array()
        .expect("a package lists its dependencies");
    let name = |value: &Value| value["name"].as_str().expect("everything has a name").to_owned();
    let imports = dependencies
        .iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .map(name)
        .collect();
    Package {
        name: name(package),
        imports,
    }
}

fn metadata(more: &[&str]) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(more)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn code_files() -> Vec<PathBuf> {
    ["src", "crates", "tests", "benches", "fuzz"]
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
        .collect()
}

/// All Rust files below `folder`, which need not exist.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn is_test(file: &Path) -> bool {
    shown(file)
        .split('/')
        .any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "fuzz"))
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
