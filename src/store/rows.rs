//! Rows that a statement is about, where it has to be quick: read by it as the table `r`. On SQLite each value is a parameter of its own,
//! which costs nothing to read; on PostgreSQL a column is one, an array where its values differ. And many rows that it gives.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgRow;
use sqlx::query::{Query, QueryAs};
use sqlx::{
    Arguments as _, AssertSqlSafe, Connection, Database, Encode, FromRow, IntoArguments, Postgres, Row as _, Sqlite,
    Type,
};

use super::{POSTGRES, SQLITE, clean, worded};

/// No statement gets more of them.
const MOST: usize = 256;

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(Option<i64>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl Value<'_> {
    /// PostgreSQL's text takes no U+0000, and nothing that we keep means anything by it.
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(clean(text)),
            Self::Number(_) => None,
        }
    }

    fn number(self) -> Option<i64> {
        match self {
            Self::Number(number) => number,
            Self::Text(_) => None,
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Number,
}

impl Holds {
    fn of_postgres(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "bigint",
        }
    }
}

/// At most [`MOST`] rows of columns with these names.
pub(super) struct Rows<'a, const N: usize> {
    columns: [(&'static str, Holds); N],
    rows: &'a [[Value<'a>; N]],
}

/// How a database is given rows.
pub(super) trait Given: Database {
    /// The statement `text`, which reads `r`, and whose own parameters, from `$1` on, are `own`.
    fn given<const N: usize>(
        text: &str,
        rows: &Rows<'_, N>,
        own: &[Value<'_>],
    ) -> sqlx::Result<(String, Self::Arguments)>;
}

impl<'a, const N: usize> Rows<'a, N> {
    /// All `rows`, as many at once as a statement gets.
    pub(super) fn of(columns: [(&'static str, Holds); N], rows: &'a [[Value<'a>; N]]) -> impl Iterator<Item = Self> {
        rows.chunks(MOST).map(move |rows| Self { columns, rows })
    }

    /// A statement about them.
    pub(super) fn query<'q, DB>(&self, text: &str, own: &[Value<'_>]) -> sqlx::Result<Query<'q, DB, DB::Arguments>>
    where
        DB: Given,
        DB::Arguments: IntoArguments<DB>,
    {
        let (text, arguments) = DB::given(text, self, own)?;
        Ok(sqlx::query_with(AssertSqlSafe(text), arguments))
    }

    /// A question about them.
    pub(super) fn query_as<'q, DB, O>(
        &self,
        text: &str,
        own: &[Value<'_>],
    ) -> sqlx::Result<QueryAs<'q, DB, O, DB::Arguments>>
    where
        DB: Given,
        DB::Arguments: IntoArguments<DB>,
        O: for<'r> FromRow<'r, DB::Row>,
    {
        let (text, arguments) = DB::given(text, self, own)?;
        Ok(sqlx::query_as_with(AssertSqlSafe(text), arguments))
    }

    /// `with`: how a statement begins; its own parameters are called by `number`.
    fn statement(&self, with: &str, text: String, own: usize, number: impl Fn(usize) -> String) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let renamed = (1..=own).rev().fold(text, |text, n| text.replace(&format!("${n}"), &number(n)));
        format!("with r ({}) as ({with}) {renamed}", names.join(", "))
    }
}

impl Given for Sqlite {
    fn given<const N: usize>(
        text: &str,
        rows: &Rows<'_, N>,
        own: &[Value<'_>],
    ) -> sqlx::Result<(String, Self::Arguments)> {
        // Few different lengths, so that few different statements are prepared. The rest are rows of nulls, which are nobody's.
        let count = rows.rows.len().max(1).next_power_of_two();
        let row = format!("({})", ["?"; N].join(","));
        let with = format!("values {}", vec![row.as_str(); count].join(","));
        let text = rows.statement(&with, worded(text, SQLITE), own.len(), |n| format!("?{}", count * N + n));
        let mut arguments = Self::Arguments::default();
        let missing = (count - rows.rows.len()) * N;
        let values = rows.rows.iter().flatten().copied().chain(std::iter::repeat_n(Value::Number(None), missing));
        values.chain(own.iter().copied()).try_for_each(|value| add::<Self>(&mut arguments, value))?;
        Ok((text, arguments))
    }
}

impl Given for Postgres {
    fn given<const N: usize>(
        text: &str,
        rows: &Rows<'_, N>,
        own: &[Value<'_>],
    ) -> sqlx::Result<(String, Self::Arguments)> {
        let mut arguments = Self::Arguments::default();
        let mut columns = String::new();
        for (at, (_, holds)) in rows.columns.iter().enumerate() {
            let (number, of) = (at + 1, holds.of_postgres());
            let values = rows.rows.iter().map(|row| row[at]);
            let comma = if at > 0 { ", " } else { "" };
            // One value for all rows costs less than an array of it. The first column is read for how many rows there are.
            if let [first, others @ ..] = rows.rows
                && (others.is_empty() || at > 0 && others.iter().all(|row| row[at] == first[at]))
            {
                add::<Self>(&mut arguments, first[at])?;
                let _ = write!(columns, "{comma}cast(${number} as {of})");
                continue;
            }
            added(match holds {
                Holds::Text => arguments.add(values.map(Value::text).collect::<Vec<_>>()),
                Holds::Number => arguments.add(values.map(Value::number).collect::<Vec<_>>()),
            })?;
            let _ = write!(columns, "{comma}(cast(${number} as {of}[]))[i]");
        }
        let mut with = format!("select {columns}");
        if rows.rows.len() != 1 {
            // `unnest` of several arrays would keep each of them in a table of its own.
            let of = rows.columns[0].1.of_postgres();
            let _ = write!(with, " from generate_subscripts(cast($1 as {of}[]), 1) as i");
        }
        let text = rows.statement(&with, worded(text, POSTGRES), own.len(), |n| format!("${}", N + n));
        own.iter().try_for_each(|value| add::<Self>(&mut arguments, *value))?;
        Ok((text, arguments))
    }
}

/// How a database gives many rows, in no order.
pub(super) trait Lists: Database {
    /// All that `query` finds.
    fn list<O>(
        query: Query<'_, Self, Self::Arguments>,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<Vec<O>>> + Send
    where
        O: DeserializeOwned + for<'r> FromRow<'r, PgRow> + Send;
}

/// All that `query` finds, which selects `{list COLUMNS list}`.
pub(super) async fn list<C, O>(
    query: Query<'_, C::Database, <C::Database as Database>::Arguments>,
    connection: &mut C,
) -> sqlx::Result<Vec<O>>
where
    C: Connection,
    C::Database: Lists<Connection = C>,
    O: DeserializeOwned + for<'r> FromRow<'r, PgRow> + Send,
{
    C::Database::list(query, connection).await
}

impl Lists for Sqlite {
    /// One JSON text: what SQLite gives row by row its reader waits for row by row.
    async fn list<O>(query: Query<'_, Self, Self::Arguments>, connection: &mut Self::Connection) -> sqlx::Result<Vec<O>>
    where
        O: DeserializeOwned,
    {
        let text: String = query.fetch_one(connection).await?.try_get(0)?;
        serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

impl Lists for Postgres {
    async fn list<O>(query: Query<'_, Self, Self::Arguments>, connection: &mut Self::Connection) -> sqlx::Result<Vec<O>>
    where
        O: for<'r> FromRow<'r, PgRow>,
    {
        query.fetch_all(connection).await?.iter().map(O::from_row).collect()
    }
}

fn add<DB: Database>(arguments: &mut DB::Arguments, value: Value<'_>) -> sqlx::Result<()>
where
    String: for<'t> Encode<'t, DB> + Type<DB>,
    Option<i64>: for<'t> Encode<'t, DB> + Type<DB>,
{
    added(match value {
        Value::Text(text) => arguments.add(clean(text)),
        Value::Number(number) => arguments.add(number),
    })
}

fn added(done: Result<(), BoxDynError>) -> sqlx::Result<()> {
    done.map_err(sqlx::Error::Encode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_is_given_rows_in_its_own_way() {
        let row = |id: &'static str, fence| [Value::Text(id), Value::Number(fence)];
        let rows = [row("a", Some(1)), row("b", None), row("c", Some(3))];
        let rows = Rows { columns: [("id", Holds::Text), ("fence", Holds::Number)], rows: &rows };
        let text = "update t set at = $1, by = $2 from r where t.id = {one r.id}";
        let own = [Value::Number(Some(7)), Value::Text("me")];
        let (sqlite, arguments) = Sqlite::given(text, &rows, &own).unwrap();
        assert_eq!(
            sqlite,
            "with r (id, fence) as (values (?,?),(?,?),(?,?),(?,?)) update t set at = ?9, by = ?10 from r where t.id = r.id"
        );
        assert_eq!(arguments.len(), 10);
        let (postgres, arguments) = Postgres::given(text, &rows, &own).unwrap();
        assert_eq!(
            postgres,
            "with r (id, fence) as (select (cast($1 as text[]))[i], (cast($2 as bigint[]))[i] from generate_subscripts(cast($1 as text[]), 1) as i) \
             update t set at = $3, by = $4 from r where t.id = any(array[r.id])"
        );
        assert_eq!(arguments.len(), 4);
        // What all rows have in common is one value.
        let alike = [row("a", Some(1)), row("b", Some(1))];
        for (alike, with) in [
            (&alike[..1], "select cast($1 as text), cast($2 as bigint)"),
            (
                &alike,
                "select (cast($1 as text[]))[i], cast($2 as bigint) from generate_subscripts(cast($1 as text[]), 1) as i",
            ),
        ] {
            let (postgres, arguments) = Postgres::given("select from r", &Rows { rows: alike, ..rows }, &[]).unwrap();
            assert_eq!((postgres, arguments.len()), (format!("with r (id, fence) as ({with}) select from r"), 2));
        }
    }
}
