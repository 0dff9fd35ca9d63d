//! A mailbox on a real IMAP server (Dovecot) of the test's own.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use postrider::clock::Clock;
use postrider::inbox::imap;
use postrider::mail;

use super::*;
use crate::support::house::eventually;

struct Dovecot {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Dovecot {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let here = folder.path().display();
        let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
        let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let me = me.trim();
        // It reads no mail as root.
        let (owner, inner, login) = if me == "root" { ("mail", "dovecot", "dovenull") } else { (me, me, me) };
        let configuration = format!(
            "base_dir = {here}/run\nstate_dir = {here}/run\nlog_path = {here}/log\nprotocols = imap\nlisten = 127.0.0.1\n\
             default_internal_user = {inner}\ndefault_login_user = {login}\nssl = required\nssl_cert = <{tls}/localhost.pem\n\
             ssl_key = <{tls}/localhost.key\nmail_location = maildir:{here}/home/Maildir\nfirst_valid_uid = 1\n\
             passdb {{\n driver = static\n args = password=secret\n}}\n\
             userdb {{\n driver = static\n args = uid={owner} gid={owner} home={here}/home\n}}\n\
             service imap-login {{\n inet_listener imap {{\n port = 0\n }}\n inet_listener imaps {{\n port = {port}\n ssl = yes\n }}\n}}\n",
            tls = tls.display()
        );
        fs_err::write(folder.path().join("dovecot.conf"), configuration).unwrap();
        for part in ["new", "cur", "tmp"] {
            fs_err::create_dir_all(folder.path().join("home/Maildir").join(part)).unwrap();
        }
        fs_err::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let dovecot = ["/usr/sbin/dovecot", "/usr/bin/dovecot"].into_iter().find(|path| Path::new(path).exists());
        let child = Command::new(dovecot.expect("no Dovecot: run `tests/setup` first (`tests/run` does)"))
            .args(["-F", "-c"])
            .arg(folder.path().join("dovecot.conf"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, folder, port };
        server.give_away(owner);
        eventually("Dovecot listens", move || async move { std::net::TcpStream::connect(("127.0.0.1", port)).ok() })
            .await;
        server
    }

    fn give_away(&self, owner: &str) {
        let owned = Command::new("chown").args(["-R", owner]).arg(self.folder.path().join("home")).status().unwrap();
        assert!(owned.success());
    }

    /// Lays a message into the mailbox, as a mail server does.
    fn deliver(&self, name: &str, message: &[u8]) {
        let temporary = self.folder.path().join("home/Maildir/tmp").join(name);
        fs_err::write(&temporary, message).unwrap();
        fs_err::set_permissions(&temporary, std::fs::Permissions::from_mode(0o666)).unwrap();
        fs_err::rename(&temporary, self.folder.path().join("home/Maildir/new").join(name)).unwrap();
    }

    fn messages(&self) -> usize {
        ["new", "cur"]
            .iter()
            .map(|part| fs_err::read_dir(self.folder.path().join("home/Maildir").join(part)).unwrap().count())
            .sum()
    }

    fn mailbox(&self) -> mail::imap::Mailbox {
        let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls/authority.pem");
        mail::imap::Mailbox {
            host: "localhost".into(),
            port: self.port,
            user: "bounce".into(),
            password: "secret".into(),
            folder: "INBOX".into(),
            trusted: Some(fs_err::read_to_string(authority).unwrap()),
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // SIGTERM, so that it ends its own processes.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn takes_what_is_signed_and_leaves_the_rest() {
    let server = Dovecot::start().await;
    let harbour = Harbour::new(&["kim@example.com", "lee@example.com"]).await;
    let address = harbour.return_address("kim@example.com").await;
    server.deliver("1", &message("postfix-user-unknown", &address));
    server.deliver("2", &message("163-no-user", &harbour.return_address("lee@example.com").await));
    server.deliver("3", b"From: a@example.com\r\nTo: bounce@example.com\r\nSubject: A letter\r\n\r\nDear friends\r\n");
    server.deliver("4", &message("away-german", &address));
    let clock = Clock::fixed(at(5));
    assert_eq!(imap::step(&server.mailbox(), &harbour.store, &clock).await.unwrap(), 3);
    assert_eq!(harbour.store.bounces("kim@example.com", 9).await.unwrap()[0].reason, "user-unknown");
    assert_eq!(harbour.store.bounces("lee@example.com", 9).await.unwrap()[0].reason, "user-unknown");
    // The letter stays, unread, and is not looked at again.
    assert_eq!(server.messages(), 1);
    assert_eq!(imap::step(&server.mailbox(), &harbour.store, &clock).await.unwrap(), 0);
    assert_eq!((server.messages(), harbour.returned("mail", "unsigned").await), (1, 1));
}

#[tokio::test]
async fn nothing_is_deleted_before_the_store_has_it() {
    use sqlx::Connection as _;
    let server = Dovecot::start().await;
    let harbour = Harbour::new(&["kim@example.com"]).await;
    server.deliver("1", &message("postfix-user-unknown", &harbour.return_address("kim@example.com").await));
    let mut connection = sqlx::SqliteConnection::connect(&databases::sqlite(harbour.folder.path())).await.unwrap();
    sqlx::query("alter table bounces rename to gone").execute(&mut connection).await.unwrap();
    let clock = Clock::fixed(at(5));
    assert!(imap::step(&server.mailbox(), &harbour.store, &clock).await.is_err());
    assert_eq!(server.messages(), 1);
    sqlx::query("alter table gone rename to bounces").execute(&mut connection).await.unwrap();
    assert_eq!(imap::step(&server.mailbox(), &harbour.store, &clock).await.unwrap(), 1);
    assert_eq!((server.messages(), harbour.store.bounces("kim@example.com", 9).await.unwrap().len()), (0, 1));
}

#[tokio::test]
async fn a_server_that_cannot_be_trusted_gets_no_password() {
    let server = Dovecot::start().await;
    let harbour = Harbour::new(&[]).await;
    let clock = Clock::fixed(at(5));
    for (change, word) in [
        ((|mailbox: &mut mail::imap::Mailbox| mailbox.trusted = None) as fn(&mut mail::imap::Mailbox), "TLS"),
        (|mailbox| mailbox.host = "127.0.0.2".into(), "TLS"),
        (|mailbox| mailbox.folder = "Nowhere".into(), "opening the folder"),
    ] {
        let mut mailbox = server.mailbox();
        change(&mut mailbox);
        let error = imap::step(&mailbox, &harbour.store, &clock).await.unwrap_err().to_string();
        assert!(error.starts_with(word) || error.starts_with("connecting"), "{error}");
    }
}
