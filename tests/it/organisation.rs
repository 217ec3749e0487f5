//! Departments and people as the ERP delivers them.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::code::Code;
use shared::id::Tenant;
use shared::identity::Caller;
use tests::{SECRET, World};

use crate::helpers::{BIND, DEPARTMENTS, TREE, USER_PAGE, USERS, database, texts, warnings};

fn department(id: &str, parent: &str) -> Value {
    json!({"deptId": id, "deptName": id, "parentId": parent})
}

fn user(id: &str) -> Value {
    json!({"userId": id, "userName": id, "deptId": "DEPT001"})
}

fn with(mut row: Value, field: &str, value: Value) -> Value {
    row[field] = value;
    row
}

async fn deliver(world: &World, rows: &[Value]) -> Value {
    world.erp().post(DEPARTMENTS, &json!({"departments": rows})).await.ok()
}

async fn deliver_users(world: &World, rows: &[Value]) -> Value {
    world.erp().post(USERS, &json!({"users": rows})).await.ok()
}

async fn tree(world: &World) -> Value {
    world.erp().get(TREE).await.ok()
}

async fn person(world: &World, id: &str) -> Value {
    let rows = world.erp().get(&format!("{USER_PAGE}?keyword={id}")).await.ok()["rows"].clone();
    rows.as_array().unwrap().iter().find(|row| row["userId"] == id).cloned().unwrap_or_default()
}

/// (index, id, code) of every refused row.
fn failures(data: &Value) -> Vec<(u64, String, String)> {
    let rows = data["failDetails"].as_array().unwrap();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (row["index"].as_u64().unwrap(), text(row, "id"), text(row, "code")))
        .collect()
}

fn failure(index: u64, id: &str, code: &str) -> (u64, String, String) {
    (index, id.to_owned(), code.to_owned())
}

fn counts(data: &Value) -> (u64, u64) {
    (data["successCount"].as_u64().unwrap(), data["failCount"].as_u64().unwrap())
}

#[tokio::test]
async fn a_bad_row_does_not_stop_the_others_and_is_named() {
    let world = World::start().await;
    let rows = [
        department("A", ""),
        department("B", "NOPE"),
        json!({"deptId": "C"}),
        json!("no row"),
        with(department("D", ""), "deptName", json!("a\u{0}b")),
        with(department("E", ""), "status", json!(2)),
        department("F", "A"),
    ];

    let data = deliver(&world, &rows).await;

    assert_eq!(counts(&data), (2, 5));
    let expected = [
        failure(1, "B", "PARENT_NOT_FOUND"),
        failure(2, "C", "INVALID_PARAMETER"),
        failure(3, "", "INVALID_PARAMETER"),
        failure(4, "D", "INVALID_CHARACTER"),
        failure(5, "E", "INVALID_ENUM"),
    ];
    assert_eq!(failures(&data), expected);
    assert!(
        data["failDetails"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| !row["message"].as_str().unwrap().is_empty())
    );
}

#[tokio::test]
async fn several_roots_and_their_children_are_shown_as_trees() {
    let world = World::start().await;

    deliver(
        &world,
        &[
            department("R1", ""),
            department("R2", ""),
            department("C1", "R1"),
            department("C2", "C1"),
        ],
    )
    .await;

    let tree = tree(&world).await;
    assert_eq!(texts(&tree, "deptId"), ["R1", "R2"]);
    assert_eq!(texts(&tree[0]["children"], "deptId"), ["C1"]);
    assert_eq!(texts(&tree[0]["children"][0]["children"], "deptId"), ["C2"]);
}

#[tokio::test]
async fn an_absent_field_keeps_its_value_and_null_or_empty_clears_it() {
    let world = World::start().await;
    let full = json!({"deptId": "B", "deptName": "B", "parentId": "A", "deptCode": "CODE", "orderNum": 7, "status": 0});
    deliver(&world, &[department("A", ""), full]).await;

    deliver(&world, &[json!({"deptId": "B", "deptName": "B2"})]).await;
    let kept = tree(&world).await[0]["children"][0].clone();
    deliver(&world, &[json!({"deptId": "B", "deptName": "B2", "parentId": "", "deptCode": null})])
        .await;

    assert_eq!(
        (&kept["deptName"], &kept["deptCode"], &kept["orderNum"], &kept["status"]),
        (&json!("B2"), &json!("CODE"), &json!(7), &json!(0))
    );
    let tree = tree(&world).await;
    let cleared = tree.as_array().unwrap().iter().find(|row| row["deptId"] == "B").unwrap();
    assert_eq!((&cleared["deptCode"], &cleared["orderNum"]), (&Value::Null, &json!(7)));
}

