//! An ERP's credential: two secrets while it rotates, and its switches.

use chrono::{DateTime, Duration, Utc};
use shared::id::{AppId, Tenant};

/// The longest overlap of two secrets.
pub(crate) const MAX_OVERLAP_HOURS: i64 = 24 * 30;

/// The shortest secret that is accepted from outside.
const MIN_SECRET_CHARS: usize = 12;

/// An application of an enterprise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Application {
    pub(crate) tenant: Tenant,
    pub(crate) app: AppId,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) switches: Switches,
    pub(crate) secret: Secret,
    pub(crate) previous: Option<Previous>,
}

/// What an application may do that others may not, and the other way round.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Switches {
    /// Scheme v0 of the published client is accepted.
    pub(crate) accept_v0: bool,
    /// Every request must carry a timestamp.
    pub(crate) require_timestamp: bool,
    /// Organisation batches are sorted before they are judged.
    pub(crate) any_order: bool,
}

/// A secret in the clear; never printed.
#[derive(Clone, PartialEq)]
pub(crate) struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// The secret before the last rotation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Previous {
    pub(crate) secret: Secret,
    pub(crate) until: DateTime<Utc>,
}

/// Why an application cannot be so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("密钥至少 {MIN_SECRET_CHARS} 个字符，且不能含控制字符")]
    WeakSecret,
    #[error("新旧密钥并存时间应为 0 到 {MAX_OVERLAP_HOURS} 小时")]
    Overlap,
}

impl Secret {
    /// A secret chosen outside; refuses short ones.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let weak = text.chars().count() < MIN_SECRET_CHARS || text.chars().any(char::is_control);
        if weak { Err(Refusal::WeakSecret) } else { Ok(Self(text.to_owned())) }
    }

    /// A secret made here, or opened from the store.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl Application {
    /// Puts a new secret in place; the old one stays good for `overlap_hours`. An even older one
    /// ends at once.
    pub(crate) fn rotate(
        self,
        fresh: Secret,
        overlap_hours: i64,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        if !(0..=MAX_OVERLAP_HOURS).contains(&overlap_hours) {
            return Err(Refusal::Overlap);
        }
        let previous = (overlap_hours > 0).then(|| Previous {
            secret: self.secret.clone(),
            until: now + Duration::hours(overlap_hours),
        });
        Ok(Self { secret: fresh, previous, ..self })
    }

    /// The old secret, while it is good.
    pub(crate) fn previous_at(&self, now: DateTime<Utc>) -> Option<&Secret> {
        self.previous
            .as_ref()
            .filter(|previous| previous.until > now)
            .map(|previous| &previous.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        Application {
            tenant: Tenant::stored("COMPANY001"),
            app: AppId::stored("APP001"),
            name: "ERP".to_owned(),
            enabled: true,
            switches: Switches::default(),
            secret: Secret::stored("first-secret".to_owned()),
            previous: None,
        }
    }

    #[test]
    fn both_secrets_are_good_during_a_rotation_and_the_old_one_ends() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();

        let rotated = application().rotate(Secret::stored("second".into()), 24, now).unwrap();

        assert_eq!(rotated.secret.expose(), "second");
        assert_eq!(rotated.previous_at(now).map(Secret::expose), Some("first-secret"));
        assert_eq!(rotated.previous_at(now + Duration::hours(24)), None);
    }

    #[test]
    fn a_rotation_without_overlap_ends_the_old_secret_at_once() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();

        assert_eq!(
            application().rotate(Secret::stored("x".into()), 0, now).unwrap().previous,
            None
        );
        assert_eq!(
            application().rotate(Secret::stored("x".into()), -1, now),
            Err(Refusal::Overlap)
        );
    }

    #[test]
    fn a_secret_never_prints_itself() {
        assert!(!format!("{:?}", application()).contains("first-secret"));
        assert_eq!(Secret::parse("short"), Err(Refusal::WeakSecret));
    }
}
