//! The forms in which people write values: sizes, spans of time, addresses. Each error goes behind the key's name.

use std::net::{IpAddr, SocketAddr};

use chrono_tz::Tz;
use url::Url;

use crate::crypto;
use crate::mail::{OnUncertain, Pipelining};
use crate::post::date::path::Pattern;
use crate::post::permalink;
use crate::subscriber::Address;

/// A whole number from 1 on.
pub fn count(text: &str) -> Result<usize, String> {
    text.trim().parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("is no whole number from 1 on: `{text}`"))
}

/// A whole number from 1 on, or `off`.
pub fn limit(text: &str) -> Result<Option<usize>, String> {
    if text.trim() == "off" {
        Ok(None)
    } else {
        count(text).map(Some).map_err(|what| format!("{what}; or write `off`"))
    }
}

/// The address of a hub.
pub fn hub(text: &str) -> Result<String, String> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.filter(|url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    url.map(String::from).ok_or_else(|| format!("holds no address of a hub: `{text}`"))
}

/// A whole number from 0 on.
pub fn whole(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("is no whole number from 0 on: `{text}`"))
}

/// So many a second, also less than one.
pub fn rate(text: &str) -> Result<f64, String> {
    let rate = text.trim().parse().ok().filter(|rate: &f64| rate.is_finite() && *rate >= 0.001);
    rate.ok_or_else(|| format!("is no number above 0: `{text}`; write e.g. `10`, or `0.5` for one in two seconds"))
}

/// A pattern of addresses: `/:year/:month/:slug/`.
pub fn permalink(text: &str) -> Result<String, String> {
    let shape = permalink::Shape { base: "https://localhost/", pattern: Some(text), ..permalink::Shape::default() };
    let known = "use `:year :month :day :slug :title :filename :section` and the like";
    permalink::address(&shape, &permalink::Place::default(), None)
        .map_err(|what| format!("cannot be used: {what}; {known}"))?;
    Ok(text.to_owned())
}

/// A pattern of dates in paths: `:year-:month-:day-:slug`.
pub fn date_pattern(text: &str) -> Result<String, String> {
    Pattern::parse(text).map(|_| text.to_owned())
}

/// What links are signed with. The error does not show it.
pub fn secret(text: &str) -> Result<String, String> {
    if text.len() < 32 {
        return Err("is shorter than 32 characters (make one with `head -c 32 /dev/urandom | base64`)".to_owned());
    }
    Ok(text.to_owned())
}

/// `800000`, `500kB`, `1MB`.
pub fn size(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let factor = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kb" => Some(1_000),
        "m" | "mb" => Some(1_000_000),
        _ => None,
    };
    let size = factor.and_then(|factor| text[..digits].parse::<usize>().ok()?.checked_mul(factor));
    size.filter(|n| *n > 0).ok_or_else(|| format!("is no size: `{text}`; write e.g. `500kB` or `1MB`"))
}

/// `90s`, `5m`, `6h`, `3d`.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    let fault = || format!("is no span of time: `{text}`; write e.g. `90s`, `5m`, `6h` or `3d`");
    let text = text.trim();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[number.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(fault()),
    };
    // A century is more than anybody means, and keeps every later sum of times in range.
    let total = number.trim().parse::<u64>().ok().and_then(|n| n.checked_mul(seconds)).filter(|n| *n <= 3_155_760_000);
    total.map(std::time::Duration::from_secs).ok_or_else(fault)
}

/// [`duration`] for calendar sums.
pub fn span(text: &str) -> Result<chrono::Duration, String> {
    duration(text).and_then(|span| chrono::Duration::from_std(span).map_err(|error| error.to_string()))
}

/// An absolute `http:` or `https:` address, given back with a final `/`.
pub fn base_url(text: &str) -> Result<String, String> {
    let fault = || format!("is no absolute address: `{text}`; write e.g. `https://www.example.org/`");
    let mut url = Url::parse(text.trim()).map_err(|_| fault())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(fault());
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(format!("may hold no `?`, `#` or `@`: `{text}`"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url.into())
}

/// `127.0.0.1:8080`, `[::]:80`, `localhost:8080`.
pub fn listen(text: &str) -> Result<String, String> {
    let text = text.trim();
    let good = text.rsplit_once(':').is_some_and(|(host, port)| {
        port.parse::<u16>().is_ok() && !host.is_empty() && !host.contains(char::is_whitespace)
    });
    if good {
        Ok(text.to_owned())
    } else {
        Err(format!("is no address to listen on: `{text}`; write e.g. `127.0.0.1:8080`"))
    }
}

/// `192.0.2.1`, `[2001:db8::1]:5353`; port 53 where none is named.
pub fn server(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let whole = text.parse::<SocketAddr>();
    let bare = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    whole
        .or_else(|_| bare())
        .map_err(|_| format!("is no address of a DNS server: `{text}`; write e.g. `192.0.2.1` or `127.0.0.1:5353`"))
}

/// An IANA time zone.
pub fn zone(text: &str) -> Result<Tz, String> {
    text.trim().parse().map_err(|_| {
        let near = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let near =
            super::reader::nearest(text, near).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        format!("is no time zone: `{text}`{near}")
    })
}

/// `0.111` or `v0.111.3`: the first two numbers. In YAML it needs quotes, for 0.120 would be the number 0.12.
pub fn version(text: &str) -> Result<(u32, u32), String> {
    let fault = || format!("is no version: `{text}`; write e.g. `\"0.111.3\"`, in quotes");
    let mut parts = text.trim().trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if parts.count() <= 2 => Ok((major, minor)),
        _ => Err(fault()),
    }
}

