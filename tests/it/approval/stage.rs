//! An enterprise in which the lines of the table are played.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::id::{Tenant, UserCode};
use shared::identity::{Actor, Caller, IDENTITY_HEADER, Keys};
use tests::{Answered, World, eventually};

use super::drawing::drawing;
use super::table::{Row, SITUATIONS, Step, step};
use crate::helpers::{DEPARTMENTS, USERS};

/// Everybody but Ghost, who does not exist.
const PEOPLE: [&str; 9] = ["Starter", "First", "Lee", "May", "Noa", "Side", "Last", "Xu", "Yan"];

pub(super) struct Stage {
    world: World,
    drawn: Mutex<BTreeSet<String>>,
}

/// One order while a line is played.
struct Scene<'a> {
    stage: &'a Stage,
    order: i64,
    /// The row on which each person acted last.
    acted: BTreeMap<String, String>,
    /// The row on which anybody did.
    last: String,
}

/// What came of a step.
#[derive(Debug, PartialEq)]
enum Came {
    Applied,
    Same,
    Refused(String),
}

impl Stage {
    pub(super) async fn new() -> Self {
        let world = World::start().await;
        let department = json!({"departments": [{"deptId": "D", "deptName": "D", "parentId": ""}]});
        world.erp().post(DEPARTMENTS, &department).await.ok();
        let user = |name: &&str| json!({"userId": name, "userName": name, "realName": name, "deptId": "D"});
        let users: Vec<Value> = PEOPLE.iter().map(user).collect();
        world.erp().post(USERS, &json!({"users": users})).await.ok();
        Self { world, drawn: Mutex::default() }
    }

    /// Puts the flows of all situations online, unless they are.
    pub(super) async fn draw(&self, on_reject: Option<&str>) {
        if !self.drawn.lock().unwrap().insert(on_reject.unwrap_or_default().to_owned()) {
            return;
        }
        for situation in SITUATIONS {
            let code = code(situation, on_reject);
            let flow = json!({"flowCode": code, "flowName": code, "formSchema": {"components": []},
                "bpmnXml": drawing(situation, on_reject)});
            self.post("/aflow/api/flow/create", &flow).await.ok();
            self.post("/aflow/api/flow/publish", &json!({"flowCode": code})).await.ok();
        }
    }

    /// Plays one cell; what is wrong with it, if anything is.
    pub(super) async fn play(&self, situation: &str, row: &Row, wanted: &str) -> Option<String> {
        let code = code(situation, row.on_reject.as_deref());
        let start = json!({"flowCode": code, "initiator": "Starter"});
        let order = self.post("/aflow/api/order/start", &start).await.ok()["orderId"].as_i64();
        let (acted, last) = Default::default();
        let mut scene = Scene { stage: self, order: order.unwrap(), acted, last };
        let played = scene.play(row, wanted).await;
        let ended = scene.end(wanted).await;
        let wrong = played.and(ended).err()?;
        Some(format!("{situation}, order {}: {}: {wrong}", scene.order, row.text))
    }

    /// Waits when it is told to.
    async fn post(&self, path: &str, body: &Value) -> Answered {
        let erp = self.world.erp();
        eventually("the limit lets the request pass", || async {
            let answered = erp.post(path, body).await;
            (answered.http != 429).then_some(answered)
        })
        .await
    }

