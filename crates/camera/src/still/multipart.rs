//! The first picture of a Motion JPEG stream over HTTP (`multipart/x-mixed-replace`; parts: RFC 2046, 5.1). Pure.
//!
//! What is here: bytes in as they come, the first part out. Servers write the boundary with and without its dashes in the
//! header, and parts with and without their length; both are taken.
//! What is not here: what the part is.

/// Longest headers of a part, in bytes.
const LONGEST_HEAD: usize = 8 << 10;

/// The boundary that a content type names; nothing where it is no multipart stream.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').trim_start_matches("--");
        (name.trim().eq_ignore_ascii_case("boundary") && (1..=70).contains(&value.len()))
            .then(|| value.to_owned())
    })
}

/// What came of the bytes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// More is needed.
    More,
    /// The first part.
    Part(Vec<u8>),
    /// This is no such stream; why.
    Bad(&'static str),
}

/// Looks for the first part.
#[derive(Debug)]
pub(crate) struct Scan {
    /// `--` and the boundary.
    mark: Vec<u8>,
    longest: usize,
    buffer: Vec<u8>,
    /// Where the part begins, and its length where it is told.
    part: Option<(usize, Option<usize>)>,
    /// Up to where its end has been looked for.
    looked: usize,
}

impl Scan {
    /// For a stream with this content type; nothing where it is none. A part has at most `longest` bytes.
    pub(crate) fn new(content_type: &str, longest: usize) -> Option<Self> {
        let mark = format!("--{}", boundary(content_type)?).into_bytes();
        Some(Self { mark, longest, buffer: Vec::new(), part: None, looked: 0 })
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Found {
        self.buffer.extend_from_slice(bytes);
        if self.part.is_none() {
            let Some(begin) = find(&self.buffer, &self.mark) else {
                return if self.buffer.len() > LONGEST_HEAD {
                    Found::Bad("no picture begins")
                } else {
                    Found::More
                };
            };
            let head = self.buffer.get(begin + self.mark.len()..).unwrap_or_default();
            let Some(end) = find(head, b"\r\n\r\n") else {
                return if head.len() > LONGEST_HEAD {
                    Found::Bad("the headers of a picture do not end")
                } else {
                    Found::More
                };
            };
            let length = length(head.get(..end).unwrap_or_default());
            if length.is_some_and(|length| length > self.longest) {
                return Found::Bad("a picture is too long");
            }
            let start = begin + self.mark.len() + end + 4;
            self.part = Some((start, length));
            self.looked = start;
        }
        let Some((start, length)) = self.part else { return Found::More };
        let end = match length {
            Some(length) => (self.buffer.len() >= start + length).then_some(start + length),
            None => {
                let from = self.looked.saturating_sub(self.mark.len()).max(start);
                self.looked = self.buffer.len();
                find(self.buffer.get(from..).unwrap_or_default(), &self.mark).map(|at| from + at)
            }
        };
        match end {
            Some(end) => Found::Part(self.buffer.get(start..end).unwrap_or_default().to_vec()),
            None if self.buffer.len() > start + self.longest => Found::Bad("a picture is too long"),
            None => Found::More,
        }
    }
}

/// The value of `Content-Length` among a part's headers.
fn length(head: &[u8]) -> Option<usize> {
    String::from_utf8_lossy(head).lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_boundary_is_what_follows_its_name() {
        for (text, expected) in [
            ("multipart/x-mixed-replace; boundary=myboundary", Some("myboundary")),
            ("multipart/x-mixed-replace;boundary=--ffmpeg", Some("ffmpeg")),
            ("Multipart/X-Mixed-Replace; charset=x; Boundary=\"a b\"", Some("a b")),
            ("image/jpeg", None),
            ("image/jpeg; boundary=a", None),
            ("multipart/x-mixed-replace; boundary=", None),
        ] {
            assert_eq!(boundary(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_first_part_is_found_however_the_bytes_come(
            picture in proptest::collection::vec(any::<u8>(), 1..200),
            cuts in proptest::collection::vec(1..50_usize, 1..20),
            told in any::<bool>(),
            preamble in "[a-z]{0,20}",
        ) {
            prop_assume!(find(&picture, b"--ab").is_none());
            let length = if told { format!("Content-Length: {}\r\n", picture.len()) } else { String::new() };
            let head = format!("{preamble}\r\n--ab\r\nContent-Type: image/jpeg\r\n{length}\r\n");
            let stream = [head.as_bytes(), &picture, b"\r\n--ab\r\n"].concat();
            let mut scan = Scan::new("multipart/x-mixed-replace; boundary=ab", 1000).unwrap();
            let mut rest = &stream[..];
            let mut sizes = cuts.iter().cycle();
            let part = loop {
                let (now, then) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                rest = then;
                match scan.push(now) {
                    Found::Part(part) => break part,
                    Found::More if !rest.is_empty() => {}
                    other => panic!("{other:?}"),
                }
            };
            prop_assert!(part.starts_with(&picture));
            prop_assert!(part.len() <= picture.len() + 2, "at most the line break before the boundary is added");
        }

        #[test]
        fn no_bytes_are_kept_beyond_the_limits(pieces in proptest::collection::vec(any::<u8>(), 64..128)) {
            let mut scan = Scan::new("multipart/x-mixed-replace; boundary=ab", 1000).unwrap();
            for _ in 0..150 {
                if scan.push(&pieces) != Found::More {
                    return Ok(());
                }
                prop_assert!(scan.buffer.len() <= 2 * LONGEST_HEAD);
            }
        }
    }

    #[test]
    fn what_never_ends_is_refused() {
        for (first, piece) in [
            ("", "x"),
            ("--ab\r\n", "X-A: b\r\n"),
            ("--ab\r\nContent-Type: image/jpeg\r\n\r\n", "x"),
            ("--ab\r\nContent-Length: 99999999999\r\n\r\n", "x"),
        ] {
            let mut scan = Scan::new("multipart/x-mixed-replace; boundary=ab", 1000).unwrap();
            let mut found = scan.push(first.as_bytes());
            for _ in 0..20_000 {
                if found == Found::More {
                    found = scan.push(piece.as_bytes());
                }
            }
            assert!(matches!(found, Found::Bad(_)), "{first:?}: {found:?}");
        }
    }
}