/// `true` or `false`.
pub fn truth(text: &str) -> Result<bool, String> {
    text.trim().parse().map_err(|_| format!("is neither `true` nor `false`: `{text}`"))
}

/// The name of a machine, as EHLO says it (RFC 5321 §4.1.1.1): a domain, or an address in brackets.
pub fn host(text: &str) -> Result<String, String> {
    let text = text.trim();
    let good = text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
    if good && (1..=255).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(format!("is no name of a machine: `{text}`; write e.g. `mail.example.org`"))
    }
}

/// A mail address.
pub fn address(text: &str) -> Result<String, String> {
    Address::parse(text)
        .map(|address| address.as_str().to_owned())
        .map_err(|why| format!("holds no mail address: {why}"))
}

/// `user:password`. The error does not show it.
pub fn login(text: &str) -> Result<String, String> {
    let whole = text.split_once(':').is_some_and(|(user, password)| !user.is_empty() && !password.is_empty());
    if whole { Ok(text.to_owned()) } else { Err("is not `user:password`".to_owned()) }
}

/// A public key as services show it: base64 on one line.
pub fn public_key(text: &str) -> Result<String, String> {
    let key = text.trim();
    match crypto::from_base64(key) {
        Some(der) if der.len() >= 64 => Ok(key.to_owned()),
        _ => Err("is no public key in base64; copy it from the service's page".to_owned()),
    }
}

/// One word of a closed list.
pub fn one_of(text: &str, words: &[&str]) -> Result<String, String> {
    let text = text.trim();
    if words.contains(&text) { Ok(text.to_owned()) } else { Err(format!("is none of {}: `{text}`", words.join(", "))) }
}

/// What a mail server is asked before it has answered.
pub fn pipelining(text: &str) -> Result<Pipelining, String> {
    Ok(match one_of(text, &["full", "mail", "off"])?.as_str() {
        "off" => Pipelining::Off,
        "mail" => Pipelining::Mail,
        _ => Pipelining::Full,
    })
}

/// What becomes of a mail whose end was not answered.
pub fn on_uncertain(text: &str) -> Result<OnUncertain, String> {
    Ok(if one_of(text, &["repeat", "hold"])? == "hold" { OnUncertain::Hold } else { OnUncertain::Repeat })
}

/// A Digest's name goes into addresses, List-IDs and commands.
pub fn digest_name(name: &str) -> Result<(), String> {
    let good = (1..=64).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good { Ok(()) } else { Err("may hold small letters, digits and hyphens only".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans() {
        assert_eq!(size("1MB"), Ok(1_000_000));
        assert_eq!(size("500 kB"), Ok(500_000));
        assert_eq!(size("17"), Ok(17));
        assert_eq!(duration("6h"), Ok(std::time::Duration::from_hours(6)));
        assert_eq!(duration("0s"), Ok(std::time::Duration::ZERO));
        for wrong in ["", "MB", "1GB", "-1", "1.5MB", "０", "99999999999999999999MB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "6", "h", "6 hours", "-6h", "99999999999999999999d", "200000d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn servers() {
        for (text, expected) in [("192.0.2.1", "192.0.2.1:53"), ("[::1]:5353", "[::1]:5353"), ("::1", "[::1]:53")] {
            assert_eq!(server(text), Ok(expected.parse().unwrap()));
        }
        for wrong in ["", "dns.example.org", "1.2.3", "1.2.3.4:"] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
        for good in ["mail.example.org", "[192.0.2.1]", "[IPv6:::1]"] {
            assert_eq!(host(good).as_deref(), Ok(good));
        }
        for wrong in ["", "a b", "a\r\nMAIL FROM:<x@y>", "münchen.example"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn versions() {
        for (text, expected) in [("0.111.3", (0, 111)), ("v0.168.0", (0, 168)), ("4.3", (4, 3))] {
            assert_eq!(version(text), Ok(expected), "{text}");
        }
        for wrong in ["", "0", "latest", "0.x", "0.1.2.3.4"] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(base_url("https://Example.org").as_deref(), Ok("https://example.org/"));
        assert_eq!(base_url("https://example.org/blog").as_deref(), Ok("https://example.org/blog/"));
        for wrong in
            ["", "/", "example.org", "ftp://example.org/", "https://", "https://a/?b", "https://u@a/", "mailto:a@b.c"]
        {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
        for good in ["127.0.0.1:0", "[::1]:8080", "localhost:80"] {
            assert_eq!(listen(good).as_deref(), Ok(good));
        }
        for wrong in ["", "8080", ":8080", "a b:1", "host:port", "host:70000"] {
            assert!(listen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mistyped_zone_gets_the_near_one() {
        assert!(zone("Asia/Shanghai").is_ok());
        assert!(zone("Asia/Shangai").unwrap_err().contains("Asia/Shanghai"));
    }
}
