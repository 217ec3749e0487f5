//! One attempt to sign in: where it leads back to, what a person is told when it comes to nothing.

use url::Url;

/// The longest page that is led back to.
const RETURN_MAX_CHARS: usize = 2_048;

/// The longest authorization code; longer ones are sent nowhere.
const CODE_MAX_CHARS: usize = 2_048;

/// Which way somebody signs in; a state of one way is none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// At the ERP.
    Erp,
    /// At DingTalk's page.
    Dingtalk,
    /// Inside the DingTalk client, which gives a code without a page.
    DingtalkInside,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Erp => "erp",
            Kind::Dingtalk => "dingtalk",
            Kind::DingtalkInside => "dingtalk_inside",
        }
    }

    pub(crate) fn stored(text: &str) -> Self {
        match text {
            "dingtalk" => Kind::Dingtalk,
            "dingtalk_inside" => Kind::DingtalkInside,
            _ => Kind::Erp,
        }
    }

    /// Whose names of people it brings.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Kind::Erp => "erp",
            Kind::Dingtalk | Kind::DingtalkInside => "dingtalk",
        }
    }
}

/// The page to lead back to: a path of our own origin; whatever is doubtful is `/`.
pub(crate) fn return_path(asked: &str) -> String {
    if is_own_path(asked) { asked.to_owned() } else { "/".to_owned() }
}

fn is_own_path(text: &str) -> bool {
    // Visible ASCII only: browsers drop tabs and line breaks, and take a backslash for a slash.
    let is_plain = text.bytes().all(|c| c.is_ascii_graphic() && c != b'\\');
    if !is_plain || text.len() > RETURN_MAX_CHARS || !text.starts_with('/') {
        return false;
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    // Something on the way may decode once more than we do.
    let hidden = ["%2f", "%5c", "%2e", "%25", "%0", "%1", "%7f"];
    let is_tidy = !path.contains("//")
        && !path.split('/').any(|part| part == "." || part == "..")
        && !hidden.iter().any(|word| lower.contains(word));
    let signs_in = ["login", "callback", "dingtalk/login", "dingtalk/callback"]
        .iter()
        .any(|word| lower == format!("/aflow/api/oauth2/{word}"));
    is_tidy && !signs_in && stays_here(text)
}

/// The second lock: what a browser makes of it is still on our origin.
fn stays_here(text: &str) -> bool {
    let Ok(ours) = Url::parse("https://aiflow.invalid/") else { return false };
    ours.join(text).is_ok_and(|there| {
        there.origin() == ours.origin() && there.username().is_empty() && there.password().is_none()
    })
}

/// Whether a code may be sent to the provider: visible ASCII (RFC 6749, appendix A.11).
pub(crate) fn is_code(text: &str) -> bool {
    (1..=CODE_MAX_CHARS).contains(&text.len()) && text.bytes().all(|c| (0x20..0x7f).contains(&c))
}

/// Whether a word can be a state or a pre-login cookie of ours: base64url of 32 bytes.
pub(crate) fn is_word(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
}

/// Why nobody was signed in. The words are part of addresses and of the audit log; the sentences are
/// what a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    StateInvalid,
    StateExpired,
    Denied,
    CodeInvalid,
    ProviderUnavailable,
    ProviderFailed,
    NotConfigured,
    PersonUnknown,
    PersonAmbiguous,
    PersonDisabled,
    EnterpriseMissing,
    Unavailable,
}

