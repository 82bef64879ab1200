//! Connections that read, each lent to one query at a time, on a thread that may wait for the disk.

use super::connection::open_reading;
use crate::host::store::StoreError;
use crate::host::store::sql::link::Fail;
use rusqlite::Connection;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Connections that read. SQLite reads in the process, so more than a few only compete for the processor.
const READERS_MAX: u32 = 4;
/// How long a free connection is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections. A clone shares them.
#[derive(Clone)]
pub(super) struct Readers {
    idle: Idle,
    /// As many as there are connections; none any more once they are closed.
    turns: Arc<Semaphore>,
}

type Idle = Arc<Mutex<Vec<Connection>>>;

impl Readers {
    /// Opens the file, which is there.
    pub(super) fn open(path: &str) -> Result<Self, rusqlite::Error> {
        let connections: Vec<Connection> = (0..READERS_MAX).map(|_| open_reading(path)).collect::<Result<_, _>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(connections)), turns: Arc::new(Semaphore::new(READERS_MAX as usize)) })
    }

    /// Does the work on a free connection.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fail> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Ok(Ok(turn)) = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await else {
            return Err(StoreError::Unavailable);
        };
        let lent = Lent::of(&self.idle, turn);
        let done = tokio::task::spawn_blocking(move || work(lent.connection())).await;
        match done {
            Ok(done) => done.map_err(Fail::asked),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends.
            Err(_) => Err(StoreError::Unavailable),
        }
    }

    /// Closes the connections when what was asked before is answered.
    pub(super) async fn close(&self) {
        let _all = self.turns.acquire_many(READERS_MAX).await;
        self.turns.close();
        lock(&self.idle).clear();
    }
}

fn lock(idle: &Idle) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    // A push or a pop leaves it whole.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that goes back to the others, whatever becomes of the work.
struct Lent {
    /// Taken out only as it goes back.
    connection: Option<Connection>,
    idle: Idle,
    /// Given back after the connection.
    _turn: OwnedSemaphorePermit,
}

impl Lent {
    fn of(idle: &Idle, turn: OwnedSemaphorePermit) -> Self {
        Self { connection: lock(idle).pop(), idle: Arc::clone(idle), _turn: turn }
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("there are as many connections as turns")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let connection = self.connection.take();
        lock(&self.idle).extend(connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct File(std::path::PathBuf);

    impl File {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("callsheet-readers-{name}-{}.db", std::process::id()));
            std::fs::File::create(&path).expect("the folder for temporary files can be written");
            Self(path)
        }

        fn readers(&self) -> Readers {
            Readers::open(self.0.to_str().expect("folders for temporary files have plain names")).expect("an empty file will do")
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            for end in ["", "-wal", "-shm"] {
                let _not_there = std::fs::remove_file(format!("{}{end}", self.0.display()));
            }
        }
    }

    /// On a runtime of one thread, which would otherwise wait for itself.
    #[tokio::test]
    async fn whoever_reads_slowly_holds_up_nobody_else() {
        let file = File::new("slow");
        let readers = file.readers();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let slow = readers.clone();
        let slow = tokio::spawn(async move { slow.ask(move |_| Ok(wait.recv().is_ok())).await });
        tokio::task::yield_now().await;
        assert_eq!(readers.ask(|connection| Ok(connection.is_autocommit())).await, Ok(true));
        go.send(()).expect("it waits");
        assert_eq!(slow.await.expect("nothing panics"), Ok(true));
        readers.close().await;
        assert_eq!(readers.ask(|_| Ok(())).await, Err(StoreError::Unavailable));
    }

    #[tokio::test]
    async fn a_connection_comes_back_from_work_that_broke_off() {
        let file = File::new("broken");
        let readers = file.readers();
        for _ in 0..2 * READERS_MAX {
            let readers = readers.clone();
            let broken =
                tokio::spawn(
                    async move { readers.ask(|_| -> Result<(), Fail> { std::panic::resume_unwind(Box::new(())) }).await },
                );
            assert!(broken.await.is_err_and(|error| error.is_panic()));
        }
        assert_eq!(lock(&readers.idle).len(), READERS_MAX as usize);
        assert_eq!(readers.ask(|_| Ok(7)).await, Ok(7));
        readers.close().await;
    }
}
