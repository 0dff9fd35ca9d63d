//! Who receives: the few companies that hold most mailboxes, and everybody else. Each of them slows a sender down as a
//! whole, whichever of its domains a reader has, so that pace is kept by these groups.

/// A group of receiving domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Everybody else.
    Other,
    /// Gmail. A company's own domain there cannot be told by its name.
    Gmail,
    /// Outlook, Hotmail, Live, MSN.
    Microsoft,
    /// Yahoo and AOL, which are one house; not Yahoo Japan.
    Yahoo,
    /// QQ and Foxmail.
    Tencent,
    /// 163, 126 and Yeah.
    Netease,
}

impl Group {
    /// Every group, in the order of [`Self::number`].
    pub const ALL: [Self; Self::COUNT] =
        [Self::Other, Self::Gmail, Self::Microsoft, Self::Yahoo, Self::Tencent, Self::Netease];
    /// How many there are.
    pub const COUNT: usize = 6;

    /// The group of a domain in lower case.
    pub fn of_domain(domain: &str) -> Self {
        let (name, end) = domain.split_once('.').unwrap_or((domain, ""));
        match domain {
            "gmail.com" | "googlemail.com" => return Self::Gmail,
            "msn.com" | "passport.com" => return Self::Microsoft,
            "aol.com" | "aim.com" | "ymail.com" | "rocketmail.com" => return Self::Yahoo,
            "qq.com" | "vip.qq.com" | "foxmail.com" => return Self::Tencent,
            "163.com" | "vip.163.com" | "126.com" | "vip.126.com" | "yeah.net" | "188.com" => return Self::Netease,
            _ => {}
        }
        // `hotmail.co.uk`, and no domain of somebody else's below such a name.
        let is_national = end.split('.').count() <= 2 && end.split('.').all(|part| (2..=3).contains(&part.len()));
        match name {
            "outlook" | "hotmail" | "live" if is_national => Self::Microsoft,
            "yahoo" | "aol" if is_national && end != "co.jp" && end != "ne.jp" => Self::Yahoo,
            _ => Self::Other,
        }
    }

    /// The group of an address, `local@domain`.
    pub fn of_address(address: &str) -> Self {
        Self::of_domain(&domain_of(address).to_ascii_lowercase())
    }

    /// What the store keeps of it: 0 to [`Self::COUNT`], the place in [`Self::ALL`].
    pub fn number(self) -> usize {
        self as usize
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "other domains",
            Self::Gmail => "Gmail",
            Self::Microsoft => "Outlook",
            Self::Yahoo => "Yahoo",
            Self::Tencent => "QQ",
            Self::Netease => "163",
        }
    }
}

/// The part behind the last `@`.
pub fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_domain_has_its_group() {
        for (domain, group) in [
            ("gmail.com", Group::Gmail),
            ("googlemail.com", Group::Gmail),
            ("outlook.com", Group::Microsoft),
            ("hotmail.co.uk", Group::Microsoft),
            ("live.com.au", Group::Microsoft),
            ("yahoo.com.br", Group::Yahoo),
            ("aol.com", Group::Yahoo),
            ("yahoo.co.jp", Group::Other),
            ("qq.com", Group::Tencent),
            ("163.com", Group::Netease),
            ("vip.126.com", Group::Netease),
            ("live.example.org", Group::Other),
            ("yahoo.example.com", Group::Other),
            ("mail.gmail.com", Group::Other),
            ("outlook", Group::Other),
            ("example.org", Group::Other),
            ("", Group::Other),
        ] {
            assert_eq!(Group::of_domain(domain), group, "{domain}");
        }
        assert_eq!(Group::of_address("A.B@GMail.com"), Group::Gmail);
        assert_eq!(Group::of_address("nobody"), Group::Other);
        for (place, group) in Group::ALL.into_iter().enumerate() {
            assert_eq!(group.number(), place);
        }
    }
}
