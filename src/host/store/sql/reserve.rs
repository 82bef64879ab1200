//! Room on the disk that is kept for bots: a file beside the database, given up when the disk is full.
//!
//! What is due then still finds room, though nothing else is written. The file is made again once there is twice the room, so that
//! a disk on the verge of being full does not change its mind every second.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

/// How much is kept: the write-ahead log before it is used again, and some thousand claims.
pub(super) const RESERVE_BYTES: u64 = 8 * 1024 * 1024;
/// Written at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The file.
#[derive(Debug)]
pub(super) struct Reserve(PathBuf);

impl Reserve {
    /// Beside the database at `path`.
    pub(super) fn beside(path: &str) -> Self {
        Self(PathBuf::from(format!("{path}-reserve")))
    }

    /// Makes the file where it is not there; leaves nothing behind where there is no room for twice as much.
    pub(super) fn make(&self) -> io::Result<()> {
        if fs::metadata(&self.0).is_ok_and(|file| file.len() >= RESERVE_BYTES) {
            return Ok(());
        }
        let made = self.write();
        if made.is_err() {
            self.free();
        }
        made
    }

    fn write(&self) -> io::Result<()> {
        let mut file = File::create(&self.0)?;
        // Not zeros, nor anything else that a file system would make small.
        let mut number: u32 = 0x9e37_79b9;
        let mut chunk = vec![0; CHUNK_BYTES];
        for _ in 0..2 * RESERVE_BYTES / CHUNK_BYTES as u64 {
            for bytes in chunk.chunks_exact_mut(4) {
                number ^= number << 13;
                number ^= number >> 17;
                number ^= number << 5;
                bytes.copy_from_slice(&number.to_le_bytes());
            }
            file.write_all(&chunk)?;
        }
        // Some file systems find out only now.
        file.sync_data()?;
        file.set_len(RESERVE_BYTES)
    }

    /// Gives the room up.
    pub(super) fn free(&self) {
        let _not_there = fs::remove_file(&self.0);
    }
}
