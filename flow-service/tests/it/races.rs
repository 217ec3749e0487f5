//! A thousand races: people act on one order at the same instant, and exactly one of them wins. The
//! tasks stand in two branches, so that a lost token would leave the join stuck.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::testing::Answered;

use crate::helpers::{TestApp, drawing};

/// Orders that race at a time.
const TOGETHER: usize = 25;

/// `a` for USER002 or USER003 beside `b` for USER004, then `c` for USER001.
fn fork() -> String {
    let task = |id: &str, people: &str| {
        format!(
            "<userTask id=\"{id}\"><extensionElements><aiflow:approvers><aiflow:users codes=\"{people}\"/>\
             </aiflow:approvers></extensionElements></userTask>"
        )
    };
    let flow = |from: &str, to: &str| {
        format!("<sequenceFlow id=\"{from}_{to}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
    };
    let flows = [
        ("s", "first"),
        ("first", "fork"),
        ("fork", "a"),
        ("fork", "b"),
        ("a", "join"),
        ("b", "join"),
        ("join", "c"),
        ("c", "e"),
    ];
    let flows: String = flows.iter().map(|(from, to)| flow(from, to)).collect();
    let tasks =
        [("first", "USER001"), ("a", "USER002,USER003"), ("b", "USER004"), ("c", "USER001")];
    let tasks: String = tasks.iter().map(|(id, people)| task(id, people)).collect();
    let nodes = "<startEvent id=\"s\"/><parallelGateway id=\"fork\"/><parallelGateway id=\"join\"/><endEvent id=\"e\"/>";
    drawing("p", &format!("{nodes}{tasks}{flows}"))
}

/// An order whose fork waits.
struct Racing<'a> {
    app: &'a TestApp,
    order: i64,
    a: String,
    b: String,
}

impl<'a> Racing<'a> {
    async fn start(app: &'a TestApp) -> Racing<'a> {
        let order = app.start("FORK", json!({})).await;
        app.decide(order, "first", "USER001", "pass").await.ok();
        let tasks = app.tasks(order).await;
        let of = |activity: &str| {
            let task = tasks.iter().find(|task| task["activityId"] == activity).unwrap();
            task["taskId"].as_str().unwrap().to_owned()
        };
        Racing { app, order, a: of("a"), b: of("b") }
    }

    async fn act(&self, task: &str, user: &str, operation: Value) -> Came {
        let body = json!({"taskId": task, "userCode": user, "operation": operation});
        Came::of(&self.app.operate(body).await)
    }

    async fn pass(&self, task: &str, user: &str) -> Came {
        self.act(task, user, json!({"kind": "pass"})).await
    }

    async fn recall(&self) -> Came {
        let recall =
            json!({"orderId": self.order, "userCode": "USER001", "operation": {"kind": "recall"}});
        Came::of(&self.app.operate(recall).await)
    }

    /// Whoever is asked passes, until it is over, which must come.
    async fn end(&self) -> String {
        for _ in 0..10 {
            let tasks = self.app.tasks(self.order).await;
            let Some(task) = tasks.first() else { break };
            let user = task["assignees"][0].as_str().unwrap();
            let came = self.pass(task["taskId"].as_str().unwrap(), user).await;
            assert_eq!(came, Came::Won, "{task}");
        }
        self.app.state(self.order).await
    }
}

/// What came of one who raced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Won,
    /// It was done before: nothing changed.
    Same,
    /// `WRONG_STATE`.
    TooLate,
}

impl Came {
    fn of(answered: &Answered) -> Came {
        match answered.status() {
            0 if answered.body["data"]["applied"] == true => Came::Won,
            0 => Came::Same,
            _ => {
                assert_eq!(answered.code(), "WRONG_STATE", "{}", answered.body);
                Came::TooLate
            }
        }
    }
}

/// Lets so many orders race, some at a time; what came of both, and how each ended in the end.
async fn race<F: AsyncFn(&Racing<'_>) -> (Came, Came)>(
    count: usize,
    run: F,
) -> Vec<(Came, Came, String)> {
    let app = TestApp::spawn().await;
    app.publish_flow("FORK", &fork()).await;
    let mut ended = Vec::new();
    for _ in 0..count / TOGETHER {
        let races = (0..TOGETHER).map(async |_| {
            let racing = Racing::start(&app).await;
            let (one, other) = run(&racing).await;
            (one, other, racing.end().await)
        });
        ended.extend(join_all(races).await);
    }
    assert_eq!(ended.len(), count);
    ended
}

/// Whether exactly one of two won, and the other had `lost`.
fn has_one_winner(one: Came, other: Came, lost: Came) -> bool {
    let mut both = [one, other];
    both.sort();
    both == [Came::Won, lost]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_decide_one_task_at_the_same_instant_one_wins_and_the_other_is_told() {
    let ended = race(250, async |order| {
        tokio::join!(order.pass(&order.a, "USER002"), order.pass(&order.a, "USER003"))
    })
    .await;

    for (one, other, state) in ended {
        assert!(has_one_winner(one, other, Came::TooLate), "{one:?} {other:?}");
        assert_eq!(state, "completed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_pass_and_a_refusal_at_the_same_instant_the_winner_says_how_it_ends() {
    let ended = race(100, async |order| {
        let refuse = order.act(&order.a, "USER003", json!({"kind": "reject"}));
        tokio::join!(order.pass(&order.a, "USER002"), refuse)
    })
    .await;

    for (pass, refusal, state) in ended {
        assert!(has_one_winner(pass, refusal, Came::TooLate), "{pass:?} {refusal:?}");
        assert_eq!(state, if pass == Came::Won { "completed" } else { "cancelled" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_clicks_twice_at_once_has_passed_once() {
    let ended = race(200, async |order| {
        tokio::join!(order.pass(&order.a, "USER002"), order.pass(&order.a, "USER002"))
    })
    .await;

    for (one, other, state) in ended {
        assert!(has_one_winner(one, other, Came::Same), "{one:?} {other:?}");
        assert_eq!(state, "completed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_and_the_last_pass_at_the_same_instant_do_not_both_end_the_order() {
    let ended = race(200, async |order| {
        order.pass(&order.a, "USER002").await;
        order.pass(&order.b, "USER004").await;
        let last = order.app.tasks(order.order).await[0]["taskId"].as_str().unwrap().to_owned();
        tokio::join!(order.pass(&last, "USER001"), order.recall())
    })
    .await;

    for (pass, recall, state) in ended {
        assert!(has_one_winner(pass, recall, Came::TooLate), "{pass:?} {recall:?}");
        assert_eq!(state, if pass == Came::Won { "completed" } else { "cancelled" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_branches_at_the_same_instant_pass_the_join_once() {
    let ended = race(150, async |order| {
        let both = tokio::join!(order.pass(&order.a, "USER002"), order.pass(&order.b, "USER004"));
        assert_eq!(order.app.open(order.order).await, ["c"]);
        both
    })
    .await;

    for (one, other, state) in ended {
        assert_eq!((one, other, state.as_str()), (Came::Won, Came::Won, "completed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuttal_beside_a_pass_of_the_other_branch_leaves_no_token_behind() {
    let ended = race(100, async |order| {
        let back = json!({"kind": "rebut", "to": {"target": "previous"}});
        tokio::join!(order.act(&order.a, "USER002", back), order.pass(&order.b, "USER004"))
    })
    .await;

    // The other branch may have passed before it was taken away.
    for (back, pass, state) in ended {
        assert_eq!((back, state.as_str()), (Came::Won, "completed"));
        assert!(matches!(pass, Came::Won | Came::TooLate), "{pass:?}");
    }
}
