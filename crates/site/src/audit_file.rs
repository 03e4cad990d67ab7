//! An audit log that was taken out as JSON lines, checked without its site: that every row is the one that the next was
//! chained to. Whether the file is the whole log is known only by a head that was kept elsewhere.

use std::io::{BufRead, Read};

use api::audit::AuditEntry;
use catalog::audit::{Entry, chained};

/// No line is longer: a row has eight texts of at most 512 bytes, each byte at most six in JSON.
const MAX_LINE: u64 = 64 << 10;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many rows.
    pub rows: u64,
    /// The newest.
    pub number: i64,
    /// The oldest.
    pub oldest: i64,
}

/// Why a file does not hold.
#[derive(Debug, thiserror::Error)]
pub enum AuditFileError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[from] std::io::Error),
    /// A line is no row.
    #[error("line {0} is no row of an audit log; only a whole log that was exported as jsonl can be checked")]
    Row(u64),
    /// There is no row at all.
    #[error("it has no row")]
    Empty,
    /// A row was changed, put in, taken away or moved.
    #[error("row {0} was changed, or a row before it is missing")]
    Broken(i64),
    /// It is not the log that the head is of.
    #[error("row {0} is another one than then, or missing: the log was rewritten or cut off")]
    Head(i64),
}

/// Checks the rows, the newest first, as they are exported. `head`: the number of a row and the hash (64 hex digits) that it
/// had then.
///
/// # Errors
/// What does not hold.
pub fn check(mut lines: impl BufRead, head: Option<(i64, &str)>) -> Result<Checked, AuditFileError> {
    let (mut count, mut line) = (0_u64, String::new());
    let (mut newest, mut after, mut head_found) = (None, None::<AuditEntry>, head.is_none());
    loop {
        line.clear();
        if lines.by_ref().take(MAX_LINE).read_line(&mut line)? == 0 {
            break;
        }
        count += 1;
        let row: AuditEntry = serde_json::from_str(&line).map_err(|_| AuditFileError::Row(count))?;
        if let Some(after) = after {
            let follows = row.number.checked_add(1) == Some(after.number);
            if !follows || !is_chained(&after, &row.hash) {
                return Err(AuditFileError::Broken(after.number));
            }
        }
        if let Some((number, hash)) = head
            && row.number == number
        {
            if row.hash != hash {
                return Err(AuditFileError::Head(number));
            }
            head_found = true;
        }
        newest.get_or_insert(row.number);
        after = Some(row);
    }
    let (Some(number), Some(oldest)) = (newest, after) else { return Err(AuditFileError::Empty) };
    // The log begins after zeros; what is before an older one that was forgotten is not known.
    if oldest.number == 1 && !is_chained(&oldest, &"00".repeat(32)) {
        return Err(AuditFileError::Broken(1));
    }
    match head {
        Some((number, _)) if !head_found => Err(AuditFileError::Head(number)),
        _ => Ok(Checked { rows: count, number, oldest: oldest.number }),
    }
}

/// Whether the row's hash is the one over the hash before it and the row.
fn is_chained(row: &AuditEntry, before: &str) -> bool {
    let (Some(before), Some(hash)) = (bytes(before), bytes(&row.hash)) else { return false };
    let entry = Entry {
        at: row.at,
        user: row.user,
        name: row.name.clone(),
        address: row.address.clone(),
        kind: row.kind.clone(),
        action: row.action.clone(),
        target: row.target.clone(),
        outcome: row.outcome.clone(),
        detail: row.detail.clone(),
    };
    chained(&before, row.number, &entry) == hash
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: i64) -> Vec<AuditEntry> {
        let (mut before, mut rows) = ([0; 32], Vec::new());
        for number in 1..=count {
            let entry = Entry {
                at: model::WallTime::from_micros(number),
                user: None,
                name: format!("ines {number}"),
                address: "192.0.2.1".into(),
                kind: "rights".into(),
                action: "user_update".into(),
                target: "olga".into(),
                outcome: "done".into(),
                detail: String::new(),
            };
            before = chained(&before, number, &entry);
            let Entry { at, user, name, address, kind, action, target, outcome, detail } = entry;
            let hash = before.iter().map(|byte| format!("{byte:02x}")).collect();
            rows.push(AuditEntry {
                number,
                at,
                user,
                name,
                address,
                kind,
                action,
                target,
                outcome,
                detail,
                hash,
            });
        }
        rows.reverse();
        rows
    }

    fn verdict(rows: &[AuditEntry], head: Option<(i64, &str)>) -> Result<Checked, AuditFileError> {
        let text: String = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect();
        check(text.as_bytes(), head)
    }

    #[test]
    fn a_changed_missing_added_or_moved_row_of_a_file_is_found() {
        let whole = rows(6);
        assert_eq!(verdict(&whole, None).unwrap(), Checked { rows: 6, number: 6, oldest: 1 });
        for (what, damage) in [
            (
                "changed",
                &(|rows: &mut Vec<AuditEntry>| rows[3].target = "otto".into()) as &dyn Fn(&mut Vec<_>),
            ),
            ("changed with its hash", &|rows: &mut Vec<AuditEntry>| {
                rows[3].hash = "ab".repeat(32);
            }),
            ("taken away", &|rows: &mut Vec<AuditEntry>| drop(rows.remove(3))),
            ("doubled", &|rows: &mut Vec<AuditEntry>| rows.insert(3, rows[3].clone())),
            ("swapped", &|rows: &mut Vec<AuditEntry>| rows.swap(2, 3)),
            ("the first changed", &|rows: &mut Vec<AuditEntry>| rows[5].name = "otto".into()),
        ] {
            let mut rows = whole.clone();
            damage(&mut rows);
            assert!(matches!(verdict(&rows, None), Err(AuditFileError::Broken(_))), "{what}");
        }
        assert!(matches!(verdict(&[], None), Err(AuditFileError::Empty)));
        assert!(matches!(check(&b"number,at\r\n"[..], None), Err(AuditFileError::Row(1))));
    }

    #[test]
    fn a_head_that_was_kept_finds_a_log_that_is_cut_off_or_rewritten() {
        let whole = rows(6);
        let head = whole[1].hash.clone();
        assert!(verdict(&whole, Some((5, &head))).is_ok());
        assert!(matches!(verdict(&whole[2..], Some((5, &head))), Err(AuditFileError::Head(5))), "cut off");
        // Whoever has the key can make a whole log of other rows: it is whole, and not the one of then.
        let mut other = rows(6);
        other.truncate(5);
        assert!(matches!(verdict(&other, Some((5, &"ab".repeat(32)))), Err(AuditFileError::Head(5))));
    }
}
