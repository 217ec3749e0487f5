//! A-Signature: one header that proves who calls and that the body arrived as it was sent.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The header we send and accept.
pub const HEADER: &str = "a-signature";

/// The header of the published client, accepted too.
pub const PUBLISHED_HEADER: &str = "x-a-signature";

/// The longest envelope, decoded, in bytes.
const ENVELOPE_MAX_BYTES: usize = 2_048;

/// The two schemes of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 over seven lines.
    V1,
    /// Double MD5, only for the published client.
    V0,
}

/// What a header says, not yet proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Which scheme made the cipher.
    pub scheme: Scheme,
    /// JSON `enterpriseCode`.
    pub enterprise: String,
    /// JSON `appId`.
    pub app: String,
    /// Unix milliseconds, where the caller gave a time.
    pub timestamp: Option<i64>,
    /// Only together with a timestamp.
    pub nonce: Option<String>,
    /// Method, one space, path with its query exactly as sent.
    pub target: Option<String>,
    cipher: String,
}

/// What is wrong with the form of a header; safe to tell the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not pairs of hexadecimal digits.
    #[error("A-Signature 不是合法的十六进制文本")]
    NotHex,
    /// Longer than 2,048 bytes decoded.
    #[error("A-Signature 解码后超过 {ENVELOPE_MAX_BYTES} 字节")]
    TooLong,
    /// Not the JSON object of the specification.
    #[error("A-Signature 的内容不是约定的 JSON 对象：{0}")]
    NotEnvelope(String),
}

#[derive(Default)]
struct Fields {
    version: Option<i64>,
    enterprise: Option<String>,
    app: Option<String>,
    timestamp: Option<i64>,
    nonce: Option<String>,
    target: Option<String>,
    cipher: Option<String>,
}

