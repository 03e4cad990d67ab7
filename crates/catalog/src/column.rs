//! How model types stand in columns, and the bounds of texts. Not SQL.

use std::{fmt::Display, str::FromStr};

use model::WallTime;
use rusqlite::{
    Row,
    types::{FromSqlError, Type},
};

use crate::{Error, Result};

/// The column as a type that is written as text (identifiers, kinds).
pub(crate) fn parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let index = row.as_ref().column_index(column)?;
    parse(&row.get::<_, String>(index)?, index)
}

/// The same where there may be nothing.
pub(crate) fn parsed_option<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let index = row.as_ref().column_index(column)?;
    row.get::<_, Option<String>>(index)?.map(|text| parse(&text, index)).transpose()
}

fn parse<T>(text: &str, index: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|e| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(e)))
}

/// The column as a time.
pub(crate) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<WallTime> {
    row.get(column).map(WallTime::from_micros)
}

/// The same where there may be nothing.
pub(crate) fn time_option(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<WallTime>> {
    row.get::<_, Option<i64>>(column).map(|micros| micros.map(WallTime::from_micros))
}

/// The column as a number of bytes.
pub(crate) fn bytes_option(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    let index = row.as_ref().column_index(column)?;
    row.get::<_, Option<i64>>(index)?
        .map(|value| {
            u64::try_from(value).map_err(|_| {
                let out_of_range = Box::new(FromSqlError::OutOfRange(value));
                rusqlite::Error::FromSqlConversionFailure(index, Type::Integer, out_of_range)
            })
        })
        .transpose()
}

/// A value as the text that stands in its column.
pub(crate) fn text(value: impl Display) -> String {
    value.to_string()
}

/// Refuses a value whose length is out of bounds.
pub(crate) fn bounded(what: &'static str, bytes: &[u8], min: usize, max: usize) -> Result<()> {
    if (min..=max).contains(&bytes.len()) { Ok(()) } else { Err(Error::Size { what, min, max }) }
}

/// Refuses a name that is too long, or that cannot be shown in one line: it stands in logs, mails and headers.
pub(crate) fn named(what: &'static str, name: &str, max: usize) -> Result<()> {
    bounded(what, name.as_bytes(), 1, max)?;
    if name.chars().any(char::is_control) { Err(Error::Name) } else { Ok(()) }
}

/// The same as [`bounded`] where there may be nothing.
pub(crate) fn bounded_option(what: &'static str, value: Option<&str>, max: usize) -> Result<()> {
    value.map_or(Ok(()), |value| bounded(what, value.as_bytes(), 0, max))
}

/// The longest beginning of the text that has at most so many bytes.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Refuses one more row where there are `max`.
pub(crate) fn room(what: &'static str, count: i64, max: usize) -> Result<()> {
    let full = usize::try_from(count).is_ok_and(|count| count >= max);
    if full { Err(Error::TooMany { what, max }) } else { Ok(()) }
}
