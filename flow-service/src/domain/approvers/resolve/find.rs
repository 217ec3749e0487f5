//! What each rule finds, whether or not the people can act.

use std::collections::BTreeSet;

use flow_engine::expr::Expression;
use flow_engine::value::Value;

use super::{Base, Found, Known, MOST_LEVELS, Note, Resolver, Rule};
use crate::domain::approvers::parse::names;
use crate::domain::directory::Department;

impl Resolver<'_> {
    /// The people whom a rule names, whether or not they can act.
    pub(super) fn find(&mut self, rule: &Rule) -> Vec<Found> {
        let starter = self.asked.starter;
        match rule {
            Rule::Users(codes) => self.named(codes.clone(), None),
            Rule::Departments(names) => self.members(names.clone()),
            Rule::Role(name) => self.in_role(name),
            Rule::DepartmentLeader { level, field: None } => {
                let base = Base::Around(starter);
                let text = format!("发起人 {}", self.label(starter));
                match self.profile(starter, base) {
                    Known::Yes(profile) => self.leaders(&profile.dept, *level, base, text),
                    Known::No => self.blank(format!("用户 {starter} 不存在")),
                    Known::Unsure => self.unsure_around(starter),
                }
            }
            Rule::DepartmentLeader { level, field: Some(field) } => {
                let value = self.asked.variables.get(field);
                let departments = value.map(|value| codes(value, &DEPARTMENT)).unwrap_or_default();
                if departments.is_empty() {
                    return self.blank(format!("表单 {field} 中没有部门"));
                }
                let mut all = Vec::new();
                for name in &departments {
                    let from = format!("表单 {field}");
                    all.extend(self.leaders(name, *level, Base::Leading(name), from));
                }
                all
            }
            Rule::Superior { level } => {
                let Some(chain) = self.superiors(starter, *level, None) else {
                    return self.unsure_around(starter);
                };
                if chain.len() < *level as usize {
                    let label = self.label(starter);
                    return self.blank(format!("{label} 没有第{level}级上级"));
                }
                self.line(chain).pop().into_iter().collect()
            }
            Rule::Superiors { up_to, title } => {
                let most = up_to.unwrap_or(MOST_LEVELS);
                let Some(chain) = self.superiors(starter, most, title.as_deref()) else {
                    return self.unsure_around(starter);
                };
                if chain.is_empty() {
                    let label = self.label(starter);
                    return self.blank(format!("{label} 没有上级"));
                }
                self.line(chain)
            }
            Rule::Starter => self.named(vec![starter.to_owned()], Some("发起人")),
            Rule::StarterChoice if self.asked.chosen.is_empty() => {
                self.blank("发起人没有选择处理人".to_owned())
            }
            Rule::PreviousChoice if self.asked.chosen.is_empty() => {
                self.blank("上一审批人没有选择处理人".to_owned())
            }
            Rule::StarterChoice => self.named(self.asked.chosen.to_vec(), Some("发起人选择")),
            Rule::PreviousChoice => self.named(self.asked.chosen.to_vec(), Some("上一审批人选择")),
            Rule::Field(name) => {
                let value = self.asked.variables.get(name);
                let users = value.map(|value| codes(value, &PERSON)).unwrap_or_default();
                if users.is_empty() {
                    return self.blank(format!("表单 {name} 中没有人员"));
                }
                self.named(users, Some(&format!("表单 {name}")))
            }
            Rule::Expression(expression) => {
                let users = self.eval(expression, &PERSON);
                self.named(users, None)
            }
            Rule::GroupsOf(expression) => {
                let names = self.eval(expression, &DEPARTMENT);
                self.members(names)
            }
        }
    }

    fn blank(&mut self, text: String) -> Vec<Found> {
        self.note(Note::Blank, text);
        Vec::new()
    }

    pub(super) fn unsure_around(&mut self, user: &str) -> Vec<Found> {
        self.note(Note::Unsure, format!("暂时无法确认用户 {user} 的部门和上级"));
        self.missing.push(user.to_owned());
        Vec::new()
    }

    fn named(&self, codes: Vec<String>, from: Option<&str>) -> Vec<Found> {
        let found = |code: String| {
            let label = self.label(&code);
            let step = from.map_or_else(|| label.clone(), |from| format!("{from} {label}"));
            Found { chain: vec![step], code, is_active: false }
        };
        codes.into_iter().map(found).collect()
    }

    fn eval(&mut self, expression: &Expression, keys: &[&str]) -> Vec<String> {
        match expression.eval(self.asked.variables, self.asked.now) {
            Ok(value) => codes(&value, keys),
            Err(fault) => {
                self.note(Note::Person, format!("处理人表达式：{fault}"));
                Vec::new()
            }
        }
    }

    fn members(&mut self, departments: Vec<String>) -> Vec<Found> {
        let mut all = Vec::new();
        for name in departments {
            match self.known.groups.get(&name) {
                Some(Some(members)) if members.is_empty() => {
                    self.note(Note::Person, format!("部门 {name} 没有可用的成员"));
                }
                Some(Some(members)) => all.extend(members.iter().map(|code| Found {
                    chain: vec![format!("部门 {name}"), self.label(code)],
                    code: code.clone(),
                    is_active: true,
                })),
                Some(None) => self.note(Note::Person, format!("部门 {name} 不存在")),
                None => {
                    self.note(Note::Unsure, format!("暂时无法确认部门 {name} 的成员"));
                    if !self.known.is_unasked {
                        self.needs.add_group(&name);
                    }
                }
            }
        }
        all
    }

    fn in_role(&mut self, role: &str) -> Vec<Found> {
        match self.known.roles.get(role) {
            Some(people) if people.is_empty() => {
                self.blank(format!("没有角色为 {role} 的可用人员"))
            }
            Some(people) => {
                let found = |code: &String| Found {
                    chain: vec![format!("角色 {role}"), self.label(code)],
                    code: code.clone(),
                    is_active: true,
                };
                people.iter().map(found).collect()
            }
            None => {
                self.note(Note::Unsure, format!("暂时无法确认角色 {role} 的人员"));
                if !self.known.is_unasked {
                    self.needs.add_role(role);
                }
                Vec::new()
            }
        }
    }

    /// Whoever leads the department `level - 1` above this one.
    fn leaders(&mut self, name: &str, level: u32, base: Base<'_>, from: String) -> Vec<Found> {
        let mut chain = vec![from];
        let mut name = name.to_owned();
        for step in 1..=level {
            let department = match self.department(&name, base) {
                Known::Yes(department) => department,
                Known::No => return self.blank(format!("部门 {name} 不存在")),
                Known::Unsure => {
                    self.note(Note::Unsure, format!("暂时无法确认部门 {name} 的主管"));
                    return Vec::new();
                }
            };
            let text = department_label(department);
            chain.push(format!("{} {text}", if step == 1 { "部门" } else { "上级部门" }));
            if step == level {
                return self.led_by(department, base, chain);
            }
            match &department.parent {
                Some(parent) => name.clone_from(parent),
                None => return self.blank(format!("部门 {text} 没有上级部门")),
            }
        }
        Vec::new()
    }

    fn led_by(
        &mut self,
        department: &Department,
        base: Base<'_>,
        chain: Vec<String>,
    ) -> Vec<Found> {
        let heads = self.known.heads.get(&department.id);
        let leaders: &[String] = match (department.managers.as_slice(), heads.map(Vec::as_slice)) {
            ([], Some([only])) => std::slice::from_ref(only),
            ([], Some(_)) => &[],
            ([], None) if self.has_asked(base) => &[],
            ([], None) => {
                self.need(base);
                let text = department_label(department);
                self.note(Note::Unsure, format!("暂时无法确认部门 {text} 的主管"));
                return Vec::new();
            }
            (managers, _) => managers,
        };
        if leaders.is_empty() {
            let text = department_label(department);
            return self.blank(format!("部门 {text} 没有明确的主管"));
        }
        let found = |code: &String| {
            let mut chain = chain.clone();
            chain.push(format!("主管 {}", self.label(code)));
            Found { code: code.clone(), chain, is_active: false }
        };
        leaders.iter().map(found).collect()
    }

    /// The superiors of somebody, nearest first, up to so many or up to a title; `None` = it cannot
    /// be said yet.
    pub(super) fn superiors(
        &mut self,
        of: &str,
        most: u32,
        title: Option<&str>,
    ) -> Option<Vec<String>> {
        let base = Base::Around(of);
        let mut seen: BTreeSet<String> = [of.to_owned()].into();
        let mut chain: Vec<String> = Vec::new();
        let mut at = match self.profile(of, base) {
            Known::Yes(profile) => profile,
            Known::No => return Some(chain),
            Known::Unsure => return None,
        };
        while chain.len() < most.min(MOST_LEVELS) as usize {
            let Some(superior) = &at.supervisor else { break };
            if !seen.insert(superior.clone()) {
                break;
            }
            at = match self.profile(superior, base) {
                Known::Yes(profile) => profile,
                Known::No => break,
                Known::Unsure => return None,
            };
            chain.push(superior.clone());
            if title.is_some() && at.title.as_deref().map(str::trim) == title {
                break;
            }
        }
        Some(chain)
    }

    /// A chain of superiors of the starter, each with the way to them.
    fn line(&self, chain: Vec<String>) -> Vec<Found> {
        let mut way = vec![format!("发起人 {}", self.label(self.asked.starter))];
        let mut line = Vec::new();
        for code in chain {
            way.push(format!("上级 {}", self.label(&code)));
            line.push(Found { code, chain: way.clone(), is_active: false });
        }
        line
    }
}

fn department_label(department: &Department) -> String {
    match department.name.as_str() {
        "" => department.id.clone(),
        name => format!("{name}（{}）", department.id),
    }
}

const PERSON: [&str; 4] = ["userCode", "userId", "id", "value"];
const DEPARTMENT: [&str; 4] = ["deptId", "deptCode", "id", "value"];

/// The codes in a value: a text with commas, a number, an object with one of these keys, or a list
/// of such.
fn codes(value: &Value, keys: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    gather(value, keys, &mut all);
    let mut seen = BTreeSet::new();
    all.retain(|code| seen.insert(code.clone()));
    all
}

fn gather(value: &Value, keys: &[&str], all: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::List(items) => items.iter().for_each(|item| match item {
            Value::List(_) => {}
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Map(_)
            | Value::Instant(_)
            | Value::Duration(_) => gather(item, keys, all),
        }),
        Value::Map(fields) => {
            let code = keys.iter().find_map(|key| fields.get(*key));
            if let Some(code @ (Value::Text(_) | Value::Number(_))) = code {
                all.extend(names(&code.to_string()));
            }
        }
        Value::Text(_) | Value::Number(_) | Value::Instant(_) | Value::Duration(_) => {
            all.extend(names(&value.to_string()));
        }
    }
}
