//! Our copy of departments.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use shared::contract::directory;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use crate::domain::directory::Department;

/// Departments followed upwards at most.
const MOST_LEVELS: i32 = 50;

/// Stores what is newer than what is there.
pub(crate) async fn save_all(
    tx: &Conn,
    departments: &[(&str, &directory::Department)],
) -> QueryResult<()> {
    if departments.is_empty() {
        return Ok(());
    }
    let text = |part: fn(&directory::Department) -> &str| -> Vec<&str> {
        departments.iter().map(|(_, department)| part(department)).collect()
    };
    let optional = |part: fn(&directory::Department) -> Option<&str>| -> Vec<Option<&str>> {
        departments.iter().map(|(_, department)| part(department)).collect()
    };
    let managers = departments.iter().map(|(_, it)| serde_json::json!(it.managers).to_string());
    sql("insert into departments (tenant, dept_id, dept_code, name, parent_id, managers, active, revision) \
         select distinct on (1, 2) a, b, c, d, e, array(select jsonb_array_elements_text(f::jsonb)), g, h \
         from unnest($1, $2, $3, $4, $5, $6, $7, $8) as t(a, b, c, d, e, f, g, h) order by 1, 2, 8 desc \
         on conflict (tenant, dept_id) do update set dept_code = excluded.dept_code, name = excluded.name, \
         parent_id = excluded.parent_id, managers = excluded.managers, active = excluded.active, \
         revision = excluded.revision where departments.revision < excluded.revision")
    .bind::<Array<Text>, _>(departments.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|department| &department.dept_id))
    .bind::<Array<Nullable<Text>>, _>(optional(|department| department.dept_code.as_deref()))
    .bind::<Array<Text>, _>(text(|department| &department.name))
    .bind::<Array<Nullable<Text>>, _>(optional(|department| department.parent_id.as_deref()))
    .bind::<Array<Text>, _>(managers.collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(departments.iter().map(|(_, it)| it.active).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(departments.iter().map(|(_, it)| it.revision).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Departments of these ids or codes, and everything above them.
pub(crate) async fn list_above(
    conn: &Conn,
    tenant: &Tenant,
    names: Vec<String>,
) -> QueryResult<Vec<Department>> {
    #[derive(QueryableByName)]
    struct DepartmentRow {
        #[diesel(sql_type = Text)]
        dept_id: String,
        #[diesel(sql_type = Nullable<Text>)]
        dept_code: Option<String>,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Nullable<Text>)]
        parent_id: Option<String>,
        #[diesel(sql_type = Array<Text>)]
        managers: Vec<String>,
    }
    let rows: Vec<DepartmentRow> = sql("with recursive above (id, level) as (\
         select d.dept_id, 0 from departments d where d.tenant = $1 and (d.dept_id = any($2) or d.dept_code = any($2)) \
         union select d.parent_id, a.level + 1 from above a join departments d on d.tenant = $1 and d.dept_id = a.id \
         where d.parent_id is not null and a.level < $3) \
         select d.dept_id, d.dept_code, d.name, d.parent_id, d.managers \
         from (select distinct id from above) a join departments d on d.tenant = $1 and d.dept_id = a.id")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(names)
    .bind::<Integer, _>(MOST_LEVELS)
    .rows(conn)
    .await?;
    let department = |row: DepartmentRow| {
        let DepartmentRow { dept_id: id, dept_code: code, name, parent_id: parent, managers } = row;
        Department { id, code, name, parent, managers }
    };
    Ok(rows.into_iter().map(department).collect())
}
