//! DingTalk's sign-in: from a code to the user of the enterprise.

use serde_json::{Value, json};
use shared::dingtalk::{Access, Client, Trouble};

/// Somebody as DingTalk knows them.
pub(crate) struct DingPerson {
    pub(crate) userid: String,
    pub(crate) name: Option<String>,
    pub(crate) mobile: Option<String>,
}

/// The enterprise's application, as far as a sign-in needs it.
pub(crate) struct App<'a> {
    pub(crate) key: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) corp_id: &'a str,
}

/// Who came from DingTalk's page: the code gives a token of the person, that one their union id, and
/// the application's own token the user id within the enterprise.
pub(crate) async fn person_of_page(
    client: &Client,
    app: &App<'_>,
    access: &Access,
    code: &str,
) -> Result<DingPerson, Trouble> {
    let token = client.person_token(&access.api_url, app.key, app.secret, code).await?;
    // Present where the page was asked for it: another enterprise's people are none of ours.
    if text(&token, "corpId").is_some_and(|corp| corp != app.corp_id) {
        return Err(refused("corpId", "somebody of another enterprise"));
    }
    let person = text(&token, "accessToken").ok_or_else(|| nothing("accessToken"))?;
    let me = client.show_self(&access.api_url, &person).await?;
    let union = text(&me, "unionId").ok_or_else(|| nothing("unionId"))?;
    let body = json!({"unionid": union});
    let user = client.post_old(access, "/topapi/user/getbyunionid", &body).await?;
    // 1 = somebody from outside who is only a contact.
    let is_contact = user.pointer("/result/contact_type").and_then(Value::as_i64) == Some(1);
    let userid = user.pointer("/result/userid").and_then(Value::as_str);
    let userid = userid.filter(|_| !is_contact).ok_or_else(|| nothing("userid"))?;
    Ok(DingPerson { userid: userid.to_owned(), name: text(&me, "nick"), mobile: mobile(&me) })
}

/// Who is inside the client: its code needs the application's token only.
pub(crate) async fn person_inside(
    client: &Client,
    access: &Access,
    code: &str,
) -> Result<DingPerson, Trouble> {
    let body = json!({"code": code});
    let answer = client.post_old(access, "/topapi/v2/user/getuserinfo", &body).await?;
    let result = answer.get("result").cloned().unwrap_or_default();
    let userid = text(&result, "userid").ok_or_else(|| nothing("userid"))?;
    let mobile = find_mobile(client, access, &userid).await;
    Ok(DingPerson { userid, name: text(&result, "name"), mobile })
}

/// The client's answer has no mobile. Without the right to read it the user id has to do.
async fn find_mobile(client: &Client, access: &Access, userid: &str) -> Option<String> {
    let body = json!({"userid": userid});
    match client.post_old(access, "/topapi/v2/user/get", &body).await {
        Ok(answer) => answer.get("result").and_then(mobile),
        Err(trouble) => {
            tracing::info!(cause = %trouble, "DingTalk does not tell a mobile");
            None
        }
    }
}

fn text(answer: &Value, name: &str) -> Option<String> {
    answer.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// With the country's code where it is not the mainland's.
fn mobile(answer: &Value) -> Option<String> {
    let number = text(answer, "mobile")?;
    match text(answer, "stateCode").or(text(answer, "state_code")) {
        Some(country) if country != "86" => Some(format!("+{country}{number}")),
        Some(_) | None => Some(number),
    }
}

fn nothing(name: &str) -> Trouble {
    refused(name, "missing in the answer")
}

fn refused(code: &str, message: &str) -> Trouble {
    Trouble::Refused { code: code.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_from_abroad_keeps_its_country() {
        assert_eq!(
            mobile(&json!({"mobile": "13900000001", "stateCode": "86"})).as_deref(),
            Some("13900000001")
        );
        assert_eq!(
            mobile(&json!({"mobile": "4155550100", "stateCode": "1"})).as_deref(),
            Some("+14155550100")
        );
        assert_eq!(mobile(&json!({})), None);
    }
}
