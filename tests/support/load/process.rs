//! Hosts as processes of their own: started, killed, asked how they are.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A folder that is there for as long as the value lives.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new, empty one.
    pub fn new(purpose: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("callsheet-{purpose}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Self(path)
    }

    /// The URL of a SQLite store in it.
    pub fn store(&self) -> String {
        format!("sqlite:{}", self.0.join("store.db").display())
    }

    /// Where the hosts' output goes.
    pub fn log(&self) -> PathBuf {
        self.0.join("hosts.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

/// A running `callsheet serve`. Dropped, it is killed.
pub struct Host(Child);

impl Host {
    /// Starts the host `program` on `store` against the world at `address`; what it says is added to `log`.
    pub fn start(program: &str, store: &str, address: &str, log: &Path) -> Self {
        Self::start_limited(program, store, address, log, None)
    }

    /// The same, with a limit to the length of the files that it writes.
    pub fn start_limited(program: &str, store: &str, address: &str, log: &Path, file_kib_max: Option<u64>) -> Self {
        let out = File::options().create(true).append(true).open(log).expect("the log can be written");
        let err = out.try_clone().expect("a second handle");
        let mut command = match file_kib_max {
            None => Command::new(program),
            Some(kib) => {
                // The shell counts in halves of a KiB. Without the signal, writing fails.
                let mut shell = Command::new("sh");
                shell.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &(2 * kib).to_string(), program]);
                shell
            }
        };
        command.args(["serve", "--world", address, "--store", store, "--listen", "127.0.0.1:0", "--show", "log"]);
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        Self(command.spawn().expect("the program starts"))
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.0.kill().expect("the process is ours");
        self.0.wait().expect("the process is ours");
    }

    /// Asks it to stop, and waits until it has; whether it ended well.
    pub fn stop(mut self, patience: Duration) -> bool {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()), "the process is there");
        let begun = std::time::Instant::now();
        while begun.elapsed() < patience {
            if let Some(status) = self.0.try_wait().expect("the process is ours") {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Holds the process up where it is, or lets it go on.
    pub fn hold(&self, held: bool) {
        let signal = if held { "-STOP" } else { "-CONT" };
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the process is there");
    }

    /// Waits until it ended by itself; its exit code.
    pub fn ended(&mut self, patience: Duration) -> Option<i32> {
        let begun = std::time::Instant::now();
        while begun.elapsed() < patience {
            if let Some(status) = self.0.try_wait().expect("the process is ours") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("the process is ours").is_some()
    }
}

/// What the last host that wrote to a log answers to a `GET` of its health server: the status and the text; `None` where it
/// serves nothing (yet).
pub fn health(log: &Path, path: &str) -> Option<(u16, String)> {
    let said = std::fs::read_to_string(log).ok()?;
    let address = said.lines().rev().find_map(|line| line.split_once("health and metrics on http://"))?.1.split('/').next()?;
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

impl Drop for Host {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}