#[tokio::test]
async fn a_child_before_its_parent_fails_unless_any_order_is_asked_for() {
    let world = World::start().await;
    world.create_application("ANY", SECRET, json!({"anyOrder": true})).await;
    let rows = |prefix: &str| {
        let [child, parent] = ["C", "P"].map(|name| format!("{prefix}{name}"));
        json!([department(&child, &parent), department(&parent, "")])
    };
    let strict = json!({"departments": rows("a")});
    let asked = json!({"departments": rows("b"), "anyOrder": true});
    let not_asked = json!({"departments": rows("c"), "anyOrder": false});
    let any = world.client("ANY", SECRET);

    assert_eq!(counts(&world.erp().post(DEPARTMENTS, &strict).await.ok()), (1, 1));
    assert_eq!(counts(&world.erp().post(DEPARTMENTS, &asked).await.ok()), (2, 0));
    assert_eq!(
        counts(&any.post(DEPARTMENTS, &json!({"departments": rows("d")})).await.ok()),
        (2, 0)
    );
    assert_eq!(counts(&any.post(DEPARTMENTS, &not_asked).await.ok()), (1, 1));
}

#[tokio::test]
async fn with_any_order_only_what_is_really_missing_fails() {
    let world = World::start().await;
    let rows = json!([
        department("C", "B"),
        department("X", "NOPE"),
        department("B", "A"),
        department("A", "")
    ]);

    let data =
        world.erp().post(DEPARTMENTS, &json!({"departments": rows, "anyOrder": true})).await.ok();

    assert_eq!(failures(&data), [failure(1, "X", "PARENT_NOT_FOUND")]);
}

#[tokio::test]
async fn a_change_that_closes_a_cycle_fails_and_the_tree_stays() {
    let world = World::start().await;
    deliver(&world, &[department("A", ""), department("B", "A"), department("C", "B")]).await;
    let before = tree(&world).await;

    let data = deliver(&world, &[department("A", "C"), department("B", "B")]).await;

    assert_eq!(failures(&data), [failure(0, "A", "CYCLE"), failure(1, "B", "CYCLE")]);
    assert_eq!(tree(&world).await, before);
}

#[tokio::test]
async fn of_two_that_race_for_a_cycle_one_fails() {
    let world = World::start().await;
    for race in 0..15 {
        let [a, b] = ["A", "B"].map(|name| format!("{name}{race}"));
        deliver(&world, &[department(&a, ""), department(&b, "")]).await;
        let (under_b, under_a) = ([department(&a, &b)], [department(&b, &a)]);

        let answers = join_all([deliver(&world, &under_b), deliver(&world, &under_a)]).await;

        let fails: u64 = answers.iter().map(|data| counts(data).1).sum();
        assert_eq!(fails, 1, "{answers:?}");
    }
}

#[tokio::test]
async fn the_same_id_twice_counts_twice_and_the_last_wins() {
    let world = World::start().await;
    let second = json!({"deptId": "A", "deptName": "second"});

    let data = deliver(&world, &[department("A", ""), second]).await;

    assert_eq!(counts(&data), (2, 0));
    assert_eq!(texts(&tree(&world).await, "deptName"), ["second"]);
}

#[tokio::test]
async fn ids_are_case_sensitive_and_names_are_stored_to_the_byte() {
    let world = World::start().await;
    let names = [
        "研发🚀👨‍👩‍👧‍👦",
        "'); DROP TABLE departments;--",
        "*)(uid=*)<img src=x onerror=alert(1)>{{7*7}}${jndi:ldap://x}",
        "Cafe\u{301}",
    ];
    let rows: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(n, name)| json!({"deptId": format!("d{n}"), "deptName": name, "orderNum": n}))
        .collect();

    deliver(&world, &rows).await;
    deliver(&world, &[with(department("D0", ""), "orderNum", json!(9))]).await;

    assert_eq!(texts(&tree(&world).await, "deptName"), [&names[..], &["D0"]].concat());
}

#[tokio::test]
async fn closing_a_department_with_active_people_is_accepted_with_a_warning() {
    let world = World::start().await.with_people().await;

    let data = deliver(
        &world,
        &[
            with(department("DEPT001", ""), "status", json!(0)),
            with(department("DEPT002", "DEPT001"), "status", json!(0)),
        ],
    )
    .await;

    assert_eq!(counts(&data), (2, 0));
    assert!(warnings(&data).contains("DEPT001") && !warnings(&data).contains("DEPT002"), "{data}");
}

