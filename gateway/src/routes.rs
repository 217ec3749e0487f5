//! ONE table: address → who may call, which service answers, how large the body may be.

use std::collections::HashMap;

use actix_web::http::Method;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The services behind the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Flow,
    Task,
    Sync,
    /// Signing in and sessions.
    Sso,
    /// A page of the gateway's own.
    Home,
    /// Documented, not offered yet: NOT_SUPPORTED after the caller is known.
    Later,
}

/// Who may call an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// An application that signed the request.
    Application,
    /// An application that signed the request, or a person with a session.
    Both,
    /// Anybody.
    Anyone,
}

/// How an address must be treated beside that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As often as wanted; asking twice has no second effect.
    Plain,
    /// As Plain, but something is guessed at here: counted more tightly.
    Guessable,
    /// Counted more tightly, and never repeated by us: it uses up what is good once.
    SignIn,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) who: Who,
    pub(crate) manner: Manner,
    pub(crate) body_max_bytes: usize,
}

/// `(method, path, target)` of the addresses that applications sign.
const SIGNED: &[(&str, &str, Target)] = &[
    ("POST", "/aflow/api/sys/sync/department", Target::Sync),
    ("POST", "/aflow/api/sys/sync/user", Target::Sync),
    ("POST", "/aflow/api/sys/sync/dingtalk", Target::Later),
    ("POST", "/aflow/api/auth/bind", Target::Sync),
    ("GET", "/aflow/api/sys/department/tree", Target::Sync),
    ("GET", "/aflow/api/sys/user/page", Target::Sync),
    ("POST", "/aflow/api/flow/create_third_party", Target::Flow),
    ("POST", "/aflow/api/flow/online_third_party", Target::Flow),
    ("POST", "/aflow/api/flow/create", Target::Flow),
    ("PUT", "/aflow/api/flow/update", Target::Flow),
    ("POST", "/aflow/api/flow/publish", Target::Flow),
    ("POST", "/aflow/api/flow/message", Target::Flow),
    ("POST", "/aflow/api/flow/signal", Target::Flow),
    ("POST", "/aflow/api/form/sync", Target::Flow),
    ("POST", "/aflow/api/order/sync/task", Target::Task),
    ("POST", "/aflow/api/order/check", Target::Task),
    ("POST", "/aflow/api/order/approval/log", Target::Task),
    ("POST", "/aflow/api/task/handover", Target::Flow),
];

/// The task centre and orders: an application signs and names a person, a person has a session.
const BOTH: &[(&str, &str, Target)] = &[
    ("POST", "/aflow/api/order/start", Target::Flow),
    ("POST", "/aflow/api/order/cancel", Target::Flow),
    ("GET", "/aflow/api/order/tasks", Target::Flow),
    ("GET", "/aflow/api/order/variables", Target::Flow),
    ("PUT", "/aflow/api/order/variables", Target::Flow),
    ("GET", "/aflow/api/order/history", Target::Flow),
    ("GET", "/aflow/api/order/forecast", Target::Flow),
    ("POST", "/aflow/api/order/recall", Target::Task),
    ("GET", "/aflow/api/order/detail", Target::Task),
    ("GET", "/aflow/api/task/todo", Target::Task),
    ("GET", "/aflow/api/task/done", Target::Task),
    ("GET", "/aflow/api/task/cc", Target::Task),
    ("GET", "/aflow/api/task/initiated", Target::Task),
    ("GET", "/aflow/api/task/summary", Target::Task),
    ("POST", "/aflow/api/task/read", Target::Task),
    ("POST", "/aflow/api/task/complete", Target::Task),
    ("POST", "/aflow/api/task/pass", Target::Task),
    ("POST", "/aflow/api/task/reject", Target::Task),
    ("POST", "/aflow/api/task/rebut", Target::Task),
    ("POST", "/aflow/api/task/transfer", Target::Task),
    ("POST", "/aflow/api/task/delegate", Target::Task),
    ("POST", "/aflow/api/task/add_sign", Target::Task),
    ("POST", "/aflow/api/task/remove_sign", Target::Task),
    ("POST", "/aflow/api/task/claim", Target::Task),
    ("POST", "/aflow/api/task/release", Target::Task),
    ("POST", "/aflow/api/task/take_back", Target::Task),
    ("POST", "/aflow/api/task/copy", Target::Task),
    ("POST", "/aflow/api/task/urge", Target::Task),
    ("POST", "/aflow/api/task/comment", Target::Task),
    ("GET", "/aflow/api/task/return_targets", Target::Flow),
    ("GET", "/aflow/api/user/absence", Target::Flow),
    ("POST", "/aflow/api/user/absence", Target::Flow),
    ("POST", "/aflow/api/user/absence/cancel", Target::Flow),
];