/// Refuses a field that stands twice: two readers might take different ones.
fn once<T>(slot: &mut Option<T>, value: T, name: &'static str) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("字段 {name} 重复")),
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key::<String>()? {
                    let fail = |message: String| de::Error::custom(message);
                    match key.as_str() {
                        "v" => once(&mut fields.version, map.next_value()?, "v").map_err(fail)?,
                        "enterpriseCode" => {
                            once(&mut fields.enterprise, map.next_value()?, "enterpriseCode")
                                .map_err(fail)?;
                        }
                        "appId" => {
                            once(&mut fields.app, map.next_value()?, "appId").map_err(fail)?
                        }
                        "timestamp" => once(&mut fields.timestamp, map.next_value()?, "timestamp")
                            .map_err(fail)?,
                        "nonce" => {
                            once(&mut fields.nonce, map.next_value()?, "nonce").map_err(fail)?
                        }
                        "target" => {
                            once(&mut fields.target, map.next_value()?, "target").map_err(fail)?
                        }
                        "cipher" => {
                            once(&mut fields.cipher, map.next_value()?, "cipher").map_err(fail)?
                        }
                        _ => {
                            map.next_value::<de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl Envelope {
    /// Reads a header value (spec "Envelope"): hexadecimal, compact JSON, field rules.
    pub fn parse(header: &str) -> Result<Self, Malformed> {
        if header.len() > ENVELOPE_MAX_BYTES * 2 {
            return Err(Malformed::TooLong);
        }
        let bytes = hex::decode(header).or(Err(Malformed::NotHex))?;
        let fields: Fields = serde_json::from_slice(&bytes)
            .map_err(|error| Malformed::NotEnvelope(describe(&error)))?;
        fields.check().map_err(Malformed::NotEnvelope)
    }

    /// Whether the cipher is right for `body` under `secret`; takes the same time either way.
    pub fn proves(&self, secret: &str, body: &[u8]) -> bool {
        self.proves_digest(secret, body, &Sha256::digest(body))
    }

    /// As [`Envelope::proves`], with the body's SHA-256 already at hand.
    pub fn proves_digest(&self, secret: &str, body: &[u8], digest: &[u8]) -> bool {
        let right = match self.scheme {
            Scheme::V1 => v1_cipher(self, secret, digest),
            Scheme::V0 => v0_cipher(self, secret, body),
        };
        right.as_bytes().ct_eq(self.cipher.as_bytes()).into()
    }
}

/// serde's message without positions, which mean nothing to the caller of a hex header.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

impl Fields {
    fn check(self) -> Result<Envelope, String> {
        let scheme = match self.version {
            Some(1) => Scheme::V1,
            None => Scheme::V0,
            Some(other) => return Err(format!("不支持的版本 v={other}")),
        };
        let enterprise = required(self.enterprise, "enterpriseCode")?;
        let app = required(self.app, "appId")?;
        let cipher = required(self.cipher, "cipher")?;
        for (name, value) in [("nonce", &self.nonce), ("target", &self.target)] {
            if value.as_deref().is_some_and(|text| text.chars().any(char::is_control)) {
                return Err(format!("字段 {name} 含有控制字符"));
            }
        }
        match scheme {
            Scheme::V0 if self.timestamp.is_none() => return Err("v0 需要 timestamp".to_owned()),
            Scheme::V0 if self.nonce.is_some() || self.target.is_some() => {
                return Err("v0 不支持 nonce 和 target".to_owned());
            }
            Scheme::V0 | Scheme::V1 => {}
        }
        if let Some(nonce) = &self.nonce {
            if self.timestamp.is_none() {
                return Err("nonce 必须与 timestamp 同时使用".to_owned());
            }
            if !(NONCE_MIN_CHARS..=64).contains(&nonce.chars().count()) {
                return Err(format!("nonce 的长度应为 {NONCE_MIN_CHARS} 到 64 个字符"));
            }
        }
        Ok(Envelope {
            scheme,
            enterprise,
            app,
            timestamp: self.timestamp,
            nonce: self.nonce,
            target: self.target,
            cipher,
        })
    }
}

/// The specification says 8, its own vectors use `n-0001`; the vectors must be accepted.
const NONCE_MIN_CHARS: usize = 6;

fn required(value: Option<String>, name: &str) -> Result<String, String> {
    match value {
        Some(text) if text.is_empty() => Err(format!("字段 {name} 为空")),
        Some(text) if text.chars().any(char::is_control) => {
            Err(format!("字段 {name} 含有控制字符"))
        }
        Some(text) => Ok(text),
        None => Err(format!("缺少字段 {name}")),
    }
}

fn v1_cipher(envelope: &Envelope, secret: &str, digest: &[u8]) -> String {
    let timestamp = envelope.timestamp.map(|ms| ms.to_string()).unwrap_or_default();
    let lines = [
        "aiflow-v1",
        &envelope.enterprise,
        &envelope.app,
        &timestamp,
        envelope.nonce.as_deref().unwrap_or_default(),
        envelope.target.as_deref().unwrap_or_default(),
        &hex::encode(digest),
    ];
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(lines.join("\n").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn v0_cipher(envelope: &Envelope, secret: &str, body: &[u8]) -> String {
    let timestamp = envelope.timestamp.map(|ms| ms.to_string()).unwrap_or_default();
    let mut inner = Md5::new();
    inner.update(envelope.enterprise.as_bytes());
    inner.update(secret.as_bytes());
    inner.update(body);
    inner.update(timestamp.as_bytes());
    hex::encode(Md5::digest(hex::encode(inner.finalize())))
}

/// What a signature is made from.
#[derive(Clone, Debug, Default)]
pub struct Claim<'a> {
    /// JSON `enterpriseCode`.
    pub enterprise: &'a str,
    /// JSON `appId`.
    pub app: &'a str,
    /// Unix milliseconds; absent = untimed, deterministic.
    pub timestamp: Option<i64>,
    /// Only together with a timestamp.
    pub nonce: Option<&'a str>,
    /// Method, one space, path with its query; needed for an empty body.
    pub target: Option<&'a str>,
}

/// The header value of scheme v1 for `body`.
pub fn sign(claim: &Claim<'_>, secret: &str, body: &[u8]) -> String {
    let mut envelope = Envelope {
        scheme: Scheme::V1,
        enterprise: claim.enterprise.to_owned(),
        app: claim.app.to_owned(),
        timestamp: claim.timestamp,
        nonce: claim.nonce.map(str::to_owned),
        target: claim.target.map(str::to_owned),
        cipher: String::new(),
    };
    envelope.cipher = v1_cipher(&envelope, secret, &Sha256::digest(body));
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let mut json = format!(
        "{{\"v\":1,\"enterpriseCode\":{},\"appId\":{}",
        text(claim.enterprise),
        text(claim.app)
    );
    if let Some(timestamp) = claim.timestamp {
        json.push_str(&format!(",\"timestamp\":{timestamp}"));
    }
    if let Some(nonce) = claim.nonce {
        json.push_str(&format!(",\"nonce\":{}", text(nonce)));
    }
    if let Some(target) = claim.target {
        json.push_str(&format!(",\"target\":{}", text(target)));
    }
    json.push_str(&format!(",\"cipher\":\"{}\"}}", envelope.cipher));
    hex::encode(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        name: String,
        scheme: String,
        enterprise_code: String,
        app_id: String,
        app_secret: String,
        body: String,
        timestamp: Option<i64>,
        nonce: Option<String>,
        target: Option<String>,
        cipher: String,
        header: String,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("testing/signature-vectors.json")).unwrap()
    }

    #[test]
    fn every_vector_is_accepted_and_reproduced() {
        for vector in vectors() {
            let envelope = Envelope::parse(&vector.header).unwrap();

            assert_eq!(envelope.cipher, vector.cipher, "{}", vector.name);
            assert!(envelope.proves(&vector.app_secret, vector.body.as_bytes()), "{}", vector.name);
            if vector.scheme == "v1" {
                let claim = Claim {
                    enterprise: &vector.enterprise_code,
                    app: &vector.app_id,
                    timestamp: vector.timestamp,
                    nonce: vector.nonce.as_deref(),
                    target: vector.target.as_deref(),
                };
                assert_eq!(
                    sign(&claim, &vector.app_secret, vector.body.as_bytes()),
                    vector.header,
                    "{}",
                    vector.name
                );
            }
        }
    }

    #[test]
    fn changing_any_covered_part_alone_breaks_the_proof() {
        for vector in vectors() {
            let envelope = Envelope::parse(&vector.header).unwrap();
            let body = vector.body.as_bytes();
            let proves = |envelope: &Envelope| envelope.proves(&vector.app_secret, body);
            let with = |change: fn(&mut Envelope)| {
                let mut copy = envelope.clone();
                change(&mut copy);
                copy
            };

            assert!(!envelope.proves("another", body), "{}", vector.name);
            assert!(!envelope.proves(&vector.app_secret, b"other"), "{}", vector.name);
            assert!(!proves(&with(|e| e.enterprise.push('x'))), "{}", vector.name);
            assert!(!proves(&with(|e| e.timestamp = Some(1))), "{}", vector.name);
            if envelope.scheme == Scheme::V1 {
                assert!(!proves(&with(|e| e.app.push('x'))), "{}", vector.name);
                assert!(
                    !proves(&with(|e| e.nonce = Some("other-nonce".into()))),
                    "{}",
                    vector.name
                );
                assert!(!proves(&with(|e| e.target = Some("GET /".into()))), "{}", vector.name);
            }
        }
    }

    #[test]
    fn malformed_headers_say_what_is_wrong() {
        let refused = |json: &str| Envelope::parse(&hex::encode(json)).unwrap_err().to_string();

        assert_eq!(Envelope::parse("abc"), Err(Malformed::NotHex));
        assert_eq!(Envelope::parse("zz"), Err(Malformed::NotHex));
        assert_eq!(Envelope::parse(&"00".repeat(3_000)), Err(Malformed::TooLong));
        assert!(refused("[]").contains("JSON"));
        assert!(
            refused(r#"{"v":2,"enterpriseCode":"a","appId":"b","cipher":"c"}"#).contains("v=2")
        );
        assert!(refused(r#"{"v":1,"appId":"b","cipher":"c"}"#).contains("enterpriseCode"));
        assert!(
            refused(r#"{"v":1,"enterpriseCode":"a\nb","appId":"b","cipher":"c"}"#)
                .contains("控制字符")
        );
        assert!(
            refused(r#"{"v":1,"v":1,"enterpriseCode":"a","appId":"b","cipher":"c"}"#)
                .contains("重复")
        );
        assert!(
            refused(r#"{"v":1,"enterpriseCode":"a","appId":"b","nonce":"12345678","cipher":"c"}"#)
                .contains("timestamp")
        );
        assert!(
            refused(r#"{"v":1,"enterpriseCode":"a","appId":"b","timestamp":"1","cipher":"c"}"#)
                .contains("JSON")
        );
        assert!(
            refused(r#"{"enterpriseCode":"a","appId":"b","cipher":"c"}"#).contains("timestamp")
        );
    }
}
