//! A person's browser as far as HTTP goes: a cookie jar, and redirects one at a time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{CONNECTION, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Url};
use serde_json::Value;
use shared::testing::Answered;

use crate::World;

/// More redirects than any sign-in has.
const MOST_STEPS: usize = 12;

/// One browser. All cookies go everywhere, because every server of a test is on one host.
pub struct Visitor {
    http: reqwest::Client,
    jar: Mutex<BTreeMap<String, String>>,
    set: Mutex<Vec<String>>,
}

/// The way through some redirects.
#[derive(Debug)]
pub struct Walk {
    /// Every address asked for, in order.
    pub visited: Vec<String>,
    /// What the last one answered.
    pub last: Answered,
}

impl Visitor {
    /// A browser that has never been anywhere.
    #[expect(clippy::new_without_default, reason = "a browser is opened, it is no value")]
    pub fn new() -> Self {
        let http = shared::http::client::new(Duration::from_secs(30)).unwrap();
        Self { http, jar: Mutex::default(), set: Mutex::default() }
    }

    /// A cookie's value, if it is set.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    /// Every `Set-Cookie` line so far.
    pub fn lines(&self) -> Vec<String> {
        self.set.lock().unwrap().clone()
    }

    /// Puts a cookie in, as a thief would.
    pub fn put(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Forgets a cookie.
    pub fn drop_cookie(&self, name: &str) {
        self.jar.lock().unwrap().remove(name);
    }

    /// Another browser with the same cookies. Cheap: making a client takes 30 ms in a debug build.
    pub fn copied(&self) -> Self {
        let jar = Mutex::new(self.jar.lock().unwrap().clone());
        Self { http: self.http.clone(), jar, set: Mutex::default() }
    }

    /// Gets one address, without following a redirect.
    pub async fn get(&self, url: &str) -> Answered {
        self.send(self.http.get(url)).await
    }

    /// Sends a form.
    pub async fn submit(&self, url: &str, form: &[(&str, &str)]) -> Answered {
        self.send(self.http.post(url).form(form)).await
    }

    /// Sends JSON, with the header against forged requests where its cookie is there.
    pub async fn post(&self, url: &str, body: &Value) -> Answered {
        let mut request = self.http.post(url).json(body);
        if let Some(token) = self.cookie("aiflow_csrf") {
            request = request.header("X-CSRF-Token", token);
        }
        self.send(request).await
    }

    /// A request to send with [`send`](Self::send).
    pub fn request(&self, method: &str, url: &str) -> RequestBuilder {
        self.http.request(reqwest::Method::from_bytes(method.as_bytes()).unwrap(), url)
    }

    /// Sends with this browser's cookies, and keeps those that come back. Each time on a connection of
    /// its own: a kept one may be closed at the moment it is used again.
    pub async fn send(&self, request: RequestBuilder) -> Answered {
        let request = request.header(CONNECTION, "close");
        let cookies: Vec<String> = {
            let jar = self.jar.lock().unwrap();
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        let request =
            if cookies.is_empty() { request } else { request.header("Cookie", cookies.join("; ")) };
        let answered = Answered::read(request.send().await.unwrap()).await;
        for line in answered.headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().unwrap());
        }
        answered
    }

    /// Gets an address and whatever it redirects to.
    pub async fn walk(&self, url: &str) -> Walk {
        self.walk_until(url, |_| false).await
    }

    /// Gets an address and whatever it redirects to, but not what `stop` holds of.
    pub async fn walk_until(&self, url: &str, stop: impl Fn(&str) -> bool) -> Walk {
        let mut visited = vec![url.to_owned()];
        let mut last = self.get(url).await;
        while let Some(next) = onward(visited.last().unwrap(), &last) {
            assert!(visited.len() < MOST_STEPS, "these redirects do not end: {visited:?}");
            if stop(&next) {
                break;
            }
            last = self.get(&next).await;
            visited.push(next);
        }
        Walk { visited, last }
    }

    /// Signs in at the fake ERP with a user name of its demo, wherever its login page was reached.
    pub async fn sign_in_on(&self, page: &Walk, username: &str) -> Answered {
        let form = |redirect: &str| {
            let password = format!("{username}-password");
            [
                ("login", username.to_owned()),
                ("password", password),
                ("redirect", redirect.to_owned()),
            ]
        };
        let here = Url::parse(page.visited.last().unwrap()).unwrap();
        let (_, redirect) = here.query_pairs().find(|(name, _)| name == "redirect").unwrap();
        let to = here.join("/web/login").unwrap();
        self.send(self.http.post(to).form(&form(&redirect))).await
    }

    /// From our login address through the fake ERP to where it ends; not further than the first
    /// address after the callback.
    pub async fn sign_in(&self, world: &World, username: &str, return_to: &str) -> Walk {
        let begin = world.login_url(return_to);
        let mut walk = self.walk_until(&begin, |next| world.is_after_callback(next)).await;
        if !walk.visited.last().unwrap().contains("/web/login") {
            return walk;
        }
        let signed_in = self.sign_in_on(&walk, username).await;
        let next = onward(walk.visited.last().unwrap(), &signed_in).unwrap();
        let rest = self.walk_until(&next, |next| world.is_after_callback(next)).await;
        walk.visited.extend(rest.visited);
        Walk { visited: walk.visited, last: rest.last }
    }

    fn keep(&self, line: &str) {
        self.set.lock().unwrap().push(line.to_owned());
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let is_over = attributes.split(';').any(|one| one.trim().eq_ignore_ascii_case("max-age=0"));
        let mut jar = self.jar.lock().unwrap();
        if is_over {
            jar.remove(name);
        } else {
            jar.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Where an answer sends its reader, if it does, as a browser works it out.
pub fn onward(from: &str, answered: &Answered) -> Option<String> {
    if !matches!(answered.http, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answered.headers.get(LOCATION)?.to_str().unwrap();
    Some(Url::parse(from).unwrap().join(location).unwrap().into())
}