/// Addresses that nobody signs. The legacy doors follow.
const OPEN: &[(&str, &str, Target, Manner)] = &[
    ("GET", "/", Target::Home, Manner::Plain),
    ("GET", "/aflow/api/oauth2/login", Target::Sso, Manner::SignIn),
    ("GET", "/aflow/api/oauth2/callback", Target::Sso, Manner::SignIn),
    ("GET", "/aflow/api/oauth2/error", Target::Sso, Manner::Plain),
    ("POST", "/aflow/api/oauth2/refresh", Target::Sso, Manner::Guessable),
    ("POST", "/aflow/api/oauth2/logout", Target::Sso, Manner::Plain),
    ("GET", "/aflow/api/oauth2/jwks", Target::Sso, Manner::Plain),
    ("GET", "/aflow/api/oauth2/me", Target::Sso, Manner::Plain),
    ("GET", "/aflow/api/oauth2/dingtalk/login", Target::Sso, Manner::SignIn),
    ("GET", "/aflow/api/oauth2/dingtalk/callback", Target::Sso, Manner::SignIn),
];

/// The legacy doors, GET and POST each.
const LEGACY: &[&str] = &[
    "/flow/launch",
    "/flow/onAudit",
    "/flow/relaunch",
    "/flow/discard",
    "/flow/urgent",
    "/message/taskNotify",
    "/dataSync/create",
    "/dataSync/update",
    "/dataSync/job",
    "/dingtalk/department/getTree",
    "/dingtalk/user/getByDepartmentId",
    "/dingtalk/attendance/getByUserId",
];

/// What an address came to.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Route(&'a Route),
    /// The address exists, with these methods.
    OtherMethod(&'a str),
    Nothing,
}

struct Address {
    routes: Vec<Route>,
    allow: String,
}

/// The table, ready for look-ups by the exact path as it was sent: a path that only becomes an
/// address once it is decoded or tidied up is not one.
pub(crate) struct Table(HashMap<&'static str, Address>);

impl Table {
    pub(crate) fn new() -> Self {
        let mut addresses: HashMap<&'static str, Address> = HashMap::new();
        let mut add = |method: &str, path: &'static str, target, who, manner| {
            let body_max_bytes = match target {
                Target::Sso => 64 * KIB,
                Target::Sync | Target::Later if path.starts_with("/aflow/api/sys/sync/") => 8 * MIB,
                Target::Flow | Target::Task | Target::Sync | Target::Home | Target::Later => MIB,
            };
            let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::POST);
            let address = addresses
                .entry(path)
                .or_insert(Address { routes: Vec::new(), allow: String::new() });
            if !address.allow.is_empty() {
                address.allow.push_str(", ");
            }
            address.allow.push_str(method.as_str());
            address.routes.push(Route { method, target, who, manner, body_max_bytes });
        };
        for (method, path, target) in SIGNED {
            add(method, path, *target, Who::Application, Manner::Plain);
        }
        for (method, path, target) in BOTH {
            add(method, path, *target, Who::Both, Manner::Plain);
        }
        for (method, path, target, manner) in OPEN {
            add(method, path, *target, Who::Anyone, *manner);
        }
        for path in LEGACY {
            add("GET", path, Target::Later, Who::Anyone, Manner::Plain);
            add("POST", path, Target::Later, Who::Anyone, Manner::Plain);
        }
        Self(addresses)
    }

    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let Some(address) = self.0.get(path) else { return Found::Nothing };
        match address.routes.iter().find(|route| route.method == method) {
            Some(route) => Found::Route(route),
            None => Found::OtherMethod(&address.allow),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_path_is_an_address() {
        let table = Table::new();

        assert!(matches!(table.find(&Method::POST, "/aflow/api/order/sync/task"), Found::Route(_)));
        for path in [
            "//aflow/api/order/sync/task",
            "/aflow/api/order/sync/task/",
            "/aflow/api/order/sync%2ftask",
            "/AFLOW/api/order/sync/task",
            "",
        ] {
            assert!(matches!(table.find(&Method::POST, path), Found::Nothing), "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_ones_exist() {
        let table = Table::new();

        let Found::OtherMethod(allow) = table.find(&Method::DELETE, "/aflow/api/order/variables")
        else {
            panic!("DELETE should not be a method");
        };

        assert_eq!(allow, "GET, PUT");
    }
}
