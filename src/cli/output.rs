//! What commands print: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use super::failure::Failure;
use crate::config::Faults;

/// Where results and remarks go, and in which form.
pub(super) struct Output<'w> {
    json: bool,
    results: &'w mut dyn Write,
    remarks: &'w mut dyn Write,
}

impl<'w> Output<'w> {
    pub(super) fn new(json: bool, results: &'w mut dyn Write, remarks: &'w mut dyn Write) -> Self {
        Self {
            json,
            results,
            remarks,
        }
    }

    /// Prints a result: `value` as one line of JSON, or `text`, whichever was asked for.
    pub(super) fn result(&mut self, value: &impl Serialize, text: &str) -> Result<(), Failure> {
        let written = if self.json {
            self.write_json(value)
        } else {
            writeln!(self.results, "{}", text.trim_end())
        };
        // Nobody reads on (`postrider queue list | head`): the command did what it should.
        match written.and_then(|()| self.results.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }

    /// Tells something on the way, to people only.
    pub(super) fn remark(&mut self, text: &dyn Display) {
        if !self.json {
            self.tell(text);
        }
    }

    /// Tells the warnings about a configuration.
    pub(super) fn warnings(&mut self, warnings: &Faults) {
        if !warnings.list().is_empty() {
            self.remark(warnings);
        }
    }

    /// Tells why the command failed.
    pub(super) fn failure(&mut self, failure: &Failure) {
        if self.json {
            self.tell(&json!({ "error": failure.to_string(), "exit_code": failure.exit() as u8 }));
        } else {
            self.tell(&format_args!("postrider: {failure}"));
        }
    }

    fn write_json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.results, value)?;
        writeln!(self.results)
    }

    fn tell(&mut self, text: &dyn Display) {
        // When standard error is gone too, nobody is left to be told.
        let _ = writeln!(self.remarks, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(json: bool, print: impl FnOnce(&mut Output)) -> (String, String) {
        let (mut results, mut remarks) = (Vec::new(), Vec::new());
        print(&mut Output::new(json, &mut results, &mut remarks));
        (
            String::from_utf8(results).unwrap(),
            String::from_utf8(remarks).unwrap(),
        )
    }

    #[test]
    fn people_get_text_and_programs_get_json() {
        let print = |output: &mut Output| {
            output
                .result(&json!({ "changed": 2 }), "2 deliveries changed\n")
                .unwrap();
            output.remark(&"by the way");
            output.failure(&Failure::not_found("nothing there"));
        };
        let people = ("2 deliveries changed\n", "by the way\npostrider: nothing there\n");
        let programs = (
            "{\"changed\":2}\n",
            "{\"error\":\"nothing there\",\"exit_code\":4}\n",
        );
        for (json, (results, remarks)) in [(false, people), (true, programs)] {
            assert_eq!(printed(json, print), (results.to_owned(), remarks.to_owned()));
        }
    }
}
