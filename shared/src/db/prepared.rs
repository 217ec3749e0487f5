//! Plain SQL that PostgreSQL prepares once a connection: for statements that move many rows as
//! arrays, which the query builder cannot say.

use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, BoxedSqlQuery, Query, QueryFragment, QueryId, SqlQuery};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};
use diesel_async::RunQueryDsl;

use super::Conn;

/// A statement whose text never changes, so that its plan may be kept.
///
/// `sql_query` prepares anew on every call, because its text might be made of values; the text of a
/// [`sql`] statement is `'static`, so keeping it is safe.
pub struct Prepared<'v>(BoxedSqlQuery<'v, Pg, SqlQuery>);

/// Starts a statement; its values follow with [`Prepared::bind`] as `$1`, `$2`, …
pub fn sql<'v>(text: &'static str) -> Prepared<'v> {
    Prepared(diesel::sql_query(text).into_boxed())
}

impl<'v> Prepared<'v> {
    /// Gives the next value.
    pub fn bind<ST, V>(self, value: V) -> Self
    where
        Pg: HasSqlType<ST>,
        V: ToSql<ST, Pg> + Send + 'v,
        ST: Send + 'v,
    {
        Prepared(self.0.bind::<ST, V>(value))
    }

    // A shared reference is enough for the connection: statements that are awaited together travel
    // together (`try_join!`), and cost one round trip between them.

    /// Runs it; gives the number of rows it touched.
    pub async fn run(self, conn: &Conn) -> QueryResult<usize> {
        self.execute(&mut &*conn).await
    }

    /// Runs it and reads all rows.
    pub async fn rows<R>(self, conn: &Conn) -> QueryResult<Vec<R>>
    where
        R: QueryableByName<Pg> + Send + 'static,
    {
        self.load(&mut &*conn).await
    }

    /// Runs it and reads the one row it must have.
    pub async fn row<R>(self, conn: &Conn) -> QueryResult<R>
    where
        R: QueryableByName<Pg> + Send + 'static,
    {
        self.get_result(&mut &*conn).await
    }

    /// Runs it and reads its row, if it has one.
    pub async fn optional<R>(self, conn: &Conn) -> QueryResult<Option<R>>
    where
        R: QueryableByName<Pg> + Send + 'static,
    {
        Ok(self.rows(conn).await?.into_iter().next())
    }
}

impl QueryId for Prepared<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared<'_> {
    type SqlType = Untyped;
}

impl QueryFragment<Pg> for Prepared<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}
