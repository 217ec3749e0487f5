//! The OAuth2 server that others wrote (tests/oauth2-server), in a virtual environment of its own.

use std::path::Path;

use serde_json::{Value, json};
use tests::{Program, World};

/// A running server.
pub(crate) struct Independent(Program);

impl Independent {
    /// Starts it for one world.
    pub(crate) fn start(world: &World) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oauth2-server/server.py");
        Self(Program::start(&script, ["--redirect-uri", &world.callback_url()]))
    }

    /// What `aiflow-admin` says about it: forms, PKCE.
    pub(crate) fn provider(&self, world: &World) -> Value {
        let url = |path: &str| format!("http://127.0.0.1:{}/oauth/{path}", self.0.port);
        json!({
            "enterpriseCode": world.tenant, "authorizeUrl": url("authorize"), "tokenUrl": url("token"),
            "userinfoUrl": url("userinfo"), "clientId": "aiflow", "clientSecret": "aiflow-client-secret",
            "scope": "openid profile phone email", "bindByEmail": false, "autoCreate": false,
            "dialect": "form", "pkce": true,
        })
    }
}
