//! Subscribers as rows of a sheet: which columns there are, what a cell may hold. No I/O but the reader it is given.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use csv::ByteRecord;

use crate::store::Import;
use crate::subscriber::Address;

/// Longest name that is kept, in characters.
const NAME_AT_MOST: usize = 200;

/// Physical lines that one quoted cell may span.
const JOINED_AT_MOST: usize = 20;
/// Octets of one line.
const LINE_AT_MOST: usize = 1 << 20;

/// What one row says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// Somebody to import.
    Good(Import),
    /// By its own columns not meant: another digest's, or not confirmed where it comes from.
    LeftOut,
    /// Its line, what is wrong with it, and a hint.
    Bad(u64, String, &'static str),
}

/// Reads a sheet row by row, in the memory of a few rows.
pub(super) struct Sheet<R> {
    lines: Lines<R>,
    separator: u8,
    columns: Columns,
    digest: String,
    /// A head that was none.
    first: Option<Record>,
}

/// A row's cells, or that its quotation marks do not pair, and the line it begins in.
type Record = (u64, Option<ByteRecord>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Columns {
    address: usize,
    name: Option<usize>,
    language: Option<usize>,
    state: Option<usize>,
    digest: Option<usize>,
}

impl<R: BufRead> Sheet<R> {
    /// Reads the head. Rows of other digests than `digest` are left out, where a column says so. The error says why this is
    /// no sheet of addresses.
    pub(super) fn new(mut reader: R, digest: &str) -> Result<Self, String> {
        let start = reader.fill_buf().map_err(|error| error.to_string())?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err("is UTF-16; save it as UTF-8".to_owned());
        }
        let separator = separator(start);
        let lines = Lines { reader, again: VecDeque::new(), line: 0, octets: 0 };
        let mut sheet = Self { lines, separator, columns: Columns::default(), digest: digest.to_owned(), first: None };
        let Some((line, first)) = sheet.record().map_err(|error| error.to_string())? else { return Ok(sheet) };
        let cells: Vec<String> =
            first.iter().flatten().map(|cell| text(cell).unwrap_or_default().to_lowercase()).collect();
        let lonely_and_wrong = cells.len() <= 1 && !cells.iter().any(|cell| is_word(cell));
        if let Some(columns) = head(&cells) {
            sheet.columns = columns;
        } else if let Some(address) = cells.iter().position(|cell| cell.contains('@')) {
            sheet.columns.address = address;
            sheet.first = Some((line, first));
        } else if lonely_and_wrong {
            // A wrong address at the top of a list is a bad row, not a bad list.
            sheet.first = Some((line, first));
        } else {
            return Err("names no column `email` or `address` in its first line".to_owned());
        }
        Ok(sheet)
    }

    /// Octets read so far.
    pub(super) fn position(&self) -> u64 {
        self.lines.octets
    }

    /// The next row that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            let record = match self.first.take() {
                Some(first) => Some(first),
                None => self.record()?,
            };
            match record {
                None => return Ok(None),
                Some((line, None)) => {
                    let hint = "close it, or double it where it is meant";
                    return Ok(Some(Row::Bad(line, "a quotation mark has no partner".to_owned(), hint)));
                }
                Some((line, Some(cells))) if cells.iter().any(|cell| !cell.trim_ascii().is_empty()) => {
                    return Ok(Some(self.row(line, &cells)));
                }
                Some(_) => {}
            }
        }
    }

    /// The next logical line. One whose quotation never ends costs itself only: what follows it is read again as rows of
    /// their own.
    fn record(&mut self) -> io::Result<Option<Record>> {
        let Some(mut text) = self.lines.next()? else { return Ok(None) };
        let line = self.lines.line;
        let mut more = VecDeque::new();
        while unclosed(&text, self.separator) {
            let next = if more.len() < JOINED_AT_MOST { self.lines.next()? } else { None };
            let Some(next) = next else {
                self.lines.again(more);
                return Ok(Some((line, None)));
            };
            text.push(b'\n');
            text.extend_from_slice(&next);
            more.push_back(next);
        }
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .buffer_capacity(text.len().max(1))
            .from_reader(text.as_slice());
        let mut cells = ByteRecord::new();
        rows.read_byte_record(&mut cells).map_err(io::Error::other)?;
        if cells.get(self.columns.address).is_some_and(|cell| cell.contains(&b'\n')) {
            self.lines.again(more);
            return Ok(Some((line, None)));
        }
        Ok(Some((line, Some(cells))))
    }

    fn row(&self, line: u64, cells: &ByteRecord) -> Row {
        let bad = |what: &str, hint: &'static str| Row::Bad(line, what.to_owned(), hint);
        if cells.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            return bad("is not UTF-8", "save the file as UTF-8");
        }
        let cell = |column: Option<usize>| column.and_then(|at| cells.get(at)).and_then(text).unwrap_or_default();
        let typed = cell(Some(self.columns.address));
        if typed.is_empty() {
            return bad("the address is empty", "every row needs one");
        }
        let address = match Address::parse(&typed) {
            Ok(address) => address,
            Err(what) => return bad(&what, "mend the row and import the file again: who is in stays in"),
        };
        let digest = cell(self.columns.digest);
        let state = cell(self.columns.state).to_lowercase();
        if !(digest.is_empty() || digest == self.digest) || !willing(&state) {
            return Row::LeftOut;
        }
        let language = cell(self.columns.language);
        let language = if language.is_empty() { Ok(None) } else { self::language(&language).map(Some) };
        match (name(&cell(self.columns.name)), language) {
            (Ok(name), Ok(language)) => Row::Good(Import { address, name, language }),
            (Err(what), _) | (_, Err(what)) => bad(&what, "mend the row and import the file again"),
        }
    }
}

