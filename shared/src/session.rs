//! Access tokens of people (JWT, EdDSA): sso-service makes them, whoever has the public keys checks
//! them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::contract::session::TokenKeys;

/// The `aud` of our tokens.
pub const AUDIENCE: &str = "aiflow";

/// The longest token that is looked at.
const TOKEN_MAX_BYTES: usize = 4 * 1024;

/// How far two clocks of the house may be apart, in seconds.
const LEEWAY_SECS: i64 = 5;

/// What PKCS #8 puts before the 32 private bytes of an Ed25519 key (RFC 8410).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who made it.
    pub iss: String,
    /// For whom it is.
    pub aud: String,
    /// The person's user code.
    pub sub: String,
    /// The person's enterprise.
    pub tenant: String,
    /// The session.
    pub sid: String,
    /// The person's name, to be shown.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// Before that it is not valid.
    pub nbf: i64,
    /// After that it is not valid.
    pub exp: i64,
    /// Its own id.
    pub jti: String,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It names a key that is not among the known ones; a fresh look at them may help.
    #[error("the token is signed with a key that is not known")]
    UnknownKey,
    /// It was good once; honest people meet this every hour.
    #[error("the token has expired")]
    Expired,
    /// Anything else.
    #[error("the token is not valid")]
    Invalid,
}

/// A token could not be made: the key is none.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be signed")]
pub struct Unsigned(#[source] jsonwebtoken::errors::Error);

/// The private half of a signing key.
#[derive(Clone)]
pub struct Signer {
    kid: String,
    key: EncodingKey,
}

impl Signer {
    /// From the 32 private bytes.
    pub fn new(kid: &str, seed: &[u8; 32]) -> Self {
        let der = [PKCS8_PREFIX.as_slice(), seed].concat();
        Self { kid: kid.to_owned(), key: EncodingKey::from_ed_der(&der) }
    }

    /// The token that says `claims`.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, Unsigned> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(Unsigned)
    }
}

impl AccessClaims {
    /// Whether the token is good at this moment; to be asked again of one that is remembered.
    pub fn check_time(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        let now = now.timestamp();
        let latest = now.saturating_add(LEEWAY_SECS);
        if self.nbf > latest || self.iat > latest {
            return Err(Refusal::Invalid);
        }
        if now < self.exp.saturating_add(LEEWAY_SECS) { Ok(()) } else { Err(Refusal::Expired) }
    }
}

/// The key that a token names. Nothing else of its header is used: what it says about where keys
/// are found is not believed, and what it says must be understood makes it none of ours.
pub fn key_of(token: &str) -> Result<String, Refusal> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(Refusal::Invalid);
    }
    let header = jsonwebtoken::decode_header(token).or(Err(Refusal::Invalid))?;
    let is_ours = header.alg == Algorithm::EdDSA
        && header.typ.as_deref() == Some("JWT")
        && header.crit.is_none();
    if is_ours { header.kid.ok_or(Refusal::Invalid) } else { Err(Refusal::Invalid) }
}

