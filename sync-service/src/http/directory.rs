//! The organisation: `/aflow/api/sys/*` and `/aflow/api/auth/bind`.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Serialize;
use shared::fault::{FieldError, Mistake};
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::json::Json;
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::{CODE_MAX_CHARS, UserCode};
use shared::identity::{Actor, Caller};
use shared::patch::Patch;
use utoipa::{IntoParams, ToSchema};

use crate::domain::batch::{Batch, Failure, Row};
use crate::domain::department::Department;
use crate::domain::user::User;
use crate::domain::{department, user};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::bind_user::BindUser;
use crate::usecase::list_users::PageOf;

/// Rows in one call at most.
const MAX_ROWS: usize = 1_000;

/// Managers of a department, or roles of a person, at most.
const MAX_NAMES: usize = 50;

/// A delivery of departments.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SyncDepartmentsIn {
    #[schema(value_type = Vec<DepartmentIn>)]
    departments: Vec<Row<DepartmentIn>>,
    /// Sort the list before judging it (ours).
    any_order: Option<bool>,
}

/// A department; an optional field that is absent keeps its stored value, `null` or `""` clears it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct DepartmentIn {
    dept_id: String,
    dept_name: String,
    #[schema(value_type = Option<String>)]
    parent_id: Patch<String>,
    #[schema(value_type = Option<String>)]
    dept_code: Patch<String>,
    /// Default 100.
    order_num: Option<i32>,
    /// 1 enabled (default), 0 disabled.
    status: Option<i32>,
    /// Those who lead it, by user code; they may come later (ours).
    #[schema(value_type = Option<Vec<String>>)]
    manager_user_ids: Patch<Vec<String>>,
}

impl Read for DepartmentIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            dept_id: fields.text("deptId", CODE_MAX_CHARS),
            dept_name: fields.text("deptName", TEXT_MAX_CHARS),
            parent_id: fields.patch_text("parentId", CODE_MAX_CHARS),
            dept_code: fields.patch_text("deptCode", CODE_MAX_CHARS),
            order_num: fields.optional_int("orderNum", 0..=i32::MAX),
            status: status(fields),
            manager_user_ids: patch_names(fields, "managerUserIds"),
        }
    }
}

/// A list of codes or names, each once; absent keeps what is stored, `null` or `[]` clears it.
fn patch_names(fields: &mut Fields<'_>, name: &str) -> Patch<Vec<String>> {
    match fields.raw(name) {
        None => return Patch::Keep,
        Some(Json::Null) => return Patch::Clear,
        Some(_) => {}
    }
    let mut names: Vec<String> = Vec::new();
    for code in fields.optional_codes::<UserCode>(name, MAX_NAMES) {
        if !names.iter().any(|known| known == code.as_str()) {
            names.push(code.into_string());
        }
    }
    Patch::Set(names)
}

/// 1 or 0; another whole number is a wrong choice, anything else a wrong type.
fn status(fields: &mut Fields<'_>) -> Option<i32> {
    let number = fields.optional_int("status", i32::MIN..=i32::MAX)?;
    if !(0..=1).contains(&number) {
        fields.refuse("status", Mistake::Choice, "应为 1（启用）或 0（禁用）");
    }
    Some(number)
}

impl Read for SyncDepartmentsIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let ids = ids_of(fields, "departments", "deptId");
        Self {
            departments: judge(fields.rows("departments", MAX_ROWS), &ids),
            any_order: fields.optional_flag("anyOrder"),
        }
    }
}

/// The id of each row as sent, so that a refused row can be named.
fn ids_of(fields: &Fields<'_>, list: &str, id: &str) -> Vec<String> {
    let Some(Json::Array(items)) = fields.raw(list) else { return Vec::new() };
    let id_of = |item: &Json| match item {
        Json::Object(members) => {
            members.iter().find(|(key, _)| key == id).and_then(|(_, value)| match value {
                Json::Text(text) => {
                    Some(text.chars().filter(|c| !c.is_control()).take(CODE_MAX_CHARS).collect())
                }
                _ => None,
            })
        }
        _ => None,
    };
    items.iter().map(|item| id_of(item).unwrap_or_default()).collect()
}

