//! Puts a to-do on a person's list, or finds the one that is there already.

use shared::dingtalk::{Access, Trouble};

use super::call_dingtalk::{Round, Setback};
use super::resolve_person::Found;
use crate::domain::outcome::Outcome;
use crate::domain::template::{self, Todo};
use crate::ports::dingtalk::{Api, TODO_EXISTS};
use crate::store::claims::Claimed;

/// Pages looked through for a to-do that exists; 20 to-dos each.
const MOST_PAGES: usize = 50;

/// What came of it.
pub(crate) async fn create_todo(round: &Round<'_>, found: &Found, claim: &Claimed) -> Outcome {
    if !claim.known.is_wanted() {
        return Outcome::Unwanted("the task has closed");
    }
    let unionid = match found.resolve(round, claim).await {
        Ok(user) => user.unionid,
        Err(outcome) => return outcome,
    };
    let todo = template::todo(&claim.notice, &claim.user, &claim.web_url, &claim.h5_url);
    let made = |todo: String| Outcome::Made { todo, unionid: unionid.clone() };
    if !claim.known.open {
        // Only what may stand already is of interest, and only to be ticked off.
        return match find(round, &unionid, &todo.source_id).await {
            Ok(Some(id)) => made(id),
            Ok(None) => Outcome::Unwanted("the task has closed"),
            Err(setback) => setback.into(),
        };
    }
    match create(round, &unionid, &todo).await {
        Ok(id) => made(id),
        Err(Setback::Trouble(Trouble::Refused { message, .. })) if message == TODO_EXISTS => {
            match find(round, &unionid, &todo.source_id).await {
                Ok(Some(id)) => made(id),
                Ok(None) => lost(),
                Err(setback) => setback.into(),
            }
        }
        Err(setback) => setback.into(),
    }
}

async fn create(round: &Round<'_>, unionid: &str, todo: &Todo) -> Result<String, Setback> {
    let dingtalk = &round.ctx.dingtalk;
    let ask = |access: Access| async move { dingtalk.create_todo(&access, unionid, todo).await };
    round.call(Api::CreateTodo, ask).await
}

/// Looks through the person's to-dos, page by page.
async fn find(
    round: &Round<'_>,
    unionid: &str,
    source_id: &str,
) -> Result<Option<String>, Setback> {
    let dingtalk = &round.ctx.dingtalk;
    let mut page: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let wanted = page.as_deref();
        let ask =
            |access: Access| async move { dingtalk.list_todos(&access, unionid, wanted).await };
        let listed = round.call(Api::FindTodo, ask).await?;
        if let Some((_, id)) = listed.todos.into_iter().find(|(source, _)| source == source_id) {
            return Ok(Some(id));
        }
        match listed.next {
            Some(next) => page = Some(next),
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn lost() -> Outcome {
    let message = "the to-do exists, but it is not on the person's list".to_owned();
    Outcome::Trouble(Trouble::Refused { code: "todo.lost".to_owned(), message })
}
