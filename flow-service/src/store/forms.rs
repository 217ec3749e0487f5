//! Forms that ERPs synchronise.

use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Jsonb, Text};
use serde_json::Value;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, Tenant};

/// A form as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    pub(crate) app: AppId,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) schema: Value,
}

#[derive(QueryableByName)]
struct FormRow {
    #[diesel(sql_type = Text)]
    form_code: String,
    #[diesel(sql_type = Text)]
    app_id: String,
    #[diesel(sql_type = Text)]
    form_name: String,
    #[diesel(sql_type = Jsonb)]
    schema: Value,
}

impl From<FormRow> for Form {
    fn from(row: FormRow) -> Self {
        let FormRow { form_code, app_id, form_name, schema } = row;
        Form { app: AppId::stored(app_id), code: form_code, name: form_name, schema }
    }
}

/// Stores a form under a code that is free; `false` = it is not.
pub(crate) async fn insert(tx: &Conn, tenant: &Tenant, form: &Form) -> QueryResult<bool> {
    let added = sql("insert into forms (tenant, form_code, app_id, form_name, schema) values ($1, $2, $3, $4, $5) \
         on conflict do nothing")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(form.code.as_str())
    .bind::<Text, _>(form.app.as_str())
    .bind::<Text, _>(form.name.as_str())
    .bind::<Jsonb, _>(form.schema.clone())
    .run(tx)
    .await?;
    Ok(added == 1)
}

/// Locks a form, if there.
pub(crate) async fn find(tx: &Conn, tenant: &Tenant, code: &str) -> QueryResult<Option<Form>> {
    let row: Option<FormRow> = sql("select form_code, app_id, form_name, schema from forms \
         where tenant = $1 and form_code = $2 for update")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code)
    .optional(tx)
    .await?;
    Ok(row.map(Form::from))
}

/// Those of these forms that there are; locked against being deleted meanwhile.
pub(crate) async fn list(tx: &Conn, tenant: &Tenant, codes: Vec<String>) -> QueryResult<Vec<Form>> {
    let rows: Vec<FormRow> = sql("select form_code, app_id, form_name, schema from forms \
         where tenant = $1 and form_code = any($2) order by form_code for share")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .rows(tx)
    .await?;
    Ok(rows.into_iter().map(Form::from).collect())
}

/// Changes a form.
pub(crate) async fn save(tx: &Conn, tenant: &Tenant, form: &Form) -> QueryResult<()> {
    sql("update forms set form_name = $3, schema = $4, updated_at = now() where tenant = $1 and form_code = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(form.code.as_str())
        .bind::<Text, _>(form.name.as_str())
        .bind::<Jsonb, _>(form.schema.clone())
        .run(tx)
        .await?;
    Ok(())
}

/// Removes a form.
pub(crate) async fn delete(tx: &Conn, tenant: &Tenant, code: &str) -> QueryResult<()> {
    sql("delete from forms where tenant = $1 and form_code = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code)
        .run(tx)
        .await?;
    Ok(())
}

/// Whether an online flow uses a form.
pub(crate) async fn is_used(tx: &Conn, tenant: &Tenant, code: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct UsedRow {
        #[diesel(sql_type = Bool)]
        used: bool,
    }
    let row: UsedRow =
        sql("select exists (select from form_uses where tenant = $1 and form_code = $2) as used")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(code)
            .row(tx)
            .await?;
    Ok(row.used)
}
