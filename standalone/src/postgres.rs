//! The private PostgreSQL: the machine's own binaries where there are any, data that stays.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use postgresql_embedded::{PostgreSQL, Settings};

const DATABASE: &str = "aiflow";

/// A running private server.
pub(crate) struct Private {
    server: PostgreSQL,
    /// Where the services find it.
    pub(crate) url: String,
}

/// Starts the server of this folder, making it on first use; `fresh` makes it anew.
pub(crate) async fn start(folder: &Path, fresh: bool) -> anyhow::Result<Private> {
    let folder = std::path::absolute(folder)?;
    let data = folder.join("postgres");
    if fresh {
        stop_left_over(&data).await;
        if data.exists() {
            std::fs::remove_dir_all(&data)
                .with_context(|| format!("{} cannot be removed", data.display()))?;
        }
    }
    // A server that outlived a kill -9 of its parent holds the folder: it is stopped, and recovers
    // what was committed when it starts again.
    stop_left_over(&data).await;
    let settings = settings(&folder, data);
    match &settings.installation_dir {
        found if settings.trust_installation_dir => {
            eprintln!("starting a private PostgreSQL ({}) …", found.display());
        }
        _ => eprintln!("no PostgreSQL on this machine: fetching one …"),
    }
    let mut server = PostgreSQL::new(settings);
    server.setup().await.context("the private PostgreSQL cannot be set up; install PostgreSQL (for example `apt-get install postgresql`), or give AIFLOW_STANDALONE__DATABASE__URL")?;
    std::fs::set_permissions(folder.join("password"), std::fs::Permissions::from_mode(0o600))?;
    server.start().await.context(
        "the private PostgreSQL does not start; its log is start.log in the data folder",
    )?;
    if !server.database_exists(DATABASE).await? {
        server.create_database(DATABASE).await?;
    }
    let settings = server.settings();
    let url = format!(
        "postgres://{}:{}@127.0.0.1:{}/{DATABASE}",
        settings.username, settings.password, settings.port
    );
    Ok(Private { server, url })
}

impl Private {
    /// Stops the server; its data stays.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        Ok(self.server.stop().await?)
    }
}

fn settings(folder: &Path, data_dir: PathBuf) -> Settings {
    let found = find_installation();
    let mut settings = Settings::new();
    settings.trust_installation_dir = found.is_some();
    settings.installation_dir = found.unwrap_or_else(|| folder.join("installation"));
    settings.data_dir = data_dir;
    settings.password_file = folder.join("password");
    settings.password = password(folder);
    settings.host = "127.0.0.1".to_owned();
    settings.temporary = false;
    settings.timeout = Some(Duration::from_secs(60));
    settings.configuration = HashMap::from([
        ("unix_socket_directories".to_owned(), String::new()),
        ("shared_buffers".to_owned(), "64MB".to_owned()),
        // The crate starts servers for tests, without fsync; this one keeps what it confirmed.
        ("fsync".to_owned(), "on".to_owned()),
        ("max_connections".to_owned(), "60".to_owned()),
    ]);
    settings
}

/// The password survives restarts beside the data it opens.
fn password(folder: &Path) -> String {
    let path = folder.join("password");
    match std::fs::read_to_string(&path) {
        Ok(password) if !password.trim().is_empty() => password.trim().to_owned(),
        _ => crate::keys::random(),
    }
}

/// A folder with `bin/initdb` and `bin/postgres`: on the PATH, then the usual places; newest first.
fn find_installation() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where programs are is the environment's word")]
    let path = std::env::var("PATH").unwrap_or_default();
    let on_path =
        path.split(':').filter_map(|folder| Path::new(folder).parent().map(Path::to_path_buf));
    let usual =
        ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/pgsql"];
    let mut versions: Vec<PathBuf> = usual
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    versions.sort();
    let complete = |folder: &PathBuf| {
        folder.join("bin/initdb").exists() && folder.join("bin/postgres").exists()
    };
    on_path.chain(versions.into_iter().rev()).find(complete)
}

/// Asks a server that still holds the folder to stop, and waits until it has.
async fn stop_left_over(data: &Path) {
    let lock = data.join("postmaster.pid");
    let pid = std::fs::read_to_string(&lock)
        .ok()
        .and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
    let Some(pid) = pid else { return };
    let process = PathBuf::from(format!("/proc/{pid}"));
    let is_postgres =
        std::fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres");
    if !is_postgres {
        return;
    }
    eprintln!("stopping the PostgreSQL (pid {pid}) that an earlier run left behind …");
    let asked = std::process::Command::new("kill").args(["-INT", &pid.to_string()]).status();
    if asked.is_err() {
        return;
    }
    for _ in 0..150 {
        if !process.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
