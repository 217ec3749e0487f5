//! The signing keys in hand: read at most every half minute, earlier where a token names an unknown one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::contract::session::{TokenKey, TokenKeys};
use shared::session::{AUDIENCE, Signer};

use super::Ctx;
use crate::error::Error;
use crate::store::signing_keys;

/// How long what was read is believed.
const BELIEVED: Duration = Duration::from_secs(30);

/// The shortest time between two looks that tokens with unknown keys cause.
const PAUSE: Duration = Duration::from_secs(1);

/// What was read last.
#[derive(Default)]
pub(crate) struct Keyring(Mutex<Option<Held>>);

struct Held {
    keys: Arc<Keys>,
    read_at: Instant,
}

/// The key that signs, and all that are believed.
pub(crate) struct Keys {
    pub(crate) signer: Signer,
    pub(crate) public: TokenKeys,
}

impl Keyring {
    fn younger_than(&self, age: Duration) -> Option<Arc<Keys>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|held| held.read_at.elapsed() < age).map(|held| held.keys.clone())
    }

    fn keep(&self, keys: &Arc<Keys>) {
        let held = Held { keys: keys.clone(), read_at: Instant::now() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }

    /// What was read is out of date.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Seconds for which a retired key is believed: the longest life of its tokens, and an hour.
pub(super) fn overlap_secs(ctx: &Ctx) -> i64 {
    ctx.session.access_secs + 3_600
}

/// The keys, at most half a minute old.
pub(crate) async fn keys(ctx: &Ctx) -> Result<Arc<Keys>, Error> {
    match ctx.keyring.younger_than(BELIEVED) {
        Some(keys) => Ok(keys),
        None => read(ctx).await,
    }
}

/// The keys, at most a second old.
pub(crate) async fn fresh_keys(ctx: &Ctx) -> Result<Arc<Keys>, Error> {
    match ctx.keyring.younger_than(PAUSE) {
        Some(keys) => Ok(keys),
        None => read(ctx).await,
    }
}

async fn read(ctx: &Ctx) -> Result<Arc<Keys>, Error> {
    let conn = ctx.db.connection().await?;
    let stored = signing_keys::list(&conn, &ctx.sealer, overlap_secs(ctx)).await?;
    drop(conn);
    let current = stored.first().ok_or(Error::NoKey)?;
    let public = |key: &signing_keys::SigningKey| TokenKey {
        kid: key.kid.clone(),
        x: URL_SAFE_NO_PAD.encode(&key.public),
    };
    let keys = Arc::new(Keys {
        signer: Signer::new(&current.kid, &current.seed),
        public: TokenKeys {
            issuer: ctx.session.issuer.clone(),
            audience: AUDIENCE.to_owned(),
            keys: stored.iter().map(public).collect(),
        },
    });
    ctx.keyring.keep(&keys);
    Ok(keys)
}