/// Word, what happened, what to do.
type Line = (&'static str, &'static str, &'static str);

impl Reason {
    pub(crate) const ALL: [Reason; 12] = [
        Reason::StateInvalid,
        Reason::StateExpired,
        Reason::Denied,
        Reason::CodeInvalid,
        Reason::ProviderUnavailable,
        Reason::ProviderFailed,
        Reason::NotConfigured,
        Reason::PersonUnknown,
        Reason::PersonAmbiguous,
        Reason::PersonDisabled,
        Reason::EnterpriseMissing,
        Reason::Unavailable,
    ];

    fn line(self) -> Line {
        match self {
            Reason::StateInvalid => (
                "state_invalid",
                "这次登录不是在此浏览器中发起的，或登录链接不完整。",
                "请重新登录；若您没有发起过登录，请忽略此页面。",
            ),
            Reason::StateExpired => (
                "state_expired",
                "登录已超时，或此登录链接已经使用过。",
                "请重新登录，并在五分钟内完成。",
            ),
            Reason::Denied => {
                ("denied", "您取消了登录，或没有同意授权。", "如需使用，请重新登录并选择同意。")
            }
            Reason::CodeInvalid => ("code_invalid", "授权码已失效或已被使用。", "请重新登录。"),
            Reason::ProviderUnavailable => (
                "provider_unavailable",
                "登录系统暂时没有响应。",
                "请稍后重新登录；若一直如此，请联系管理员。",
            ),
            Reason::ProviderFailed => (
                "provider_failed",
                "登录系统返回了无法识别的结果。",
                "请重新登录；若一直如此，请联系管理员并提供请求编号。",
            ),
            Reason::NotConfigured => {
                ("not_configured", "该企业的单点登录尚未配置好。", "请联系管理员并提供请求编号。")
            }
            Reason::PersonUnknown => (
                "person_unknown",
                "系统中还没有您的账号。",
                "请联系管理员同步您的用户信息后再登录。",
            ),
            Reason::PersonAmbiguous => (
                "person_ambiguous",
                "有多个账号与您的信息相符，无法确定是哪一个。",
                "请联系管理员核对手机号和邮箱。",
            ),
            Reason::PersonDisabled => {
                ("person_disabled", "您的账号已停用。", "如有疑问，请联系管理员。")
            }
            Reason::EnterpriseMissing => {
                ("enterprise_missing", "无法确定您所属的企业。", "请从企业提供的入口链接登录。")
            }
            Reason::Unavailable => {
                ("unavailable", "系统暂时繁忙，未能完成登录。", "请稍后重新登录。")
            }
        }
    }

    pub(crate) fn word(self) -> &'static str {
        self.line().0
    }

    pub(crate) fn sentence(self) -> &'static str {
        self.line().1
    }

    pub(crate) fn advice(self) -> &'static str {
        self.line().2
    }

    /// The reason of that word; an unknown one says as little as possible.
    pub(crate) fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.word() == word).unwrap_or(Reason::ProviderFailed)
    }

    /// What a provider's `error` means (RFC 6749, 4.1.2.1, and the interface document's words).
    pub(crate) fn of_provider(error: &str) -> Self {
        match error {
            "access_denied" => Reason::Denied,
            "server_error" | "temporarily_unavailable" => Reason::ProviderUnavailable,
            "invalid_client"
            | "unauthorized_client"
            | "invalid_scope"
            | "redirect_uri_mismatch" => Reason::NotConfigured,
            "invalid_grant" => Reason::CodeInvalid,
            _ => Reason::ProviderFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_ours_are_led_back_to() {
        for path in [
            "/",
            "/task/todo",
            "/order?id=1&back=%2Fx",
            "/a/b#part",
            "/a?next=https://evil.example",
            "/@name",
            "/%E5%BE%85%E5%8A%9E",
            "/aflow/api/oauth2/me",
        ] {
            assert_eq!(return_path(path), path);
        }
    }

    #[test]
    fn nothing_doubtful_is_led_back_to() {
        let long = format!("/{}", "a".repeat(RETURN_MAX_CHARS));
        let hostile = [
            "",
            " ",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "https:evil.example",
            "https://evil.example",
            "https:/evil.example",
            "//user@evil.example/",
            "https://aiflow.example.com@evil.example/",
            "/%5cevil.example",
            "/%5C%5Cevil.example",
            "/%2f/evil.example",
            "/%2Fevil.example",
            "/%255cevil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\nLocation: https://evil.example",
            "/%0d%0aLocation:%20x",
            "/%09/evil.example",
            "/..//evil.example",
            "/a/../..//evil.example",
            "/./x",
            "/%2e%2e//evil.example",
            "/a//evil.example",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "/／evil.example",
            "／／evil.example",
            "/。/evil.example",
            "/a\0b",
            "evil.example",
            "?x",
            "#x",
            "/aflow/api/oauth2/login?enterprise=X",
            "/aflow/api/oauth2/dingtalk/callback",
            long.as_str(),
        ];
        for asked in hostile {
            assert_eq!(return_path(asked), "/", "{asked:?}");
        }
    }

    #[test]
    fn a_code_is_visible_and_short() {
        assert!(is_code("SplxlOBeZQQYbYS6WxSbIA"));
        for wrong in ["", "a\r\nb", "a\0", "授权码", &"A".repeat(8 * 1024)] {
            assert!(!is_code(wrong), "{wrong}");
        }
    }

    #[test]
    fn every_reason_has_a_word_of_its_own_and_unknown_words_say_nothing() {
        for reason in Reason::ALL {
            assert_eq!(Reason::of_word(reason.word()), reason);
        }
        assert_eq!(Reason::of_word("<script>"), Reason::ProviderFailed);
        assert_eq!(Reason::of_provider("access_denied"), Reason::Denied);
    }
}
