//! The limit of 20 calls a second, under a backlog.

use std::time::{Duration, Instant};

use fakes::dingtalk::{Options, Person};
use shared::contract::task::TasksChanged;

use crate::helpers::{TestApp, person};

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_pushes_never_exceed_the_limit() {
    let mut options = Options::demo();
    options.people = (0..50)
        .map(|n| Person {
            mobile: Some(format!("139{n:08}")),
            ..Person::new(&format!("p{n}"), "某人")
        })
        .collect();
    let app = TestApp::with(options).await;
    app.tell_people((0..50).map(|n| person(&format!("P{n}"), &format!("139{n:08}"))).collect())
        .await;
    let opening = |n: i64| {
        let mut opening = app.opening(1, &[&format!("P{}", n % 50)]);
        opening.order_id = n + 1;
        opening
    };

    app.publish_all(&(0..300).map(opening).collect::<Vec<TasksChanged>>()).await;
    let began = Instant::now();
    while app.counts().await["pending"] != 0 {
        assert!(began.elapsed() < Duration::from_secs(120), "{}", app.counts().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    assert_eq!((app.ding.inbox().len(), app.ding.todos().len()), (300, 300));
    for (path, count) in app.ding.calls().paths {
        assert_eq!(count.throttled, 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_closes_while_its_push_queues_calls_nobody() {
    let mut options = Options::demo();
    options.people =
        vec![Person { mobile: Some("13900000001".to_owned()), ..Person::new("p1", "某人") }];
    let app = TestApp::with(options).await;
    app.tell_people(vec![person("P1", "13900000001")]).await;
    let opening = |n: i64| TasksChanged { order_id: n, ..app.opening(1, &["P1"]) };
    let last = 160;

    app.publish_all(&(1..=last).map(opening).collect::<Vec<TasksChanged>>()).await;
    app.publish(&TasksChanged { order_id: last, ..app.closing(2, &["P1"]) }).await;
    app.reaches("skipped", 2).await;

    let of_last = app.deliveries_of(last).await;
    assert_eq!(of_last.len(), 2);
    assert!(of_last.iter().all(|one| one["attempts"] == 0), "{of_last:?}");
}
