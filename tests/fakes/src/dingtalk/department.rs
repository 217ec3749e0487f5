//! Departments, one level at a time, and what an app may see of them.

use serde_json::{Value, json};

use super::{
    answer::{Gate, Refusal, Reply, old},
    args::Args,
    call::Call,
    directory::ROOT,
    options::{App, Department},
    routes::Api,
    state::State,
};

const LIST: &str = "qyapi_get_department_list";

pub(super) const APIS: &[Api] = &[
    Api::granted("POST", "/topapi/v2/department/listsub", LIST, list_sub),
    Api::granted("POST", "/topapi/v2/department/listsubid", LIST, list_sub_id),
    Api::granted("POST", "/topapi/v2/department/get", LIST, get),
    Api::granted("POST", "/topapi/v2/department/listparentbydept", LIST, list_parent_by_dept),
    Api::granted("POST", "/topapi/v2/department/listparentbyuser", LIST, list_parent_by_user),
    Api::free("GET", "/auth/scopes", auth_scopes),
];

fn list_sub(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let dept_id = args.find_int("dept_id")?.unwrap_or(ROOT);
    check_language(&args)?;
    find_visible(state, app, dept_id)?;
    let children: Vec<Value> = state.directory.children(dept_id).into_iter().map(brief).collect();
    Ok(json!({ "result": children }))
}

/// Not limited by what the app may see.
fn list_sub_id(state: &mut State, _: &App, call: &Call) -> Reply {
    let dept_id = Args::of(call)?.int("dept_id")?;
    find(state, dept_id)?;
    let children = state.directory.children(dept_id);
    let ids: Vec<i64> = children.into_iter().map(|department| department.dept_id).collect();
    Ok(json!({ "result": { "dept_id_list": ids } }))
}

fn get(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let dept_id = args.int("dept_id")?;
    check_language(&args)?;
    let department = find_visible(state, app, dept_id)?;
    let mut result = brief(department);
    if let Some(fields) = result.as_object_mut() {
        fields.insert("order".to_owned(), json!(department.order));
        fields.insert("dept_manager_userid_list".to_owned(), json!(department.managers));
        let members = state.directory.members_below(dept_id).count();
        fields.insert("member_count".to_owned(), json!(members));
        for no in ["from_union_org", "hide_dept", "outer_dept", "group_contain_sub_dept"] {
            fields.insert(no.to_owned(), json!(false));
        }
    }
    Ok(json!({ "result": result }))
}

fn list_parent_by_dept(state: &mut State, app: &App, call: &Call) -> Reply {
    let dept_id = Args::of(call)?.int("dept_id")?;
    find_visible(state, app, dept_id)?;
    Ok(json!({ "result": { "parent_id_list": state.directory.upwards(dept_id) } }))
}

fn list_parent_by_user(state: &mut State, _: &App, call: &Call) -> Reply {
    let userid = Args::of(call)?.text("userid")?;
    let person = state.directory.person(&userid).ok_or_else(bad_userid)?;
    let ways = person.dept_ids.iter().map(|&dept_id| state.directory.upwards(dept_id));
    let parents: Vec<Value> = ways.map(|way| json!({ "parent_dept_id_list": way })).collect();
    Ok(json!({ "result": { "parent_list": parents } }))
}

fn auth_scopes(_: &mut State, app: &App, _: &Call) -> Reply {
    let mut fields = vec!["name", "userid"];
    for (scope, field) in [("fieldMobile", "mobile"), ("fieldEmail", "email")] {
        if app.scopes.contains(scope) {
            fields.push(field);
        }
    }
    Ok(json!({
        "auth_org_scopes": { "authed_dept": app.authed_depts, "authed_user": [] },
        "auth_user_field": fields,
        "condition_field": [],
    }))
}

pub(super) fn find(state: &State, dept_id: i64) -> Result<&Department, Refusal> {
    if dept_id < ROOT {
        return Err(old(400_002, "参数无效"));
    }
    state.directory.department(dept_id).ok_or_else(|| old(60003, "部门不存在"))
}

pub(super) fn find_visible<'a>(
    state: &'a State,
    app: &App,
    dept_id: i64,
) -> Result<&'a Department, Refusal> {
    let department = find(state, dept_id)?;
    if !state.directory.shows_department(app, dept_id) {
        return Err(old(50004, "部门不在授权范围内"));
    }
    Ok(department)
}

pub(super) fn check_language(args: &Args) -> Result<(), Refusal> {
    match args.find_text("language")?.as_deref() {
        None | Some("zh_CN" | "en_US") => Ok(()),
        Some(_) => Err(Gate::Invalid("language".to_owned()).into()),
    }
}

pub(super) fn bad_userid() -> Refusal {
    old(33012, "无效的USERID")
}

fn brief(department: &Department) -> Value {
    let mut brief = json!({
        "dept_id": department.dept_id,
        "name": department.name,
        "create_dept_group": false,
        "auto_add_user": false,
    });
    if let (Some(fields), Some(parent)) = (brief.as_object_mut(), department.parent_id) {
        fields.insert("parent_id".to_owned(), json!(parent));
    }
    brief
}
