//! What only services of the house may ask.

use actix_web::post;
use actix_web::web::{Data, Json};
use shared::contract::directory::{
    FindPeople, FoundPeople, MatchPeople, Matches, PersonMatch, Resolve, Unknown,
};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::identity::Caller;

use crate::domain::sign_in::Newcomer;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::match_people::Found;

#[post("/internal/directory/resolve")]
pub(crate) async fn resolve_directory(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<Resolve>,
) -> Answer<Unknown> {
    caller.require_service()?;
    let wanted = body.into_inner();
    let unknown = detached(async move {
        usecase::resolve_directory::resolve_directory(&ctx, &caller.tenant, wanted).await
    });
    Ok(Reply(unknown.await?))
}

#[post("/internal/people/find")]
pub(crate) async fn find_people(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<FindPeople>,
) -> Answer<FoundPeople> {
    caller.require_service()?;
    let wanted = body.into_inner();
    let found =
        detached(
            async move { usecase::find_people::find_people(&ctx, &caller.tenant, wanted).await },
        );
    Ok(Reply(found.await?))
}

#[post("/internal/people/match")]
pub(crate) async fn match_people(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<MatchPeople>,
) -> Answer<Matches> {
    caller.require_service()?;
    let asked = body.into_inner();
    let newcomer = asked.create.zip(asked.user_code.clone()).map(|(person, code)| Newcomer {
        code,
        name: person.name,
        mobile: person.mobile,
        email: person.email,
    });
    let wanted = usecase::match_people::MatchPeople {
        user_code: asked.user_code,
        bound_user_code: asked.bound_user_code,
        mobile: asked.mobile,
        email: asked.email,
        dingtalk_user_id: asked.dingtalk_user_id,
        dingtalk_mobile: asked.dingtalk_mobile,
        department: asked.department,
        newcomer,
    };
    let found =
        detached(
            async move { usecase::match_people::match_people(&ctx, &caller.tenant, wanted).await },
        )
        .await?;
    Ok(Reply(Matches {
        matches: found.found.into_iter().map(matched).collect(),
        department: found.department,
        created: found.created,
        refused: found.refused.map(str::to_owned),
    }))
}

fn matched(found: Found) -> PersonMatch {
    PersonMatch {
        user_code: found.user_code,
        name: found.name,
        active: found.active,
        revision: found.revision,
        dept_id: found.dept_id,
        by: found.by,
    }
}
