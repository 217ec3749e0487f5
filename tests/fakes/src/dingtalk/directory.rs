//! The people and departments of the organisation and who may see them.

use super::options::{App, Department, Options, Person};

pub(super) const ROOT: i64 = 1;

pub(super) struct Directory {
    people: Vec<Person>,
    departments: Vec<Department>,
}

impl Directory {
    pub(super) fn new(options: &Options) -> Directory {
        let mut directory =
            Directory { people: Vec::new(), departments: options.departments.clone() };
        for person in &options.people {
            directory.add_person(person.clone());
        }
        directory
    }

    pub(super) fn add_person(&mut self, mut person: Person) {
        if person.unionid.is_empty() {
            person.unionid = format!("union-{}", person.userid);
        }
        if person.dept_ids.is_empty() {
            person.dept_ids.push(ROOT);
        }
        match self.people.iter_mut().find(|known| known.userid == person.userid) {
            Some(known) => *known = person,
            None => self.people.push(person),
        }
    }

    pub(super) fn remove_person(&mut self, userid: &str) -> bool {
        let before = self.people.len();
        self.people.retain(|person| person.userid != userid);
        self.people.len() < before
    }

    pub(super) fn add_department(&mut self, department: Department) {
        match self.departments.iter_mut().find(|known| known.dept_id == department.dept_id) {
            Some(known) => *known = department,
            None => self.departments.push(department),
        }
    }

    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    pub(super) fn person(&self, userid: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.userid == userid)
    }

    pub(super) fn by_unionid(&self, unionid: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.unionid == unionid)
    }

    pub(super) fn by_mobile(&self, mobile: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.mobile.as_deref() == Some(mobile))
    }

    /// The direct members of a department, without those of the departments below.
    pub(super) fn members(&self, dept_id: i64) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| person.dept_ids.contains(&dept_id))
    }

    pub(super) fn members_below(&self, dept_id: i64) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| {
            person.dept_ids.iter().any(|&own| self.upwards(own).contains(&dept_id))
        })
    }

    pub(super) fn department(&self, dept_id: i64) -> Option<&Department> {
        self.departments.iter().find(|department| department.dept_id == dept_id)
    }

    pub(super) fn children(&self, dept_id: i64) -> Vec<&Department> {
        let is_child = |department: &&Department| department.parent_id == Some(dept_id);
        let mut children: Vec<_> = self.departments.iter().filter(is_child).collect();
        children.sort_by_key(|department| department.order);
        children
    }

    /// The department itself, its parent, and so on up to the root.
    pub(super) fn upwards(&self, dept_id: i64) -> Vec<i64> {
        let mut way = Vec::new();
        let mut next = self.department(dept_id);
        while let Some(department) = next {
            if way.contains(&department.dept_id) {
                break;
            }
            way.push(department.dept_id);
            next = department.parent_id.and_then(|parent| self.department(parent));
        }
        way
    }

    pub(super) fn shows_department(&self, app: &App, dept_id: i64) -> bool {
        self.upwards(dept_id).iter().any(|above| app.authed_depts.contains(above))
    }

    pub(super) fn shows_person(&self, app: &App, person: &Person) -> bool {
        person.dept_ids.iter().any(|&dept_id| self.shows_department(app, dept_id))
    }
}
