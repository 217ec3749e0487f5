//! A person's session: its token proven, and asked of sso-service whether it still stands.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use moka::future::Cache;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use shared::clock::Clock;
use shared::contract::session::{SessionEnded, SessionState, TokenKeys};
use shared::fault::chain;
use shared::http::client::{Error, Peer};
use shared::http::reply::ApiError;
use shared::id::{Tenant, UserCode};
use shared::identity::{Actor, Caller, Keys, csrf_token};
use shared::session::{self, AccessClaims, Refusal};
use url::form_urlencoded::byte_serialize;

use super::carried::Carried;
use super::credentials::away;
use super::listen::Remembered;

/// How long sso-service's keys are believed before they are asked for again.
const KEYS_REMEMBERED: Duration = Duration::from_secs(30);

/// A key that is not known is asked for at most once in this time, whatever strangers make up.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How long the outcome of a signature check is kept, so that a withdrawn key does not live on.
const PROVEN_REMEMBERED: Duration = Duration::from_secs(60);

/// How long an ended session is known as such. Longer than any answer to a question asked before it
/// ended takes: after that sso-service itself says that it is over.
const ENDED_REMEMBERED: Duration = Duration::from_secs(3_600);

/// A person as the door needs them: a token that is proven, and what follows from it.
pub(crate) struct Session {
    claims: AccessClaims,
    /// What a write with the cookie must carry.
    pub(crate) csrf: String,
    carried: Carried,
}

impl Session {
    /// The person's name, as it is shown.
    pub(crate) fn name(&self) -> &str {
        &self.claims.name
    }
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The token is none, or no longer.
    Token(Refusal),
    /// Signed out, revoked, disabled.
    Ended,
    /// It cannot be told: sso-service is away.
    Away(ApiError),
}

type Digest32 = [u8; 32];

/// The sessions this gateway has seen; cheap to clone.
#[derive(Clone)]
pub(crate) struct Sessions {
    sso: Peer,
    keys: Keys,
    internal_key: SecretString,
    clock: Clock,
    published: Arc<Published>,
    proven: Cache<Digest32, Arc<Session>>,
    standing: Cache<String, bool>,
    ended: Cache<String, ()>,
}

/// sso-service's public keys.
#[derive(Default)]
struct Published {
    known: RwLock<Option<(Arc<TokenKeys>, Instant)>>,
    /// Held while asking; when it was last tried.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

impl Sessions {
    pub(crate) fn new(
        sso: Peer,
        keys: Keys,
        internal_key: SecretString,
        clock: Clock,
        remembered: Duration,
    ) -> Self {
        Self {
            sso,
            keys,
            internal_key,
            clock,
            published: Arc::default(),
            proven: Cache::builder().max_capacity(20_000).time_to_live(PROVEN_REMEMBERED).build(),
            standing: Cache::builder().max_capacity(100_000).time_to_live(remembered).build(),
            ended: Cache::builder().max_capacity(100_000).time_to_live(ENDED_REMEMBERED).build(),
        }
    }

    /// The session of a token, if it stands.
    pub(crate) async fn find(&self, token: &str) -> Result<Arc<Session>, Failure> {
        let digest: Digest32 = Sha256::digest(token.as_bytes()).into();
        let session = match self.proven.get(&digest).await {
            Some(session) => session,
            None => self.prove(token, digest).await?,
        };
        session.claims.check_time(self.clock.now()).map_err(Failure::Token)?;
        let stands = self.stands(&session.claims).await?;
        // Looked up last: it may have ended while sso-service was still answering.
        if !stands || self.ended.contains_key(&session.claims.sid) {
            return Err(Failure::Ended);
        }
        Ok(session)
    }

    /// The identity token of a person, as a header.
    pub(crate) fn token(&self, session: &Session) -> Result<HeaderValue, ApiError> {
        session.carried.header(&self.keys)
    }

    async fn prove(&self, token: &str, digest: Digest32) -> Result<Arc<Session>, Failure> {
        let kid = session::key_of(token).map_err(Failure::Token)?;
        let known = self.keys_with(&kid).await?;
        let claims = session::verify(token, &known, self.clock.now()).map_err(Failure::Token)?;
        let tenant = Tenant::stored(claims.tenant.as_str());
        let actor = Actor::Person(UserCode::stored(claims.sub.as_str()));
        let session = Arc::new(Session {
            csrf: csrf_token(&self.internal_key, &claims.sid),
            carried: Carried::new(Caller { tenant, actor }),
            claims,
        });
        self.proven.insert(digest, session.clone()).await;
        Ok(session)
    }

    async fn stands(&self, claims: &AccessClaims) -> Result<bool, Failure> {
        if let Some(stands) = self.standing.get(&claims.sid).await {
            return Ok(stands);
        }
        let asked = self.standing.try_get_with(claims.sid.clone(), self.ask(claims)).await;
        asked.map_err(|cause| {
            tracing::warn!(cause = chain(cause.as_ref()), "sso-service did not answer");
            Failure::Away(away())
        })
    }