/// Rows that could not be read become failures of their own.
fn judge<T>(rows: Vec<Result<T, Vec<FieldError>>>, ids: &[String]) -> Vec<Row<T>> {
    let failure = |index: usize, errors: Vec<FieldError>| Failure {
        index,
        id: ids.get(index).cloned().unwrap_or_default(),
        code: errors.first().map_or("INVALID_PARAMETER", |error| error.mistake.row_code()),
        message: errors
            .iter()
            .map(|error| format!("{}：{}", error.field, error.message))
            .collect::<Vec<_>>()
            .join("；"),
    };
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| row.map_err(|errors| failure(index, errors)))
        .collect()
}

impl From<DepartmentIn> for department::Proposal {
    fn from(row: DepartmentIn) -> Self {
        Self {
            id: row.dept_id,
            name: row.dept_name,
            parent: row.parent_id,
            code: row.dept_code,
            order_num: row.order_num,
            active: row.status.map(|status| status == 1),
            managers: row.manager_user_ids,
        }
    }
}

/// What became of a delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchOut {
    success_count: usize,
    fail_count: usize,
    fail_details: Vec<FailureOut>,
    warnings: Vec<String>,
}

/// A row that was not applied.
#[derive(Serialize, ToSchema)]
pub(crate) struct FailureOut {
    index: usize,
    id: String,
    code: &'static str,
    message: String,
}

impl<T> From<Batch<T>> for BatchOut {
    fn from(batch: Batch<T>) -> Self {
        let detail = |failure: Failure| FailureOut {
            index: failure.index,
            id: failure.id,
            code: failure.code,
            message: failure.message,
        };
        Self {
            success_count: batch.successes,
            fail_count: batch.failures.len(),
            fail_details: batch.failures.into_iter().map(detail).collect(),
            warnings: batch.warnings,
        }
    }
}

fn any_order(asked: Option<bool>, caller: &Caller) -> bool {
    asked.unwrap_or(match &caller.actor {
        Actor::Application { any_order, .. } => *any_order,
        Actor::Person(_) | Actor::Service(_) => false,
    })
}

/// Upserts departments by `deptId` (E 2.1). A bad row does not stop the others.
#[utoipa::path(request_body = SyncDepartmentsIn, responses((status = 200, body = BatchOut)), tag = "organisation")]
#[post("/aflow/api/sys/sync/department")]
pub(crate) async fn sync_departments(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SyncDepartmentsIn>,
) -> Answer<BatchOut> {
    let request = body.read()?;
    let any_order = any_order(request.any_order, &caller);
    let rows =
        request.departments.into_iter().map(|row| row.map(department::Proposal::from)).collect();
    let batch = detached(async move {
        usecase::sync_departments::sync_departments(&ctx, &caller.tenant, rows, any_order).await
    })
    .await?;
    Ok(Reply(batch.into()))
}

/// A delivery of users.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SyncUsersIn {
    #[schema(value_type = Vec<UserIn>)]
    users: Vec<Row<UserIn>>,
    /// Sort the list before judging it (ours).
    any_order: Option<bool>,
}

/// A user; an optional field that is absent keeps its stored value, `null` or `""` clears it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct UserIn {
    user_id: String,
    user_name: String,
    #[schema(value_type = Option<String>)]
    real_name: Patch<String>,
    #[schema(value_type = Option<String>)]
    email: Patch<String>,
    #[schema(value_type = Option<String>)]
    mobile: Patch<String>,
    dept_id: String,
    /// 1 employee (default), 2 intern, 3 outsourced, 4 labour service, 5 adviser.
    personnel_type: Option<i16>,
    #[schema(value_type = Option<String>)]
    direct_supervisor: Patch<String>,
    /// 1 enabled (default), 0 disabled.
    status: Option<i32>,
    /// Job title (ours).
    #[schema(value_type = Option<String>)]
    title: Patch<String>,
    /// What approval rules may ask for, such as `finance` (ours).
    #[schema(value_type = Option<Vec<String>>)]
    roles: Patch<Vec<String>>,
}

