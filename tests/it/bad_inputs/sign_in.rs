//! The cases about signing in: each needs a browser, an ERP that misbehaves, or a session first.

use std::time::{Duration, Instant};

use fakes::odoo::{Control, Fault};
use futures_util::StreamExt;
use futures_util::future::join_all;
use reqwest::Url;
use serde_json::{Value, json};
use tests::{Answered, Visitor, Walk, World, eventually, onward};

use super::case::{Answer, Case, Request};

const ME: &str = "/aflow/api/oauth2/me";
const REFRESH: &str = "/aflow/api/oauth2/refresh";
const LOGOUT: &str = "/aflow/api/oauth2/logout";

/// Races run side by side.
const AT_ONCE: usize = 4;

/// The addresses whose cases run here; the ERP's own stand for what it answers.
pub(super) const SERVED: [&str; 4] = [
    "GET /aflow/api/oauth2/callback",
    "POST /aflow/api/oauth2/refresh",
    "POST /odoo/api/oauth2/token",
    "POST /odoo/api/oauth2/userinfo",
];

/// The differences of a case about signing in; nothing for all others.
pub(super) async fn run(case: &Case) -> Option<Vec<String>> {
    let endpoint = format!("{} {}", case.method, case.path);
    if !SERVED.contains(&endpoint.as_str()) {
        return None;
    }
    let world = World::start().await.with_people().await.with_odoo().await.with_dingtalk().await;
    let story = Story { case, world, program: Visitor::new() };
    let differing = match case.id.as_str() {
        "CB-002" | "CB-003" => story.callback(&Visitor::new(), &story.filled("s", "c"), 0).await,
        "CB-004" => story.foreign().await,
        "CB-007" => story.race_of_callbacks().await,
        "CB-008" => story.replayed().await,
        id if id.starts_with("CB-") => story.begun().await,
        "RT-007" => story.reused().await,
        "RT-008" => story.in_grace().await,
        "RT-010" => story.race_of_refreshes().await,
        "RT-013" => story.refresh_against_logout().await,
        "RT-025" => story.flood().await,
        "RT-026" => story.cross_site().await,
        id if id.starts_with("RT-") => story.refused().await,
        "ERPO-003" => {
            story.faults(tokens([Fault::Redirect("http://169.254.169.254/".into())])).await
        }
        "ERPO-004" => story.faults(tokens([Fault::Huge, Fault::Drip])).await,
        "ERPO-006" => story.faults(tokens(access_tokens())).await,
        "ERPO-009" => story.faults(tokens([said(401, "invalid_client")])).await,
        "ERPO-010" => story.faults(tokens([said(400, "invalid_grant")])).await,
        "ERPO-012" => story.faults(people(user_ids())).await,
        "ERPU-001" => story.faults(people([said(401, "invalid_token")])).await,
        "ERPU-003" => story.spellings().await,
        "ERPU-004" => story.two_people().await,
        other => vec![format!("{other} is a case nobody has told how to run")],
    };
    Some(differing)
}

struct Story<'a> {
    case: &'a Case,
    world: World,
    /// Has no cookies. One for all requests: making it takes long enough to miss a grace.
    program: Visitor,
}

