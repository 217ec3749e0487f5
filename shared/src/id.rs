//! Newtypes for codes and ids, so that one cannot be handed over for another.

use uuid::Uuid;

/// The longest code of the outside that is accepted, in characters.
pub const CODE_MAX_CHARS: usize = 64;

/// Why a text is not a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Empty or only white space.
    #[error("不能为空")]
    Empty,
    /// Longer than [`CODE_MAX_CHARS`].
    #[error("长度不能超过 {CODE_MAX_CHARS} 个字符")]
    TooLong,
    /// Holds a control character or a bidirectional override.
    #[error("含有非法字符")]
    Character,
}

/// A code of the outside; implemented by [`code_id!`](crate::code_id).
pub trait Code: Sized {
    /// Reads a code; refuses what is empty, too long or holds control characters.
    fn parse(text: &str) -> Result<Self, Refusal>;

    /// A code that was checked before.
    fn stored(text: String) -> Self;
}

/// Checks what every code of the outside must satisfy.
pub fn check_code(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Empty);
    }
    if text.chars().any(is_forbidden) {
        return Err(Refusal::Character);
    }
    if text.chars().count() > CODE_MAX_CHARS {
        return Err(Refusal::TooLong);
    }
    Ok(())
}

/// Control characters and bidirectional overrides: they forge log lines and disguise names.
pub fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Declares a newtype over a code of the outside: text, 1 to 64 characters, case-sensitive.
#[macro_export]
macro_rules! code_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Reads a code; refuses what is empty, too long or holds control characters.
            pub fn parse(text: &str) -> Result<Self, $crate::id::Refusal> {
                $crate::id::check_code(text)?;
                Ok(Self(text.to_owned()))
            }

            /// A code that was checked when it was stored.
            pub fn stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The code as the outside wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The code as the outside wrote it, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl $crate::id::Code for $name {
            fn parse(text: &str) -> Result<Self, $crate::id::Refusal> {
                $name::parse(text)
            }

            fn stored(text: String) -> Self {
                Self(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

code_id! {
    /// The enterprise: every row belongs to one (JSON `enterpriseCode`).
    Tenant;
    /// An application of an enterprise, usually one ERP (JSON `appId`).
    AppId;
    /// A person, as the ERP names them (JSON `userId`, `userCode`).
    UserCode;
    /// A flow (JSON `flowCode`).
    FlowCode;
}

/// A new id that sorts by the time of its making (UUID version 7).
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_case_sensitive_and_keep_their_spelling() {
        assert_ne!(UserCode::parse("user001"), UserCode::parse("USER001"));
        assert_eq!(UserCode::parse("应用/1").unwrap().as_str(), "应用/1");
    }

    #[test]
    fn codes_that_are_empty_long_or_disguised_are_refused() {
        assert_eq!(UserCode::parse("  "), Err(Refusal::Empty));
        assert_eq!(UserCode::parse(&"D".repeat(65)), Err(Refusal::TooLong));
        assert_eq!(UserCode::parse("a\nb"), Err(Refusal::Character));
        assert_eq!(UserCode::parse("abc\u{202E}txt"), Err(Refusal::Character));
        assert!(UserCode::parse(&"部".repeat(64)).is_ok());
    }
}
