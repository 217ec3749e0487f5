//! `/aflow/api/flow/create_third_party` and `/aflow/api/flow/online_third_party`.

use actix_web::post;
use actix_web::web::Data;
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::fault::Mistake;
use shared::http::body::Body;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::{AppId, CODE_MAX_CHARS, FlowCode, UserCode};
use shared::identity::Caller;
use utoipa::ToSchema;

use crate::domain::apply_rule::ApplyRule;
use crate::domain::third_party::{Content, Pages, parse_url};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::online_third_party::OnlineThirdParty;

/// Codes in one list of a rule at most.
const MAX_CODES: usize = 1_000;

/// A flow that runs in the ERP.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateThirdPartyIn {
    /// Alias `thirdFlowCode`. Only a body with `externalSystemCode` may go without.
    #[schema(value_type = Option<String>)]
    flow_code: Option<FlowCode>,
    /// The published client's field; a code is made from it and the title.
    external_system_code: Option<String>,
    title: String,
    initiate_url: PagesIn,
    detail_url: PagesIn,
    /// Alias `categoryId`; an unknown group is created.
    group_id: String,
    #[schema(value_type = String)]
    manager_user_code: UserCode,
    #[schema(value_type = String)]
    operation_user_code: UserCode,
    #[schema(value_type = String)]
    config_user_code: UserCode,
    #[schema(value_type = String)]
    create_by: UserCode,
    /// `pc`, `mobile`; absent = both.
    #[schema(value_type = Option<Vec<String>>)]
    allowed_apply_terminals: Terminals,
    #[schema(value_type = Option<ApplyRuleIn>)]
    allowed_apply_rule: ApplyRule,
    #[schema(value_type = Option<ApplyRuleIn>)]
    allowed_manage_rule: ApplyRule,
}

/// Two pages; absolute http(s) addresses of at most 1,000 characters.
#[derive(Default, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct PagesIn {
    h5_url: String,
    web_url: String,
}

impl Read for PagesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            h5_url: fields.parsed("h5Url", parse_url).unwrap_or_default(),
            web_url: fields.parsed("webUrl", parse_url).unwrap_or_default(),
        }
    }
}

impl From<PagesIn> for Pages {
    fn from(pages: PagesIn) -> Self {
        Pages { h5: pages.h5_url, web: pages.web_url }
    }
}

/// `all`, or `specify` (alias `custom`) with lists; `specify` with empty lists = nobody.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ApplyRuleIn {
    allowed_apply_type: Option<String>,
    user_codes: Vec<String>,
    dept_codes: Vec<String>,
    user_group_codes: Vec<String>,
}

impl Read for ApplyRuleIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let codes = |list: Vec<UserCode>| list.into_iter().map(UserCode::into_string).collect();
        let word = fields.optional_text("allowedApplyType", TEXT_MAX_CHARS);
        if word.as_deref().is_some_and(|word| ApplyRule::is_for_all(word).is_none()) {
            fields.refuse("allowedApplyType", Mistake::Choice, "应为 all、specify 或 custom");
        }
        Self {
            allowed_apply_type: word,
            user_codes: codes(fields.optional_codes("userCodes", MAX_CODES)),
            dept_codes: codes(fields.optional_codes("deptCodes", MAX_CODES)),
            user_group_codes: codes(fields.optional_codes("userGroupCodes", MAX_CODES)),
        }
    }
}

impl From<Option<ApplyRuleIn>> for ApplyRule {
    fn from(rule: Option<ApplyRuleIn>) -> Self {
        let Some(rule) = rule else { return ApplyRule::All };
        let for_all =
            rule.allowed_apply_type.as_deref().and_then(ApplyRule::is_for_all).unwrap_or(true);
        if for_all {
            return ApplyRule::All;
        }
        ApplyRule::Named {
            users: rule.user_codes,
            departments: rule.dept_codes,
            groups: rule.user_group_codes,
        }
    }
}

/// Where a flow may be started.
#[derive(Clone, Copy)]
pub(crate) struct Terminals {
    pc: bool,
    mobile: bool,
}

impl Terminals {
    /// Absent = both; a list that is there must name at least one (DECISIONS "empty lists").
    fn read(fields: &mut Fields<'_>) -> Self {
        if !fields.has("allowedApplyTerminals") {
            return Self { pc: true, mobile: true };
        }
        let words = fields.parsed_list("allowedApplyTerminals", 1..=10, |word| match word {
            "pc" => Ok(true),
            "mobile" => Ok(false),
            _ => Err("应为 pc 或 mobile"),
        });
        Self { pc: words.contains(&true), mobile: words.contains(&false) }
    }
}

