//! What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1). Keywords come in any case.

/// The extensions that change what we say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an extension of its own")]
pub struct Offers {
    /// RFC 2920: several commands at once.
    pub pipelining: bool,
    /// RFC 1870: the size of a message is said with MAIL.
    pub size: bool,
    /// The most octets that it takes, where it says so.
    pub most: Option<usize>,
    /// RFC 3461: which notices we want.
    pub dsn: bool,
    /// RFC 6152
    pub eight_bit: bool,
    /// RFC 6531
    pub smtputf8: bool,
}

impl Offers {
    /// Reads the lines of a reply, their code before them. The first is the server's name.
    pub fn read(reply: &[String]) -> Self {
        let mut offers = Self::default();
        for line in reply.iter().skip(1) {
            let mut words = line.get(4..).unwrap_or_default().split_ascii_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "PIPELINING" => offers.pipelining = true,
                "SIZE" => {
                    offers.size = true;
                    // RFC 1870 §4: 0 is no limit.
                    offers.most = words.next().and_then(|most| most.parse().ok()).filter(|most| *most > 0);
                }
                "DSN" => offers.dsn = true,
                "8BITMIME" => offers.eight_bit = true,
                "SMTPUTF8" => offers.smtputf8 = true,
                _ => {}
            }
        }
        offers
    }
}

/// RFC 3461 §4: a text as a parameter's value.
pub fn xtext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'+' | b'=' => out.push_str(if byte == b'+' { "+2B" } else { "+3D" }),
            b'!'..=b'~' => out.push(char::from(byte)),
            byte => {
                out.push('+');
                out.push_str(&crate::crypto::hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Offers {
        Offers::read(&lines.iter().map(|line| format!("{line}\r\n")).collect::<Vec<_>>())
    }

    #[test]
    fn keywords_come_in_any_case_and_the_name_is_none() {
        let all =
            read(&["250-pipelining", "250-Pipelining", "250-size 1000", "250-dsn", "250-8bitmime", "250 SmtpUtf8"]);
        let expected =
            Offers { pipelining: true, size: true, most: Some(1000), dsn: true, eight_bit: true, smtputf8: true };
        assert_eq!(all, expected);
        assert_eq!(read(&["250 PIPELINING"]), Offers::default());
        assert_eq!(read(&["250-x", "250-SIZE 0", "250 PIPELININGS"]), Offers { size: true, ..Offers::default() });
        assert_eq!(read(&["250-x", "250-SIZE", "250-", "25"]), Offers { size: true, ..Offers::default() });
        assert_eq!(read(&[]), Offers::default());
    }

    #[test]
    fn parameters_hold_nothing_that_ends_them() {
        assert_eq!(xtext("a+b=c d@é"), "a+2Bb+3Dc+20d@+C3+A9");
    }
}
