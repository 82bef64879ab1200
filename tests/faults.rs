//! The real program in trouble: a full disk, a disk that fails, a host that is held up.

use crate::load::kills::{Run, Scene, first};
use crate::load::postgres;
use crate::load::process::{Folder, Host, health};
use callsheet::host::world::weather::{Fault, Service};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Meetings for so many seconds, so many each second.
fn run(store: &str, seed: u64, secs: u64, rate: u64) -> Run<'_> {
    Run { program: env!("CARGO_BIN_EXE_callsheet"), store, seed, kills: 1, gap: (secs * 1000, secs * 1000), rate }
}

/// Whatever is waited for takes no longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until it is so; panics where it does not in time.
fn until(scene: &Scene, what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}\n{}", scene.said());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_ready(scene: &Scene) -> bool {
    health(&scene.folder.log(), "/readyz").is_some_and(|(status, _)| status == 200)
}

/// Whether the host has read every calendar.
fn has_read(scene: &Scene) -> bool {
    let metrics = health(&scene.folder.log(), "/metrics").map(|(_, text)| text).unwrap_or_default();
    let passes = metrics.lines().filter(|line| line.starts_with("callsheet_passes_total"));
    let count: usize = passes.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum();
    count >= scene.accounts.len()
}

/// Stops the hosts, and lets a last one see to what is left.
fn settled(scene: Scene, hosts: Vec<Host>) {
    for host in hosts {
        assert!(host.stop(Duration::from_secs(20)), "it stops well");
    }
    let report = scene.settle();
    assert!(report.wrong.is_empty(), "{}", first(&report.wrong));
    assert!(report.meetings.0 > 20 && report.accepted >= report.meetings.0, "{report:?}");
}

/// A disk of its own, as small as needed; gone with the value.
struct Disk(PathBuf);

impl Disk {
    /// `None` where this machine lets nobody mount: said aloud, and to be seen by whoever reads the output.
    fn new(folder: &Folder, mib: u64) -> Option<Self> {
        let path = folder.0.join("disk");
        std::fs::create_dir(&path).expect("the folder is ours");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "callsheet-test"]).arg(&path);
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        let _unseen = writeln!(std::io::stderr(), "the test of a full disk did not run: nothing can be mounted here");
        None
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.filler()).expect("the disk is ours");
        while file.write_all(&[b'x'; 4096]).is_ok() {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn has(&self, name: &str) -> bool {
        Path::new(&self.0).join(name).exists()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _left_behind = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[test]
fn a_full_disk_stops_all_but_the_bots_that_are_due() {
    let folder = Folder::new("full");
    let Some(disk) = Disk::new(&folder, 48) else { return };
    let store = format!("sqlite:{}", disk.0.join("store.db").display());
    let scene = run(&store, 3, 15, 8).scene();
    let mut host = scene.start();
    until(&scene, "calendars are read", || is_ready(&scene) && has_read(&scene));
    assert!(disk.has("store.db-reserve"));
    // Once: the room that the host gives up is its own.
    disk.fill();
    until(&scene, "it says that the disk is full", || {
        let (status, text) = health(&scene.folder.log(), "/readyz").expect("it is there");
        status == 503 && text.contains("the disk is full")
    });
    let metrics = health(&scene.folder.log(), "/metrics").expect("it is there").1;
    assert!(metrics.contains("\ncallsheet_store_full 1\n"), "{metrics}");
    assert!(!disk.has("store.db-reserve"), "the room was given up");
    // Whoever waits for its bot gets it all the same.
    let before = scene.accepted();
    until(&scene, "bots are sent from a full disk", || scene.accepted() >= before + 6);
    assert!(!is_ready(&scene) && !host.has_ended());
    disk.empty();
    until(&scene, "it recovers by itself", || is_ready(&scene));
    assert!(disk.has("store.db-reserve"));
    assert!(!host.has_ended() && scene.said().contains("the disk is full"));
    settled(scene, vec![host]);
}

#[test]
fn a_disk_that_fails_stops_the_host_at_once_and_the_next_one_goes_on() {
    let folder = Folder::new("failing");
    let store = folder.store();
    let scene = run(&store, 4, 2, 16).scene();
    // The write-ahead log can be written up to here and no further.
    let mut host = scene.start_limited(Some(700));
    let code = host.ended(PATIENCE);
    assert_eq!(code, Some(1), "{}", scene.said());
    let said = scene.said();
    assert!(said.contains("the database is in doubt") && said.contains("the store failed"), "{said}");
    let before = scene.accepted();
    let host = scene.start();
    until(&scene, "the next one sends bots", || scene.accepted() > before);
    settled(scene, vec![host]);
}

/// A lease is 15 seconds.
const LONGER_THAN_A_LEASE: Duration = Duration::from_millis(16_500);

#[test]
fn a_host_that_is_held_up_for_longer_than_its_lease_sends_no_second_bot() {
    let Some(store) = postgres::database() else { return };
    let scene = run(&store, 5, 11, 8).scene();
    let (one, other) = (scene.start(), scene.start());
    until(&scene, "bots are sent", || scene.accepted() >= 8);
    // Some answers take seconds, so that claims are open at any time.
    scene.served.shared.world().weather.habit(Service::Bots, Fault::Slow, 1500);
    std::thread::sleep(Duration::from_secs(2));
    one.hold(true);
    scene.served.shared.world().weather.habit(Service::Bots, Fault::Slow, 0);
    let before = scene.accepted();
    std::thread::sleep(LONGER_THAN_A_LEASE);
    assert!(scene.accepted() > before + 20, "the other one goes on");
    one.hold(false);
    settled(scene, vec![one, other]);
}
