//! For whom tasks are: people and departments, and what happens when somebody is missing.

use serde_json::{Value, json};
use shared::code::Code;
use shared::contract::directory::{Department, DepartmentsChanged, PeopleChanged, Person};
use shared::testing::eventually;

use crate::helpers::{TestApp, one_task, person};

fn task_for(attributes: &str) -> String {
    one_task().replace("flowable:assignee=\"USER002\"", attributes)
}

async fn assignees(app: &TestApp, order: i64) -> Value {
    app.tasks(order).await[0]["assignees"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_and_members_of_departments_share_a_task() {
    let app = TestApp::spawn().await;
    let xml =
        task_for("flowable:candidateUsers=\"USER002, USER003\" flowable:candidateGroups=\"D1\"");
    app.publish_flow("SHARED", &xml).await;

    let order = app.start("SHARED", json!({})).await;

    assert_eq!(assignees(&app, order).await, json!(["USER002", "USER003", "USER004"]));
    app.decide(order, "approve", "USER004", "pass").await.ok();
    assert_eq!(app.state(order).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_for_somebody_unknown_is_kept_and_found_when_they_come() {
    let app = TestApp::spawn().await;
    app.publish_flow("FOR_NEW", &task_for("flowable:assignee=\"NEW001\"")).await;
    let order = app.start("FOR_NEW", json!({})).await;

    let history = app.history(order).await;
    assert_eq!(history["incidents"][0]["kind"], "people");
    assert_eq!(history["incidents"][0]["reason"], "用户 NEW001 不存在");
    assert_eq!(assignees(&app, order).await, json!([]));
    assert_eq!(app.told()[0]["opened"], json!([]));
    let task = app.tasks(order).await[0]["taskId"].clone();
    let body = json!({"taskId": task, "userCode": "USER001", "action": "pass"});
    app.complete(body).await.refused(Code::NotPermitted);

    app.hire("NEW001", true);
    let people = vec![person("NEW001", true, 1)];
    app.publish(&PeopleChanged { tenant: app.tenant.clone(), people }).await;

    eventually("the task is theirs", || async {
        (assignees(&app, order).await == json!(["NEW001"])).then_some(())
    })
    .await;
    assert_eq!(app.history(order).await["incidents"], json!([]));
    assert_eq!(app.told()[1]["opened"][0]["assignees"], json!(["NEW001"]));
    app.decide(order, "approve", "NEW001", "pass").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_is_stuck_and_tries_again() {
    let app = TestApp::spawn().await;
    app.publish_flow("FOR_D9", &task_for("flowable:candidateGroups=\"D9\"")).await;
    app.publish_flow("NOBODY", &task_for("")).await;
    let order = app.start("FOR_D9", json!({})).await;
    app.start("NOBODY", json!({})).await;
    let list = format!("/aflow/api/admin/incidents?enterpriseCode={}", app.tenant);
    let retry = async |id: &Value| {
        let body = json!({"incidentId": id});
        app.post_as(app.service(), "/aflow/api/admin/incident/retry", body).await
    };

    app.get(&list).await.refused(Code::NotPermitted);
    let page = app.get_as(app.service(), &list).await.ok();
    assert_eq!(page["total"], 2);
    assert_eq!(page["rows"][0]["orderId"], order);
    assert_eq!(page["rows"][1]["reason"], "没有指定处理人");
    retry(&page["rows"][0]["incidentId"]).await.refused(Code::WrongState);
    retry(&json!("7-7")).await.refused(Code::UnknownReference);
    retry(&json!("x")).await.refused(Code::InvalidParameter);
    let of_order = app.get_as(app.service(), &format!("{list}&orderId={order}")).await.ok();
    assert_eq!(of_order["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_disabled_gets_no_task() {
    let app = TestApp::spawn().await;
    app.hire("GONE", false);
    app.publish_flow("GONE", &task_for("flowable:candidateUsers=\"GONE,USER003\"")).await;

    let order = app.start("GONE", json!({})).await;

    assert_eq!(assignees(&app, order).await, json!(["USER003"]));
    assert_eq!(app.history(order).await["incidents"][0]["reason"], "用户 GONE 已停用");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sync_service_is_away_known_people_get_their_tasks_and_others_wait() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &task_for("flowable:candidateUsers=\"USER002,USER004\"")).await;
    app.publish_flow("OTHER", &task_for("flowable:assignee=\"USER003\"")).await;
    app.start("LEAVE", json!({})).await;

    app.turn_sync(true);
    let known = app.start("LEAVE", json!({})).await;
    let waiting = app.start("OTHER", json!({})).await;
    assert_eq!(assignees(&app, known).await, json!(["USER002", "USER004"]));
    assert_eq!(assignees(&app, waiting).await, json!([]));
    app.turn_sync(false);

    let incident = app.history(waiting).await["incidents"][0]["incidentId"].clone();
    let retry = json!({"incidentId": incident});
    app.post_as(app.service(), "/aflow/api/admin/incident/retry", retry).await.ok();
    assert_eq!(assignees(&app, waiting).await, json!(["USER003"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_people_stand_and_who_leads_departments_is_kept_and_an_older_fact_changes_nothing() {
    let app = TestApp::spawn().await;
    let tenant = app.tenant.clone();
    let with = |revision, supervisor: &str| Person {
        dept_id: "TEAM".to_owned(),
        supervisor: Some(supervisor.to_owned()),
        roles: vec!["finance".to_owned(), "hr".to_owned()],
        ..person("KIM", true, revision)
    };
    let led = |revision, manager: &str| Department {
        dept_id: "TEAM".to_owned(),
        managers: vec![manager.to_owned(), "PAT".to_owned()],
        active: true,
        revision,
        ..Department::default()
    };

    for (revision, who) in [(1, "OLD"), (3, "LEE"), (2, "OLDER")] {
        let (tenant, people) = (tenant.clone(), vec![with(revision, who)]);
        app.publish(&PeopleChanged { tenant, people }).await;
        let (tenant, departments) = (app.tenant.clone(), vec![led(revision, who)]);
        app.publish(&DepartmentsChanged { tenant, departments }).await;
    }

    let kim = "select count(*) from people where tenant = $1 and user_code = 'KIM' and dept_id = 'TEAM' \
               and supervisor = 'LEE' and roles = '{finance,hr}' and revision = 3";
    let team = "select count(*) from departments where tenant = $1 and managers = '{LEE,PAT}' and revision = 3";
    assert_eq!((app.count(kim).await, app.count(team).await), (1, 1));
}