#[tokio::test]
async fn a_thousand_rows_are_taken_and_one_more_is_refused_whole() {
    let world = World::start().await;
    let rows =
        |count: usize| (0..count).map(|n| department(&format!("D{n}"), "")).collect::<Vec<_>>();

    let refused = world.erp().post(DEPARTMENTS, &json!({"departments": rows(1_001)})).await;

    assert_eq!(refused.refused(Code::InvalidParameter).fields(), ["departments"]);
    assert_eq!(tree(&world).await, json!([]));
    assert_eq!(counts(&deliver(&world, &rows(1_000)).await), (1_000, 0));
}

#[tokio::test]
async fn an_empty_list_is_a_success_of_nothing() {
    let world = World::start().await;

    assert_eq!(counts(&deliver(&world, &[]).await), (0, 0));
    assert_eq!(counts(&deliver_users(&world, &[]).await), (0, 0));
}

#[tokio::test]
async fn the_same_delivery_again_changes_nothing_and_succeeds() {
    let world = World::start().await.with_people().await;
    // The number of a person rises with everything that others hear of.
    let text = "select sum(revision)::bigint from house_sync.users where tenant = $1";
    let (before, database, tenant) = (tree(&world).await, database().await, world.tenant.clone());
    let revisions =
        || async { database.query_one(text, &[&tenant]).await.unwrap().get::<_, i64>(0) };
    let told = revisions().await;

    let world = world.with_people().await;

    assert_eq!(tree(&world).await, before);
    assert_eq!(revisions().await, told);
}

#[tokio::test]
async fn each_fault_of_a_person_has_its_code() {
    let world = World::start().await.with_people().await;
    let rows = [
        with(user("U1"), "deptId", json!("NOPE")),
        with(user("U2"), "directSupervisor", json!("NOPE")),
        with(user("U3"), "directSupervisor", json!("U3")),
        with(user("U4"), "personnelType", json!(6)),
        with(user("U5"), "mobile", json!("13800138000")),
        with(user("U6"), "email", json!("abc")),
        user("admin"),
        json!({"userId": "U8", "deptId": "DEPT001"}),
        user("U9"),
    ];

    let data = deliver_users(&world, &rows).await;

    let codes = [
        "DEPT_NOT_FOUND",
        "SUPERVISOR_NOT_FOUND",
        "CYCLE",
        "INVALID_ENUM",
        "DUPLICATE_MOBILE",
        "INVALID_PARAMETER",
        "RESERVED_ID",
        "INVALID_PARAMETER",
    ];
    assert_eq!(texts(&data["failDetails"], "code"), codes);
    assert_eq!(counts(&data), (1, 8));
}

#[tokio::test]
async fn supervisors_may_come_later_only_with_any_order_and_never_in_a_circle() {
    let world = World::start().await.with_people().await;
    let rows = |tag: &str| {
        json!([
            with(user(&format!("{tag}1")), "directSupervisor", json!(format!("{tag}2"))),
            user(&format!("{tag}2"))
        ])
    };
    let erp = world.erp();

    let strict = erp.post(USERS, &json!({"users": rows("a")})).await.ok();
    let any = erp.post(USERS, &json!({"users": rows("b"), "anyOrder": true})).await.ok();
    let circle = deliver_users(&world, &[with(user("b2"), "directSupervisor", json!("b1"))]).await;

    assert_eq!(failures(&strict), [failure(0, "a1", "SUPERVISOR_NOT_FOUND")]);
    assert_eq!(counts(&any), (2, 0));
    assert_eq!(failures(&circle), [failure(0, "b2", "CYCLE")]);
}

#[tokio::test]
async fn a_person_keeps_what_is_absent_and_loses_what_is_cleared() {
    let world = World::start().await.with_people().await;
    let full = json!({"userId": "U1", "userName": "n", "realName": "真名", "email": "a@b.c", "mobile": "+86 139-0000-0000",
        "deptId": "DEPT001", "personnelType": 3, "directSupervisor": "USER001", "status": 0});
    deliver_users(&world, &[full]).await;

    deliver_users(&world, &[user("U1")]).await;
    let kept = person(&world, "U1").await;
    deliver_users(&world, &[json!({"userId": "U1", "userName": "n", "deptId": "DEPT002", "realName": null, "email": "", "mobile": null, "directSupervisor": ""})]).await;

    assert_eq!(
        (
            &kept["realName"],
            &kept["email"],
            &kept["personnelType"],
            &kept["status"],
            &kept["directSupervisor"]
        ),
        (&json!("真名"), &json!("a@b.c"), &json!(3), &json!(0), &json!("USER001"))
    );
    let cleared = person(&world, "U1").await;
    assert_eq!(
        (
            &cleared["realName"],
            &cleared["email"],
            &cleared["mobile"],
            &cleared["directSupervisor"],
            &cleared["deptId"]
        ),
        (&Value::Null, &Value::Null, &Value::Null, &Value::Null, &json!("DEPT002"))
    );
}

