//! The table of all APIs, put together from the tables of the families.

use super::{
    answer::{Gate, Reply},
    call::Call,
    contact, department, message,
    options::App,
    sign_in,
    state::State,
    todo, token,
};
use crate::form::decoded;

const FAMILIES: [&[Api]; 6] =
    [token::APIS, sign_in::APIS, contact::APIS, department::APIS, message::APIS, todo::APIS];

pub(super) struct Api {
    method: &'static str,
    pub(super) pattern: &'static str,
    pub(super) door: Door,
}

/// Who may come in.
pub(super) enum Door {
    /// Anybody; the API itself looks at secrets.
    Open(fn(&mut State, &Call) -> Reply),
    /// An app with a live token that holds this permission.
    App { scope: Option<&'static str>, run: fn(&mut State, &App, &Call) -> Reply },
}

type Handler = fn(&mut State, &App, &Call) -> Reply;

impl Api {
    pub(super) const fn open(
        method: &'static str,
        pattern: &'static str,
        run: fn(&mut State, &Call) -> Reply,
    ) -> Api {
        Api { method, pattern, door: Door::Open(run) }
    }

    pub(super) const fn free(method: &'static str, pattern: &'static str, run: Handler) -> Api {
        Api { method, pattern, door: Door::App { scope: None, run } }
    }

    pub(super) const fn granted(
        method: &'static str,
        pattern: &'static str,
        scope: &'static str,
        run: Handler,
    ) -> Api {
        Api { method, pattern, door: Door::App { scope: Some(scope), run } }
    }

    /// The name in the counters.
    pub(super) fn label(&self) -> String {
        match self.method {
            "GET" | "POST" => self.pattern.to_owned(),
            method => format!("{method} {}", self.pattern),
        }
    }
}

/// Finds the API of a call and notes what stands in the pattern's braces.
pub(super) fn find(call: &mut Call) -> Result<&'static Api, Gate> {
    let mut refusal = Gate::UnknownApi;
    for api in FAMILIES.into_iter().flatten() {
        let Some(params) = params(api.pattern, &call.path) else { continue };
        if api.method == call.method {
            call.params = params;
            return Ok(api);
        }
        refusal = if api.method == "GET" { Gate::NeedsGet } else { Gate::NeedsPost };
    }
    Err(refusal)
}

fn params(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        let segment = segments.next()?;
        match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if segment.is_empty() => return None,
            Some(name) => found.push((name, decoded(segment))),
            None if part == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(found)
}
