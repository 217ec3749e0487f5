//! An access token, checked strictly: a signature of ours, made for us, good now.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use shared::contract::session::TokenKeys;

/// The longest token that is looked at.
pub(crate) const TOKEN_MAX_BYTES: usize = 4_096;

/// How far our clock may be behind the one that made the token.
const LEEWAY_SECS: i64 = 5;

/// Why a token is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooLong,
    Malformed,
    OtherAlgorithm,
    UnknownKey,
    Signature,
    OtherIssuer,
    OtherAudience,
    Early,
    Expired,
}

impl Refusal {
    /// For the log only: strangers learn nothing of it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "token too long",
            Self::Malformed => "token malformed",
            Self::OtherAlgorithm => "token not signed with EdDSA",
            Self::UnknownKey => "token of an unknown key",
            Self::Signature => "token's signature wrong",
            Self::OtherIssuer => "token of another issuer",
            Self::OtherAudience => "token for another audience",
            Self::Early => "token from the future",
            Self::Expired => "token expired",
        }
    }

    /// Whether it happens to honest people; everything else is an attempt, or a bug.
    pub(crate) fn is_everyday(self) -> bool {
        self == Self::Expired
    }
}

/// What a proven token says. Every claim is needed; a token without one is malformed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The person's code.
    pub(crate) sub: String,
    pub(crate) tenant: String,
    /// The session's id.
    pub(crate) sid: String,
    pub(crate) name: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Claims {
    /// Asked every time, also of a token whose signature is remembered.
    pub(crate) fn check_time(&self, now: i64) -> Result<(), Refusal> {
        let latest = now.saturating_add(LEEWAY_SECS);
        if self.nbf > latest || self.iat > latest {
            return Err(Refusal::Early);
        }
        if self.exp <= now { Err(Refusal::Expired) } else { Ok(()) }
    }
}

/// The keys whose signature counts, and for whom it must be made.
#[derive(Debug)]
pub(crate) struct Ring {
    issuer: String,
    audience: String,
    keys: HashMap<String, DecodingKey>,
}

impl Ring {
    /// What is not 32 bytes is no key.
    pub(crate) fn new(known: TokenKeys) -> Self {
        let mut keys = HashMap::new();
        for key in known.keys {
            match URL_SAFE_NO_PAD.decode(&key.x) {
                Ok(bytes) if bytes.len() == 32 => {
                    keys.insert(key.kid, DecodingKey::from_ed_der(&bytes));
                }
                Ok(_) | Err(_) => tracing::error!(kid = key.kid, "sso-service gave no Ed25519 key"),
            }
        }
        Self { issuer: known.issuer, audience: known.audience, keys }
    }

    pub(crate) fn has(&self, kid: &str) -> bool {
        self.keys.contains_key(kid)
    }

    /// What the token says, if it is signed with the key it names, by our issuer and for us.
    pub(crate) fn read(&self, token: &str, kid: &str) -> Result<Claims, Refusal> {
        let key = self.keys.get(kid).ok_or(Refusal::UnknownKey)?;
        let claims =
            jsonwebtoken::decode::<Claims>(token, key, &signature_only()).map_err(why)?.claims;
        if claims.iss != self.issuer {
            return Err(Refusal::OtherIssuer);
        }
        if claims.aud != self.audience {
            return Err(Refusal::OtherAudience);
        }
        Ok(claims)
    }
}

/// The claims are checked here, against the Clock.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

fn why(error: jsonwebtoken::errors::Error) -> Refusal {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::InvalidAlgorithm => Refusal::OtherAlgorithm,
        _ => Refusal::Malformed,
    }
}

