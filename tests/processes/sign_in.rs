//! kill -9 of sso-service between the steps of a sign-in: what is there is whole, and trying again works.

use std::time::Duration;

use fakes::odoo::{Control, Fault, Odoo, Options};
use serde_json::json;
use tests::{Answered, Visitor, onward};

use super::house::{House, ODOO_SECRET};
use super::world::World;
use super::{pause, say, until};

const CALLBACK: &str = "/aflow/api/oauth2/callback";
const ME: &str = "/aflow/api/oauth2/me";
const REFRESH: &str = "/aflow/api/oauth2/refresh";

/// An enterprise whose people sign in at an ERP in this process.
struct Story<'a> {
    house: &'a House,
    world: World,
    odoo: Odoo,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_sso_between_the_steps_of_a_sign_in_leaves_nothing_half_done() {
    let house = House::start("sign_in").await;
    let story = Story::begin(&house).await;

    say("after the redirect to the ERP");
    let visitor = Visitor::new();
    let callback = story.kept_back(&visitor).await;
    story.kill_and_restart().await;
    let answered = visitor.get(&callback).await;
    assert!(story.leads_home(&callback, &answered), "{answered:?}");
    story.count_sessions(1).await;

    for (signed_in, what, control) in [
        (1, "while the ERP is asked for tokens", slow_tokens()),
        (2, "while the ERP is asked who it is", slow_people()),
    ] {
        say(what);
        let visitor = Visitor::new();
        let callback = story.kept_back(&visitor).await;
        story.odoo.control(Control { reset: true, ..control });
        let asked = tokio::join!(visitor.get(&callback), story.kill_in_the_middle()).0;
        assert!(!story.leads_home(&callback, &asked), "{asked:?}");
        story.odoo.control(Control { reset: true, ..Control::default() });
        let again = visitor.get(&callback).await;
        assert!(!story.leads_home(&callback, &again), "a used state opened a session: {again:?}");
        assert_eq!(visitor.cookie("aiflow_session"), None);
        story.count_sessions(signed_in).await;
        story.signs_in(&visitor).await;
        story.count_sessions(signed_in + 1).await;
    }

    say("after the session was opened, and after it was refreshed");
    let visitor = Visitor::new();
    story.signs_in(&visitor).await;
    story.kill_and_restart().await;
    visitor.get(&story.at(ME)).await.ok();
    let body = json!({"refreshToken": visitor.cookie("aiflow_refresh").unwrap()});
    let first = Visitor::new().post(&story.at(REFRESH), &body).await.ok();
    story.kill_and_restart().await;
    let next = json!({"refreshToken": first["refreshToken"]});
    Visitor::new().post(&story.at(REFRESH), &next).await.ok();
    visitor.get(&story.at(ME)).await.ok();
    story.count_sessions(4).await;

    let mut secrets = story.odoo.secrets();
    secrets.extend(["aiflow_session", "aiflow_refresh"].map(|name| visitor.cookie(name).unwrap()));
    for secret in secrets {
        let found = house.logged(&secret);
        assert!(found.is_empty(), "{secret:.8}… is in {:?}", found.first());
    }
    house.close().await;
}

fn slow_tokens() -> Control {
    Control { token: Some(Fault::Slow(4_000)), ..Control::default() }
}

fn slow_people() -> Control {
    Control { userinfo: Some(Fault::Slow(4_000)), ..Control::default() }
}

impl<'a> Story<'a> {
    async fn begin(house: &'a House) -> Self {
        let world = World::start(house).await;
        let mut options = Options::demo();
        ODOO_SECRET.clone_into(&mut options.client.secret);
        let odoo = Odoo::start(options).await.unwrap();
        let story = Self { house, world, odoo };
        story.odoo.register(&story.at(CALLBACK));
        let provider = json!({
            "enterpriseCode": story.world.tenant, "authorizeUrl": story.odoo.authorize_url(),
            "tokenUrl": story.odoo.token_url(), "userinfoUrl": story.odoo.userinfo_url(),
            "clientId": "aiflow", "clientSecret": ODOO_SECRET, "scope": "openid", "bindByEmail": false,
            "autoCreate": false, "dialect": "json", "pkce": true,
        });
        house.admin("/provider", provider).await;
        story
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.house.address("gateway"))
    }

    /// Up to the ERP's redirect to the callback, which is not followed; gives its address.
    async fn kept_back(&self, visitor: &Visitor) -> String {
        let ours = self.at(CALLBACK);
        let begin = format!("/aflow/api/oauth2/login?enterprise={}&return_to=/", self.world.tenant);
        let begin = self.at(&begin);
        let walk = visitor.walk_until(&begin, |next| next.starts_with(&ours)).await;
        let here = walk.visited.last().unwrap();
        if let Some(callback) = onward(here, &walk.last) {
            return callback;
        }
        let signed_in = visitor.sign_in_on(&walk, "lisi").await;
        let next = onward(here, &signed_in).unwrap();
        let walk = visitor.walk_until(&next, |next| next.starts_with(&ours)).await;
        onward(walk.visited.last().unwrap(), &walk.last).unwrap()
    }

    async fn signs_in(&self, visitor: &Visitor) {
        let callback = self.kept_back(visitor).await;
        let answered = visitor.get(&callback).await;
        assert!(self.leads_home(&callback, &answered), "{answered:?}");
        assert_eq!(visitor.get(&self.at(ME)).await.ok()["userCode"], "USER002");
    }

    fn leads_home(&self, callback: &str, answered: &Answered) -> bool {
        onward(callback, answered) == Some(self.at("/"))
    }

    async fn kill_and_restart(&self) {
        self.house.kill9("sso");
        self.house.start_again("sso");
        self.house.wait_until_ready("sso").await;
        self.is_reached().await;
    }

    async fn kill_in_the_middle(&self) {
        pause(1_500).await;
        self.kill_and_restart().await;
    }

    /// The gateway may still hold connections to the one that was killed.
    async fn is_reached(&self) {
        until(Duration::from_secs(10), "sso-service is reached again", || async {
            let answered = Visitor::new().get(&self.at("/aflow/api/oauth2/jwks")).await;
            if answered.http == 200 { Ok(()) } else { Err(format!("{answered:?}")) }
        })
        .await;
    }

    /// Every session has its refresh tokens, and there are as many as people have signed in.
    async fn count_sessions(&self, wanted: i64) {
        assert_eq!(self.house.count("select count(*) from sso.sessions").await, wanted);
        let families = "select count(distinct session_id) from sso.refresh_tokens";
        assert_eq!(self.house.count(families).await, wanted);
    }
}
