//! The rules by which refusals are read: those of the program, and before them those of the operator's file.

use std::io;
use std::path::{Path, PathBuf};

use ledger::bounce::{Rules, RulesError};
use thiserror::Error;

/// A file of rules cannot be used.
#[derive(Debug, Error)]
pub enum RulesFileError {
    /// It cannot be read.
    #[error("rules {path}: {error}; make it readable, or name another as bounces.rules")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Something in it is wrong.
    #[error("{path}:{line}: {fault}; `postrider bounce classify --rules {path} REPLY` tries it again",
        line = error.line, fault = error.fault)]
    Faulty {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and at which line.
        error: RulesError,
    },
}

/// The rules to read refusals by, with those of `file` before those of the program.
///
/// # Errors
/// The first fault of the file.
pub fn read(file: Option<&Path>) -> Result<Rules, RulesFileError> {
    let Some(path) = file else {
        return Ok(Rules::builtin().clone());
    };
    let text = std::fs::read_to_string(path).map_err(|error| RulesFileError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let faulty = |error| RulesFileError::Faulty {
        path: path.to_owned(),
        error,
    };
    let operator = Rules::parse(&text).map_err(faulty)?;
    Rules::builtin().extended_by(&operator).map_err(faulty)
}

#[cfg(test)]
mod tests {
    use ledger::bounce::{Class, Reply};

    use super::*;

    #[test]
    fn a_file_is_read_or_its_fault_is_told_with_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bounce-rules.toml");
        let rule = "[[rule]]\nid = \"moon\"\ntext = \"blue moon\"\nclass = \"greylisted\"\n";
        std::fs::write(&path, rule).unwrap();
        let class = |rules: &Rules, text| {
            let reply = Reply {
                text,
                ..Reply::default()
            };
            rules.classify(&reply).class
        };
        let rules = read(Some(&path)).unwrap();
        assert_eq!(class(&rules, "550 5.1.1 blue moon"), Class::Greylisted);
        assert_eq!(
            class(&read(None).unwrap(), "550 5.1.1 blue moon"),
            Class::InvalidRecipient
        );

        std::fs::write(&path, rule.replace("greylisted", "greyish")).unwrap();
        let told = read(Some(&path)).unwrap_err().to_string();
        let begins = format!(
            "{}:4: \"greyish\" is no class; one of these is: invalid_recipient, ",
            path.display()
        );
        assert!(told.starts_with(&begins), "{told}");

        std::fs::remove_file(&path).unwrap();
        let told = read(Some(&path)).unwrap_err().to_string();
        assert!(told.contains("bounces.rules"), "{told}");
    }
}
