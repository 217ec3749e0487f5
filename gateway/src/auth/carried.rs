//! The identity token that a caller's requests carry to the services.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use shared::code::Code;
use shared::http::reply::ApiError;
use shared::identity::{Caller, Keys, TOKEN_LIFETIME_SECS};

/// A caller with their token, kept between requests.
pub(crate) struct Carried {
    caller: Caller,
    token: RwLock<Option<(HeaderValue, Instant)>>,
}

impl Carried {
    pub(crate) fn new(caller: Caller) -> Self {
        Self { caller, token: RwLock::new(None) }
    }

    /// The token as a header; made anew every half of its life.
    pub(crate) fn header(&self, keys: &Keys) -> Result<HeaderValue, ApiError> {
        let half = Duration::from_secs(TOKEN_LIFETIME_SECS.unsigned_abs() / 2);
        if let Some((token, made)) =
            self.token.read().unwrap_or_else(PoisonError::into_inner).as_ref()
            && made.elapsed() < half
        {
            return Ok(token.clone());
        }
        let token = keys.issue(&self.caller).map_err(anyhow::Error::from);
        let token = token.and_then(|token| Ok(HeaderValue::try_from(token)?)).map_err(|cause| {
            tracing::error!(%cause, "an identity token could not be made");
            ApiError::of(Code::Internal)
        })?;
        let mut kept = self.token.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((token.clone(), Instant::now()));
        Ok(token)
    }
}
