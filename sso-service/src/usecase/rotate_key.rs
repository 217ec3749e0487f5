//! Gives the house a new key to sign with; the old one is believed until its tokens have ended.

use std::sync::Arc;

use ed25519_dalek::SigningKey as KeyPair;
use serde_json::json;
use shared::db::Conn;
use shared::id::Tenant;

use super::{Ctx, by_admin};
use crate::error::Error;
use crate::store::signing_keys::{self, SigningKey};
use crate::store::{audit, seal};

/// A new key now; gives its name.
pub(crate) async fn rotate_key(ctx: &Ctx) -> Result<String, Error> {
    let fresh = fresh_key();
    ctx.db
        .transaction(async |tx| {
            signing_keys::lock(tx).await?;
            put(ctx, tx, &fresh).await
        })
        .await?;
    ctx.keyring.forget();
    Ok(fresh.kid)
}

/// A new key where there is none, or where it is old enough. Of many processes one makes it.
pub(crate) async fn keep_key(ctx: Arc<Ctx>) -> Result<(), Error> {
    let days = ctx.session.key_days;
    let made = ctx
        .db
        .transaction(async |tx| {
            signing_keys::lock(tx).await?;
            if signing_keys::has_young(tx, days).await? {
                return Ok::<_, Error>(false);
            }
            put(&ctx, tx, &fresh_key()).await?;
            Ok(true)
        })
        .await?;
    if made {
        ctx.keyring.forget();
        tracing::info!("a new key signs sessions");
    }
    Ok(())
}

async fn put(ctx: &Ctx, tx: &Conn, fresh: &SigningKey) -> Result<(), Error> {
    signing_keys::replace(tx, &ctx.sealer, fresh).await?;
    let house = Tenant::stored("-");
    audit::save_all(tx, by_admin(&house, "rotate_key", json!({"kid": fresh.kid}))).await?;
    Ok(())
}

/// Named after its public half.
fn fresh_key() -> SigningKey {
    let seed = seal::random_bytes();
    let public = KeyPair::from_bytes(&seed).verifying_key().to_bytes().to_vec();
    let mut kid = hex::encode(seal::hash(&hex::encode(&public)));
    kid.truncate(16);
    SigningKey { kid, seed, public }
}
