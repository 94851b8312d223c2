//! A real browser: Debian's Chromium, driven with playwright-core by `foreign/browser.js`, which says what it can do.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::tools;
use crate::clients::foreign;

/// A browser with one page, gone when dropped.
pub struct Browser {
    child: Child,
    /// None once it was told to end.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts it; its first answer waits until it is there.
    pub fn start() -> Self {
        let mut node = tools::node();
        let mut child = node
            .env("NODE_PATH", "node_modules")
            .arg(foreign("browser.js"))
            .arg(tools::debian("chromium", "chromium"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{node:?}: {error}"));
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Self {
            commands: child.stdin.take(),
            answers,
            child,
        }
    }

    /// Shows a document and waits until everything that it asks for is there.
    pub fn show(&mut self, html: &str) -> Value {
        self.ask(&json!({ "do": "show", "html": html }))
    }

    /// Clicks what bears this text; the page that it leads to: `url`, `title`, `text`.
    pub fn click(&mut self, text: &str) -> Value {
        self.ask(&json!({ "do": "click", "text": text }))
    }

    /// What a document looks like of which nothing is loaded but a transparent picture at the URL `dot`: `picture`, a
    /// digest of its pixels, and `boxes`, where each element but that picture stands.
    pub fn draw(&mut self, html: &str, dot: &str) -> Value {
        self.ask(&json!({ "do": "draw", "html": html, "dot": dot }))
    }

    fn ask(&mut self, command: &Value) -> Value {
        let commands = self.commands.as_mut().expect("it was not told to end");
        writeln!(commands, "{command}").expect("the browser reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the browser answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?} to {command}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // At the end of its commands it ends by itself, and takes Chromium with it.
        drop(self.commands.take());
        let _ = self.child.wait();
    }
}
