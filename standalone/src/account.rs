//! PostgreSQL refuses to run as root: gives the data folder to an unprivileged account and goes on
//! as that account.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, anyhow, bail};

/// The accounts tried, in this order.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// Does nothing for an ordinary user; as root it replaces this process by one of the account.
pub(crate) fn leave_root(folder: &Path) -> anyhow::Result<()> {
    if std::fs::metadata("/proc/self").context("/proc is needed")?.uid() != 0 {
        return Ok(());
    }
    let (name, user, group) = find_account()?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    give(folder, user, group)
        .with_context(|| format!("{} cannot be given to {name}", folder.display()))?;
    eprintln!("started as root: going on as {name}, to whom {} now belongs", folder.display());
    // The link in /proc starts this very program even where its folder is closed to the account.
    let cause = Command::new("/proc/self/exe")
        .args(std::env::args_os().skip(1))
        .gid(group)
        .uid(user)
        .exec();
    Err(anyhow!(cause).context(format!("cannot go on as {name}; start it as an ordinary user")))
}

fn find_account() -> anyhow::Result<(&'static str, u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").context("/etc/passwd is needed")?;
    for name in ACCOUNTS {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name));
        let numbers: Option<Vec<u32>> = line.map(|line| {
            line.split(':').skip(2).take(2).filter_map(|number| number.parse().ok()).collect()
        });
        if let Some([user, group]) = numbers.as_deref() {
            return Ok((name, *user, *group));
        }
    }
    bail!("there is neither an account postgres nor nobody; start it as an ordinary user")
}

fn give(path: &Path, user: u32, group: u32) -> std::io::Result<()> {
    let about = std::fs::symlink_metadata(path)?;
    if about.is_symlink() {
        return Ok(());
    }
    chown(path, Some(user), Some(group))?;
    if about.is_dir() {
        for entry in std::fs::read_dir(path)? {
            give(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}
