//! A certificate of our own making, so that a fresh server speaks TLS from its first minute.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rcgen::{CertificateParams, DnType, KeyPair};

use crate::{CertError, CertificatePair};

/// Readable by everyone: a certificate is public.
const CERTIFICATE_MODE: u32 = 0o644;

/// Readable by its owner only.
const KEY_MODE: u32 = 0o600;

/// A self-signed certificate for `hostname` in the folder `dir`: made if it is not there, else left as it is.
///
/// It has an ECDSA P-256 key and no end: nobody verifies it, so expiring would only break what works. It is enough for
/// opportunistic TLS; senders that verify (MTA-STS) and mail clients need one from an authority.
///
/// # Errors
/// [`CertError`] if the files cannot be written, the name cannot stand in a certificate, or a certificate is there
/// without its key.
pub fn self_signed(dir: &Path, hostname: &str) -> Result<CertificatePair, CertError> {
    let pair = CertificatePair {
        certificate: dir.join("self-signed.crt"),
        private_key: dir.join("self-signed.key"),
    };
    match (pair.certificate.exists(), pair.private_key.exists()) {
        (true, true) => return Ok(pair),
        (true, false) => {
            let CertificatePair {
                certificate,
                private_key,
            } = pair;
            return Err(CertError::KeyLost {
                certificate,
                private_key,
            });
        }
        // The key alone: the last start was interrupted between the two.
        (false, true) => {}
        (false, false) => make_key(&pair.private_key)?,
    }
    make_certificate(&pair, hostname)?;
    Ok(pair)
}

fn make_key(path: &Path) -> Result<(), CertError> {
    let key = KeyPair::generate().map_err(|error| bad_key(path, &error))?;
    write_whole(path, &key.serialize_pem(), KEY_MODE)
}

fn make_certificate(pair: &CertificatePair, hostname: &str) -> Result<(), CertError> {
    let bad_hostname = |error: rcgen::Error| CertError::BadHostname {
        hostname: hostname.to_owned(),
        reason: error.to_string(),
    };
    let text = fs::read_to_string(&pair.private_key)
        .map_err(|source| CertError::reading(&pair.private_key, source))?;
    let key = KeyPair::from_pem(&text).map_err(|error| bad_key(&pair.private_key, &error))?;
    let mut params = CertificateParams::new([hostname.to_owned()]).map_err(bad_hostname)?;
    params.distinguished_name.push(DnType::CommonName, hostname);
    let certificate = params.self_signed(&key).map_err(bad_hostname)?;
    write_whole(&pair.certificate, &certificate.pem(), CERTIFICATE_MODE)
}

fn bad_key(path: &Path, error: &rcgen::Error) -> CertError {
    CertError::BadKey {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Writes a file so that it is either there and whole or not there: beside its place, then moved.
fn write_whole(path: &Path, text: &str, mode: u32) -> Result<(), CertError> {
    let beside = path.with_extension("new");
    let write = || {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        // What an interrupted start has left may have another mode.
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|source| CertError::Unwritable {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::Certificates;

    #[test]
    fn the_first_start_makes_a_pair_and_later_ones_leave_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("tls");
        let pair = self_signed(&dir, "mx.example.com").unwrap();
        let certificates = Certificates::load(std::slice::from_ref(&pair)).unwrap();
        assert_eq!(certificates.loaded().first().unwrap().names, ["mx.example.com"]);
        assert_eq!(
            fs::metadata(&pair.private_key).unwrap().permissions().mode() & 0o777,
            KEY_MODE
        );

        let before = [&pair.certificate, &pair.private_key].map(|path| fs::read(path).unwrap());
        assert_eq!(self_signed(&dir, "other.example").unwrap(), pair);
        assert_eq!(
            [&pair.certificate, &pair.private_key].map(|path| fs::read(path).unwrap()),
            before
        );
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
    }

    #[test]
    fn an_interrupted_start_is_finished_with_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        let pair = self_signed(dir.path(), "mx.example.com").unwrap();
        let key = fs::read(&pair.private_key).unwrap();
        fs::remove_file(&pair.certificate).unwrap();
        fs::write(dir.path().join("self-signed.new"), "half a certif").unwrap();
        assert_eq!(self_signed(dir.path(), "mx.example.com").unwrap(), pair);
        assert_eq!(fs::read(&pair.private_key).unwrap(), key);
        assert!(Certificates::load(&[pair]).is_ok());
    }

    #[test]
    fn what_cannot_be_made_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let bad_name = self_signed(&dir.path().join("a"), "b\u{fc}cher.example").unwrap_err();
        assert!(matches!(bad_name, CertError::BadHostname { .. }), "{bad_name}");

        let pair = self_signed(dir.path(), "mx.example.com").unwrap();
        fs::remove_file(&pair.private_key).unwrap();
        let lost = self_signed(dir.path(), "mx.example.com").unwrap_err();
        assert!(matches!(lost, CertError::KeyLost { .. }), "{lost}");

        let file = dir.path().join("a-file");
        fs::write(&file, "").unwrap();
        let unwritable = self_signed(&file, "mx.example.com").unwrap_err();
        assert!(matches!(unwritable, CertError::Unwritable { .. }), "{unwritable}");
    }
}
