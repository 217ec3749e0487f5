//! People: found by mobile, userid or unionid, or listed by department, page by page.

use serde_json::{Map, Value, json};

use super::{
    answer::{Refusal, Reply, old},
    args::Args,
    call::Call,
    department,
    options::{App, Person},
    routes::Api,
    state::State,
};

const MEMBER: &str = "qyapi_get_member";
const BY_DEPARTMENT: &str = "qyapi_get_department_member";
const BY_MOBILE: &str = "qyapi_get_member_by_mobile";

pub(super) const APIS: &[Api] = &[
    Api::granted("POST", "/topapi/v2/user/getbymobile", BY_MOBILE, by_mobile),
    Api::granted("POST", "/topapi/v2/user/get", MEMBER, get),
    Api::granted("POST", "/topapi/user/getbyunionid", MEMBER, by_unionid),
    Api::granted("POST", "/topapi/v2/user/list", BY_DEPARTMENT, list),
    Api::granted("POST", "/topapi/user/listsimple", BY_DEPARTMENT, list_simple),
    Api::granted("POST", "/topapi/user/listid", MEMBER, list_id),
    Api::granted("POST", "/topapi/user/count", MEMBER, count),
];

const MAX_SIZE: i64 = 100;
const MAX_CURSOR: i64 = 100_000;

fn by_mobile(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let mobile = args.text("mobile")?;
    args.flag("support_exclusive_account_search")?;
    let digits = mobile.trim_start_matches('+').replace('-', "");
    if mobile.len() > 15 || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(old(40104, "不合法的手机号"));
    }
    let person = state.directory.by_mobile(&mobile).ok_or_else(nobody)?;
    check_visible(state, app, person)?;
    Ok(json!({ "result": { "userid": person.userid } }))
}

fn get(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let userid = args.text("userid")?;
    department::check_language(&args)?;
    let person = state.directory.person(&userid).ok_or_else(department::bad_userid)?;
    check_visible(state, app, person)?;
    Ok(json!({ "result": whole(app, person) }))
}

fn by_unionid(state: &mut State, app: &App, call: &Call) -> Reply {
    let unionid = Args::of(call)?.text("unionid")?;
    let person = state.directory.by_unionid(&unionid).ok_or_else(nobody)?;
    check_visible(state, app, person)?;
    Ok(json!({ "result": { "contact_type": 0, "userid": person.userid } }))
}

fn list(state: &mut State, app: &App, call: &Call) -> Reply {
    let bad_page = || old(40035, "不合法的参数");
    let page = Page::of(&Args::of(call)?, bad_page, bad_page)?;
    page.cut(state, app, |person| in_list(app, person, page.dept_id))
}

fn list_simple(state: &mut State, app: &App, call: &Call) -> Reply {
    let bad_offset = || old(40068, "不合法的偏移量");
    let bad_size = || old(40069, "不合法的分页大小");
    let page = Page::of(&Args::of(call)?, bad_offset, bad_size)?;
    page.cut(state, app, |person| json!({ "userid": person.userid, "name": person.name }))
}

fn list_id(state: &mut State, _: &App, call: &Call) -> Reply {
    let dept_id = Args::of(call)?.int("dept_id")?;
    department::find(state, dept_id)?;
    let userids: Vec<_> = state.directory.members(dept_id).map(|person| &person.userid).collect();
    Ok(json!({ "result": { "userid_list": userids } }))
}

fn count(state: &mut State, _: &App, call: &Call) -> Reply {
    let only_active = Args::of(call)?.flag("only_active")?;
    let counts = |person: &&Person| !(only_active && person.inactive);
    let count = state.directory.people().iter().filter(counts).count();
    Ok(json!({ "result": { "count": count } }))
}

/// What a paged list asks for.
struct Page {
    dept_id: i64,
    cursor: usize,
    size: usize,
}

impl Page {
    fn of(
        args: &Args,
        bad_cursor: impl Fn() -> Refusal,
        bad_size: impl Fn() -> Refusal,
    ) -> Result<Page, Refusal> {
        let dept_id = args.int("dept_id")?;
        let cursor = args.int("cursor")?;
        let size = args.int("size")?;
        args.flag("contain_access_limit")?;
        department::check_language(args)?;
        if !(0..=MAX_CURSOR).contains(&cursor) {
            return Err(bad_cursor());
        }
        if !(1..=MAX_SIZE).contains(&size) {
            return Err(bad_size());
        }
        let whole = |number: i64| usize::try_from(number).unwrap_or_default();
        Ok(Page { dept_id, cursor: whole(cursor), size: whole(size) })
    }

    /// The direct members of the page; `next_cursor` only where there is a next page.
    fn cut(&self, state: &State, app: &App, shown: impl Fn(&Person) -> Value) -> Reply {
        department::find_visible(state, app, self.dept_id)?;
        let total = state.directory.members(self.dept_id).count();
        let members = state.directory.members(self.dept_id).skip(self.cursor).take(self.size);
        let people: Vec<Value> = members.map(shown).collect();
        let next = self.cursor + people.len();
        let has_more = next < total && !people.is_empty();
        let mut result = json!({ "has_more": has_more, "list": people });
        if has_more && let Some(result) = result.as_object_mut() {
            result.insert("next_cursor".to_owned(), json!(next));
        }
        Ok(json!({ "result": result }))
    }
}

/// The fields that both the list and the single person have; empty ones are absent.
fn common(app: &App, person: &Person) -> Map<String, Value> {
    let may = |scope: &str| app.scopes.contains(scope);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("userid", json!(person.userid));
    put("unionid", json!(person.unionid));
    put("name", json!(person.name));
    put("avatar", json!(person.avatar));
    if may("fieldMobile") && person.mobile.is_some() {
        put("mobile", json!(person.mobile));
        put("state_code", json!("86"));
    }
    if may("fieldEmail") {
        put("email", json!(person.email));
        put("org_email", json!(person.org_email));
    }
    put("hide_mobile", json!(false));
    put("title", json!(person.title));
    put("job_number", json!(person.job_number));
    put("hired_date", json!(person.hired_date));
    put("dept_id_list", json!(person.dept_ids));
    put("active", json!(!person.inactive));
    put("admin", json!(person.admin));
    put("boss", json!(person.boss));
    put("exclusive_account", json!(false));
    fields
}

fn in_list(app: &App, person: &Person, dept_id: i64) -> Value {
    let mut fields = common(app, person);
    fields.insert("leader".to_owned(), json!(person.leads.contains(&dept_id)));
    fields.insert("dept_order".to_owned(), json!(1));
    Value::Object(fields)
}

fn whole(app: &App, person: &Person) -> Value {
    let mut fields = common(app, person);
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    let each = |shown: &dyn Fn(&i64) -> Value| person.dept_ids.iter().map(shown).collect();
    let leads = |id: &i64| json!({ "dept_id": id, "leader": person.leads.contains(id) });
    put("leader_in_dept", each(&leads));
    put("dept_order_list", each(&|id| json!({ "dept_id": id, "order": 1 })));
    put("real_authed", json!(!person.inactive));
    put("senior", json!(false));
    if let Some(manager) = &person.manager_userid {
        put("manager_userid", json!(manager));
    }
    Value::Object(fields)
}

fn check_visible(state: &State, app: &App, person: &Person) -> Result<(), Refusal> {
    if state.directory.shows_person(app, person) {
        Ok(())
    } else {
        Err(old(50002, "员工不在授权范围内"))
    }
}

fn nobody() -> Refusal {
    old(60121, "找不到该用户")
}
