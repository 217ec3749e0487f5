//! Defines a flow that runs in the ERP (E 4.1).

use shared::contract::directory::Resolve;
use shared::fault::FieldError;
use shared::id::{AppId, FlowCode, Tenant};

use super::Ctx;
use crate::domain::third_party::Content;
use crate::domain::version::Drafted;
use crate::error::Error;
use crate::store::third_party;

/// Gives the version that says this: the newest one, or a new draft.
pub(crate) async fn create_third_party(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
    content: Content,
) -> Result<i32, Error> {
    check_people(ctx, tenant, &content).await?;
    ctx.db
        .transaction(async |tx| {
            let flow = third_party::load_or_create(tx, tenant, app, code).await?;
            match flow.draft(content, ctx.clock.now()) {
                Drafted::Same(number) => Ok(number),
                Drafted::New(version) => {
                    let number = version.number;
                    third_party::save_version(tx, tenant, code, *version).await?;
                    Ok(number)
                }
            }
        })
        .await
}

/// Asks for all at once, before the transaction; names every unknown one with its field.
async fn check_people(ctx: &Ctx, tenant: &Tenant, content: &Content) -> Result<(), Error> {
    let places = places(content);
    let of = |wanted: Kind| {
        places.iter().filter(move |place| place.kind == wanted).map(|place| place.code.to_owned())
    };
    let wanted =
        Resolve { users: of(Kind::User).collect(), departments: of(Kind::Department).collect() };
    let unknown = ctx.directory.resolve(tenant, &wanted).await.map_err(Error::Directory)?;
    let details: Vec<FieldError> = places
        .into_iter()
        .filter_map(|place| match place.kind {
            Kind::User if unknown.users.iter().any(|code| code == place.code) => {
                Some(FieldError::reference(place.field, format!("用户 {} 不存在", place.code)))
            }
            Kind::Department if unknown.departments.iter().any(|code| code == place.code) => {
                Some(FieldError::reference(place.field, format!("部门 {} 不存在", place.code)))
            }
            Kind::User | Kind::Department => None,
        })
        .collect();
    if details.is_empty() { Ok(()) } else { Err(Error::UnknownPeople(details)) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Department,
}

/// A code and the field it stands in.
struct Place<'a> {
    field: String,
    kind: Kind,
    code: &'a str,
}

fn places(content: &Content) -> Vec<Place<'_>> {
    let user = |field: &str, code| Place { field: field.to_owned(), kind: Kind::User, code };
    let mut places = vec![
        user("managerUserCode", content.manager.as_str()),
        user("operationUserCode", &content.operator),
        user("configUserCode", &content.configurer),
        user("createBy", &content.creator),
    ];
    for (name, rule) in
        [("allowedApplyRule", &content.may_apply), ("allowedManageRule", &content.may_manage)]
    {
        for (index, code) in rule.users().iter().enumerate() {
            places.push(user(&format!("{name}.userCodes[{index}]"), code));
        }
        for (index, code) in rule.departments().iter().enumerate() {
            places.push(Place {
                field: format!("{name}.deptCodes[{index}]"),
                kind: Kind::Department,
                code,
            });
        }
    }
    places
}
