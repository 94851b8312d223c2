//! How passwords are kept: as an Argon2id hash (RFC 9106) and in no other way. One verification takes some 19 MiB of
//! memory and about 20 ms of one core; whoever verifies bounds how many run at once.

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::{Salt, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use thiserror::Error;

/// Memory of one hash: the first of OWASP's recommended sets, with two passes and one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash that asks for more memory than this would let every login attempt stall the server.
const MEMORY_KIB_MAX: u32 = 256 * 1024;

/// An Argon2id hash, known to be well-formed. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a text is not a usable hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordHashError {
    /// It is not a PHC string with salt and hash.
    #[error("not a password hash")]
    Syntax,
    /// It was made with another algorithm.
    #[error("not an Argon2id hash; other algorithms are not supported")]
    Algorithm,
    /// It is too expensive to verify.
    #[error("asks for more than {MEMORY_KIB_MAX} KiB of memory for each login")]
    Cost,
}

impl PasswordHash {
    /// Hashes `password` with `salt`, which must be random.
    pub fn new(password: &[u8], salt: [u8; Salt::RECOMMENDED_LENGTH]) -> Self {
        let hashed = SaltString::encode_b64(&salt).and_then(|salt| {
            let hash = hasher().hash_password(password, &salt)?;
            Ok(hash.to_string())
        });
        match hashed {
            Ok(text) => Self(text),
            Err(error) => {
                unreachable!("Argon2id takes any password below 4 GiB and a salt of 16 octets: {error}")
            }
        }
    }

    /// Whether this is the hash of `password`.
    pub fn verify(&self, password: &[u8]) -> bool {
        let parsed = argon2::PasswordHash::new(&self.0);
        parsed.is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
    }

    /// A hash that costs as much as any of ours and that no password has: verified against when a user is unknown, so
    /// that the time of the answer does not tell which users exist.
    pub fn decoy() -> Self {
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        Self(NOBODY.to_owned())
    }

    /// The PHC string, to be kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordHashError;

    fn from_str(text: &str) -> Result<Self, PasswordHashError> {
        let hash = argon2::PasswordHash::new(text).map_err(|_| PasswordHashError::Syntax)?;
        if hash.algorithm != argon2::ARGON2ID_IDENT {
            return Err(PasswordHashError::Algorithm);
        }
        let params = Params::try_from(&hash).map_err(|_| PasswordHashError::Syntax)?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(PasswordHashError::Syntax);
        }
        if params.m_cost() > MEMORY_KIB_MAX {
            return Err(PasswordHashError::Cost);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

fn hasher() -> Argon2<'static> {
    match Params::new(MEMORY_KIB, PASSES, LANES, None) {
        Ok(params) => Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
        Err(error) => unreachable!("the parameters are constants within Argon2's bounds: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_verifies_its_password_alone() {
        let hash = PasswordHash::new(b"correct horse", [7; 16]);
        assert!(hash.verify(b"correct horse"));
        assert!(!hash.verify(b"correct horsf"));
        assert!(!PasswordHash::decoy().verify(b"correct horse"));
        assert_eq!(hash.as_str().parse(), Ok(hash.clone()));
        assert_eq!(format!("{hash:?}"), "PasswordHash(***)");
    }

    #[test]
    fn the_decoy_costs_what_a_hash_costs() {
        let cost = |hash: &PasswordHash| hash.as_str().split('$').nth(3).map(str::to_owned);
        assert_eq!(
            cost(&PasswordHash::decoy()),
            cost(&PasswordHash::new(b"", [0; 16]))
        );
        assert_eq!(PasswordHash::decoy().as_str().parse(), Ok(PasswordHash::decoy()));
    }

    #[test]
    fn what_is_no_usable_hash_is_refused() {
        let cases = [
            ("secret", PasswordHashError::Syntax),
            ("", PasswordHashError::Syntax),
            ("$argon2id$v=19$m=19456,t=2,p=1", PasswordHashError::Syntax),
            (
                "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
                PasswordHashError::Algorithm,
            ),
            (
                "$argon2id$v=19$m=1048576,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
                PasswordHashError::Cost,
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<PasswordHash>(), Err(error), "{text:?}");
        }
    }
}
