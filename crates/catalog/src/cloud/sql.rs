//! One set of SQL texts for SQLite and PostgreSQL: values in, rows out. Both take `$1`, `ON CONFLICT` and `RETURNING`;
//! numbers are 64 bits wide, texts are UTF-8, what has no such form is bytes.
//!
//! What is not here: what the tables mean, and anything that only one of the two can do.

use std::{fmt::Display, str::FromStr};

use model::WallTime;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::{Error, Result};

/// A value of a column, or of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A transaction of either database.
pub(crate) enum Tx<'a> {
    Sqlite(rusqlite::Transaction<'a>),
    Postgres(postgres::Transaction<'a>),
}

/// A row; its columns are read in the order in which they were asked for.
pub(crate) struct Row(std::vec::IntoIter<Value>);

/// What a database refused.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// A column has not the form that it was written in.
    #[error("a value of the database is damaged")]
    Damaged,
}

impl SqlError {
    /// Whether the same transaction may do better when it runs again (PostgreSQL, appendix A: class 40).
    pub(crate) fn may_go_again(&self) -> bool {
        use postgres::error::SqlState;
        match self {
            Self::Postgres(error) => matches!(
                error.code(),
                Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
            ),
            _ => false,
        }
    }
}

/// The values of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::cloud::sql::Value::from($value)),*] };
}
pub(crate) use values;

impl Tx<'_> {
    /// Runs a statement; gives back how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.changed(sql, values).map_err(Error::Sql)
    }

    /// Puts a row in (`… ON CONFLICT DO NOTHING`), or changes one; false where nothing came of it.
    pub(crate) fn one(&mut self, sql: &'static str, values: &[Value]) -> Result<bool> {
        Ok(self.execute(sql, values)? > 0)
    }

    /// All rows of a question.
    pub(crate) fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>> {
        let rows = match self {
            Self::Sqlite(tx) => sqlite_rows(tx, sql, values).map_err(SqlError::from),
            Self::Postgres(tx) => postgres_rows(tx, sql, values),
        };
        rows.map_err(Error::Sql)
    }

    /// The first row, where there is one.
    pub(crate) fn row(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>> {
        Ok(self.rows(sql, values)?.into_iter().next())
    }

    /// A number that the question always has an answer for.
    pub(crate) fn number(&mut self, sql: &'static str, values: &[Value]) -> Result<i64> {
        self.row(sql, values)?.ok_or(Error::Sql(SqlError::Damaged))?.int()
    }

    fn changed(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, SqlError> {
        match self {
            Self::Sqlite(tx) => {
                let mut statement = tx.prepare_cached(sql)?;
                bind(&mut statement, values)?;
                Ok(statement.raw_execute()? as u64)
            }
            Self::Postgres(tx) => Ok(tx.execute(sql, &parameters(values))?),
        }
    }
}

/// SQLite numbers `$1` by where it stands first, not by its digits: the name says which value is meant.
fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let number: Option<usize> =
            statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(index, values.len()))?;
        match value {
            Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null)?,
            Value::Int(number) => statement.raw_bind_parameter(index, number)?,
            Value::Text(text) => statement.raw_bind_parameter(index, text)?,
            Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes)?,
        }
    }
    Ok(())
}

fn sqlite_rows(tx: &rusqlite::Transaction<'_>, sql: &str, values: &[Value]) -> rusqlite::Result<Vec<Row>> {
    use rusqlite::types::ValueRef;
    let mut statement = tx.prepare_cached(sql)?;
    let columns = statement.column_count();
    bind(&mut statement, values)?;
    let mut rows = statement.raw_query();
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Vec::with_capacity(columns);
        for column in 0..columns {
            cells.push(match row.get_ref(column)? {
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                ValueRef::Null | ValueRef::Real(_) => Value::Null,
            });
        }
        all.push(Row(cells.into_iter()));
    }
    Ok(all)
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn postgres_rows(
    tx: &mut postgres::Transaction<'_>,
    sql: &str,
    values: &[Value],
) -> Result<Vec<Row>, SqlError> {
    let found = tx.query(sql, &parameters(values))?;
    let mut all = Vec::with_capacity(found.len());
    for row in &found {
        let mut cells = Vec::with_capacity(row.len());
        for (index, column) in row.columns().iter().enumerate() {
            cells.push(match *column.type_() {
                Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Value::Int),
                Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map(|number| Value::Int(number.into())),
                Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map(Value::Bytes),
                _ => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
            });
        }
        let cells: Vec<Value> = cells.into_iter().map(|cell| cell.unwrap_or(Value::Null)).collect();
        all.push(Row(cells.into_iter()));
    }
    Ok(all)
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            // What stands beside a literal is 32 bits wide there.
            Self::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql_checked(kind, out),
            Self::Int(number) => number.to_sql_checked(kind, out),
            Self::Text(text) => text.to_sql_checked(kind, out),
            Self::Bytes(bytes) => bytes.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl Row {
    /// The next column; `Null` after the last.
    pub(crate) fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        self.int_option()?.ok_or(Error::Sql(SqlError::Damaged))
    }

    pub(crate) fn int_option(&mut self) -> Result<Option<i64>> {
        match self.next() {
            Value::Int(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            _ => Err(Error::Sql(SqlError::Damaged)),
        }
    }

    pub(crate) fn bytes_of(&mut self) -> Result<u64> {
        u64::try_from(self.int()?).map_err(|_| Error::Sql(SqlError::Damaged))
    }

    pub(crate) fn flag(&mut self) -> Result<bool> {
        Ok(self.int()? != 0)
    }

    pub(crate) fn time(&mut self) -> Result<WallTime> {
        self.int().map(WallTime::from_micros)
    }

    pub(crate) fn time_option(&mut self) -> Result<Option<WallTime>> {
        Ok(self.int_option()?.map(WallTime::from_micros))
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.text_option()?.ok_or(Error::Sql(SqlError::Damaged))
    }

    pub(crate) fn text_option(&mut self) -> Result<Option<String>> {
        match self.next() {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(Error::Sql(SqlError::Damaged)),
        }
    }

    pub(crate) fn bytes_option(&mut self) -> Result<Option<Vec<u8>>> {
        match self.next() {
            Value::Bytes(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            _ => Err(Error::Sql(SqlError::Damaged)),
        }
    }

    /// A column that is written as text (identifiers, kinds).
    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T> {
        self.text()?.parse().map_err(|_| Error::Sql(SqlError::Damaged))
    }

    pub(crate) fn parsed_option<T: FromStr>(&mut self) -> Result<Option<T>> {
        self.text_option()?.map(|text| text.parse().map_err(|_| Error::Sql(SqlError::Damaged))).transpose()
    }
}

/// Anything that is written as text: identifiers, kinds.
pub(crate) fn text(value: impl Display) -> Value {
    Value::Text(value.to_string())
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(flag.into())
    }
}

impl From<WallTime> for Value {
    fn from(time: WallTime) -> Self {
        Self::Int(time.micros())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! identifiers {
    ($($id:ty),*) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                text(id)
            }
        }
    )*};
}
identifiers!(
    model::AccountId,
    model::FolderId,
    model::InvitationId,
    model::LeaseId,
    model::OrganizationId,
    model::SessionId,
    model::SiteId
);
