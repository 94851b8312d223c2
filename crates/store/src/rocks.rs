//! The embedded engine: RocksDB. This is the only file that names it.
//!
//! Two column families: `default` for small keys, `bulk` for large values written once, whose bytes RocksDB
//! keeps in blob files beside the sorted tree. Both are flushed together, so that one flush frees the whole
//! log.
//!
//! What a message costs: its bytes go once into the log, synced per group, and once into memory. If it is
//! deleted before the next flush, which is the fate of nearly all mail, its body is never written again and
//! only tombstones remain.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB,
    DBCompressionType, DBRecoveryMode, FlushOptions, LogLevel, MergeOperands, Options, ReadOptions,
    WriteBatch, WriteOptions, properties,
};

use crate::StoreError;
use crate::batch::{Batch, Operation, is_bulk};
use crate::commit::GroupStore;
use crate::contract::{BULK, CommitObserver, Store};
use crate::directory::Directory;
use crate::engine::{Engine, Fault, FreeSpace, Usage};
use crate::floor::Floor;
use crate::memory::counter;

/// Where a RocksDB store lives, and when it counts as full.
#[derive(Clone)]
pub struct RocksConfig {
    /// Its directory; made if absent. Nothing else may live there.
    pub path: PathBuf,
    /// Free bytes under which admitting batches are refused.
    pub floor_bytes: u64,
    /// Free inodes under which admitting batches are refused.
    pub floor_inodes: u64,
    /// Who is told of every group commit.
    pub observer: Option<Arc<dyn CommitObserver>>,
}

impl RocksConfig {
    /// The defaults: a floor of 512 MiB (what flushes and compactions of a full store may need for a while,
    /// several times over) and of 1000 inodes (RocksDB has some dozens of files), and no observer.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            floor_bytes: 512 * 1024 * 1024,
            floor_inodes: 1000,
            observer: None,
        }
    }
}

/// Opens the store in `config.path`, or makes it. After a crash this replays the log, which holds no
/// more than the engine held in memory: some 40 MB, or twice that.
///
/// # Errors
/// [`StoreError::InUse`], [`StoreError::NewerFormat`], [`StoreError::Foreign`], or [`StoreError::Open`] with
/// what the system or the engine said.
pub fn open_rocksdb(config: &RocksConfig) -> Result<Arc<dyn Store>, StoreError> {
    let mut directory = Directory::open_or_create(&config.path)?;
    let failure = |fault: Fault| StoreError::Open {
        path: config.path.clone(),
        why: fault.why,
    };
    let db = open(&directory).map_err(failure)?;
    directory.establish()?;
    let engine = Rocks {
        db,
        directory,
        bulk_deletes: AtomicUsize::new(0),
    };
    let floor = Floor::new(config.floor_bytes, config.floor_inodes);
    let store =
        GroupStore::start(engine, floor, config.observer.clone()).map_err(|error| failure(error.into()))?;
    Ok(Arc::new(store))
}

fn open(directory: &Directory) -> Result<DB, Fault> {
    let mut options = options();
    options.create_missing_column_families(true);
    // A store that was made before and has lost its files must not come up empty.
    options.create_if_missing(!directory.is_established());
    Ok(DB::open_cf_descriptors(
        &options,
        directory.engine_path(),
        families(),
    )?)
}

/// The engine. Fields are dropped in this order: the database is closed before the directory is unlocked.
struct Rocks {
    db: DB,
    directory: Directory,
    /// Bulk values deleted since the last flush.
    bulk_deletes: AtomicUsize,
}

impl Rocks {
    fn family(&self, key: &[u8]) -> &ColumnFamily {
        family(&self.db, if is_bulk(key) { BULK_FAMILY } else { INDEX_FAMILY })
    }

    /// The sum of a property over both families; zero if RocksDB does not know it.
    fn property(&self, name: &properties::PropName) -> u64 {
        [INDEX_FAMILY, BULK_FAMILY]
            .iter()
            .filter_map(|name_of| {
                self.db
                    .property_int_value_cf(family(&self.db, name_of), name)
                    .ok()
                    .flatten()
            })
            .sum()
    }

