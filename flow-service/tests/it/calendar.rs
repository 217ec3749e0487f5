//! Working time of an enterprise, as an operator sets it.

use serde_json::json;
use shared::code::Code;

use crate::helpers::TestApp;

const SET: &str = "/aflow/api/admin/calendar";

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_is_the_usual_one_until_another_is_set() {
    let app = TestApp::spawn().await;
    let show = format!("{SET}?enterpriseCode={}", app.tenant);
    let own = json!({
        "workdays": [1, 2, 3, 4, 5, 6], "hours": [["09:00", "12:00"], ["13:00", "24:00"]],
        "holidays": ["2026-10-01"], "workingDays": ["2026-10-10"],
    });

    let usual = app.get_as(app.service(), &show).await.ok();
    let body = json!({"enterpriseCode": app.tenant, "calendar": own});
    app.post_as(app.service(), SET, body.clone()).await.ok();

    assert_eq!(usual["hours"], json!([["09:00", "18:00"]]));
    assert_eq!(app.get_as(app.service(), &show).await.ok(), own);
    app.post(SET, body).await.refused(Code::NotPermitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_calendar_is_refused() {
    let app = TestApp::spawn().await;
    for calendar in [
        json!({"workdays": [0], "hours": [["09:00", "18:00"]]}),
        json!({"workdays": [1], "hours": [["18:00", "09:00"]]}),
        json!({"workdays": [1], "hours": [["soon", "18:00"]]}),
        json!({"workdays": [1], "hours": [["09:00", "18:00"]], "holidays": ["Monday"]}),
        json!({"hours": []}),
    ] {
        let body = json!({"enterpriseCode": app.tenant, "calendar": calendar});
        app.post_as(app.service(), SET, body).await.refused(Code::InvalidParameter);
    }
}
