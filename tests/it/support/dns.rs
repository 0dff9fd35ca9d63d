//! A DNS server of the test's own on loopback (RFC 1035): answers what it was given, and says of every other name that there is
//! none. UDP and TCP on one port.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a name has: `A 192.0.2.1`, `MX 10 mx.example.org`, `TXT v=spf1 …`; `FAIL` where the server is to say that it cannot.
type Zone = BTreeMap<String, Vec<String>>;

/// Ends with the test.
pub struct Dns {
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

impl Dns {
    /// With these records, each a name and what it has.
    pub fn start(records: &[(&str, &str)]) -> Self {
        let (udp, tcp) = sockets();
        let address = udp.local_addr().expect("its address");
        let dns = Self { address, zone: Arc::default() };
        for (name, record) in records {
            dns.add(name, record);
        }
        let zone = Arc::downgrade(&dns.zone);
        udp.set_read_timeout(Some(Duration::from_millis(200))).expect("an option of every socket");
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            // Until the test is over.
            while let Some(zone) = zone.upgrade() {
                if let Ok((length, peer)) = udp.recv_from(&mut buffer)
                    && let Some(mut answer) = answer(&buffer[..length], &zone.lock().expect("the zone"))
                {
                    // RFC 1035 §4.2.1, RFC 6891: cut where the asker may not take more; it comes again over TCP.
                    if answer.len() > 1200 {
                        answer.truncate(12);
                        answer[2] |= 2;
                        answer[4..12].fill(0);
                    }
                    let _ = udp.send_to(&answer, peer);
                }
            }
        });
        let zone = Arc::clone(&dns.zone);
        std::thread::spawn(move || {
            for stream in tcp.incoming() {
                let Ok(mut stream) = stream else { break };
                let zone = zone.lock().expect("the zone").clone();
                std::thread::spawn(move || {
                    let mut length = [0; 2];
                    while stream.read_exact(&mut length).is_ok() {
                        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                        let read = stream.read_exact(&mut question).is_ok();
                        let Some(answer) = read.then(|| answer(&question, &zone)).flatten() else { return };
                        let length = u16::try_from(answer.len()).expect("a short answer").to_be_bytes();
                        if stream.write_all(&[&length[..], &answer].concat()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        dns
    }

    /// One record more.
    pub fn add(&self, name: &str, record: &str) {
        self.zone.lock().expect("the zone").entry(name.to_lowercase()).or_default().push(record.to_owned());
    }

    /// What `name` has.
    pub fn records(&self, name: &str) -> Vec<String> {
        self.zone.lock().expect("the zone").get(name).cloned().unwrap_or_default()
    }

    /// `name` has this record no more.
    pub fn take(&self, name: &str, record: &str) {
        if let Some(records) = self.zone.lock().expect("the zone").get_mut(name) {
            records.retain(|known| known != record);
        }
    }

    /// `name` has nothing any more.
    pub fn remove(&self, name: &str) {
        self.zone.lock().expect("the zone").remove(&name.to_lowercase());
    }
}

/// On one port.
fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().expect("its address")) {
            return (udp, tcp);
        }
    }
    panic!("no port is free for both");
}

fn answer(question: &[u8], zone: &Zone) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut labels = Vec::new();
    while *question.get(at)? != 0 {
        let length = usize::from(question[at]);
        labels.push(String::from_utf8_lossy(question.get(at + 1..at + 1 + length)?).to_lowercase());
        at += 1 + length;
    }
    let end = at + 5;
    let kind = u16::from_be_bytes(question.get(at + 1..at + 3)?.try_into().ok()?);
    let name = labels.join(".");
    let records = zone.get(&name);
    let failed = records.is_some_and(|records| records.iter().any(|record| record == "FAIL"));
    let data: Vec<Vec<u8>> = records.into_iter().flatten().filter_map(|record| data(record, kind)).collect();
    // Of a name without records, and nothing below it, there is none.
    let known = records.is_some() || zone.keys().any(|other| other.ends_with(&format!(".{name}")));
    let code = if failed {
        2
    } else if known {
        0
    } else {
        3
    };
    let mut out = question[..2].to_vec();
    out.extend([0x85, 0x80 | code, 0, 1]);
    out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
    out.extend([0; 4]);
    out.extend(question.get(12..end)?);
    for data in data {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend(data);
    }
    Some(out)
}

fn data(record: &str, kind: u16) -> Option<Vec<u8>> {
    let (word, value) = record.split_once(' ')?;
    match (word, kind) {
        ("A", 1) => Some(value.parse::<std::net::Ipv4Addr>().expect("an address").octets().to_vec()),
        ("PTR", 12) => Some(labels(value)),
        ("MX", 15) => {
            let (preference, name) = value.split_once(' ').expect("a preference and a name");
            Some([&preference.parse::<u16>().expect("a number").to_be_bytes()[..], &labels(name)].concat())
        }
        ("TXT", 16) => Some(
            value
                .as_bytes()
                .chunks(255)
                .flat_map(|part| {
                    std::iter::once(u8::try_from(part.len()).expect("at most 255")).chain(part.iter().copied())
                })
                .collect(),
        ),
        _ => None,
    }
}

fn labels(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut out: Vec<u8> = labels
        .flat_map(|label| std::iter::once(u8::try_from(label.len()).expect("a label")).chain(label.bytes()))
        .collect();
    out.push(0);
    out
}