    /// Space is given back only by compactions, which see only what has been flushed. When the last messages
    /// of a large backlog are deleted nothing else would cause a flush, and their bodies would stay on disk.
    fn flush_after_many_deletes(&self, deletes: usize) -> Result<(), Fault> {
        if self.bulk_deletes.fetch_add(deletes, Ordering::Relaxed) + deletes < BULK_DELETES_MAX {
            return Ok(());
        }
        self.bulk_deletes.store(0, Ordering::Relaxed);
        let mut flush = FlushOptions::new();
        flush.set_wait(false);
        self.flush(&flush)
    }

    fn flush(&self, flush: &FlushOptions) -> Result<(), Fault> {
        let families = [family(&self.db, INDEX_FAMILY), family(&self.db, BULK_FAMILY)];
        Ok(self.db.flush_cfs_opt(&families, flush)?)
    }
}

impl Engine for Rocks {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        Ok(self.db.get_cf(self.family(key), key)?.map(Bytes::from))
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, Fault> {
        let mut rows = Vec::new();
        if is_bulk(from) {
            scan_family(
                &self.db,
                BULK_FAMILY,
                ReadOptions::default(),
                (from, to),
                limit,
                &mut rows,
            )?;
        } else if !is_bulk(to) || to == [BULK] {
            scan_family(
                &self.db,
                INDEX_FAMILY,
                ReadOptions::default(),
                (from, to),
                limit,
                &mut rows,
            )?;
        } else {
            let snapshot = self.db.snapshot();
            for name in [INDEX_FAMILY, BULK_FAMILY] {
                let mut read = ReadOptions::default();
                read.set_snapshot(&snapshot);
                let left = limit - rows.len();
                scan_family(&self.db, name, read, (from, to), left, &mut rows)?;
            }
        }
        Ok(rows)
    }

    fn write(&self, batches: &[Batch]) -> Result<(), Fault> {
        let index = family(&self.db, INDEX_FAMILY);
        let bulk = family(&self.db, BULK_FAMILY);
        let mut deletes = 0;
        let bytes = batches
            .iter()
            .map(|batch| batch.bytes + batch.operations.len() * OPERATION_OVERHEAD)
            .sum();
        let mut write = WriteBatch::with_capacity_bytes(bytes);
        for operation in batches.iter().flat_map(|batch| &batch.operations) {
            let bulky = is_bulk(operation.key());
            let family = if bulky { bulk } else { index };
            match operation {
                Operation::Put { key, value } => write.put_cf(family, key, value),
                Operation::Delete { key } => {
                    deletes += usize::from(bulky);
                    write.delete_cf(family, key);
                }
                Operation::Add { key, delta } => write.merge_cf(family, key, delta.to_le_bytes()),
            }
        }
        self.db.write_opt(write, &synced())?;
        self.flush_after_many_deletes(deletes)
    }

    fn settle(&self) {
        // Failing to flush costs the next start some time and nothing else.
        let _ = self.flush(&FlushOptions::new());
    }

    fn free_space(&self) -> Result<FreeSpace, Fault> {
        let found = rustix::fs::statvfs(self.directory.path())?;
        // Some file systems (btrfs, for one) have no inodes to run out of, and say zero of zero.
        let inodes = if found.f_files == 0 {
            u64::MAX
        } else {
            found.f_favail
        };
        Ok(FreeSpace {
            bytes: found.f_bavail.saturating_mul(found.f_frsize),
            inodes,
        })
    }

    fn usage(&self) -> Usage {
        let cache = self
            .db
            .property_int_value(properties::BLOCK_CACHE_USAGE)
            .ok()
            .flatten();
        let blobs = self
            .db
            .property_int_value_cf(family(&self.db, BULK_FAMILY), "rocksdb.total-blob-file-size");
        Usage {
            write_buffer_bytes: self.property(properties::CUR_SIZE_ALL_MEM_TABLES),
            read_memory_bytes: self.property(properties::ESTIMATE_TABLE_READERS_MEM) + cache.unwrap_or(0),
            file_bytes: self.property(properties::TOTAL_SST_FILES_SIZE) + blobs.ok().flatten().unwrap_or(0),
        }
    }
}

/// Reads without changing anything, for [`check`](fn@crate::check).
pub(crate) struct ReadOnly {
    db: DB,
    _directory: Directory,
}