/// What a token says, if one of `keys` signed it, for us, for this moment. Nothing of the token but
/// its `kid` is looked at before that.
pub fn verify(token: &str, keys: &TokenKeys, now: DateTime<Utc>) -> Result<AccessClaims, Refusal> {
    let kid = key_of(token)?;
    let known = keys.keys.iter().find(|key| key.kid == kid).ok_or(Refusal::UnknownKey)?;
    let public = URL_SAFE_NO_PAD.decode(&known.x).or(Err(Refusal::Invalid))?;
    if public.len() != 32 {
        return Err(Refusal::Invalid);
    }
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[&keys.issuer]);
    validation.set_audience(&[&keys.audience]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    // Compared below, with our own clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let key = DecodingKey::from_ed_der(&public);
    let claims = jsonwebtoken::decode::<AccessClaims>(token, &key, &validation)
        .or(Err(Refusal::Invalid))?
        .claims;
    claims.check_time(now)?;
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::session::TokenKey;

    /// A seed and its public half, from RFC 8032, 7.1, test 1.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn signer(kid: &str) -> Signer {
        Signer::new(kid, &hex::decode(SEED).unwrap().try_into().unwrap())
    }

    fn keys() -> TokenKeys {
        let x = URL_SAFE_NO_PAD.encode(hex::decode(PUBLIC).unwrap());
        let keys = vec![TokenKey { kid: "k1".to_owned(), x }];
        TokenKeys { issuer: "aiflow".to_owned(), audience: AUDIENCE.to_owned(), keys }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn claims() -> AccessClaims {
        let iat = now().timestamp();
        AccessClaims {
            iss: "aiflow".to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: "USER001".to_owned(),
            tenant: "COMPANY001".to_owned(),
            sid: "s".to_owned(),
            name: "张三".to_owned(),
            iat,
            nbf: iat,
            exp: iat + 3600,
            jti: "j".to_owned(),
        }
    }

    fn judge(claims: &AccessClaims) -> Result<AccessClaims, Refusal> {
        verify(&signer("k1").sign(claims).unwrap(), &keys(), now())
    }

    #[test]
    fn a_token_says_what_was_signed() {
        assert_eq!(judge(&claims()), Ok(claims()));
    }

    #[test]
    fn a_token_for_another_time_house_or_purpose_is_refused() {
        let at = now().timestamp();
        let expired = AccessClaims { exp: at - 5, ..claims() };
        let wrong = [
            AccessClaims { nbf: at + 6, ..claims() },
            AccessClaims { iat: at + 6, ..claims() },
            AccessClaims { iss: "other".to_owned(), ..claims() },
            AccessClaims { aud: "other".to_owned(), ..claims() },
        ];
        for claims in wrong {
            assert_eq!(judge(&claims), Err(Refusal::Invalid), "{claims:?}");
        }
        assert_eq!(judge(&expired), Err(Refusal::Expired));
        assert_eq!(judge(&AccessClaims { iat: i64::MAX, ..claims() }), Err(Refusal::Invalid));
        let within_leeway = AccessClaims { exp: at - 4, nbf: at + 5, iat: at + 5, ..claims() };
        assert!(judge(&within_leeway).is_ok());
    }

    #[test]
    fn a_key_that_is_not_known_is_named_as_such() {
        let token = signer("k2").sign(&claims()).unwrap();

        assert_eq!(verify(&token, &keys(), now()), Err(Refusal::UnknownKey));
    }

    #[test]
    fn forged_tokens_are_refused() {
        let token = signer("k1").sign(&claims()).unwrap();
        let body = token.split('.').nth(1).unwrap();
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let public = hex::decode(PUBLIC).unwrap();
        let mut confused = Header::new(Algorithm::HS256);
        confused.kid = Some("k1".to_owned());
        let confused =
            jsonwebtoken::encode(&confused, &claims(), &EncodingKey::from_secret(&public)).unwrap();
        let none = part(r#"{"alg":"none","typ":"JWT","kid":"k1"}"#);
        let nameless = part(r#"{"alg":"EdDSA","typ":"JWT"}"#);
        let mut other = [7; 32];
        other[0] = 1;
        let stranger = Signer::new("k1", &other).sign(&claims()).unwrap();
        let forged = [
            format!("{none}.{body}."),
            format!("{nameless}.{body}.{}", token.rsplit('.').next().unwrap()),
            confused,
            stranger,
            token[..token.len() - 2].to_owned(),
            format!("{token}{}", "A".repeat(TOKEN_MAX_BYTES)),
            "a.b".to_owned(),
            String::new(),
        ];
        for token in forged {
            assert_eq!(verify(&token, &keys(), now()), Err(Refusal::Invalid), "{token}");
        }
    }

    /// A token whose parts are these, signed with our key.
    fn signed(header: serde_json::Value, body: &serde_json::Value) -> String {
        let header: Header = serde_json::from_value(header).unwrap();
        jsonwebtoken::encode(&header, body, &signer("k1").key).unwrap()
    }

    #[test]
    fn every_claim_is_needed_and_has_its_type() {
        use serde_json::{Value, json};
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "k1"});
        let whole = serde_json::to_value(claims()).unwrap();

        assert!(verify(&signed(header.clone(), &whole), &keys(), now()).is_ok());
        for name in whole.as_object().unwrap().keys() {
            for wrong in [Value::Null, json!([whole[name].clone()]), json!({}), json!(1.5)] {
                let mut body = whole.clone();
                body[name] = wrong.clone();
                let token = signed(header.clone(), &body);
                assert_eq!(verify(&token, &keys(), now()), Err(Refusal::Invalid), "{name} {wrong}");
            }
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(name);
            let token = signed(header.clone(), &body);
            assert_eq!(verify(&token, &keys(), now()), Err(Refusal::Invalid), "{name}");
        }
    }

    #[test]
    fn a_header_that_asks_for_more_or_brings_its_own_key_is_refused() {
        use serde_json::json;
        let body = serde_json::to_value(claims()).unwrap();
        for header in [
            json!({"alg": "EdDSA", "typ": "JWT", "kid": "k1", "crit": ["exp"]}),
            json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"}),
            json!({"alg": "EdDSA", "kid": "k1"}),
        ] {
            let token = signed(header.clone(), &body);
            assert_eq!(verify(&token, &keys(), now()), Err(Refusal::Invalid), "{header}");
        }
        let stranger = Signer::new("k1", &[3; 32]);
        let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&stranger.key, Algorithm::EdDSA);
        let mut header = Header::new(Algorithm::EdDSA);
        (header.kid, header.jwk) = (Some("k1".to_owned()), Some(jwk.unwrap()));
        let token = jsonwebtoken::encode(&header, &body, &stranger.key).unwrap();
        assert_eq!(verify(&token, &keys(), now()), Err(Refusal::Invalid));
    }

    #[test]
    fn a_token_cut_anywhere_is_refused() {
        let token = signer("k1").sign(&claims()).unwrap();

        for end in 0..token.len() {
            assert_eq!(verify(&token[..end], &keys(), now()), Err(Refusal::Invalid), "{end}");
        }
    }

    #[test]
    fn what_is_no_key_proves_nothing() {
        let token = signer("k1").sign(&claims()).unwrap();
        for x in ["", "AAAA", "not base64 !", &"A".repeat(86)] {
            let mut known = keys();
            known.keys[0].x = x.to_owned();
            assert_eq!(verify(&token, &known, now()), Err(Refusal::Invalid), "{x}");
        }
    }
}
