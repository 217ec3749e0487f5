//! Finds the person of ours who signed in elsewhere, or has them created.

use serde_json::json;
use shared::contract::directory::{CreatePerson, MatchPeople, Matches, PersonMatch};
use shared::id::UserCode;

use super::Ctx;
use super::use_login::Halt;
use crate::domain::binding::{By, Candidate, Identity, Verdict, decide};
use crate::domain::login::{Kind, Reason};
use crate::error::Error;
use crate::store::bindings;
use crate::store::logins::Login;

/// Who signed in, and what the provider's switches allow.
pub(crate) struct Somebody {
    pub(crate) identity: Identity,
    pub(crate) by_email: bool,
    pub(crate) auto_create: bool,
}

/// Who it is.
pub(crate) struct Bound {
    pub(crate) person: Candidate,
    pub(crate) subject: String,
    pub(crate) created: bool,
    /// The department that the provider names, where it is another one than ours.
    pub(crate) other_department: Option<String>,
}

/// Asks sync-service once and lets the rule decide.
pub(crate) async fn bind_person(
    ctx: &Ctx,
    login: &Login,
    somebody: Somebody,
) -> Result<Bound, Halt> {
    let Somebody { identity, by_email, auto_create } = somebody;
    let conn = ctx.db.connection().await?;
    let source = login.kind.source();
    let known = bindings::find(&conn, &login.tenant, source, &identity.subject).await?;
    drop(conn);
    let mut wanted = question(login.kind, &identity, known);
    if by_email {
        wanted.email.clone_from(&identity.email);
    }
    let may_create = auto_create && identity.department.is_some();
    wanted.create = may_create.then(|| newcomer(&identity));
    let answer =
        ctx.directory.match_people(&login.tenant, &wanted).await.map_err(Error::Directory)?;
    let subject = identity.subject;
    match decide(&candidates(&answer)) {
        Verdict::Person(person) => {
            let other_department = identity
                .department
                .filter(|_| answer.department.as_ref() != Some(&person.department));
            Ok(Bound { person, subject, created: answer.created, other_department })
        }
        Verdict::Ambiguous { by, users } => {
            let detail = json!({"subject": subject, "by": by.as_str(), "users": users});
            Err(Halt::refused(Reason::PersonAmbiguous, detail))
        }
        Verdict::Disabled(user) => {
            let detail = json!({"subject": subject, "user": user.as_str()});
            Err(Halt::refused(Reason::PersonDisabled, detail))
        }
        Verdict::Unknown => {
            let detail = json!({"subject": subject, "notCreated": answer.refused});
            Err(Halt::refused(Reason::PersonUnknown, detail))
        }
    }
}

/// The ERP's subject is a user code; DingTalk's is a user id there, and its mobile counts as one bound
/// for DingTalk.
fn question(kind: Kind, identity: &Identity, known: Option<UserCode>) -> MatchPeople {
    let known = known.map(UserCode::into_string);
    let department = identity.department.clone();
    match kind {
        Kind::Erp => MatchPeople {
            user_code: Some(identity.subject.clone()),
            mobile: identity.mobile.clone(),
            bound_user_code: known,
            department,
            ..MatchPeople::default()
        },
        Kind::Dingtalk | Kind::DingtalkInside => MatchPeople {
            dingtalk_user_id: Some(identity.subject.clone()),
            dingtalk_mobile: identity.mobile.clone(),
            bound_user_code: known,
            department,
            ..MatchPeople::default()
        },
    }
}

fn newcomer(identity: &Identity) -> CreatePerson {
    CreatePerson {
        name: identity.name.clone().unwrap_or_else(|| identity.subject.clone()),
        mobile: identity.mobile.clone(),
        email: identity.email.clone(),
    }
}

fn candidates(answer: &Matches) -> Vec<Candidate> {
    let candidate = |found: &PersonMatch| {
        Some(Candidate {
            user: UserCode::stored(found.user_code.clone()),
            name: found.name.clone(),
            active: found.active,
            revision: found.revision,
            department: found.dept_id.clone(),
            by: By::parse(&found.by)?,
        })
    };
    answer.matches.iter().filter_map(candidate).collect()
}