#[tokio::test]
async fn people_are_found_by_department_keyword_and_page() {
    let world = World::start().await.with_people().await;
    deliver_users(&world, &[with(user("U%1"), "deptId", json!("DEPT002"))]).await;
    let erp = world.erp();
    let ids = |query: &'static str| {
        let erp = erp.clone();
        async move { texts(&erp.get(&format!("{USER_PAGE}?{query}")).await.ok()["rows"], "userId") }
    };

    assert_eq!(ids("deptId=DEPT002").await, ["U%1"]);
    assert_eq!(ids("keyword=USER002").await, ["USER002"]);
    assert_eq!(ids("keyword=%E6%9D%8E%E5%9B%9B").await, ["USER002"]);
    assert_eq!(ids("keyword=%25").await, ["U%1"]);
    assert_eq!(ids("keyword=_").await, Vec::<String>::new());
    assert_eq!(ids("deptId=DEPT001&page=2&size=2").await, ["USER003"]);
    assert_eq!(erp.get(&format!("{USER_PAGE}?size=1")).await.ok()["total"], 4);
}

#[tokio::test]
async fn binding_gives_the_user_code_and_a_repeat_gives_it_again() {
    let world = World::start().await.with_people().await;
    let erp = world.erp();
    let by_id = json!({"customUserCode": "USER001", "linkUserCode": "u1"});
    let by_mobile = json!({"customUserCode": "USER002", "phoneNumber": "13800138001"});

    for body in [&by_id, &by_mobile, &by_id, &by_mobile] {
        assert_eq!(erp.post(BIND, body).await.ok(), body["customUserCode"]);
    }
    assert_eq!(person(&world, "USER001").await["linkUserCode"], "u1");
}

#[tokio::test]
async fn a_dingtalk_user_belongs_to_one_person_and_a_person_must_exist() {
    let world = World::start().await.with_people().await;
    let erp = world.erp();
    let bind = |user: &str, link: &str| json!({"customUserCode": user, "linkUserCode": link});
    erp.post(BIND, &bind("USER001", "u1")).await.ok();

    erp.post(BIND, &bind("USER002", "u1")).await.refused(Code::Duplicate);

    let unknown = erp.post(BIND, &bind("NOPE", "u9")).await.refused(Code::UnknownReference);
    assert_eq!(unknown.fields(), ["customUserCode"]);
    erp.post(BIND, &bind("USER001", "u1-moved")).await.ok();
    erp.post(BIND, &bind("USER002", "u1")).await.ok();
}

#[tokio::test]
async fn a_binding_that_names_nobody_at_dingtalk_is_refused() {
    let world = World::start().await.with_people().await;

    for rest in [
        json!({}),
        json!({"linkUserCode": null}),
        json!({"linkUserCode": ""}),
        json!({"phoneNumber": "  "}),
        json!({"linkUserCode": null, "phoneNumber": null}),
    ] {
        let mut body = rest;
        body["customUserCode"] = json!("USER001");
        let answered = world.erp().post(BIND, &body).await;
        assert_eq!(answered.code(), "INVALID_PARAMETER", "{body} was answered {}", answered.body);
    }
}

#[tokio::test]
async fn where_dingtalk_is_the_source_the_erp_may_not_write() {
    let world = World::start().await.with_people().await;
    let text = "update house_sync.directories set source = 'dingtalk' where tenant = $1";
    assert_eq!(database().await.execute(text, &[&world.tenant]).await.unwrap(), 1);
    let erp = world.erp();

    let departments = erp.post(DEPARTMENTS, &json!({"departments": [department("X", "")]})).await;
    let users = erp.post(USERS, &json!({"users": [user("X")]})).await;

    departments.refused(Code::WrongState);
    users.refused(Code::WrongState);
    assert!(!tree(&world).await.to_string().contains("\"X\""));
}