impl Read for UserIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            user_id: fields.text("userId", CODE_MAX_CHARS),
            user_name: fields.text("userName", TEXT_MAX_CHARS),
            real_name: fields.patch_text("realName", TEXT_MAX_CHARS),
            email: checked(
                fields,
                "email",
                |text| is_email(text).then(|| text.to_owned()),
                "不是合法的邮箱地址",
            ),
            mobile: checked(fields, "mobile", parse_mobile, "不是合法的手机号"),
            dept_id: fields.text("deptId", CODE_MAX_CHARS),
            personnel_type: personnel_type(fields),
            direct_supervisor: fields.patch_text("directSupervisor", CODE_MAX_CHARS),
            status: status(fields),
            title: fields.patch_text("title", CODE_MAX_CHARS),
            roles: patch_names(fields, "roles"),
        }
    }
}

impl Read for SyncUsersIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let ids = ids_of(fields, "users", "userId");
        Self {
            users: judge(fields.rows("users", MAX_ROWS), &ids),
            any_order: fields.optional_flag("anyOrder"),
        }
    }
}

/// An optional text with a form of its own: whatever does not fit is malformed, control characters
/// like anything else.
fn checked(
    fields: &mut Fields<'_>,
    name: &str,
    parse: fn(&str) -> Option<String>,
    message: &str,
) -> Patch<String> {
    let parsed = match fields.raw(name) {
        None => return Patch::Keep,
        Some(Json::Null) => return Patch::Clear,
        Some(Json::Text(text)) if text.trim_matches(' ').is_empty() => return Patch::Clear,
        Some(Json::Text(text)) => parse(text),
        Some(_) => None,
    };
    match parsed {
        Some(value) => Patch::Set(value),
        None => {
            fields.refuse(name, Mistake::Malformed, message);
            Patch::Keep
        }
    }
}

fn is_email(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || shared::id::is_forbidden(c));
    plain
        && text.chars().count() <= TEXT_MAX_CHARS
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// Digits, perhaps with a leading `+`; blanks and hyphens between them are dropped.
fn parse_mobile(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    let fits = (5..=20).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
    fits.then_some(bare)
}

fn personnel_type(fields: &mut Fields<'_>) -> Option<i16> {
    let number = match fields.raw("personnelType")? {
        Json::Null => return None,
        Json::Number(number) => number.as_i64(),
        _ => None,
    };
    match number.and_then(|number| i16::try_from(number).ok()) {
        Some(kind) if (1..=5).contains(&kind) => Some(kind),
        _ => {
            fields.refuse("personnelType", Mistake::Choice, "应为 1 到 5 之间的整数");
            None
        }
    }
}

impl From<UserIn> for user::Proposal {
    fn from(row: UserIn) -> Self {
        Self {
            code: row.user_id,
            user_name: row.user_name,
            real_name: row.real_name,
            email: row.email,
            mobile: row.mobile,
            dept_id: row.dept_id,
            personnel_type: row.personnel_type,
            supervisor: row.direct_supervisor,
            active: row.status.map(|status| status == 1),
            title: row.title,
            roles: row.roles,
        }
    }
}

/// Upserts users by `userId` (E 2.2). A bad row does not stop the others.
#[utoipa::path(request_body = SyncUsersIn, responses((status = 200, body = BatchOut)), tag = "organisation")]
#[post("/aflow/api/sys/sync/user")]
pub(crate) async fn sync_users(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SyncUsersIn>,
) -> Answer<BatchOut> {
    let request = body.read()?;
    let any_order = any_order(request.any_order, &caller);
    let rows = request.users.into_iter().map(|row| row.map(user::Proposal::from)).collect();
    let batch = detached(async move {
        usecase::sync_users::sync_users(&ctx, &caller.tenant, rows, any_order).await
    })
    .await?;
    Ok(Reply(batch.into()))
}

