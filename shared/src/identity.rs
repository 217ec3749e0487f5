//! Who calls: the gateway's word, carried to the services in a short-lived signed token.

use std::future::{Ready, ready};

use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::clock::Clock;
use crate::code::Code;
use crate::http::reply::ApiError;
use crate::id::{AppId, Tenant, UserCode};

/// The header between gateway and services; never accepted from outside.
pub const IDENTITY_HEADER: &str = "x-aiflow-identity";

/// The header of the request id, from the outside in and on every answer.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Seconds an identity token is good for.
pub const TOKEN_LIFETIME_SECS: i64 = 120;

/// On whose behalf a request runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The enterprise; the only source of the tenant key.
    pub tenant: Tenant,
    /// What kind of caller it is.
    pub actor: Actor,
}

/// The kinds of callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An application that signed the request.
    Application {
        /// JSON `appId`.
        app: AppId,
        /// The application's switch: sort organisation batches before judging them.
        any_order: bool,
    },
    /// A person with a session.
    Person(UserCode),
    /// Another service of the house, or `aiflow-admin`.
    Service(String),
}

impl Caller {
    /// A service that asks on behalf of an enterprise.
    pub fn service(tenant: Tenant, name: &str) -> Self {
        Self { tenant, actor: Actor::Service(name.to_owned()) }
    }

    /// The application that signed, or NOT_PERMITTED for anybody else.
    pub fn application(&self) -> Result<&AppId, ApiError> {
        match &self.actor {
            Actor::Application { app, .. } => Ok(app),
            Actor::Person(_) | Actor::Service(_) => {
                Err(ApiError::new(Code::NotPermitted, "此接口仅供已签名的应用调用"))
            }
        }
    }

    /// Passes only services of the house.
    pub fn require_service(&self) -> Result<(), ApiError> {
        match &self.actor {
            Actor::Service(_) => Ok(()),
            Actor::Application { .. } | Actor::Person(_) => {
                Err(ApiError::new(Code::NotPermitted, "此接口仅供内部服务调用"))
            }
        }
    }
}

/// What a page must send back with a write in the session `sid`: the gateway and sso-service both
/// make it from the session's id, so that nobody has to store it.
pub fn csrf_token(internal_key: &SecretString, sid: &str) -> String {
    let key = internal_key.expose_secret().as_bytes();
    // HMAC takes keys of any length, so there is nothing to refuse.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(b"csrf:");
    mac.update(sid.as_bytes());
    let mut digits = hex::encode(mac.finalize().into_bytes());
    digits.truncate(32);
    digits
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    exp: i64,
    tenant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    any_order: bool,
}

/// Makes and checks identity tokens (JWT, HS256, one key for the house).
#[derive(Clone)]
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    clock: Clock,
}

impl Keys {
    /// From the house's internal key.
    pub fn new(key: &SecretString, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&["aiflow"]);
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["iss"]);
        let bytes = key.expose_secret().as_bytes();
        Self {
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            validation,
            clock,
        }
    }

    /// A token for `caller`, good for [`TOKEN_LIFETIME_SECS`].
    pub fn issue(&self, caller: &Caller) -> Result<String, jsonwebtoken::errors::Error> {
        let mut claims = Claims {
            iss: "aiflow".to_owned(),
            exp: self.clock.now().timestamp() + TOKEN_LIFETIME_SECS,
            tenant: caller.tenant.as_str().to_owned(),
            app: None,
            user: None,
            service: None,
            any_order: false,
        };
        match &caller.actor {
            Actor::Application { app, any_order } => {
                claims.app = Some(app.as_str().to_owned());
                claims.any_order = *any_order;
            }
            Actor::Person(user) => claims.user = Some(user.as_str().to_owned()),
            Actor::Service(name) => claims.service = Some(name.clone()),
        }
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    /// The caller a token names, if the token is ours and has not ended.
    pub fn verify(&self, token: &str) -> Option<Caller> {
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        if claims.exp < self.clock.now().timestamp() {
            return None;
        }
        let actor = match (claims.app, claims.user, claims.service) {
            (Some(app), None, None) => {
                Actor::Application { app: AppId::stored(app), any_order: claims.any_order }
            }
            (None, Some(user), None) => Actor::Person(UserCode::stored(user)),
            (None, None, Some(service)) => Actor::Service(service),
            _ => return None,
        };
        Some(Caller { tenant: Tenant::stored(claims.tenant), actor })
    }
}

fn caller_of(request: &HttpRequest) -> Result<Caller, ApiError> {
    let keys = request
        .app_data::<web::Data<Keys>>()
        .ok_or_else(|| ApiError::new(Code::Internal, Code::Internal.sentence()))?;
    token_of(request.headers())
        .and_then(|token| keys.verify(token))
        .ok_or_else(|| ApiError::new(Code::NotPermitted, "缺少内部身份，请通过网关访问"))
}

fn token_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(IDENTITY_HEADER)?.to_str().ok()
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller_of(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(key: &str, clock: &Clock) -> Keys {
        Keys::new(&SecretString::from(key.to_owned()), clock.clone())
    }

    fn application() -> Caller {
        let app = AppId::stored("APP001");
        Caller {
            tenant: Tenant::stored("企业甲"),
            actor: Actor::Application { app, any_order: true },
        }
    }

    #[test]
    fn a_token_names_exactly_the_caller_it_was_made_for() {
        let clock = Clock::system();
        let keys = keys(&"k".repeat(32), &clock);

        for caller in [application(), Caller::service(Tenant::stored("T"), "task")] {
            assert_eq!(keys.verify(&keys.issue(&caller).unwrap()), Some(caller));
        }
    }

    #[test]
    fn the_word_against_forged_writes_belongs_to_one_session_and_one_house() {
        let key = |letter: &str| SecretString::from(letter.repeat(32));
        let word = csrf_token(&key("k"), "session-1");

        assert_eq!((word.len(), word.clone()), (32, csrf_token(&key("k"), "session-1")));
        assert_ne!(word, csrf_token(&key("k"), "session-2"));
        assert_ne!(word, csrf_token(&key("x"), "session-1"));
    }

    #[test]
    fn a_token_of_another_key_or_time_is_refused() {
        let clock = Clock::fixed(Clock::system().now());
        let ours = keys(&"k".repeat(32), &clock);
        let theirs = keys(&"x".repeat(32), &clock);
        let token = ours.issue(&application()).unwrap();

        assert_eq!(theirs.verify(&token), None);
        clock.advance(chrono::Duration::seconds(TOKEN_LIFETIME_SECS + 1));
        assert_eq!(ours.verify(&token), None);
    }
}