    async fn ask(&self, claims: &AccessClaims) -> Result<bool, Error> {
        let asker = Caller::service(Tenant::stored(claims.tenant.as_str()), "gateway");
        let id: String = byte_serialize(claims.sid.as_bytes()).collect();
        let state: SessionState =
            self.sso.get(&asker, &format!("/internal/session?id={id}")).await?;
        Ok(state.active)
    }

    /// Keys that are fresh; asked for again where this one is not among them.
    async fn keys_with(&self, kid: &str) -> Result<Arc<TokenKeys>, Failure> {
        if let Some(known) = self.published.fresh().filter(|known| has(known, kid)) {
            return Ok(known);
        }
        let mut asked = self.published.asked.lock().await;
        let fresh = self.published.fresh();
        let is_too_early = asked.is_some_and(|asked| asked.elapsed() < ASK_AGAIN);
        match fresh {
            Some(known) if has(&known, kid) || is_too_early => return Ok(known),
            None if is_too_early => return Err(Failure::Away(away())),
            Some(_) | None => *asked = Some(Instant::now()),
        }
        let asker = Caller::service(Tenant::stored(""), "gateway");
        match self.sso.get::<TokenKeys>(&asker, "/internal/session/keys").await {
            Ok(keys) => Ok(self.published.remember(keys)),
            Err(cause) => {
                tracing::warn!(cause = chain(&cause), "sso-service gave no keys");
                fresh.ok_or_else(|| Failure::Away(away()))
            }
        }
    }
}

impl Published {
    fn fresh(&self) -> Option<Arc<TokenKeys>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (keys, since) = known.as_ref()?;
        (since.elapsed() < KEYS_REMEMBERED).then(|| keys.clone())
    }

    fn remember(&self, keys: TokenKeys) -> Arc<TokenKeys> {
        let keys = Arc::new(keys);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some((keys.clone(), Instant::now()));
        keys
    }
}

fn has(keys: &TokenKeys, kid: &str) -> bool {
    keys.keys.iter().any(|key| key.kid == kid)
}

impl Remembered for Sessions {
    type Fact = SessionEnded;

    async fn forget(&self, fact: SessionEnded) {
        for sid in fact.sessions {
            self.standing.invalidate(&sid).await;
            self.ended.insert(sid, ()).await;
        }
    }

    fn forget_all(&self) {
        self.standing.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    /// Sessions of a gateway whose sso-service never answers.
    fn alone() -> Sessions {
        let key = SecretString::from("k".repeat(32));
        let clock = Clock::system();
        let keys = Keys::new(&key, clock.clone());
        let sso = Peer::new("http://127.0.0.1:1", keys.clone(), Duration::from_secs(1)).unwrap();
        Sessions::new(sso, keys, key, clock, Duration::from_secs(10))
    }

    /// A token of a usual length, remembered as proven, its session as standing.
    async fn remembered(sessions: &Sessions) -> String {
        let now = sessions.clock.now().timestamp();
        let claims = json!({"iss": "aiflow", "aud": "aiflow", "sub": "USER001", "tenant": "COMPANY001",
            "sid": "019413a2-7c00-7000-8000-000000000001", "name": "张三", "iat": now, "nbf": now, "exp": now + 60, "jti": "j"});
        let token = format!(
            "{}.{}.{}",
            "h".repeat(60),
            URL_SAFE_NO_PAD.encode(claims.to_string()),
            "s".repeat(86)
        );
        let claims: AccessClaims = serde_json::from_value(claims).unwrap();
        let caller = Caller::service(Tenant::stored("COMPANY001"), "test");
        sessions.standing.insert(claims.sid.clone(), true).await;
        let session = Session { claims, csrf: String::new(), carried: Carried::new(caller) };
        let digest = Sha256::digest(token.as_bytes()).into();
        sessions.proven.insert(digest, Arc::new(session)).await;
        token
    }

    #[tokio::test]
    async fn what_is_remembered_is_found_without_asking_anybody() {
        const ROUNDS: u32 = 5_000;
        let sessions = alone();
        let token = remembered(&sessions).await;

        let began = Instant::now();
        for _ in 0..ROUNDS {
            assert!(sessions.find(&token).await.is_ok());
        }

        // For people to read; a debug build on a busy machine proves nothing.
        println!(
            "{:.1} µs for each check",
            began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
        );
    }

    #[tokio::test]
    async fn what_is_not_remembered_cannot_be_told_while_sso_service_is_away() {
        let sessions = alone();
        let token = remembered(&sessions).await;
        sessions.forget_all();

        assert!(matches!(sessions.find(&token).await, Err(Failure::Away(_))));
    }
}
