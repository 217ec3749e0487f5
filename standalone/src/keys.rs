//! The keys of a private installation: made once, kept in a file that only its owner reads.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// What the services need to be told and nobody may know.
#[derive(Serialize, Deserialize)]
pub(crate) struct Keys {
    /// Proves one service to another.
    pub(crate) internal: String,
    /// Seals secrets in the database; without it they cannot be read.
    pub(crate) seal: String,
}

impl Keys {
    /// Keys that the settings give go before those of the folder.
    pub(crate) fn or_given(self, settings: &Settings) -> Self {
        let choose = |given: &SecretString, own: String| match given.expose_secret() {
            "" => own,
            given => given.to_owned(),
        };
        Self {
            internal: choose(&settings.internal.key, self.internal),
            seal: choose(&settings.seal.key, self.seal),
        }
    }
}

/// The keys of this folder.
pub(crate) fn load_or_make(folder: &Path) -> anyhow::Result<Keys> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let path = folder.join("keys.toml");
    if path.exists() {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        return toml::from_str(&text).with_context(|| format!("{} is damaged", path.display()));
    }
    let keys = Keys { internal: random(), seal: random() };
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(toml::to_string(&keys)?.as_bytes())?;
    Ok(keys)
}

/// 256 random bits in hexadecimal.
pub(crate) fn random() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}