/// The key a token names. Nothing else of its header is used: what it says about where keys are
/// found is not believed.
pub(crate) fn key_of(token: &str) -> Result<String, Refusal> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
        typ: String,
        kid: String,
        crit: Option<serde_json::Value>,
    }
    if token.len() > TOKEN_MAX_BYTES {
        return Err(Refusal::TooLong);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::Malformed);
    };
    let header = URL_SAFE_NO_PAD.decode(header).ok();
    let header = header.and_then(|header| serde_json::from_slice::<Header>(&header).ok());
    match header {
        Some(header) if header.alg != "EdDSA" => Err(Refusal::OtherAlgorithm),
        Some(header) if header.typ == "JWT" && header.crit.is_none() => Ok(header.kid),
        Some(_) | None => Err(Refusal::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};
    use shared::contract::session::TokenKey;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// An Ed25519 key made of one byte, as PKCS #8.
    fn signing_key(seed: u8) -> EncodingKey {
        let mut der = hex_bytes("302e020100300506032b657004220420");
        der.extend([seed; 32]);
        EncodingKey::from_ed_der(&der)
    }

    fn hex_bytes(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.map(|pair| byte(pair).unwrap()).collect()
    }

    fn public(seed: u8) -> String {
        let jwk = Jwk::from_encoding_key(&signing_key(seed), Algorithm::EdDSA).unwrap();
        match jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(pair) => pair.x,
            other => panic!("{other:?}"),
        }
    }

    fn ring() -> Ring {
        let key = |kid: &str, seed| TokenKey { kid: kid.to_owned(), x: public(seed) };
        Ring::new(TokenKeys {
            issuer: "aiflow".to_owned(),
            audience: "aiflow".to_owned(),
            keys: vec![key("k1", 1), key("k0", 2)],
        })
    }

    fn claims() -> Value {
        json!({"iss": "aiflow", "aud": "aiflow", "sub": "USER001", "tenant": "COMPANY001", "sid": "s1",
            "name": "张三", "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "jti": "j1"})
    }

    fn header(kid: &str) -> Header {
        Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) }
    }

    fn token(claims: &Value) -> String {
        jsonwebtoken::encode(&header("k1"), claims, &signing_key(1)).unwrap()
    }

    fn without_signature(header: &Value, claims: &Value) -> String {
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}.", part(header), part(claims))
    }

    fn check(token: &str) -> Result<Claims, Refusal> {
        let claims = ring().read(token, &key_of(token)?)?;
        claims.check_time(NOW)?;
        Ok(claims)
    }

    fn refusal_of(token: &str) -> Refusal {
        check(token).unwrap_err()
    }

    #[test]
    fn a_token_of_ours_says_who_it_is() {
        let read = check(&token(&claims())).unwrap();

        assert_eq!((read.sub.as_str(), read.tenant.as_str()), ("USER001", "COMPANY001"));
        assert_eq!((read.sid.as_str(), read.name.as_str()), ("s1", "张三"));
    }

    #[test]
    fn only_eddsa_counts() {
        let none = json!({"alg": "none", "typ": "JWT", "kid": "k1"});
        let public_bytes = URL_SAFE_NO_PAD.decode(public(1)).unwrap();
        let mut confused = Header::new(Algorithm::HS256);
        confused.kid = Some("k1".to_owned());
        let secrets = [public_bytes, public(1).into_bytes()];

        assert_eq!(refusal_of(&without_signature(&none, &claims())), Refusal::OtherAlgorithm);
        for word in ["None", "nOnE", "eddsa", "HS256", "ES256", ""] {
            let header = json!({"alg": word, "typ": "JWT", "kid": "k1"});
            let token = without_signature(&header, &claims());
            assert_eq!(refusal_of(&token), Refusal::OtherAlgorithm, "{word}");
        }
        for secret in secrets {
            let secret = EncodingKey::from_secret(&secret);
            let token = jsonwebtoken::encode(&confused, &claims(), &secret).unwrap();
            assert_eq!(refusal_of(&token), Refusal::OtherAlgorithm);
            // Past the header's word the key itself is of another family.
            assert!(ring().read(&token, "k1").is_err());
        }
    }

    #[test]
    fn a_foreign_key_does_not_count_under_any_name() {
        for (kid, seed, expected) in [
            ("k2", 3, Refusal::UnknownKey),
            ("", 1, Refusal::UnknownKey),
            ("k1", 3, Refusal::Signature),
            ("k1", 2, Refusal::Signature),
        ] {
            let token = jsonwebtoken::encode(&header(kid), &claims(), &signing_key(seed)).unwrap();
            assert_eq!(refusal_of(&token), expected, "{kid} {seed}");
        }
    }

    #[test]
    fn an_older_key_still_counts() {
        let token = jsonwebtoken::encode(&header("k0"), &claims(), &signing_key(2)).unwrap();

        assert!(check(&token).is_ok());
    }

    #[test]
    fn a_key_inside_the_token_is_not_believed() {
        let jwk = Jwk::from_encoding_key(&signing_key(3), Algorithm::EdDSA).unwrap();
        let header = Header { jwk: Some(jwk), ..header("k1") };

        let token = jsonwebtoken::encode(&header, &claims(), &signing_key(3)).unwrap();

        assert_eq!(refusal_of(&token), Refusal::Signature);
    }

    #[test]
    fn times_hold_to_the_second_and_five_of_them() {
        for (name, value, expected) in [
            ("exp", NOW, Some(Refusal::Expired)),
            ("exp", NOW - 3600, Some(Refusal::Expired)),
            ("exp", NOW + 1, None),
            ("exp", i64::MIN, Some(Refusal::Expired)),
            ("nbf", NOW + 5, None),
            ("nbf", NOW + 6, Some(Refusal::Early)),
            ("iat", NOW + 5, None),
            ("iat", NOW + 6, Some(Refusal::Early)),
            ("iat", i64::MAX, Some(Refusal::Early)),
        ] {
            let mut claims = claims();
            claims[name] = json!(value);
            assert_eq!(check(&token(&claims)).err(), expected, "{name} {value}");
        }
    }

    #[test]
    fn issuer_and_audience_are_ours_and_nobody_elses() {
        for other in [json!("evil"), json!("")] {
            let mut changed = claims();
            changed["iss"] = other.clone();
            assert_eq!(refusal_of(&token(&changed)), Refusal::OtherIssuer);
            let mut changed = claims();
            changed["aud"] = other;
            assert_eq!(refusal_of(&token(&changed)), Refusal::OtherAudience);
        }
    }

    #[test]
    fn every_claim_is_needed_and_has_its_type() {
        for name in ["iss", "aud", "sub", "tenant", "sid", "name", "iat", "nbf", "exp"] {
            for wrong in [Value::Null, json!([claims()[name].clone()]), json!({}), json!(1.5)] {
                let mut changed = claims();
                changed[name] = wrong.clone();
                assert_eq!(refusal_of(&token(&changed)), Refusal::Malformed, "{name} {wrong}");
            }
            let mut changed = claims();
            changed.as_object_mut().unwrap().remove(name);
            assert_eq!(refusal_of(&token(&changed)), Refusal::Malformed, "{name}");
        }
    }

    #[test]
    fn a_token_that_was_touched_is_none() {
        let whole = token(&claims());
        let parts: Vec<&str> = whole.split('.').collect();
        let mut richer = claims();
        richer["sub"] = json!("ADMIN");
        let other_claims = URL_SAFE_NO_PAD.encode(richer.to_string());

        for end in 0..whole.len() {
            assert!(check(&whole[..end]).is_err(), "{end}");
        }
        assert_eq!(
            refusal_of(&format!("{}.{other_claims}.{}", parts[0], parts[2])),
            Refusal::Signature
        );
        for broken in [format!("{whole}.x"), format!("{whole}="), format!(" {whole}"), "..".into()]
        {
            assert!(check(&broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_header_that_asks_for_more_is_not_understood() {
        for header in [
            json!({"alg": "EdDSA", "typ": "JWT", "kid": "k1", "crit": ["exp"]}),
            json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"}),
            json!({"alg": "EdDSA", "kid": "k1"}),
            json!({"alg": "EdDSA", "typ": "JWT"}),
            json!([]),
        ] {
            let token = without_signature(&header, &claims());
            assert_eq!(refusal_of(&token), Refusal::Malformed, "{header}");
        }
    }

    #[test]
    fn a_token_over_4_kib_is_not_even_read() {
        let mut long = claims();
        long["name"] = json!("x".repeat(TOKEN_MAX_BYTES));

        assert_eq!(refusal_of(&token(&long)), Refusal::TooLong);
    }

    #[test]
    fn what_is_no_key_is_left_out() {
        let key = |x: &str| TokenKey { kid: "k".to_owned(), x: x.to_owned() };
        for x in ["", "AAAA", "not base64 !", &"A".repeat(86)] {
            let known = TokenKeys { issuer: "i".into(), audience: "a".into(), keys: vec![key(x)] };
            assert!(!Ring::new(known).has("k"), "{x}");
        }
    }
}
