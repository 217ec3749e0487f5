//! What stands in queries and forms, read and written.

use actix_web::web::Query;

/// The pairs in the order sent; nothing at all where they cannot be read.
pub(crate) fn pairs(encoded: &str) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::from_query(encoded).map(Query::into_inner).unwrap_or_default()
}

/// Undoes percent-encoding; what is not valid stays as it is.
pub(crate) fn decoded(segment: &str) -> String {
    let literal_plus = segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let mut found = pairs(&format!("x={literal_plus}"));
    found.pop().map_or_else(|| segment.to_owned(), |(_, value)| value)
}

/// Percent-encodes everything but letters, digits and `-._~`.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// An address with these pairs added to its query.
pub(crate) fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let query: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{}", query.join("&"))
}

/// Text that may stand in HTML, also inside quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(sign),
        }
    }
    out
}
