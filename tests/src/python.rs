//! Programs in Python that others wrote most of: started in a virtual environment of their own.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running program that serves on a port of 127.0.0.1; it ends when its standard input does, also
/// when this process is killed.
pub struct Program {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// What else it says on standard output.
    pub said: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts `script` with what the `requirements.txt` beside it asks for; its first line is
    /// `port N`.
    pub fn start<'a>(script: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let python = environment(&script.with_file_name("requirements.txt"));
        let mut command = Command::new(python);
        command.arg("-B").arg(script).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = said.next().and_then(Result::ok).unwrap_or_default();
        let port = line.strip_prefix("port ").and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("{} said {line:?}", script.display()));
        Self { child, port, said }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It may have ended by itself.
        let _ = self.child.wait();
    }
}

/// The Python of an environment that has what the file asks for; made once for each version of it.
fn environment(requirements: &Path) -> PathBuf {
    let wanted = std::fs::read_to_string(requirements).unwrap();
    let name = requirements.parent().and_then(Path::file_name).unwrap();
    // Beside the test program: a library has no folder of its own to write to.
    let programs = std::env::current_exe().unwrap();
    let folder = programs.parent().unwrap().join("python").join(name);
    let (python, mark) = (folder.join("bin/python"), folder.join("installed.txt"));
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    // What is there is of another version, or was left half made.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    run(Command::new("python3").arg("-m").arg("venv").arg(&folder), "python3 and python3-venv");
    let install =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(
        Command::new(&python).args(install).arg(requirements),
        "what its requirements.txt says, for which pip needs a package index",
    );
    std::fs::write(&mark, wanted).unwrap();
    python
}

fn run(command: &mut Command, needed: &str) {
    let done = command.stdin(Stdio::null()).output();
    let done = done.unwrap_or_else(|error| panic!("install {needed}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "a test's Python program needs {needed}: {said}");
}
