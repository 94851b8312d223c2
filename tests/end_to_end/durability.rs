//! 250 means on disk, seen from outside: in the system calls, on a full disk, and when the disk fails.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::world::{Action, Moment, Program, World, eventually, tools};

const TEXT: &str = "Subject: durable\r\n\r\nhello\r\n";

/// A system-call trace: between the end of each message and its 250, a sync begins and succeeds.
#[test]
fn a_sync_precedes_every_250() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    // The receiver never answers, so that no outcome is committed: every sync belongs to an acceptance.
    let host = world.host(2);
    host.always(Moment::Connect, Action::Stall);
    let program = world.start();
    let trace = Trace::attach(&world, &program);
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    let count = 25;
    for _ in 0..count {
        client.submit("a@src.test", &["b@dest.test"], TEXT);
    }
    let calls = trace.detach();
    assert_eq!(proofs(&calls), count, "{calls}");
}

/// Counts the messages in a trace for which end of data, sync and 250 follow each other; panics at a 250 without a sync.
fn proofs(calls: &str) -> usize {
    let (mut open, mut begun, mut synced, mut proofs) = (false, false, false, 0);
    for call in calls.lines() {
        let sync = call.contains("fsync") || call.contains("fdatasync");
        if call.contains(r"hello\r\n.\r\n") {
            (open, begun, synced) = (true, false, false);
        } else if sync {
            begun |= open && !call.contains("resumed>");
            synced |= begun && call.trim_end().ends_with("= 0");
        } else if open && call.contains(r#""250 2."#) {
            assert!(synced, "250 without a sync:\n{calls}");
            proofs += 1;
            open = false;
        }
    }
    proofs
}

/// strace on a running server.
struct Trace {
    strace: tools::Background,
    file: PathBuf,
}

impl Trace {
    fn attach(world: &World, program: &Program) -> Self {
        let (file, log) = (world.path("trace"), world.path("strace.log"));
        let mut command = Command::new(tools::debian("strace", "strace"));
        command
            .args([
                "-f",
                "-s",
                "400",
                "-e",
                "trace=read,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync",
            ])
            .arg("-o")
            .arg(&file)
            .args(["-p", &program.id().to_string()])
            .stderr(Stdio::from(std::fs::File::create(&log).expect("a file")));
        let strace = tools::Background::start(&mut command);
        eventually(
            "strace to attach (it needs the right to trace: run as root)",
            || {
                std::fs::read_to_string(&log)
                    .ok()?
                    .contains("attached")
                    .then_some(())
            },
        );
        Self { strace, file }
    }

    /// Ends the trace and leaves the server running.
    fn detach(mut self) -> String {
        let id = i32::try_from(self.strace.0.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .expect("a process");
        rustix::process::kill_process(id, Signal::INT).expect("the process is ours");
        self.strace.0.wait().expect("strace ends");
        std::fs::read_to_string(&self.file).expect("a trace")
    }
}

/// Under the floor of free space new mail is put off with 452, what is queued goes out, and nothing is lost.
#[test]
fn below_the_floor_mail_goes_out_but_not_in() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    assert!(program.stop().success());

    // No disk has this much: the floor is above what is free, as if the disk were full.
    world.settings.set("store.floor_bytes", "64TiB");
    let program = world.start_unready();
    assert_eq!(program.http("GET", "/health/ready").0, 503);
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    assert_eq!(refusal(&mut client), 452);
    let host = world.host(2);
    host.mail(1);
    program.drained();
    assert_eq!(refusal(&mut client), 452);
    assert!(program.stop().success());

    world.settings.set("store.floor_bytes", 0);
    let _program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    host.mail(2);
}

/// The code with which a message is refused, at whichever of its commands that happens.
fn refusal(client: &mut crate::world::Client) -> u16 {
    for line in [
        "MAIL FROM:<a@src.test>",
        "RCPT TO:<b@dest.test>",
        "DATA",
        "Subject: full\r\n\r\nhello\r\n.",
    ] {
        let reply = client.command(line);
        if !matches!(reply.code, 250 | 354) || line.ends_with('.') {
            client.expect("RSET", 250);
            return reply.code;
        }
    }
    0
}