#[tokio::test]
async fn what_another_enterprise_has_is_as_unknown_as_what_nobody_has() {
    let (world, other) =
        (World::start().await.with_people().await, World::start().await.with_people().await);
    deliver(&other, &[department("OTHER", "")]).await;
    deliver_users(&other, &[user("OTHER-USER")]).await;
    let erp = world.erp();
    let same = |named: Value, missing: Value| {
        assert_eq!(
            named.to_string().replace("OTHER-USER", "NOPE").replace("OTHER", "NOPE"),
            missing.to_string()
        )
    };

    same(
        deliver(&world, &[department("X", "OTHER")]).await,
        deliver(&world, &[department("X", "NOPE")]).await,
    );
    for field in ["deptId", "directSupervisor"] {
        let foreign = if field == "deptId" { "OTHER" } else { "OTHER-USER" };
        same(
            deliver_users(&world, &[with(user("X"), field, json!(foreign))]).await,
            deliver_users(&world, &[with(user("X"), field, json!("NOPE"))]).await,
        );
    }
    let bind = |user: &str| json!({"customUserCode": user, "linkUserCode": "u1"});
    erp.post(BIND, &bind("OTHER-USER")).await.refused(Code::UnknownReference);
    assert_eq!(erp.get(&format!("{USER_PAGE}?deptId=OTHER")).await.ok()["total"], 0);
    assert!(!tree(&world).await.to_string().contains("OTHER"));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaders_titles_and_roles_are_kept_shown_and_told_to_whoever_asks_for_the_surroundings() {
    let world = World::start().await;
    let (team, area) =
        (department("TEAM", "AREA"), with(department("AREA", ""), "deptCode", json!("A1")));
    // Whoever leads it comes later.
    let team = with(team, "managerUserIds", json!(["LEE", "LEE", "NOBODY_YET"]));
    assert_eq!(counts(&deliver(&world, &[area, team]).await), (2, 0));
    let of = |id: &str, dept: &str, above: &str| json!({"userId": id, "userName": id, "deptId": dept, "directSupervisor": above});
    let rows = [
        with(of("BOSS", "AREA", ""), "title", json!("总监")),
        with(of("LEE", "AREA", "BOSS"), "roles", json!(["finance", "hr", "finance"])),
        of("KIM", "TEAM", "LEE"),
        with(with(of("GONE", "AREA", ""), "status", json!(0)), "roles", json!(["finance"])),
    ];
    assert_eq!(counts(&deliver_users(&world, &rows).await), (4, 0));
    deliver(&world, &[json!({"deptId": "TEAM", "deptName": "TEAM"})]).await;
    deliver_users(&world, &[json!({"userId": "LEE", "userName": "LEE", "deptId": "AREA"})]).await;
    let bad = with(department("BAD", ""), "managerUserIds", json!("LEE"));
    assert_eq!(failures(&deliver(&world, &[bad]).await), [failure(0, "BAD", "INVALID_PARAMETER")]);

    let caller = Caller::service(Tenant::stored(world.tenant.clone()), "flow");
    let ask = async |wanted: Value| -> Value {
        world.peer("sync").post(&caller, "/internal/people/find", &wanted).await.unwrap()
    };
    let wanted = |name: &str, code: &str| {
        let mut wanted = json!({"users": [], "departments": []});
        wanted[name] = json!([code]);
        wanted
    };
    let around = ask(wanted("around", "KIM")).await;
    let leading = ask(wanted("leading", "A1")).await;
    let roles = ask(wanted("roles", "finance")).await;

    let shown = tree(&world).await;
    assert_eq!(shown[0]["children"][0]["managerUserIds"], json!(["LEE", "NOBODY_YET"]));
    let lee = person(&world, "LEE").await;
    assert_eq!((&lee["roles"], &lee["title"]), (&json!(["finance", "hr"]), &Value::Null));
    assert_eq!(person(&world, "BOSS").await["title"], "总监");
    assert_eq!(texts(&around["people"], "userCode"), ["BOSS", "KIM", "LEE"]);
    assert_eq!(texts(&around["around"], "deptId"), ["AREA", "TEAM"]);
    assert_eq!(around["around"][1]["managers"], json!(["LEE", "NOBODY_YET"]));
    assert_eq!(around["heads"], json!([{"department": "AREA", "users": ["BOSS"]}]));
    assert_eq!(texts(&leading["around"], "deptId"), ["AREA"]);
    assert_eq!(texts(&leading["people"], "userCode"), ["BOSS"]);
    assert_eq!(texts(&roles["people"], "userCode"), ["LEE"]);
    let kim = &around["people"][1];
    assert_eq!((&kim["deptId"], &kim["supervisor"]), (&json!("TEAM"), &json!("LEE")));
}