impl Story<'_> {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.world.gateway())
    }

    fn differs(&self, what: &str) -> Vec<String> {
        vec![format!("{}: {what}", self.case.id)]
    }

    /// The case's query with its placeholders filled.
    fn filled(&self, state: &str, code: &str) -> String {
        let query = self.case.input["query"].as_str().unwrap();
        let query = query.replace("$STATE_OTHER_BROWSER", state).replace("$STATE2", state);
        let query = query.replace("$STATE", state).replace("$USED", code);
        format!("{}?{}", self.world.callback_url(), query.replace("$A8K", &"A".repeat(8192)))
    }

    /// A state that this browser began, whose login at the ERP is not finished.
    async fn state(&self, visitor: &Visitor) -> String {
        let answered = visitor.get(&self.world.login_url("/")).await;
        let to = Url::parse(&onward(&self.world.login_url("/"), &answered).unwrap()).unwrap();
        to.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
    }

    /// Visits a callback that must lead to the error page, with so many calls to the ERP at most.
    async fn callback(&self, visitor: &Visitor, address: &str, calls: usize) -> Vec<String> {
        let answered = visitor.get(address).await;
        let mut differing = self.judged(&answered);
        let to = onward(address, &answered).unwrap_or_default();
        if !to.starts_with(&self.at("/aflow/api/oauth2/error")) {
            differing.extend(self.differs(&format!("it leads to {to:?}")));
        }
        if to.contains("script") || visitor.cookie("aiflow_session").is_some() {
            differing.extend(self.differs(&format!("{to:?}, cookies {:?}", visitor.lines())));
        }
        if self.world.odoo().token_calls() > calls {
            differing.extend(self.differs("the ERP was asked"));
        }
        differing
    }

    fn judged(&self, answered: &Answered) -> Vec<String> {
        let answer = Answer { http: i64::from(answered.http), body: answered.body.clone() };
        let request = Request { path: self.case.path.clone(), body: Vec::new() };
        self.case.judge(&answer, 0, &request).into_iter().collect()
    }

    /// A callback of one's own state. Only a code that may be one is shown to the ERP.
    async fn begun(&self) -> Vec<String> {
        let visitor = Visitor::new();
        let state = self.state(&visitor).await;
        let calls = usize::from(self.case.id == "CB-014");
        let mut differing = self.callback(&visitor, &self.filled(&state, "c"), calls).await;
        let shown = visitor.walk(&self.filled(&state, "c")).await.last;
        if shown.body.as_str().is_none_or(|html| html.contains("<script")) {
            differing.extend(self.differs("the page shows what it was told"));
        }
        differing
    }

    async fn foreign(&self) -> Vec<String> {
        let (owner, other) = (Visitor::new(), Visitor::new());
        let state = self.state(&owner).await;
        self.state(&other).await;
        self.callback(&other, &self.filled(&state, "c"), 0).await
    }

    /// Signs in up to the callback, which is not visited; gives its address.
    async fn kept_back(&self, visitor: &Visitor) -> String {
        let page = visitor.walk(&self.world.login_url("/")).await;
        let signed_in = visitor.sign_in_on(&page, "lisi").await;
        let next = onward(page.visited.last().unwrap(), &signed_in).unwrap();
        let ours = self.world.callback_url();
        let walk = visitor.walk_until(&next, |next| next.starts_with(&ours)).await;
        onward(walk.visited.last().unwrap(), &walk.last).unwrap()
    }

    async fn race_of_callbacks(&self) -> Vec<String> {
        let visitor = Visitor::new();
        let address = self.kept_back(&visitor).await;
        let copies: Vec<Visitor> = (0..50).map(|_| visitor.copied()).collect();
        let answers = join_all(copies.iter().map(|copy| copy.get(&address))).await;
        let mut differing: Vec<String> =
            answers.iter().flat_map(|answered| self.judged(answered)).collect();
        let found = copies.iter().filter(|copy| copy.cookie("aiflow_session").is_some()).count();
        let calls = self.world.odoo().token_calls();
        if (found, calls) != (1, 1) {
            differing.extend(self.differs(&format!("{found} sessions, {calls} token calls")));
        }
        differing
    }

    async fn replayed(&self) -> Vec<String> {
        let visitor = Visitor::new();
        let address = self.kept_back(&visitor).await;
        visitor.get(&address).await;
        let code = Url::parse(&address).unwrap();
        let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let state = self.state(&visitor).await;
        let answered = visitor.get(&self.filled(&state, &code)).await;
        let mut differing = self.judged(&answered);
        let me = visitor.get(&self.at(ME)).await;
        if me.http != 200 {
            differing.extend(self.differs(&format!("the session is gone: {}", me.body)));
        }
        differing
    }

    async fn signed_in(&self) -> Visitor {
        let visitor = Visitor::new();
        visitor.sign_in(&self.world, "lisi", "/").await;
        assert!(visitor.cookie("aiflow_session").is_some(), "nobody is signed in");
        visitor
    }

    async fn refresh(&self, token: &str) -> Answered {
        self.program.post(&self.at(REFRESH), &json!({"refreshToken": token})).await
    }

    /// One request with the case's body, its placeholders filled.
    async fn refused(&self) -> Vec<String> {
        let visitor = self.signed_in().await;
        let refresh = visitor.cookie("aiflow_refresh").unwrap();
        let body = self.case.input["body"].to_string();
        let body = body.replace("$ACCESS", &visitor.cookie("aiflow_session").unwrap());
        if body.contains("$EXPIRED") {
            let past =
                "update house_sso.sessions set until = now() - interval '1 second' where tenant = ";
            shared::testing::execute(&format!("{past}'{}'", self.world.tenant)).await;
        }
        let body: Value = serde_json::from_str(&body.replace("$EXPIRED", &refresh)).unwrap();
        let mut differing = self.judged(&self.program.post(&self.at(REFRESH), &body).await);
        if self.case.id != "RT-006" && self.refresh(&refresh).await.status() != 0 {
            differing.extend(self.differs("the real token does not work any more"));
        }
        differing
    }

    /// Refresh tokens of this story's sessions.
    async fn family(&self) -> i64 {
        let rows = format!(
            "select count(*) from house_sso.refresh_tokens r join house_sso.sessions s on s.id = r.session_id \
             where s.tenant = '{}'",
            self.world.tenant
        );
        shared::testing::count(&rows).await
    }

    async fn reused(&self) -> Vec<String> {
        let visitor = self.signed_in().await;
        let first = visitor.cookie("aiflow_refresh").unwrap();
        let second = self.refresh(&first).await.ok()["refreshToken"].as_str().unwrap().to_owned();
        tokio::time::sleep(Duration::from_secs(6)).await;
        let mut differing = self.judged(&self.refresh(&first).await);
        let newest = self.refresh(&second).await;
        if newest.code() != "INVALID_GRANT" {
            differing.extend(self.differs(&format!("the newest token works: {}", newest.body)));
        }
        let began = Instant::now();
        while visitor.get(&self.at(ME)).await.http == 200 {
            if began.elapsed() > Duration::from_secs(5) {
                differing.extend(self.differs("the access token works after 5 s"));
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        eventually("the person is told", || async {
            (!self.world.dingtalk.inbox().is_empty()).then_some(())
        })
        .await;
        differing
    }

    async fn in_grace(&self) -> Vec<String> {
        let token = self.signed_in().await.cookie("aiflow_refresh").unwrap();
        let first = self.refresh(&token).await.ok();
        let second = self.refresh(&token).await;
        let mut differing = self.judged(&second);
        if second.body["data"]["refreshToken"] != first["refreshToken"] {
            differing.extend(self.differs("another successor"));
        }
        differing
    }

    async fn race_of_refreshes(&self) -> Vec<String> {
        let token = self.signed_in().await.cookie("aiflow_refresh").unwrap();
        let answers = join_all((0..100).map(|_| self.refresh(&token))).await;
        let mut differing: Vec<String> =
            answers.iter().flat_map(|answered| self.judged(answered)).collect();
        let successor = &answers[0].body["data"]["refreshToken"];
        if answers.iter().any(|answered| answered.body["data"]["refreshToken"] != *successor) {
            differing.extend(self.differs("several successors"));
        }
        let rows = self.family().await;
        if rows != 2 {
            differing.extend(self.differs(&format!("{rows} rows in the family")));
        }
        differing
    }

    async fn refresh_against_logout(&self) -> Vec<String> {
        let races = 0..self.case.input["repeat"].as_u64().unwrap();
        // Whom the ERP knows already need not type a password.
        let known = self.signed_in().await;
        for cookie in ["aiflow_session", "aiflow_refresh", "aiflow_csrf"] {
            known.drop_cookie(cookie);
        }
        let run = |race| self.race_of_refresh_and_logout(race, known.copied());
        futures_util::stream::iter(races.map(run)).buffer_unordered(AT_ONCE).concat().await
    }

    async fn race_of_refresh_and_logout(&self, race: u64, visitor: Visitor) -> Vec<String> {
        let walk = visitor.sign_in(&self.world, "lisi", "/").await;
        let Some(token) = visitor.cookie("aiflow_refresh") else {
            return self.differs(&format!("race {race}: nobody is signed in: {walk:?}"));
        };
        let (logout, body) = (self.at(LOGOUT), json!({}));
        let (refreshed, out) = tokio::join!(self.refresh(&token), visitor.post(&logout, &body));
        out.ok();
        let mut tokens = vec![token];
        tokens.extend(refreshed.body["data"]["refreshToken"].as_str().map(str::to_owned));
        let mut differing = Vec::new();
        for token in tokens {
            let what = self.judged(&self.refresh(&token).await);
            differing.extend(what.into_iter().map(|what| format!("race {race}: {what}")));
        }
        differing
    }

    /// At a gateway with the limits that everybody has.
    async fn flood(&self) -> Vec<String> {
        let address = format!("{}{REFRESH}", self.world.strict_gateway());
        let body = json!({"refreshToken": "wrong"});
        let sent = (0..60).map(|_| self.program.post(&address, &body));
        let answers = join_all(sent).await;
        match answers.iter().find(|answered| answered.http == 429) {
            Some(answered) => self.judged(answered),
            None => self.differs("60 wrong tokens at once were all looked at"),
        }
    }

    async fn cross_site(&self) -> Vec<String> {
        let visitor = self.signed_in().await;
        let token = visitor.cookie("aiflow_refresh").unwrap();
        let mut request = visitor.request("POST", &self.at(REFRESH)).body("{}");
        for (name, value) in self.case.input["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let mut differing = self.judged(&visitor.send(request).await);
        if visitor.cookie("aiflow_refresh") != Some(token.clone()) {
            differing.extend(self.differs("the token was rotated"));
        }
        if self.family().await != 1 {
            differing.extend(self.differs("a successor was written"));
        }
        differing
    }

    /// Each of these ends on the error page, and nobody is signed in.
    async fn faults(&self, controls: Vec<Control>) -> Vec<String> {
        let mut differing = Vec::new();
        for control in controls {
            let said: String = format!("{control:?}").chars().take(300).collect();
            self.world.odoo().control(Control { reset: true, ..control });
            let visitor = Visitor::new();
            let began = Instant::now();
            let walk: Walk = visitor.sign_in(&self.world, "lisi", "/").await;
            let to = onward(walk.visited.last().unwrap(), &walk.last).unwrap_or_default();
            let is_error = to.starts_with(&self.at("/aflow/api/oauth2/error"));
            if !is_error || visitor.cookie("aiflow_session").is_some() {
                differing.extend(self.differs(&format!("{said} leads to {to:?}")));
            }
            if began.elapsed() > Duration::from_secs(16) {
                differing.extend(self.differs(&format!("{said} took {:?}", began.elapsed())));
            }
        }
        differing
    }

    /// Numbers count as text, telephones are digits with signs between, full-width is nothing.
    async fn spellings(&self) -> Vec<String> {
        let mut differing = Vec::new();
        for (over, expected) in [
            (json!({"userId": "ERP-0", "phoneNumber": "+86-13800138001"}), true),
            (json!({"userId": "ERP-1", "phoneNumber": "138 0013 8001"}), true),
            (json!({"userId": "ERP-2", "phoneNumber": 13_800_138_001_u64}), true),
            (json!({"userId": 1_000_001, "phoneNumber": "13800138001"}), true),
            (json!({"userId": "ERP-3", "phoneNumber": "１３８００１３８００１"}), false),
        ] {
            let userinfo = Some(Fault::Merge(over.clone()));
            self.world.odoo().control(Control { reset: true, userinfo, ..Control::default() });
            let visitor = Visitor::new();
            visitor.sign_in(&self.world, "lisi", "/").await;
            if visitor.cookie("aiflow_session").is_some() != expected {
                differing.extend(self.differs(&format!("{over}: wanted {expected}")));
            }
        }
        differing
    }

    async fn two_people(&self) -> Vec<String> {
        let visitor = self.signed_in().await;
        let first = visitor.copied();
        self.world.odoo().control(Control { sign_out: true, ..Control::default() });
        visitor.sign_in(&self.world, "zhangsan", "/").await;
        let now = visitor.get(&self.at(ME)).await;
        let before = first.get(&self.at(ME)).await;
        let fits = now.body["data"]["userCode"] == "USER001" && before.http == 401;
        if fits { Vec::new() } else { self.differs(&format!("{} {}", now.body, before.body)) }
    }
}

fn tokens(faults: impl IntoIterator<Item = Fault>) -> Vec<Control> {
    let control = |fault| Control { token: Some(fault), ..Control::default() };
    faults.into_iter().map(control).collect()
}

fn people(faults: impl IntoIterator<Item = Fault>) -> Vec<Control> {
    let control = |fault| Control { userinfo: Some(fault), ..Control::default() };
    faults.into_iter().map(control).collect()
}

fn said(status: u16, error: &str) -> Fault {
    Fault::Say { status, body: json!({"error": error}) }
}

fn access_tokens() -> Vec<Fault> {
    let each = [json!(""), json!(7), json!("a".repeat(1024 * 1024)), json!("a\r\nX-Evil: 1")];
    each.into_iter().map(|token| Fault::Merge(json!({"accessToken": token}))).collect()
}

/// Nothing else to know somebody by.
fn user_ids() -> Vec<Fault> {
    let each = [" USER002", "USER002 ", "user002", "USER002😀", "USER002\u{0}"];
    let mut each: Vec<String> = each.into_iter().map(str::to_owned).collect();
    each.push("U".repeat(300));
    let only = |id: String| Fault::Merge(json!({"userId": id, "phoneNumber": null, "email": null}));
    each.into_iter().map(only).collect()
}
