//! Announcements as columns: what a service's own statement writes into its outbox.

use uuid::Uuid;

/// Facts of one kind as columns of the table `outbox`; made by [`crate::outbox::lines`].
pub struct Lines {
    /// `topic`, the same for all.
    pub topic: &'static str,
    /// `event_id`
    pub ids: Vec<Uuid>,
    /// `key`
    pub keys: Vec<String>,
    /// `payload`
    pub payloads: Vec<String>,
    /// `request_id`
    pub requests: Vec<Option<String>>,
}
