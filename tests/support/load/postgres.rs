//! A PostgreSQL server of the tests' own, where its programs are installed.
//!
//! One server for the test process, a database for each test. The host's role owns the database but is no superuser, since
//! row-level security does not bind those.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the server is run: its standard input is a pipe from this process, so that it ends when this process does, however that
/// happens. `initdb` takes seconds, most of it synching, which nobody needs here.
const SCRIPT: &str = r#"
set -eu
bin=$1 dir=$2
"$bin/initdb" -D "$dir/data" -U super -A trust -E UTF8 --no-sync >"$dir/initdb.log" 2>&1
"$bin/postgres" -D "$dir/data" -k "$dir" -h '' -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 \
    >"$dir/server.log" 2>&1 &
server=$!
trap 'exit 1' HUP INT TERM
trap 'kill -INT $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$dir"' EXIT
tries=0
until "$bin/psql" -h "$dir" -U super -d postgres -qc 'CREATE ROLE callsheet LOGIN NOSUPERUSER NOBYPASSRLS' >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || exit 1
    sleep 0.1
done
echo ready
cat >/dev/null
"#;

/// The server, while the process lives.
struct Server {
    bin: PathBuf,
    dir: PathBuf,
    _child: Child,
    _alive: ChildStdin,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();

/// The URL of a new, empty database; `None` where PostgreSQL is not installed.
pub fn database() -> Option<String> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let made = psql(server, "postgres", &format!("CREATE DATABASE {name} OWNER callsheet"));
    assert!(made.is_ok(), "{made:?}");
    Some(format!("postgres://callsheet@localhost/{name}?host={}", server.dir.display()))
}

/// Runs a statement as superuser in the database of `url`; answers with what `psql` prints.
pub fn as_superuser(url: &str, statement: &str) -> String {
    let server = SERVER.get().and_then(Option::as_ref).expect("the URL came from the server");
    let name = url.split(['/', '?']).nth(3).expect("the URL names the database");
    psql(server, name, statement).expect("the statement is right")
}

fn psql(server: &Server, database: &str, statement: &str) -> Result<String, String> {
    let mut command = Command::new(server.bin.join("psql"));
    command.arg("-h").arg(&server.dir).args(["-U", "super", "-qAt", "-d", database, "-c", statement]);
    let output = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Where the distribution keeps the programs, the newest first, and then wherever the shell finds them.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
    found.sort();
    found.reverse();
    found.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    found.into_iter().find(|bin| ["initdb", "postgres", "psql"].iter().all(|program| bin.join(program).is_file()))
}

fn start() -> Option<Server> {
    let Some(bin) = programs() else {
        // Not captured, as `println!` would be: whoever reads the output must see what did not run.
        let _unseen =
            writeln!(std::io::stderr(), "the PostgreSQL tests did not run: initdb, postgres and psql are not installed");
        return None;
    };
    let dir = std::env::temp_dir().join(format!("callsheet-pg-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("the folder for temporary files can be written");
    let mut command = shell(&dir);
    command.args(["sh", "-c", SCRIPT, "sh"]).arg(&bin).arg(&dir).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("there is a shell");
    let alive = child.stdin.take().expect("it was asked for");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it was asked for")).read_line(&mut line).expect("the script writes text");
    let log = || ["initdb.log", "server.log"].map(|name| std::fs::read_to_string(dir.join(name)).unwrap_or_default()).concat();
    assert_eq!(line, "ready\n", "PostgreSQL is installed, but did not start:\n{}", log());
    Some(Server { bin, dir, _child: child, _alive: alive })
}

/// What runs the script. The server refuses to run as root, so root steps down.
fn shell(dir: &Path) -> Command {
    let id = Command::new("id").arg("-u").output().expect("there is an id program");
    if id.stdout != b"0\n" {
        return Command::new("env");
    }
    let made = Command::new("chown").arg("postgres").arg(dir).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "as root, the tests need the user `postgres`, which the server's package makes"
    );
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]);
    command
}
