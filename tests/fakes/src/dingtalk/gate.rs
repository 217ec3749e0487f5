//! The way of every call: faults on order, then token, permission and rate, then the API.

use super::{
    answer::{self, Answer, Gate, Refusal, Reply},
    call::Call,
    message,
    options::App,
    routes::{self, Api, Door},
    state::State,
    tally::Outcome,
    todo, token,
};

pub(super) fn answer(state: &mut State, mut call: Call) -> Answer {
    let api = routes::find(&mut call);
    let label = api.as_ref().map_or_else(|_| call.path.clone(), |api| api.label());

    if state.faults.down {
        state.calls.note(&label, Outcome::Failed);
        return Answer::Unavailable;
    }
    if state.faults.punishes(&label) {
        state.calls.note(&label, Outcome::Failed);
        return Answer::Page;
    }

    let reply = api.map_err(Refusal::from).and_then(|api| serve(state, api, &label, &call));
    state.calls.note(&label, answer::outcome(&reply));

    let is_send = label == message::SEND || label == todo::CREATE;
    if reply.is_ok() && is_send && state.faults.drops_answer(&label) {
        return Answer::Silence;
    }
    answer::render(&call.path, reply)
}

fn serve(state: &mut State, api: &'static Api, label: &str, call: &Call) -> Reply {
    if state.faults.is_busy(label) {
        return Err(Gate::Busy.into());
    }
    if state.faults.throttles_globally(label) {
        return Err(Gate::GlobalThrottled.into());
    }
    match &api.door {
        Door::Open(run) => run(state, call),
        Door::App { scope, run } => {
            let app = token::owner(state, call)?;
            check_grant(&app, *scope)?;
            admit(state, &app.app_key, api)?;
            run(state, &app, call)
        }
    }
}

fn check_grant(app: &App, scope: Option<&'static str>) -> Result<(), Refusal> {
    match scope {
        Some(scope) if !app.scopes.contains(scope) => {
            Err(Gate::NotGranted { scope, app_key: app.app_key.clone() }.into())
        }
        Some(_) | None => Ok(()),
    }
}

fn admit(state: &mut State, app_key: &str, api: &'static Api) -> Result<(), Refusal> {
    let second = state.clock.second();
    state.throttle.admit(app_key, &api.label(), second, state.options.qps)
}