/// Whom to bind; `linkUserCode` or `phoneNumber`, or both.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct BindUserIn {
    #[schema(value_type = String)]
    custom_user_code: UserCode,
    /// The DingTalk user id.
    link_user_code: Option<String>,
    phone_number: Option<String>,
}

impl Read for BindUserIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let request = Self {
            custom_user_code: fields.code("customUserCode"),
            link_user_code: fields.optional_text("linkUserCode", CODE_MAX_CHARS),
            phone_number: match checked(fields, "phoneNumber", parse_mobile, "不是合法的手机号")
            {
                Patch::Set(mobile) => Some(mobile),
                Patch::Keep | Patch::Clear => None,
            },
        };
        let names_nobody = request.link_user_code.is_none() && request.phone_number.is_none();
        if names_nobody && !fields.is_noted("linkUserCode") && !fields.is_noted("phoneNumber") {
            fields.refuse(
                "linkUserCode",
                Mistake::Malformed,
                "linkUserCode 与 phoneNumber 至少填写一个",
            );
        }
        request
    }
}

/// Binds the ERP's user code to the DingTalk user with that id or mobile; `data` is the user code.
#[utoipa::path(request_body = BindUserIn, responses((status = 200, body = String, content_type = "application/json")), tag = "organisation")]
#[post("/aflow/api/auth/bind")]
pub(crate) async fn bind_user(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<BindUserIn>,
) -> Answer<String> {
    let request = body.read()?;
    let bound = detached(async move {
        let wanted = BindUser {
            user: request.custom_user_code,
            dingtalk_user_id: request.link_user_code,
            mobile: request.phone_number,
        };
        usecase::bind_user::bind_user(&ctx, &caller.tenant, wanted).await
    })
    .await?;
    Ok(Reply(bound.into_string()))
}

/// A department with those below it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(no_recursion)]
pub(crate) struct DepartmentOut {
    dept_id: String,
    dept_name: String,
    parent_id: String,
    dept_code: Option<String>,
    order_num: i32,
    status: i32,
    manager_user_ids: Vec<String>,
    children: Vec<DepartmentOut>,
}

/// All departments as trees, in the order people see them.
#[utoipa::path(responses((status = 200, body = Vec<DepartmentOut>)), tag = "organisation")]
#[get("/aflow/api/sys/department/tree")]
pub(crate) async fn show_department_tree(
    ctx: Data<Ctx>,
    caller: Caller,
) -> Answer<Vec<DepartmentOut>> {
    let flat = detached(async move {
        usecase::show_department_tree::show_department_tree(&ctx, &caller.tenant).await
    });
    Ok(Reply(nested(flat.await?)))
}

/// Children under their parents; built from the leaves up, so that depth costs no stack.
fn nested(flat: Vec<Department>) -> Vec<DepartmentOut> {
    let parents: HashMap<String, Option<String>> =
        flat.iter().map(|department| (department.id.clone(), department.parent.clone())).collect();
    let depth = |id: &str| {
        let mut depth = 0_usize;
        let mut above = parents.get(id).cloned().flatten();
        while let Some(id) = above.filter(|_| depth <= parents.len()) {
            depth += 1;
            above = parents.get(&id).cloned().flatten();
        }
        depth
    };
    let mut by_depth: Vec<(usize, usize, Department)> = flat
        .into_iter()
        .enumerate()
        .map(|(place, department)| (depth(&department.id), place, department))
        .collect();
    by_depth.sort_by_key(|(depth, place, _)| (std::cmp::Reverse(*depth), *place));
    let mut children: HashMap<String, Vec<DepartmentOut>> = HashMap::new();
    let mut roots = Vec::new();
    for (_, _, department) in by_depth {
        let node = DepartmentOut {
            children: children.remove(&department.id).unwrap_or_default(),
            parent_id: department.parent.clone().unwrap_or_default(),
            dept_id: department.id,
            dept_name: department.name,
            dept_code: department.code,
            order_num: department.order_num,
            status: i32::from(department.active),
            manager_user_ids: department.managers,
        };
        match department.parent {
            Some(parent) => children.entry(parent).or_default().push(node),
            None => roots.push(node),
        }
    }
    roots
}

