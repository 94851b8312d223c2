//! The operator token and its file.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use api::{OperatorToken, OperatorTokenError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

/// Why there is no operator token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The file cannot be read or made.
    #[error("cannot use the operator token file {}: {source}; a server makes it when it starts", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What the file holds is no token.
    #[error("the operator token file {} is unusable: {source}; delete it to have a new one made", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: OperatorTokenError,
    },
}

/// Reads the operator token from the file at `path`.
///
/// # Errors
/// When the file cannot be read or holds no token.
pub fn load_token(path: &Path) -> Result<OperatorToken, TokenError> {
    let file = |source| TokenError::File {
        path: path.to_owned(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(file)?;
    OperatorToken::new(text.trim()).map_err(|source| TokenError::Content {
        path: path.to_owned(),
        source,
    })
}

/// Reads the operator token from the file at `path`, which is made, readable by its owner alone, when it is missing.
///
/// # Errors
/// When the file can neither be read nor made, or holds no token.
pub fn load_or_create_token(path: &Path) -> Result<OperatorToken, TokenError> {
    if !path.exists() {
        let made = random_text().and_then(|text| write_private(path, &format!("{text}\n")));
        made.map_err(|source| TokenError::File {
            path: path.to_owned(),
            source,
        })?;
    }
    load_token(path)
}

/// A text that cannot be guessed: 192 random bits as 32 characters of letters, digits, `-` and `_`.
///
/// # Errors
/// When the system gives no random numbers.
pub fn random_text() -> io::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random_octets::<24>()?))
}

/// `N` random octets.
///
/// # Errors
/// When the system gives no random numbers.
pub fn random_octets<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets)
        .map_err(|error| io::Error::other(format!("the system gives no random numbers: {error}")))?;
    Ok(octets)
}

/// Writes a new file that only its owner may read; an existing file is never overwritten.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_missing_token_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/operator.token");
        let made = load_or_create_token(&path).unwrap();
        let read = load_or_create_token(&path).unwrap();
        assert!(made.matches(read.expose().as_bytes()));
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(
            write_private(&path, "other").is_err(),
            "an existing secret is never overwritten"
        );
    }

    #[test]
    fn an_empty_token_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operator.token");
        std::fs::write(&path, "\n").unwrap();
        let error = load_or_create_token(&path).unwrap_err().to_string();
        assert!(
            error.contains("operator.token") && error.contains("delete it"),
            "{error}"
        );
    }
}