impl ReadOnly {
    /// Takes the store in `path`, log included, but leaves its files as they are.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let directory = Directory::open(path)?;
        let db = DB::open_cf_descriptors_read_only(&options(), directory.engine_path(), families(), false)
            .map_err(|error| StoreError::Open {
                path: path.to_owned(),
                why: Fault::from(error).why,
            })?;
        Ok(Self {
            db,
            _directory: directory,
        })
    }

    /// The families, by the names they have on disk.
    pub(crate) fn families(&self) -> [&'static str; 2] {
        [INDEX_FAMILY, BULK_FAMILY]
    }

    /// Shows `visit` every pair of the family from `from` on, checksums verified, until damage is met.
    pub(crate) fn walk(
        &self,
        name: &str,
        from: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), Fault> {
        let mut read = ReadOptions::default();
        read.set_verify_checksums(true);
        read.fill_cache(false);
        let mut rows = self.db.raw_iterator_cf_opt(family(&self.db, name), read);
        rows.seek(from);
        while let Some((key, value)) = rows.item() {
            visit(key, value);
            rows.next();
        }
        Ok(rows.status()?)
    }

    /// The first keys of the files of the family: where reading may resume behind damage.
    pub(crate) fn resume_points(&self, name: &str) -> Result<Vec<Vec<u8>>, Fault> {
        let files = self
            .db
            .live_files()?
            .into_iter()
            .filter(|file| file.column_family_name == name);
        let mut points: Vec<Vec<u8>> = files.filter_map(|file| file.start_key).collect();
        points.sort_unstable();
        Ok(points)
    }
}

fn scan_family(
    db: &DB,
    name: &str,
    mut read: ReadOptions,
    (from, to): (&[u8], &[u8]),
    limit: usize,
    rows: &mut Vec<(Bytes, Bytes)>,
) -> Result<(), Fault> {
    read.set_iterate_upper_bound(to);
    let full = rows.len().saturating_add(limit);
    let mut found = db.raw_iterator_cf_opt(family(db, name), read);
    found.seek(from);
    while rows.len() < full {
        let Some((key, value)) = found.item() else { break };
        rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)));
        found.next();
    }
    Ok(found.status()?)
}

fn family<'a>(db: &'a DB, name: &str) -> &'a ColumnFamily {
    db.cf_handle(name)
        .expect("both families are opened with the database")
}

fn add(_key: &[u8], existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    let sum = operands.iter().fold(counter(existing), |sum, delta| {
        sum.wrapping_add(counter(Some(delta)))
    });
    Some(sum.to_le_bytes().to_vec())
}

fn synced() -> WriteOptions {
    let mut write = WriteOptions::default();
    write.set_sync(true);
    write
}

const INDEX_FAMILY: &str = "default";
const BULK_FAMILY: &str = "bulk";

/// Bytes RocksDB adds to an operation in a batch: tag, family and two lengths. Only an estimate, to allocate
/// once.
const OPERATION_OVERHEAD: usize = 12;

/// The memory of bulk values before they are flushed. Mail that is delivered while its body is still here
/// never goes to a file: at 3000 messages of 10 KB a second this is the last second. Twice as much is in use
/// while one is flushed.
const BULK_BUFFER_BYTES: usize = 32 * 1024 * 1024;

/// The same for small keys. Four keys of 100 bytes and their deletion for each body of 10 KB stay well under
/// it.
const INDEX_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// Bulk values deleted since the last flush that cause one. With bodies of 10 KB the memory of bulk values is
/// full before that, and this never acts.
const BULK_DELETES_MAX: usize = 4096;

/// Logs kept for reuse: the one being flushed and the one before.
const LOGS_REUSED: usize = 2;

/// Open files of the engine; the rest of a large backlog is opened when read.
const OPEN_FILES_MAX: i32 = 256;

/// Blocks, indexes and filters of small keys in memory, whatever the size of the store. What is asked for lately, such as
/// the e-mails that are opened now, should fit.
const INDEX_CACHE_BYTES: usize = 24 * 1024 * 1024;

/// The same for bulk values, which are mostly read from the memory that they were written to.
const BULK_CACHE_BYTES: usize = 4 * 1024 * 1024;

/// Values under this stay in the sorted tree, where they are cheaper to read than in a blob file.
const BLOB_BYTES_MIN: u64 = 1024;

