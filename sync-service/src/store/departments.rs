//! Departments.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use crate::domain::department::Department;

#[derive(QueryableByName)]
struct DepartmentRow {
    #[diesel(sql_type = Text)]
    dept_id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    parent_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    dept_code: Option<String>,
    #[diesel(sql_type = Integer)]
    order_num: i32,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Array<Text>)]
    managers: Vec<String>,
}

impl From<DepartmentRow> for Department {
    fn from(row: DepartmentRow) -> Self {
        let DepartmentRow {
            dept_id: id,
            name,
            parent_id: parent,
            dept_code: code,
            order_num,
            active,
            managers,
        } = row;
        Department { id, name, parent, code, order_num, active, managers }
    }
}

#[derive(QueryableByName)]
struct CodeRow {
    #[diesel(sql_type = Text)]
    code: String,
}

/// All departments of an enterprise, in the order people see them.
pub(crate) async fn list(conn: &Conn, tenant: &Tenant) -> QueryResult<Vec<Department>> {
    let rows: Vec<DepartmentRow> =
        sql("select dept_id, name, parent_id, dept_code, order_num, active, managers \
         from departments where tenant = $1 order by order_num, dept_id")
        .bind::<Text, _>(tenant.as_str())
        .rows(conn)
        .await?;
    Ok(rows.into_iter().map(Department::from).collect())
}

/// Those of `ids` that exist.
pub(crate) async fn list_existing(
    conn: &Conn,
    tenant: &Tenant,
    ids: Vec<String>,
) -> QueryResult<BTreeSet<String>> {
    let rows: Vec<CodeRow> =
        sql("select dept_id as code from departments where tenant = $1 and dept_id = any($2)")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Array<Text>, _>(ids)
            .rows(conn)
            .await?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// Those of `codes` that name no department, neither by id nor by code.
pub(crate) async fn list_unknown(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<Vec<String>> {
    let rows: Vec<CodeRow> = sql("select c as code from unnest($2) as t(c) where not exists \
         (select from departments d where d.tenant = $1 and d.dept_id = c) and not exists \
         (select from departments d where d.tenant = $1 and d.dept_code = c)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// The id of the department that a name means: its id, else its code where only one has it.
pub(crate) async fn find_id(
    conn: &Conn,
    tenant: &Tenant,
    name: &str,
) -> QueryResult<Option<String>> {
    let rows: Vec<CodeRow> = sql("select dept_id as code from departments where tenant = $1 and dept_id = $2 \
         union all (select dept_id from departments where tenant = $1 and dept_code = $2 and dept_id <> $2 limit 2)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(name)
    .rows(conn)
    .await?;
    let by_id = rows.iter().find(|row| row.code == name);
    let only = if rows.len() == 1 { rows.first() } else { None };
    Ok(by_id.or(only).map(|row| row.code.clone()))
}

/// Stores all with one statement.
pub(crate) async fn save_all(
    tx: &Conn,
    tenant: &Tenant,
    revision: i64,
    departments: &[Department],
) -> QueryResult<()> {
    if departments.is_empty() {
        return Ok(());
    }
    let (mut ids, mut names, mut parents) = (Vec::new(), Vec::new(), Vec::new());
    let (mut codes, mut orders, mut actives) = (Vec::new(), Vec::new(), Vec::new());
    // Lists of different lengths cannot be an array of arrays.
    let mut managers = Vec::new();
    for department in departments {
        managers.push(serde_json::json!(department.managers).to_string());
        ids.push(department.id.as_str());
        names.push(department.name.as_str());
        parents.push(department.parent.as_deref());
        codes.push(department.code.as_deref());
        orders.push(department.order_num);
        actives.push(department.active);
    }
    sql("insert into departments (tenant, dept_id, name, parent_id, dept_code, order_num, active, managers, revision) \
         select $1, a, b, c, d, e, f, array(select jsonb_array_elements_text(g::jsonb)), $9 \
         from unnest($2, $3, $4, $5, $6, $7, $8) as t(a, b, c, d, e, f, g) \
         on conflict (tenant, dept_id) do update set name = excluded.name, parent_id = excluded.parent_id, \
         dept_code = excluded.dept_code, order_num = excluded.order_num, active = excluded.active, \
         managers = excluded.managers, revision = excluded.revision, updated_at = now()")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Nullable<Text>>, _>(parents)
    .bind::<Array<Nullable<Text>>, _>(codes)
    .bind::<Array<Integer>, _>(orders)
    .bind::<Array<Bool>, _>(actives)
    .bind::<Array<Text>, _>(managers)
    .bind::<BigInt, _>(revision)
    .run(tx)
    .await?;
    Ok(())
}