    /// What the gateway sends on for a person.
    async fn post_as(&self, who: &str, path: &str, body: &Value) -> Answered {
        let keys = Keys::new(&shared::testing::INTERNAL_KEY.to_owned().into(), Clock::system());
        let actor = Actor::Person(UserCode::stored(who));
        let caller = Caller { tenant: Tenant::stored(self.world.tenant.as_str()), actor };
        let http = shared::http::client::new(std::time::Duration::from_secs(20)).unwrap();
        let request = http.post(format!("{}{path}", self.world.service("task"))).json(body);
        let request = request.header(IDENTITY_HEADER, keys.issue(&caller).unwrap());
        Answered::read(request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Value {
        let erp = self.world.erp();
        let answered = eventually("the limit lets the request pass", || async {
            let answered = erp.get(path).await;
            (answered.http != 429).then_some(answered)
        });
        answered.await.ok()
    }

    /// A person's rows of one order.
    async fn rows(&self, list: &str, who: &str, order: i64) -> Vec<Value> {
        let page = self.get(&format!("/aflow/api/task/{list}?userCode={who}&size=100")).await;
        let rows = page["rows"].as_array().unwrap();
        rows.iter().filter(|row| row["orderId"] == order).cloned().collect()
    }
}

fn code(situation: &str, on_reject: Option<&str>) -> String {
    let word = on_reject.unwrap_or("end").replace(':', "_");
    format!("{situation}_{word}")
}

/// Whether `row` offers this.
fn offers(row: &Value, word: &str) -> bool {
    row["actions"].as_array().unwrap().iter().any(|action| action == word)
}

impl Scene<'_> {
    async fn play(&mut self, row: &Row, wanted: &str) -> Result<(), String> {
        self.step(&step("First pass")).await?;
        self.acted.clear();
        let lee = self.stage.rows("todo", "Lee", self.order).await;
        self.last = id(lee.first().ok_or("Lee is not asked")?);
        let (ending, before) = row.steps.split_last().unwrap();
        for step in before {
            let came = self.step(step).await?;
            if came != Came::Applied {
                return Err(format!("{} {}: {came:?}", step.who, step.what));
            }
        }
        let standing = self.waits().await;
        let came = self.step(ending).await?;
        let found = match came {
            Came::Applied => self.standing().await?,
            Came::Same | Came::Refused(_) if standing != self.waits().await => {
                return Err(format!("nothing was done, but {standing:?} wait no longer"));
            }
            Came::Same => "same".to_owned(),
            Came::Refused(code) => code,
        };
        let sorted = |text: &str| {
            let mut names: Vec<String> = text.split(' ').map(str::to_owned).collect();
            names.sort();
            names
        };
        if sorted(&found) == sorted(wanted) {
            Ok(())
        } else {
            Err(format!("{wanted}, but {found}"))
        }
    }

    /// Everybody passes until the order is over, which must come.
    async fn end(&mut self, wanted: &str) -> Result<(), String> {
        for _ in 0..40 {
            let waits = self.waits().await;
            let Some((task, who)) = waits.first() else { break };
            let body = json!({"taskId": task, "userCode": who});
            let answered = self.stage.post("/aflow/api/task/pass", &body).await;
            if answered.status() != 0 {
                return Err(format!("afterwards {who} cannot pass: {}", answered.body));
            }
        }
        let shown = self.detail().await;
        let result = match wanted {
            "refused" => "reject",
            "recalled" => "revoke",
            _ => "pass",
        };
        let found = (&shown["orderStatus"], &shown["orderResult"]);
        // What was refused or taken back on the way to a code is over, too.
        let is_code =
            wanted.chars().all(|one| one.is_uppercase() || one == '_') || wanted == "same";
        let is_over = *found.0 == "over" && (is_code || *found.1 == result);
        if is_over { Ok(()) } else { Err(format!("in the end it is {found:?}")) }
    }

    async fn detail(&self) -> Value {
        self.stage.get(&format!("/aflow/api/order/detail?orderId={}", self.order)).await
    }

    /// The rows that wait, each with one of its people: a row stands there once for each person.
    async fn waits(&self) -> Vec<(String, String)> {
        let shown = self.detail().await;
        let tasks = shown["tasks"].as_array().unwrap().iter();
        let open = tasks.filter(|task| task["taskStatus"] != "over");
        open.flat_map(|task| {
            let people = task["assignees"].as_array().unwrap();
            people.iter().map(|who| (id(task), who["code"].as_str().unwrap().to_owned()))
        })
        .collect()
    }

    /// For whom the order waits, in the words of the table; the to-do lists must say the same.
    async fn standing(&self) -> Result<String, String> {
        let shown = self.detail().await;
        let waits = self.waits().await;
        for person in PEOPLE {
            let mut rows: Vec<String> =
                self.stage.rows("todo", person, self.order).await.iter().map(id).collect();
            let own = waits.iter().filter(|(_, who)| who == person);
            let mut wanted: Vec<String> = own.map(|(task, _)| task.clone()).collect();
            rows.sort();
            wanted.sort();
            if rows != wanted {
                return Err(format!("{person} sees {rows:?}, but {wanted:?} wait for them"));
            }
        }
        let words = match shown["orderResult"].as_str().unwrap() {
            "pass" => "passed".to_owned(),
            "reject" => "refused".to_owned(),
            "revoke" => "recalled".to_owned(),
            _ => waits.into_iter().map(|(_, who)| who).collect::<Vec<_>>().join(" "),
        };
        Ok(words)
    }

    async fn step(&mut self, step: &Step) -> Result<Came, String> {
        if step.who == "everybody" {
            return self.everybody().await;
        }
        let who = step.who.as_str();
        let open = self.stage.rows("todo", who, self.order).await;
        let row = open.first();
        let (address, body) = self.request(step, row);
        let task = body["taskId"].as_str().map(str::to_owned);
        let offered = self.offered(step, row, task.as_deref()).await;
        let address = format!("/aflow/api/{address}");
        let answered = match step.is_alone {
            true => self.stage.post_as(who, &address, &body).await,
            false => self.stage.post(&address, &body).await,
        };
        let came = match answered.status() {
            0 if answered.body["data"]["applied"] == true => Came::Applied,
            0 => Came::Same,
            _ => Came::Refused(answered.code().to_owned()),
        };
        if came != Came::Same && offered.is_some_and(|offered| offered != (came == Came::Applied)) {
            return Err(format!("{who} {}: {came:?}, but it was offered: {offered:?}", step.what));
        }
        if came == Came::Applied {
            self.is_written(step).await?;
            if let Some(task) = task {
                self.acted.insert(who.to_owned(), task.clone());
                self.last = task;
            }
        }
        Ok(came)
    }

    /// Everybody passes until only Last is asked.
    async fn everybody(&mut self) -> Result<Came, String> {
        for _ in 0..20 {
            let waits = self.waits().await;
            let Some((_, who)) = waits.iter().find(|(_, who)| who != "Last") else { break };
            Box::pin(self.step(&step(&format!("{who} pass")))).await?;
        }
        Ok(Came::Applied)
    }

    /// On their own row, else on the one where they acted last, else where anybody did.
    fn request(&self, step: &Step, row: Option<&Value>) -> (String, Value) {
        let who = step.who.as_str();
        let acted = self.acted.get(who).unwrap_or(&self.last).clone();
        let task = if step.what == "take_back" { acted.clone() } else { row.map_or(acted, id) };
        let mut body = json!({"taskId": task, "userCode": who, "comment": "情况属实"});
        let of_order = |body: &mut Value| {
            body.as_object_mut().unwrap().remove("taskId");
            body["orderId"] = json!(self.order);
        };
        let first = step.how.first().cloned().unwrap_or_default();
        match step.what.as_str() {
            "accept" => {
                body["action"] = json!("accept");
                return ("task/complete".to_owned(), body);
            }
            "rebut" => {
                match first.split_once(':') {
                    Some((_, node)) => {
                        body["target"] = json!("node");
                        body["activityId"] = json!(node);
                    }
                    None => body["target"] = json!(first),
                }
                body["straightBack"] = json!(step.how.len() > 1);
            }
            "transfer" | "delegate" => body["to"] = json!(first),
            "add_sign" => {
                body["place"] = json!(first);
                body["people"] = json!(step.how[1..]);
            }
            "remove_sign" => body["people"] = json!(step.how),
            "copy" => body["people"] = json!(step.how),
            "comment" => body["mentions"] = json!(step.how),
            _ => {}
        }
        if matches!(step.what.as_str(), "copy" | "urge" | "comment") && row.is_none() {
            of_order(&mut body);
        }
        if step.what == "recall" {
            let recall = json!({"orderId": self.order, "userCode": who, "reason": "填错了"});
            return ("order/recall".to_owned(), recall);
        }
        (format!("task/{}", step.what), body)
    }

    /// Whether the lists say that this can be done; nothing where they do not have to know, because
    /// it hangs on the people who are named.
    async fn offered(&self, step: &Step, row: Option<&Value>, task: Option<&str>) -> Option<bool> {
        let who = step.who.as_str();
        match step.what.as_str() {
            "take_back" => {
                let done = self.stage.rows("done", who, self.order).await;
                let mut done = done.iter().filter(|row| task == Some(id(row).as_str()));
                Some(done.any(|row| offers(row, "take_back")))
            }
            "recall" => {
                let started = self.stage.rows("initiated", who, self.order).await;
                Some(started.iter().any(|row| offers(row, "recall")))
            }
            "urge" | "copy" | "comment" => None,
            // Where, or to whom, is the request's own.
            word @ ("rebut" | "transfer" | "delegate" | "add_sign" | "remove_sign") => {
                row.filter(|row| !offers(row, word)).map(|_| false)
            }
            word => row.map(|row| offers(row, word)),
        }
    }

    /// The history has a line of it, and of a rebuttal the decisions that count no longer.
    async fn is_written(&self, step: &Step) -> Result<(), String> {
        let who = step.who.as_str();
        let word = match (step.what.as_str(), step.how.first()) {
            ("accept" | "urge", _) => return Ok(()),
            ("add_sign", Some(place)) => format!("add_sign_{place}"),
            ("pass", _) => "APPROVED".to_owned(),
            ("reject", _) => "REJECTED".to_owned(),
            ("rebut", _) => "REBUTTED".to_owned(),
            (word, _) => word.to_owned(),
        };
        let shown = self.detail().await;
        let is_it = |line: &Value| {
            let action = line["action"].as_str().or(line["result"].as_str()).unwrap_or_default();
            let is_decision = matches!(word.as_str(), "APPROVED" | "REJECTED");
            let is_word = action == word || is_decision && action == "delegate_return";
            line["handler"]["code"] == who && is_word
        };
        if !shown["history"].as_array().unwrap().iter().any(is_it) {
            return Err(format!("no line of {who} {word} in {}", shown["history"]));
        }
        let has_void =
            || shown["tasks"].as_array().unwrap().iter().any(|task| task["voided"] == true);
        let undoes = step.what == "rebut" && step.how != ["starter", "straight"];
        if undoes && !has_void() {
            return Err(format!("{who} went back, and nothing is void in {}", shown["tasks"]));
        }
        Ok(())
    }
}

fn id(row: &Value) -> String {
    row["taskId"].as_str().unwrap().to_owned()
}