/// Physical lines, ended by LF, CRLF or CR, without their ends and the byte order mark.
struct Lines<R> {
    reader: R,
    /// Read, and to be read again.
    again: VecDeque<Vec<u8>>,
    /// 1-based, of the line that was read last.
    line: u64,
    octets: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.again.pop_front() {
            self.line += 1;
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let mut any = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            line.extend_from_slice(&buffer[..end.unwrap_or(buffer.len())]);
            let (used, ended_by) = end.map_or((buffer.len(), None), |end| (end + 1, Some(buffer[end])));
            self.consume(used);
            if ended_by == Some(b'\r') && self.reader.fill_buf()?.first() == Some(&b'\n') {
                self.consume(1);
            }
            if line.len() > LINE_AT_MOST {
                return Err(io::Error::other(format!("line {} is longer than a megabyte: no CSV", self.line + 1)));
            }
            if ended_by.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.line += 1;
        if self.line == 1 && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        Ok(Some(line))
    }

    /// Puts lines back, which are read next.
    fn again(&mut self, mut lines: VecDeque<Vec<u8>>) {
        self.line -= lines.len() as u64;
        lines.append(&mut self.again);
        self.again = lines;
    }

    fn consume(&mut self, octets: usize) {
        self.reader.consume(octets);
        self.octets += octets as u64;
    }
}

/// Does `text` end inside a quoted cell?
fn unclosed(text: &[u8], separator: u8) -> bool {
    let (mut quoted, mut at_start) = (false, true);
    for byte in text {
        if quoted {
            // A doubled mark closes and opens again at once.
            quoted = *byte != b'"';
            at_start = !quoted;
        } else {
            quoted = at_start && *byte == b'"';
            at_start = *byte == separator;
        }
    }
    quoted
}

/// A cell's text without blanks round it, byte order mark, and guard; `None`: not UTF-8.
fn text(cell: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(cell).ok()?;
    Some(unguard(text.trim_start_matches('\u{feff}').trim()).trim().to_owned())
}

/// By the first line: what stands most between its cells.
fn separator(start: &[u8]) -> u8 {
    let line = start.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let often = |separator: u8| line.split(|byte| *byte == separator).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|separator| often(*separator)).unwrap_or(b',')
}

/// The columns that the head's cells (in lower case) name; `None` when none is an address.
fn head(cells: &[String]) -> Option<Columns> {
    let column = |names: &[&str]| cells.iter().position(|cell| names.contains(&cell.as_str()));
    Some(Columns {
        address: column(&["address", "email", "e-mail", "mail", "email address", "email_address", "e-mail address"])?,
        name: column(&["name", "full name", "full_name"]),
        language: column(&["language", "lang", "locale"]),
        state: column(&["state", "status"]),
        digest: column(&["digest"]),
    })
}

/// Could this be the name of a column?
fn is_word(cell: &str) -> bool {
    !cell.is_empty() && cell.chars().all(|c| c.is_alphanumeric() || " _-".contains(c))
}

/// Words by which sheets (ours and others') say that a row wants the mail.
fn willing(state: &str) -> bool {
    matches!(state, "" | "confirmed" | "active" | "subscribed" | "enabled")
}

/// A name as mail headers can hold it: one line.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("the name holds a line break or another control character".to_owned());
    }
    if text.chars().count() > NAME_AT_MOST {
        return Err(format!("the name is longer than {NAME_AT_MOST} characters"));
    }
    Ok(text.trim().to_owned())
}

/// A BCP 47 tag by its form.
pub fn language(text: &str) -> Result<String, String> {
    let tag = text.trim().replace('_', "-");
    let part = |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    let primary = tag.split('-').next().unwrap_or_default();
    let good = (2..=8).contains(&primary.len())
        && primary.chars().all(|c| c.is_ascii_alphabetic())
        && tag.split('-').all(part)
        && tag.len() <= 35;
    if good { Ok(tag) } else { Err("the language is none; write e.g. `en` or `zh-CN`".to_owned()) }
}