/// A disk that fills up for real, beneath the server: no 250 for what could not be written, the server ends with an
/// error, and with space again everything acknowledged is there.
#[test]
fn a_disk_that_fills_up_loses_nothing() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.settings.set("retry.first", "1h");
    let disk = SmallDisk::mount(&world);
    let mut program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    let mut acknowledged = Vec::new();
    acknowledged.push(client.submit("a@src.test", &["b@dest.test"], TEXT));
    disk.fill();
    let text = format!(
        "Subject: big\r\n\r\n{}",
        "sixty-two octets of text and a line end, again and again, so.\r\n".repeat(15_000)
    );
    let reply = loop {
        match client.transfer("a@src.test", &["b@dest.test"], &text) {
            Some(reply) if reply.code == 250 => acknowledged.push(crate::world::client::queue_id(&reply)),
            reply => break reply,
        }
    };
    assert!(reply.is_none_or(|reply| (400..500).contains(&reply.code)));
    assert!(!program.wait().success());

    disk.clear();
    let host = world.host(2);
    world.settings.set("retry.first", "1s");
    let program = world.start();
    program.cli(&["queue", "retry", "--all"]);
    let count = acknowledged.len();
    assert_eq!(host.mail(count).len(), count);
    program.drained();
}

/// A small file system for the data folder, unmounted when dropped.
struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    fn mount(world: &World) -> Self {
        assert!(
            rustix::process::getuid().is_root(),
            "mounting a small disk needs root: run this test as root"
        );
        let folder = world.settings.data_dir();
        std::fs::create_dir_all(&folder).expect("the world's folder can be written");
        let mut mount = Command::new(tools::debian("mount", "mount"));
        tools::run(
            mount
                .args(["-t", "tmpfs", "-o", "size=256m,mode=700", "postrider-test"])
                .arg(&folder),
            "",
        );
        Self { folder }
    }

    /// Leaves a few pages free and no more.
    fn fill(&self) {
        let mut fill = Command::new("dd");
        fill.arg("if=/dev/zero")
            .arg(format!("of={}", self.folder.join("filler").display()))
            .args(["bs=64k"]);
        // It ends with the error that the disk is full: that is what it is for.
        let status = fill
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("dd starts");
        assert!(!status.success(), "the disk was larger than thought");
    }

    fn clear(&self) {
        std::fs::remove_file(self.folder.join("filler")).expect("the filler was there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server of a failed test may still have files open.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

/// A sync that fails: no 250, the store accepts nothing more, the process ends with an error, and what was
/// acknowledged before is there after a restart.
#[test]
fn a_failing_sync_ends_the_server_and_loses_nothing() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let trigger = world.path("disk-fails");
    let mut command = Program::command(&world.settings);
    command
        .env("LD_PRELOAD", failing_sync(&world))
        .env("DISK_FAILS_WHEN", &trigger);
    world.settings.write();
    let mut program = Program::start_under(&world.settings, command, "/health/ready");
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    client.submit("a@src.test", &["acknowledged@dest.test"], TEXT);

    std::fs::write(&trigger, "").expect("a file");
    let reply = client.transfer("a@src.test", &["refused@dest.test"], TEXT);
    assert!(
        reply
            .as_ref()
            .is_none_or(|reply| (400..500).contains(&reply.code)),
        "{reply:?}"
    );
    assert!(!program.wait().success(), "the exit must be an error");
    let log = program.log();
    assert!(
        log.contains("Input/output error") || log.contains("I/O error") || log.contains("IO error"),
        "{log}"
    );

    std::fs::remove_file(&trigger).expect("the trigger was there");
    let host = world.host(2);
    let program = world.start();
    eventually("the acknowledged message", || {
        host.inspect(|mail| {
            mail.iter()
                .any(|mail| mail.recipients == ["acknowledged@dest.test"])
        })
        .then_some(())
    });
    program.drained();
}

/// A library that makes every sync fail while a file exists, compiled on the spot.
fn failing_sync(world: &World) -> PathBuf {
    let library = world.path("failing_sync.so");
    let mut compile = Command::new(tools::debian("cc", "build-essential"));
    compile
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(crate::clients::foreign("failing_sync.c"))
        .arg("-ldl");
    tools::run(&mut compile, "");
    library
}