/// Small enough that the space of a drained backlog comes back in small steps.
const BLOB_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Options of the database as a whole. What is not named is RocksDB's default, on purpose.
fn options() -> Options {
    let mut options = Options::default();
    // Both families leave memory together, so a flush frees every log before it. Consistency would not need
    // it.
    options.set_atomic_flush(true);
    // An overwritten log keeps its size, so its sync need not write the inode: some 10 % less CPU per
    // message. Stale records behind the end are told apart by the log's number, which recovery to a point in
    // time relies on.
    options.set_recycle_log_file_num(LOGS_REUSED);
    // Recovery ends at the first torn record: what follows was never acknowledged, for its sync had not
    // returned.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_max_open_files(OPEN_FILES_MAX);
    // An idle store sleeps: no statistics every ten minutes. (Its log is flushed every ten seconds; that
    // stays.)
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    // The journal of flushes is read at every start, and grows with each of them.
    options.set_max_manifest_file_size(16 * 1024 * 1024);
    // Its own log is for its own troubles, and bounded.
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(1024 * 1024);
    options
}

fn families() -> [ColumnFamilyDescriptor; 2] {
    let mut index = family_options(INDEX_BUFFER_BYTES, INDEX_CACHE_BYTES);
    index.set_merge_operator_associative("postrider add i64", add);

    let mut bulk = family_options(BULK_BUFFER_BYTES, BULK_CACHE_BYTES);
    // Values beside the tree are not copied by its compactions.
    bulk.set_enable_blob_files(true);
    bulk.set_min_blob_size(BLOB_BYTES_MIN);
    bulk.set_blob_file_size(BLOB_FILE_BYTES);
    // A blob file that is mostly garbage is rewritten; without this it would stay until its last value is
    // deleted.
    bulk.set_enable_blob_gc(true);
    bulk.set_blob_gc_force_threshold(0.5);

    [
        ColumnFamilyDescriptor::new(INDEX_FAMILY, index),
        ColumnFamilyDescriptor::new(BULK_FAMILY, bulk),
    ]
}

fn family_options(buffer_bytes: usize, cache_bytes: usize) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(cache_bytes));
    // Otherwise they are held in memory beside the cache, and grow with the store.
    table.set_cache_index_and_filter_blocks(true);
    // In parts of a block's size: the index and the filter of a full file are a megabyte together, and a cache of this
    // size would read and drop them all the time. A read of one key then cost 50 us and more, where it costs some 3 now.
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    // Expectations mostly ask for keys that are absent; a filter answers without reading.
    table.set_bloom_filter(10.0, false);

    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_write_buffer_size(buffer_bytes);
    // Few bodies ever reach a file; compressing those would cost CPU and a library for little.
    options.set_compression_type(DBCompressionType::None);
    // A file in which half of some thousand keys are deletions is compacted at once. Without it 200 MB of
    // delivered mail stayed on disk until the next 100 MB arrived; with it a fifth stayed, and a fiftieth
    // after a restart.
    options.add_compact_on_deletion_collector_factory(1024, 512, 0.5);
    options
}

#[cfg(test)]
mod tests {
    use rocksdb::WaitForCompactOptions;

    use super::*;

    const COUNT: u32 = 20_000;

    /// One write with `change` for each of the bodies of `numbers`.
    fn write(engine: &Rocks, numbers: std::ops::Range<u32>, change: impl Fn(&mut Batch, Vec<u8>)) {
        let mut batch = Batch::new();
        for n in numbers {
            change(&mut batch, [&[BULK][..], &n.to_be_bytes()].concat());
        }
        engine.write(&[batch]).unwrap();
    }

    #[test]
    fn the_space_of_a_drained_backlog_is_given_back() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::open_or_create(home.path()).unwrap();
        let db = open(&directory).unwrap();
        let engine = Rocks {
            db,
            directory,
            bulk_deletes: AtomicUsize::new(0),
        };
        let body = Bytes::from(vec![b'x'; 2048]);
        for first in (0..COUNT).step_by(500) {
            write(&engine, first..first + 500, |batch, key| {
                batch.put(key, body.clone());
            });
        }
        engine.flush(&FlushOptions::new()).unwrap();
        let full = engine.usage().file_bytes;
        assert!(full > u64::from(COUNT) * 2048);

        for first in (0..COUNT).step_by(500) {
            write(&engine, first..first + 500, |batch, key| {
                batch.delete(key);
            });
        }
        let mut wait = WaitForCompactOptions::default();
        wait.set_flush(false);
        engine.db.wait_for_compact(&wait).unwrap();
        let drained = engine.usage().file_bytes;
        assert!(drained < full / 2, "{drained} of {full} bytes are left");
    }
}
