//! The closed table of failure codes: what the caller reads, and how it travels.

/// Builds [`Code`] and its accessors from one line per code.
macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $http:literal $sentence:literal $meaning:literal;)*) => {
        /// A failure as the contract names it (spec "Envelope and errors").
        ///
        /// The name is stable and never re-used for another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable UPPER_SNAKE name in `data.errorCode`.
            pub fn name(self) -> &'static str { match self { $(Code::$variant => $name,)* } }

            /// The envelope's `status`: -4002 change the request, -4001 change the situation,
            /// -1024 wait or call us.
            pub fn status(self) -> i32 { match self { $(Code::$variant => $status,)* } }

            /// The HTTP status it travels with.
            pub fn http(self) -> u16 { match self { $(Code::$variant => $http,)* } }

            /// The Chinese sentence used when a failure has none of its own.
            pub fn sentence(self) -> &'static str { match self { $(Code::$variant => $sentence,)* } }

            /// When it is answered, for docs/ERRORS.md.
            pub fn meaning(self) -> &'static str { match self { $(Code::$variant => $meaning,)* } }
        }
    };
}

codes! {
    InvalidParameter "INVALID_PARAMETER" -4002 200 "请求参数错误" "A field is missing, malformed, out of range, too long, or there are too many.";
    UnknownReference "UNKNOWN_REFERENCE" -4002 200 "引用的对象不存在" "Names a department, user, flow, form or order that this enterprise does not have.";
    Duplicate "DUPLICATE" -4002 200 "编码已被占用" "The code is taken by something else.";
    SignatureInvalid "SIGNATURE_INVALID" -4002 403 "签名验证失败" "The A-Signature header is missing, malformed or wrong, or the application may not use it.";
    SignatureExpired "SIGNATURE_EXPIRED" -4002 403 "签名已过期" "The signature's timestamp is more than 300 s away from our clock.";
    SignatureReplayed "SIGNATURE_REPLAYED" -4002 403 "签名已被使用" "The signature's nonce was seen within the last 600 s.";
    SessionInvalid "SESSION_INVALID" -4002 401 "请先登录" "No session, or it has ended.";
    InvalidGrant "INVALID_GRANT" -4002 200 "刷新令牌无效" "The refresh token is unknown, expired or re-used.";
    WrongState "WRONG_STATE" -4001 200 "当前状态不允许此操作" "Understood, but not now.";
    VersionConflict "VERSION_CONFLICT" -4001 200 "数据已被他人修改" "Somebody changed it since the caller read it.";
    NotPermitted "NOT_PERMITTED" -4001 200 "没有权限执行此操作" "Understood, but not this caller.";
    NotSupported "NOT_SUPPORTED" -4001 200 "暂不支持此操作" "Understood, but not offered.";
    NotFound "NOT_FOUND" -1024 404 "请求的地址不存在" "There is no such address.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" -1024 405 "请求方法不被允许" "The address exists, but not for this method; see the Allow header.";
    BodyTooLarge "BODY_TOO_LARGE" -1024 413 "请求体过大" "The body exceeds the address's limit.";
    RequestTimeout "REQUEST_TIMEOUT" -1024 408 "请求体接收超时" "The body did not arrive within its deadline.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" -1024 415 "请求内容类型不受支持" "The body is not application/json, or it is content-encoded.";
    TooManyRequests "TOO_MANY_REQUESTS" -1024 429 "请求过于频繁，请稍后再试" "A limit was reached; see the Retry-After header.";
    UpstreamFailed "UPSTREAM_FAILED" -1024 502 "外部系统返回错误" "ERP, Kingdee or DingTalk answered wrongly; their own code is in errorDetails.";
    Unavailable "UNAVAILABLE" -1024 503 "服务暂不可用，请稍后再试" "Database, broker or a service is away; see the Retry-After header.";
    Internal "INTERNAL" -1024 500 "系统内部错误，请联系管理员并提供 requestId" "A bug of ours; the log has the request id.";
}

impl Code {
    /// The code of that name.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The short `msg` of the envelope for this code's status.
    pub fn message(self) -> &'static str {
        match self.status() {
            -4002 => "请求参数错误",
            -4001 => "操作不支持",
            _ => "系统错误",
        }
    }
}

/// The table as Markdown: the text of docs/ERRORS.md.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Error codes\n\nGenerated from `shared/src/code.rs` by `make docs`; do not edit.\n\n\
         | errorCode | status | HTTP | client sentence | when |\n|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        page.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            code.name(),
            code.status(),
            code.http(),
            code.sentence(),
            code.meaning()
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_upper_snake() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();

        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_')));
    }

    #[test]
    fn refusals_of_the_request_travel_as_200_so_that_documented_clients_read_them() {
        for code in [Code::InvalidParameter, Code::UnknownReference, Code::WrongState] {
            assert_eq!(code.http(), 200);
        }
    }
}
