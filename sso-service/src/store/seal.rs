//! Seals secrets for the database: AES-256-GCM, a fresh nonce each, bound to what they belong to.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::error::Error;

const NONCE_BYTES: usize = 12;

/// Holds the key.
#[derive(Clone)]
pub(crate) struct Sealer(Aes256Gcm);

impl Sealer {
    /// From 64 hexadecimal digits.
    pub(crate) fn new(key: &SecretString) -> anyhow::Result<Self> {
        let key = hex::decode(key.expose_secret())?;
        Ok(Self(Aes256Gcm::new_from_slice(&key).context("seal.key has a wrong length")?))
    }

    /// Nonce and cipher text; `place` names the row, so that a sealed value cannot be moved.
    pub(crate) fn seal(&self, place: &str, secret: &str) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let cipher = self.0.encrypt(&Nonce::from(nonce), payload).or(Err(Error::Unsealable))?;
        Ok([nonce.as_slice(), &cipher].concat())
    }

    /// The secret that was sealed for `place`.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<String, Error> {
        let (nonce, cipher) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Unsealable)?;
        let payload = Payload { msg: cipher, aad: place.as_bytes() };
        let plain = self.0.decrypt(&Nonce::from(*nonce), payload).or(Err(Error::Unsealable))?;
        String::from_utf8(plain).or(Err(Error::Unsealable))
    }
}

/// 256 bits from the system's source.
pub(crate) fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// 256 bits in hexadecimal.
pub(crate) fn random_secret() -> String {
    hex::encode(random_bytes())
}

/// 256 bits as base64url, 43 characters: what browsers hold.
pub(crate) fn random_word() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes())
}

/// What is stored in place of such a word.
pub(crate) fn hash(word: &str) -> Vec<u8> {
    Sha256::digest(word).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(digit: char) -> Sealer {
        Sealer::new(&SecretString::from(digit.to_string().repeat(64))).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_only_with_its_key_and_in_its_place() {
        let sealed = sealer('a').seal("app/COMPANY001/APP001", "secret").unwrap();

        assert_eq!(sealer('a').open("app/COMPANY001/APP001", &sealed).unwrap(), "secret");
        assert!(sealer('b').open("app/COMPANY001/APP001", &sealed).is_err());
        assert!(sealer('a').open("app/COMPANY001/APP002", &sealed).is_err());
        assert!(sealer('a').open("app/COMPANY001/APP001", &sealed[..10]).is_err());
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        assert_ne!(sealer('a').seal("p", "s").unwrap(), sealer('a').seal("p", "s").unwrap());
    }
}
