//! The directory of a store: who may use it, and in which format it is written.
//!
//! ```text
//! PATH/LOCK     locked while in use; empty
//! PATH/FORMAT   "postrider store 1\n": the version, readable without the engine
//! PATH/rocksdb/ the engine's own files
//! ```
//!
//! Promise: one user at a time, and a store of a later version is recognised before the engine touches
//! anything. The lock dies with the process, however it ends. `FORMAT` is written last when a store is made,
//! so a directory with an engine's files and no `FORMAT` is a store whose making was interrupted, hence
//! empty.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// The version written, and the latest that can be read. A change to it comes with a fixture of the one
/// before.
pub(crate) const FORMAT: u32 = 1;

const FORMAT_FILE: &str = "FORMAT";
const UNFINISHED_FILE: &str = "FORMAT.new";
const FORMAT_WORDS: &str = "postrider store ";
const LOCK_FILE: &str = "LOCK";
const ENGINE_DIRECTORY: &str = "rocksdb";

/// A directory in our hands, until dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    established: bool,
    /// Holds the lock.
    _lock: File,
}

impl Directory {
    /// Takes an existing store, or makes `path` ready for a new one.
    pub(crate) fn open_or_create(path: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(failure(path))?;
        refuse_foreign(path)?;
        Self::lock(path)
    }

    /// Takes an existing store.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        // Asked before locking, which would leave a file behind in a place that is none of ours.
        if !path.join(FORMAT_FILE).is_file() {
            return Err(StoreError::Foreign {
                path: path.to_owned(),
            });
        }
        Self::lock(path)
    }

    /// Whether the store was made before: its format is stated, so the engine's files must be there.
    pub(crate) fn is_established(&self) -> bool {
        self.established
    }

    /// States the format, durably, unless it was stated before. To be called once the engine's files exist.
    pub(crate) fn establish(&mut self) -> Result<(), StoreError> {
        if !self.established {
            self.write_format().map_err(failure(&self.path))?;
            self.established = true;
        }
        Ok(())
    }

    /// Where the engine keeps its files.
    pub(crate) fn engine_path(&self) -> PathBuf {
        self.path.join(ENGINE_DIRECTORY)
    }

    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn lock(path: &Path) -> Result<Self, StoreError> {
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK_FILE))
            .map_err(failure(path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                established: states_format(path)?,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(failure(path)(error)),
        }
    }

    fn write_format(&self) -> io::Result<()> {
        let unfinished = self.path.join(UNFINISHED_FILE);
        let mut file = File::create(&unfinished)?;
        writeln!(file, "{FORMAT_WORDS}{FORMAT}")?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path.join(FORMAT_FILE))?;
        // The names are as much a part of the store as the bytes: here, and in the directory that holds this
        // one.
        File::open(&self.path)?.sync_all()?;
        match fs::canonicalize(&self.path)?.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Whether a format is stated; an error if it is not one we can read.
fn states_format(path: &Path) -> Result<bool, StoreError> {
    let text = match fs::read_to_string(path.join(FORMAT_FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failure(path)(error)),
    };
    match text
        .trim_end()
        .strip_prefix(FORMAT_WORDS)
        .and_then(|version| version.parse().ok())
    {
        Some(1..=FORMAT) => Ok(true),
        Some(found) if found > FORMAT => Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found,
            supported: FORMAT,
        }),
        Some(_) | None => Err(StoreError::Foreign {
            path: path.to_owned(),
        }),
    }
}

/// An error if a directory without `FORMAT` holds anything but the beginnings of a store.
fn refuse_foreign(path: &Path) -> Result<(), StoreError> {
    if path.join(FORMAT_FILE).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(failure(path))? {
        let name = entry.map_err(failure(path))?.file_name();
        if ![LOCK_FILE, ENGINE_DIRECTORY, UNFINISHED_FILE]
            .iter()
            .any(|ours| name == *ours)
        {
            return Err(StoreError::Foreign {
                path: path.to_owned(),
            });
        }
    }
    Ok(())
}

fn failure(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::Open {
        path: path.to_owned(),
        why: error.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_is_stated_once_and_read_back() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/store");
        let mut directory = Directory::open_or_create(&path).unwrap();
        assert!(!directory.is_established());
        directory.establish().unwrap();
        directory.establish().unwrap();
        assert_eq!(
            fs::read_to_string(path.join(FORMAT_FILE)).unwrap(),
            "postrider store 1\n"
        );
        drop(directory);
        assert!(Directory::open(&path).unwrap().is_established());
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("diary"), "dear").unwrap();
        let foreign = StoreError::Foreign {
            path: home.path().to_owned(),
        };
        assert_eq!(Directory::open_or_create(home.path()).unwrap_err(), foreign);
        assert_eq!(Directory::open(home.path()).unwrap_err(), foreign);
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            1,
            "nothing was left behind"
        );
    }

    #[test]
    fn unreadable_formats() {
        for (text, newer) in [
            ("postrider store 2\n", true),
            ("postrider store 0\n", false),
            ("postrider\n", false),
        ] {
            let home = tempfile::tempdir().unwrap();
            fs::write(home.path().join(FORMAT_FILE), text).unwrap();
            let error = Directory::open_or_create(home.path()).unwrap_err();
            assert_eq!(matches!(error, StoreError::NewerFormat { .. }), newer, "{text:?}");
            assert_eq!(matches!(error, StoreError::Foreign { .. }), !newer, "{text:?}");
        }
    }

    #[test]
    fn one_user_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let first = Directory::open_or_create(home.path()).unwrap();
        let in_use = StoreError::InUse {
            path: home.path().to_owned(),
        };
        assert_eq!(Directory::open_or_create(home.path()).unwrap_err(), in_use);
        drop(first);
        Directory::open_or_create(home.path()).unwrap();
    }
}
