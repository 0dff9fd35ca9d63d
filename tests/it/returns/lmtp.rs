//! Mail by LMTP, from a client that knows nothing of ours.

use postrider::clock::Clock;
use postrider::inbox::lmtp::Listener;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;

struct Client {
    stream: BufStream<TcpStream>,
    cancel: CancellationToken,
    served: tokio::task::JoinHandle<()>,
}

impl Client {
    async fn new(harbour: &Harbour) -> Self {
        let listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.address().unwrap();
        let cancel = CancellationToken::new();
        let served = tokio::spawn(listener.run(harbour.store.clone(), Clock::fixed(at(5)), cancel.clone()));
        let stream = BufStream::new(TcpStream::connect(address).await.unwrap());
        let mut client = Self { stream, cancel, served };
        assert_eq!(client.reply().await, "220 postrider LMTP");
        client
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The last line of a reply; empty when the connection was ended.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await.unwrap_or(0) == 0 || line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// One message to several recipients; the reply for each.
    async fn send(&mut self, sender: &str, recipients: &[&str], message: &[u8]) -> Vec<String> {
        assert!(self.say(&format!("MAIL FROM:<{sender}>")).await.starts_with("250 "));
        for recipient in recipients {
            assert!(self.say(&format!("RCPT TO:<{recipient}>")).await.starts_with("250 "));
        }
        assert!(self.say("DATA").await.starts_with("354 "));
        let text = String::from_utf8_lossy(message).replace("\r\n.", "\r\n..");
        self.write(text.as_bytes()).await;
        self.write(b"\r\n.\r\n").await;
        let mut replies = Vec::new();
        for _ in recipients {
            replies.push(self.reply().await);
        }
        replies
    }
}

#[tokio::test]
async fn takes_mail_for_several_and_answers_for_each() {
    let harbour = Harbour::new(&["kim@example.com", "lee@example.com"]).await;
    let mut client = Client::new(&harbour).await;
    assert_eq!(client.say("LHLO mx.example.net").await, "250 SMTPUTF8");
    let (kim, lee) = (harbour.return_address("kim@example.com").await, harbour.return_address("lee@example.com").await);
    // The envelope says whose it is; what stands in the headers is no matter.
    let raw = message("postfix-user-unknown", "somebody@else.example");
    let replies = client.send("", &[&kim, &lee, "nobody@here.example"], &raw).await;
    assert_eq!(replies, ["250 2.0.0 taken", "250 2.0.0 taken", "250 2.0.0 taken"]);
    assert_eq!(harbour.store.bounces("kim@example.com", 9).await.unwrap().len(), 1);
    assert_eq!(harbour.store.bounces("lee@example.com", 9).await.unwrap().len(), 1);
    assert_eq!(harbour.returned("mail", "unsigned").await, 1);

    let leave = harbour.unsubscribe_address("kim@example.com").await;
    client.send("kim@example.com", &[&leave], b"Subject: unsubscribe\r\n\r\n").await;
    assert_eq!(harbour.returned("mail", "unsubscribed").await, 1);
    // Not a report: its sender is a person's.
    let before = harbour.rows().await;
    client.send("kim@example.com", &[&lee], b"Subject: failure notice\r\n\r\n550 5.1.1 user unknown\r\n").await;
    assert_eq!(harbour.rows().await, before);
    assert_eq!(client.say("QUIT").await, "221 2.0.0 bye");
}

#[tokio::test]
async fn keeps_its_limits() {
    let harbour = Harbour::new(&["kim@example.com"]).await;
    let mut client = Client::new(&harbour).await;
    for (line, code) in [
        ("MAIL FROM:<>", "503"),
        ("EHLO x", "500"),
        ("LHLO x", "250"),
        ("RCPT TO:<a@b.example>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:a@b.example", "501"),
        ("MAIL FROM:<>", "250"),
        ("DATA", "503"),
        ("VRFY root", "252"),
    ] {
        let reply = client.say(line).await;
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    for n in 0..100 {
        assert!(client.say(&format!("RCPT TO:<{n}@b.example>")).await.starts_with("250"));
    }
    assert!(client.say("RCPT TO:<101@b.example>").await.starts_with("452"));
    assert!(client.say("RSET").await.starts_with("250"));
    // A line that is too long is refused whole, and nothing of it is taken for a command.
    client.write(&[b"NOOP ".as_slice(), &vec![b'x'; 100_000], b"\r\nNOOP\r\n"].concat()).await;
    assert!(client.reply().await.starts_with("500 5.5.2"));
    assert!(client.reply().await.starts_with("250"));
    // Mistakes without end are not listened to.
    let mut last = String::new();
    for _ in 0..10 {
        last = client.say("WHAT").await;
        if last.starts_with("421") {
            break;
        }
    }
    while !last.starts_with("421") && !last.is_empty() {
        last = client.reply().await;
    }
    assert!(last.starts_with("421"), "{last}");
    assert_eq!(client.reply().await, "");
}

#[tokio::test]
async fn no_message_smuggles_a_second_one_in() {
    let harbour = Harbour::new(&["kim@example.com"]).await;
    let leave = harbour.unsubscribe_address("kim@example.com").await;
    let before = harbour.rows().await;
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\r\n.\r\r\n", "\0.\r\n"] {
        let mut client = Client::new(&harbour).await;
        client.say("LHLO x").await;
        let hidden = format!("text{end}MAIL FROM:<>\r\nRCPT TO:<{leave}>\r\nDATA\r\nx");
        assert!(client.say("MAIL FROM:<>").await.starts_with("250"));
        assert!(client.say("RCPT TO:<x@b.example>").await.starts_with("250"));
        assert!(client.say("DATA").await.starts_with("354"));
        client.write(format!("Subject: x\r\n\r\n{hidden}\r\n.\r\nNOOP\r\n").as_bytes()).await;
        assert_eq!(client.reply().await, "250 2.0.0 taken", "{end:?}");
        assert!(client.reply().await.starts_with("250 2.0.0 ok"), "{end:?}");
    }
    assert_eq!(harbour.rows().await, before);
}

#[tokio::test]
async fn the_mail_server_keeps_what_cannot_be_recorded() {
    use sqlx::Connection as _;
    let harbour = Harbour::new(&["kim@example.com"]).await;
    let address = harbour.return_address("kim@example.com").await;
    let mut client = Client::new(&harbour).await;
    client.say("LHLO x").await;
    let url = databases::sqlite(harbour.folder.path());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("alter table bounces rename to gone").execute(&mut connection).await.unwrap();
    let raw = message("postfix-user-unknown", &address);
    assert_eq!(client.send("", &[&address], &raw).await, ["451 4.3.0 try again later"]);
    sqlx::query("alter table gone rename to bounces").execute(&mut connection).await.unwrap();
    assert_eq!(client.send("", &[&address], &raw).await, ["250 2.0.0 taken"]);
    assert_eq!(harbour.store.bounces("kim@example.com", 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_stop_says_goodbye() {
    let harbour = Harbour::new(&["kim@example.com"]).await;
    let mut client = Client::new(&harbour).await;
    client.say("LHLO x").await;
    client.cancel.cancel();
    assert!(client.reply().await.starts_with("421"));
    assert_eq!(client.reply().await, "");
    client.served.await.unwrap();
}