/// Which people are wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListUsersIn {
    dept_id: Option<String>,
    /// Part of code, name or mobile.
    keyword: Option<String>,
    /// From 1; default 1.
    page: Option<i32>,
    /// At most 100; default 20.
    size: Option<i32>,
}

impl Read for ListUsersIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            dept_id: fields.optional_text("deptId", CODE_MAX_CHARS),
            keyword: fields.optional_text("keyword", TEXT_MAX_CHARS),
            page: fields.optional_int("page", 1..=1_000_000),
            size: fields.optional_int("size", 1..=100),
        }
    }
}

/// One page of people.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserPageOut {
    total: i64,
    page: i32,
    size: i32,
    rows: Vec<UserOut>,
}

/// A person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserOut {
    user_id: String,
    user_name: String,
    real_name: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    dept_id: String,
    personnel_type: i16,
    direct_supervisor: Option<String>,
    status: i32,
    /// The bound DingTalk user id.
    link_user_code: Option<String>,
    title: Option<String>,
    roles: Vec<String>,
}

impl From<User> for UserOut {
    fn from(user: User) -> Self {
        Self {
            user_id: user.code,
            user_name: user.user_name,
            real_name: user.real_name,
            email: user.email,
            mobile: user.mobile,
            dept_id: user.dept_id,
            personnel_type: user.personnel_type,
            direct_supervisor: user.supervisor,
            status: i32::from(user.active),
            link_user_code: user.dingtalk_user_id,
            title: user.title,
            roles: user.roles,
        }
    }
}

/// A page of people, by code.
#[utoipa::path(params(ListUsersIn), responses((status = 200, body = UserPageOut)), tag = "organisation")]
#[get("/aflow/api/sys/user/page")]
pub(crate) async fn list_users(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListUsersIn>,
) -> Answer<UserPageOut> {
    let request = query.read()?;
    let (page, size) = (request.page.unwrap_or(1), request.size.unwrap_or(20));
    let wanted = PageOf { dept_id: request.dept_id, keyword: request.keyword, page, size };
    let (users, total) =
        detached(
            async move { usecase::list_users::list_users(&ctx, &caller.tenant, wanted).await },
        )
        .await?;
    Ok(Reply(UserPageOut {
        total,
        page,
        size,
        rows: users.into_iter().map(UserOut::from).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobiles_are_digits_in_any_usual_spelling() {
        assert_eq!(parse_mobile("+86 138-0013-8000").as_deref(), Some("+8613800138000"));
        for wrong in ["13800abc000", &"1".repeat(30), "１３８００１３８０００", ""] {
            assert_eq!(parse_mobile(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_tree_keeps_the_order_people_see() {
        let department = |id: &str, parent: Option<&str>, order_num| Department {
            id: id.to_owned(),
            name: id.to_owned(),
            parent: parent.map(str::to_owned),
            code: None,
            order_num,
            active: true,
            managers: Vec::new(),
        };

        let tree = nested(vec![
            department("B", Some("A"), 1),
            department("C", Some("A"), 2),
            department("A", None, 3),
        ]);

        assert_eq!(tree.len(), 1);
        let children: Vec<_> =
            tree[0].children.iter().map(|child| child.dept_id.as_str()).collect();
        assert_eq!(children, ["B", "C"]);
    }
}
