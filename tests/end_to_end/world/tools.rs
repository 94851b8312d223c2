//! Mail software of the world, as `scripts/setup.sh test` installs it.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A program from Debian's packages.
///
/// # Panics
/// It is not installed: a test that needs it fails and names the package; it never passes without having run.
pub fn debian(program: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!("{program} is missing: run scripts/setup.sh test, or install the package {package}")
        })
}

/// Python with the packages of `scripts/requirements.txt`.
///
/// # Panics
/// It is not installed.
pub fn python() -> PathBuf {
    let python = cache().join("python/bin/python");
    assert!(
        python.is_file(),
        "{} is missing: run scripts/setup.sh test",
        python.display()
    );
    python
}

/// Node, in a folder where the packages of `scripts/node/package.json` can be required.
///
/// # Panics
/// They are not installed.
pub fn node() -> Command {
    let folder = cache().join("node");
    assert!(
        folder.join("node_modules").is_dir(),
        "{} has no packages: run scripts/setup.sh test",
        folder.display()
    );
    let mut command = Command::new(debian("node", "nodejs"));
    command.current_dir(folder);
    command
}

/// Runs a command to its end, with `input` on its standard input, and expects it to succeed.
pub fn run(command: &mut Command, input: &str) -> Output {
    run_with(command, input.as_bytes())
}

/// The same with any octets.
pub fn run_with(command: &mut Command, input: &[u8]) -> Output {
    use std::io::Write;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // A program that does not read its input to the end says why by its exit status.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// A program in the background, killed when dropped.
pub struct Background(pub Child);

impl Background {
    /// Starts `command`.
    pub fn start(command: &mut Command) -> Self {
        Self(
            command
                .stdin(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{command:?}: {error}")),
        )
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn cache() -> PathBuf {
    std::env::var_os("POSTRIDER_CACHE").map_or_else(
        || {
            let home = std::env::var_os("HOME").expect("HOME is set");
            PathBuf::from(home).join(".cache/postrider")
        },
        PathBuf::from,
    )
}
