//! A folder of certificates that come and go while the server runs: `NAME.pem` with its key in `NAME.key`.
//!
//! **Promise.** It is listed anew each time, in the order of the names; what is called otherwise, or begins with a dot, is
//! passed over, so that files can be written under another name and then renamed. Whoever makes certificates, by hand or by a
//! protocol such as ACME (RFC 8555), only has to leave them here and to ask for a reload.

use std::io;
use std::path::Path;

use crate::{CertError, CertificatePair};

/// Certificates in the folder: as many customers as one server has, and a bound for what a reload reads.
pub const FOLDER_PAIRS_MAX: usize = 10_000;

/// The pairs that are in `folder` now.
pub(crate) fn pairs(folder: &Path) -> Result<Vec<CertificatePair>, CertError> {
    let failed = |error: io::Error| CertError::reading(folder, error);
    let mut pairs = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let certificate = entry.map_err(failed)?.path();
        if !is_certificate(&certificate) {
            continue;
        }
        if pairs.len() == FOLDER_PAIRS_MAX {
            return Err(CertError::TooMany {
                folder: folder.to_owned(),
            });
        }
        let private_key = certificate.with_extension("key");
        pairs.push(CertificatePair {
            certificate,
            private_key,
        });
    }
    pairs.sort_by(|one, other| one.certificate.cmp(&other.certificate));
    Ok(pairs)
}

fn is_certificate(path: &Path) -> bool {
    let is_hidden = path
        .file_name()
        .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && path.extension().is_some_and(|extension| extension == "pem")
}
