//! The gateway alone over HTTP, between stand-ins of sso-service and task-service that show what
//! reached them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod helpers;
mod session;
mod sign_in;
mod stand_in;
