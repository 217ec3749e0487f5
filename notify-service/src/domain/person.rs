//! A person as DingTalk can find them.

/// A person of one enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) mobile: Option<String>,
    pub(crate) dingtalk_user_id: Option<String>,
    pub(crate) active: bool,
    pub(crate) revision: i64,
}

/// Who a person is at DingTalk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DingUser {
    pub(crate) userid: String,
    pub(crate) unionid: String,
}

/// By what a person is looked up at DingTalk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    UserId(String),
    Mobile(String),
}

/// DingTalk's codes for "no such user": a later change of the person may mend it.
pub(crate) const NO_SUCH_USER: [&str; 5] = ["60121", "40104", "33012", "50002", "invalid_user"];

impl Person {
    /// The binding counts before the mobile.
    pub(crate) fn handle(&self) -> Option<Handle> {
        let bound = self.dingtalk_user_id.clone().map(Handle::UserId);
        bound.or_else(|| self.mobile.as_deref().map(|mobile| Handle::Mobile(local(mobile))))
    }
}

/// DingTalk knows mainland numbers without their country.
fn local(mobile: &str) -> String {
    mobile.strip_prefix("+86").unwrap_or(mobile).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binding_counts_before_the_mobile() {
        let mut person = Person {
            code: "U".to_owned(),
            name: "张三".to_owned(),
            mobile: Some("+8613800138000".to_owned()),
            dingtalk_user_id: None,
            active: true,
            revision: 1,
        };

        assert_eq!(person.handle(), Some(Handle::Mobile("13800138000".to_owned())));
        person.dingtalk_user_id = Some("zhangsan".to_owned());
        assert_eq!(person.handle(), Some(Handle::UserId("zhangsan".to_owned())));
    }
}