/// Would a spreadsheet run this cell as a formula?
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell that no spreadsheet takes for a formula; [`unguard`] gives it back.
pub(super) fn guard(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(file: &[u8]) -> Result<Vec<Row>, String> {
        let mut sheet = Sheet::new(file, "weekly")?;
        let mut rows = Vec::new();
        while let Some(row) = sheet.next().map_err(|error| error.to_string())? {
            rows.push(row);
        }
        Ok(rows)
    }

    fn good(address: &str, name: &str, language: Option<&str>) -> Row {
        Row::Good(Import {
            address: Address::parse(address).unwrap(),
            name: name.to_owned(),
            language: language.map(str::to_owned),
        })
    }

    fn lines(rows: &[Row]) -> Vec<u64> {
        rows.iter().filter_map(|row| if let Row::Bad(line, ..) = row { Some(*line) } else { None }).collect()
    }

    #[test]
    fn finds_its_columns() {
        let expected = [good("a@example.org", "Anna Ä", Some("zh-CN")), good("b@example.org", "", None)];
        for file in [
            "email,name,language\na@example.org,Anna Ä,zh_CN\nb@example.org,,\n",
            "\u{feff}Name;E-Mail;Language\r\nAnna Ä;a@example.org;zh-CN\r\n;b@example.org;\r\n",
            "language\tid\taddress\tname\nzh-CN\t1\ta@example.org\t\"Anna Ä\"\n\t2\tb@example.org",
            "\u{feff}\"Email\",\"Name\",\"Locale\"\n\" a@example.org \",\"Anna Ä\",\"zh-CN\"\n\n,,\nb@example.org\n",
        ] {
            assert_eq!(read(file.as_bytes()).unwrap(), expected, "{file}");
        }
        let bare = [good("a@example.org", "", None), good("b@example.org", "", None)];
        for file in [
            "a@example.org\nb@example.org\n",
            "\u{feff}a@example.org\r\n\r\nb@example.org",
            "Anna,a@example.org\nBob,b@example.org",
        ] {
            assert_eq!(read(file.as_bytes()).unwrap(), bare, "{file}");
        }
        assert_eq!(read(b"").unwrap(), []);
        assert_eq!(read(b"\n\n").unwrap(), []);
        assert_eq!(read(b"email\n").unwrap(), []);
        assert!(read(b"first,second\na@example.org,x\n").unwrap_err().contains("`email`"));
        assert!(read(b"\xff\xfea\0@\0").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn says_which_row_is_wrong() {
        let rows = read(
            "email,name\na@example.org,x\nnobody,y\n\n,z\nb@example.org,\"two\nlines\"\nc@example.org,ok\n".as_bytes(),
        )
        .unwrap();
        assert_eq!(lines(&rows), [3, 5, 6]);
        assert_eq!(rows.len(), 5);
        let rows = read(b"email,name\na@example.org,M\xfcller\nb@example.org,x\n").unwrap();
        assert_eq!(lines(&rows), [2]);
        assert_eq!(rows[1], good("b@example.org", "x", None));
        assert_eq!(lines(&read(b"a@example.org\nb\n\"c@example.org\nd@example.org\n").unwrap()), [2, 3]);
        // What stands behind a mark without partner is not lost.
        let rows = read(b"\"a@example.org\r\nb@example.org\r\n5\"@example.org\r\nc@example.org").unwrap();
        assert_eq!(lines(&rows), [1, 3]);
        assert_eq!(rows.len(), 4);
        assert_eq!(lines(&read(b"email\ra@example.org\rb\r\r\"c\"\"\rd\"\re").unwrap()), [3, 5, 6, 7]);
        assert_eq!(lines(&read(b"email,language\na@example.org,not a language\n").unwrap()), [2]);
        assert_eq!(lines(&read(b"a.b.example\nb@example.org\n").unwrap()), [1]);
    }

    #[test]
    fn takes_only_who_is_meant() {
        let file = b"address,digest,state\na@example.org,weekly,confirmed\nb@example.org,weekly,unsubscribed\n\
            c@example.org,other,confirmed\nd@example.org,weekly,suppressed\ne@example.org,,\nf@example.org,weekly,blocklisted\n";
        let rows = read(file).unwrap();
        assert_eq!(rows.iter().filter(|row| **row == Row::LeftOut).count(), 4);
        assert_eq!((&rows[0], &rows[4]), (&good("a@example.org", "", None), &good("e@example.org", "", None)));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, shown) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("@x", "'@x"),
            ("-x@example.org", "'-x@example.org"),
            ("'=a", "''=a"),
            ("'tis", "'tis"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(guard(cell), shown);
        }
        assert_eq!(read(b"email,name\n'=a@example.org,'=cmd\n").unwrap(), [good("=a@example.org", "=cmd", None)]);
    }

    proptest! {
        #[test]
        fn guards_come_off_again(cell in "'{0,3}[=+@a\\t-]{0,3}[^\0]{0,4}") {
            let guarded = guard(&cell);
            prop_assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(unguard(&guarded), cell.as_str());
        }

        #[test]
        fn nothing_panics(file in proptest::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'@'), Just(b'a'), Just(b'.'), any::<u8>()], 0..200)) {
            let _ = read(&file);
        }
    }
}
