//! The request id: from `X-Request-Id` or made, in every log line, answer and event.

use std::future::Future;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request this task works for.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Runs `work` under a request id.
pub async fn scope<F: Future>(id: String, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// The caller's id if it is fit for a log line, else a new one.
pub fn accept(given: Option<&str>) -> String {
    match given {
        Some(id) if fits(id) => id.to_owned(),
        _ => crate::id::new_id().simple().to_string(),
    }
}

fn fits(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.:".contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        assert_eq!(accept(Some("req-1")), "req-1");
        assert_ne!(accept(Some("a\nb")), "a\nb");
        assert_ne!(accept(Some(&"x".repeat(65))), "x".repeat(65));
    }
}