impl Read for CreateThirdPartyIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let external_system_code = fields.optional_text("externalSystemCode", TEXT_MAX_CHARS);
        let flow_code = match external_system_code {
            Some(_) => fields.optional_code("flowCode|thirdFlowCode"),
            None => Some(fields.code("flowCode|thirdFlowCode")),
        };
        Self {
            flow_code,
            external_system_code,
            title: fields.text("title", TEXT_MAX_CHARS),
            initiate_url: fields.object("initiateUrl").unwrap_or_default(),
            detail_url: fields.object("detailUrl").unwrap_or_default(),
            group_id: fields.text("groupId|categoryId", CODE_MAX_CHARS),
            manager_user_code: fields.code("managerUserCode"),
            operation_user_code: fields.code("operationUserCode"),
            config_user_code: fields.code("configUserCode"),
            create_by: fields.code("createBy"),
            allowed_apply_terminals: Terminals::read(fields),
            allowed_apply_rule: fields.optional_object::<ApplyRuleIn>("allowedApplyRule").into(),
            allowed_manage_rule: fields.optional_object::<ApplyRuleIn>("allowedManageRule").into(),
        }
    }
}

/// A code for a body that has none: the same body gives the same code, so that a repeat is a repeat.
fn made_code(app: &AppId, external: &str, title: &str) -> FlowCode {
    let digest = Sha256::digest(format!("{app}\n{external}\n{title}"));
    FlowCode::stored(format!("TP_{}", hex::encode(digest.get(..10).unwrap_or_default())))
}

impl From<CreateThirdPartyIn> for Content {
    fn from(request: CreateThirdPartyIn) -> Self {
        Content {
            title: request.title,
            initiate: request.initiate_url.into(),
            detail: request.detail_url.into(),
            group: request.group_id,
            manager: request.manager_user_code.into_string(),
            operator: request.operation_user_code.into_string(),
            configurer: request.config_user_code.into_string(),
            creator: request.create_by.into_string(),
            on_pc: request.allowed_apply_terminals.pc,
            on_mobile: request.allowed_apply_terminals.mobile,
            may_apply: request.allowed_apply_rule,
            may_manage: request.allowed_manage_rule,
        }
    }
}

/// A flow and the version that says what was sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowVersionOut {
    pub(super) flow_code: String,
    pub(super) flow_version: i32,
}

/// Defines a third-party flow (E 4.1). Same content as the newest version → the same version;
/// different → a new draft while the online one serves.
#[utoipa::path(request_body = CreateThirdPartyIn, responses((status = 200, body = FlowVersionOut)), tag = "third-party flows")]
#[post("/aflow/api/flow/create_third_party")]
pub(crate) async fn create_third_party(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CreateThirdPartyIn>,
) -> Answer<FlowVersionOut> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let external = request.external_system_code.clone().unwrap_or_default();
    let code =
        request.flow_code.clone().unwrap_or_else(|| made_code(&app, &external, &request.title));
    let flow_code = code.to_string();
    let flow_version = detached(async move {
        usecase::create_third_party::create_third_party(
            &ctx,
            &caller.tenant,
            &app,
            &code,
            request.into(),
        )
        .await
    })
    .await?;
    Ok(Reply(FlowVersionOut { flow_code, flow_version }))
}

/// Which version to put online.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct OnlineThirdPartyIn {
    #[schema(value_type = String)]
    flow_code: FlowCode,
    /// Absent = the newest.
    flow_version: Option<i32>,
    update_desc: Option<String>,
}

impl Read for OnlineThirdPartyIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            flow_code: fields.code("flowCode|thirdFlowCode"),
            flow_version: fields.optional_int("flowVersion", 1..=i32::MAX),
            update_desc: fields.optional_lines("updateDesc", 4_000),
        }
    }
}

/// Puts a version online (E 4.2): exactly one is, an older one may come back, a repeat is a success.
#[utoipa::path(request_body = OnlineThirdPartyIn, responses((status = 200, body = Done)), tag = "third-party flows")]
#[post("/aflow/api/flow/online_third_party")]
pub(crate) async fn online_third_party(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<OnlineThirdPartyIn>,
) -> Answer<Done> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let wanted = OnlineThirdParty {
        code: request.flow_code,
        version: request.flow_version,
        update_desc: request.update_desc,
    };
    detached(async move {
        usecase::online_third_party::online_third_party(&ctx, &caller.tenant, &app, wanted).await
    })
    .await?;
    Ok(Reply(Done::new()))
}
