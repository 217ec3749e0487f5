//! The OAuth2 server that others wrote (tests/oauth2-server), in a virtual environment of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tests::World;

/// A running server; it ends when its standard input does, also when this process is killed.
pub(crate) struct Independent {
    server: Child,
    port: u16,
}

impl Independent {
    /// Starts it for one world.
    pub(crate) fn start(world: &World) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oauth2-server");
        let python = environment(&folder.join("requirements.txt"));
        let mut command = Command::new(python);
        command.arg(folder.join("server.py")).args(["--redirect-uri", &world.callback_url()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("port ").and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("the OAuth2 server said {line:?}"));
        Self { server, port }
    }

    /// What `aiflow-admin` says about it: forms, PKCE.
    pub(crate) fn provider(&self, world: &World) -> Value {
        let url = |path: &str| format!("http://127.0.0.1:{}/oauth/{path}", self.port);
        json!({
            "enterpriseCode": world.tenant, "authorizeUrl": url("authorize"), "tokenUrl": url("token"),
            "userinfoUrl": url("userinfo"), "clientId": "aiflow", "clientSecret": "aiflow-client-secret",
            "scope": "openid profile phone email", "bindByEmail": false, "autoCreate": false,
            "dialect": "form", "pkce": true,
        })
    }
}

impl Drop for Independent {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        // It may have ended by itself.
        let _ = self.server.wait();
    }
}

/// The Python of an environment that has what the file asks for; made once for each version of it.
fn environment(requirements: &Path) -> PathBuf {
    let wanted = std::fs::read_to_string(requirements).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oauth2-server");
    let (python, mark) = (folder.join("bin/python"), folder.join("installed.txt"));
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    // What is there is of another version, or was left half made.
    let _ = std::fs::remove_dir_all(&folder);
    run(Command::new("python3").arg("-m").arg("venv").arg(&folder), "python3 and python3-venv");
    let install =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(
        Command::new(&python).args(install).arg(requirements),
        "Authlib and Flask (requirements.txt), for which pip needs a package index",
    );
    std::fs::write(&mark, wanted).unwrap();
    python
}

fn run(command: &mut Command, needed: &str) {
    let done = command.stdin(Stdio::null()).output();
    let done = done.unwrap_or_else(|error| panic!("install {needed}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "the independent OAuth2 server needs {needed}: {said}");
}
