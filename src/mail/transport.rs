//! Where composed mails go, and what became of each: SMTP or a folder of `.eml` files behind one `send`.
//!
//! One mail is one transaction with one recipient. A [`Line`] is owned by one worker and never shared, and a send is
//! never dropped half way with its connection kept: whatever ends early takes its connection with it. Directly before
//! MAIL, when all waiting for connections is over, the [`Gate`] is asked; while it is shut nothing is said of the mail.
//! MAIL of the next mail may travel with the end of the one before ([`Ahead`]); its own gate is asked directly before that. The final
//! dot waits until the gate says that the message may end.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::folder::Folder;
use super::reply::Refusal;
use super::smtp::Session;
use super::{Settings, Transport, connect, reply};
use crate::delivery::pace::{self, Limits as Given};
use crate::delivery::{FRESH, Outcome, Verdict};
use crate::rope::Rope;

/// One mail on its way.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// Envelope sender: bounces go there.
    pub from: &'a str,
    /// Envelope recipient.
    pub to: &'a str,
    /// Without angle brackets.
    pub message_id: &'a str,
    /// By [`super::message::Prepared::compose`].
    pub text: &'a Arc<Rope>,
    /// When it is sent.
    pub date: DateTime<Utc>,
}

/// The mail after the one being sent, and its gate.
#[derive(Debug)]
pub struct Ahead<'a, G> {
    /// What follows.
    pub mail: &'a Mail<'a>,
    /// Asked when its MAIL is about to leave.
    pub gate: &'a G,
}

/// How far an attempt came (RFC 5321 §4.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// TCP and TLS.
    Connect,
    /// Greeting, EHLO, STARTTLS.
    Hello,
    /// AUTH.
    Login,
    /// MAIL: the sender.
    Mail,
    /// RCPT: the reader.
    Rcpt,
    /// DATA, before 354.
    Data,
    /// The message and its final dot.
    Dot,
}

impl Stage {
    /// For people: what was being done.
    pub fn words(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Hello => "saying hello",
            Self::Login => "logging in",
            Self::Mail => "naming the sender",
            Self::Rcpt => "naming the reader",
            Self::Data => "announcing the message",
            Self::Dot => "handing over the message",
        }
    }
}

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How far it came.
    pub stage: Stage,
    /// What became of it.
    pub outcome: Outcome,
}

/// The last word on whether a mail leaves.
pub trait Gate: Sync {
    /// When this mail could still leave, as of the last look; `None`: it may not. The error says why that is not known: then it
    /// does not.
    fn open_at(&self) -> impl Future<Output = Result<Option<Instant>, String>> + Send;

    /// Ends when the message may be ended: its final dot waits for it, and what was said of it before is nobody's yet. False: it stays
    /// without an end.
    fn may_end(&self) -> impl Future<Output = bool> + Send {
        async { true }
    }
}

/// A gate that is always open: for mail that a person sends to themselves.
#[derive(Debug, Clone, Copy)]
pub struct Open;

impl Gate for Open {
    async fn open_at(&self) -> Result<Option<Instant>, String> {
        Ok(Some(Instant::now()))
    }
}

/// How long an attempt may take at most, whatever the server does.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Not beyond this: the lease ends.
    pub until: Instant,
    /// Not beyond this being cancelled: the program ends.
    pub stop: CancellationToken,
}

impl Limits {
    /// Waits for `step`, at most `limit`. The error says what was waited for in vain.
    pub(super) async fn step<T>(&self, limit: Duration, step: impl Future<Output = T>) -> Result<T, String> {
        let now = Instant::now();
        if now >= self.until {
            // This process was stopped for a while: another one has the mail by now.
            return Err("the time for this mail is over".to_owned());
        }
        let end = (now + limit).min(self.until);
        tokio::select! {
            biased;
            done = step => Ok(done),
            () = tokio::time::sleep_until(end) => Err(format!("no answer within {} s", limit.as_secs())),
            () = self.stop.cancelled() => Err("stopped while waiting for an answer".to_owned()),
        }
    }

    /// Asks `gate`, until an answer is fresh enough to be relied on. MAIL may be said until the given instant.
    pub(super) async fn pass(&self, gate: &impl Gate) -> Result<Instant, Refusal> {
        const LIMIT: Duration = Duration::from_secs(30);
        let begun = Instant::now();
        loop {
            let why = match self.step(LIMIT, gate.open_at()).await {
                Ok(Ok(Some(looked))) if looked.elapsed() < FRESH => return Ok(looked + FRESH),
                Ok(Ok(Some(_))) if begun.elapsed() < LIMIT => continue,
                Ok(Ok(Some(_))) => "the store answers too slowly".to_owned(),
                Ok(Ok(None)) => return Err(Refusal::unwanted()),
                Ok(Err(why)) | Err(why) => why,
            };
            return Err(Refusal::ours(format!("whether the mail may still leave is not known: {why}")));
        }
    }
}

/// A way out, shared by all its lines.
pub struct Route {
    out: Out,
    /// Its place among all of them.
    place: usize,
    way: pace::Way,
}

enum Out {
    Folder(Folder),
    Relay(Box<connect::Relay>),
}

impl Route {
    /// Makes ready what all connections share: one Route a relay, in their order. The error says what is missing on this
    /// machine.
    pub fn all(settings: &Settings) -> Result<Vec<Arc<Self>>, String> {
        let route = |place: usize, out, name: &str, lines: usize, limits: &Given| {
            let way = pace::Way { name: name.to_owned(), lines, limits: limits.clone() };
            Arc::new(Self { out, place, way })
        };
        let lines = settings.connections.max(1);
        match &settings.transport {
            // Files are written one after the other: the disk is one.
            Transport::Folder(path) => {
                Ok(vec![route(0, Out::Folder(Folder::open(path)?), super::ONLY, 1, &settings.limits)])
            }
            Transport::Smtp(relay) => {
                let out = Out::Relay(Box::new(connect::Relay::new(relay.clone(), settings)?));
                Ok(vec![route(0, out, super::ONLY, lines, &settings.limits)])
            }
            Transport::Relays(relays) => relays
                .iter()
                .enumerate()
                .map(|(place, named)| {
                    let out = Out::Relay(Box::new(connect::Relay::new(named.relay.clone(), settings)?));
                    Ok(route(place, out, &named.name, named.connections.max(1), &named.limits))
                })
                .collect(),
        }
    }

    /// As far as pace goes.
    pub fn way(&self) -> &pace::Way {
        &self.way
    }

    /// A new line; it connects when it is first used.
    pub fn line(self: &Arc<Self>) -> Line {
        Line { route: Arc::clone(self), session: None, retired: None }
    }
}

/// One worker's way out: at most one connection, used for several mails.
pub struct Line {
    route: Arc<Route>,
    session: Option<Session>,
    /// Served its number of mails; QUIT is said when nothing waits for it.
    retired: Option<Session>,
}

impl Line {
    /// Attempts one mail, if `gate` is open when everything else is ready.
    pub async fn send(&mut self, mail: &Mail<'_>, limits: &Limits, gate: &impl Gate) -> Attempt {
        self.send_before(mail, gate, None, limits).await
    }

    /// The same, and begins `ahead` where the server lets us: when [`Line::has_begun`] says so afterwards, `ahead` is what
    /// has to be sent next, or the line has to be [cut](Line::cut).
    pub async fn send_before<G: Gate>(
        &mut self,
        mail: &Mail<'_>,
        gate: &G,
        ahead: Option<Ahead<'_, G>>,
        limits: &Limits,
    ) -> Attempt {
        let route = Arc::clone(&self.route);
        match &route.out {
            Out::Folder(folder) => match limits.pass(gate).await {
                Ok(_) => folder.send(mail).await,
                Err(refusal) => reply::attempt(Stage::Mail, &refusal, false),
            },
            Out::Relay(relay) => self.send_over(relay, mail, gate, ahead, limits).await,
        }
    }

    async fn send_over<G: Gate>(
        &mut self,
        relay: &connect::Relay,
        mail: &Mail<'_>,
        gate: &G,
        mut ahead: Option<Ahead<'_, G>>,
        limits: &Limits,
    ) -> Attempt {
        if let Some(session) = self.retired.take() {
            session.quit().await;
        }
        if let Some(mut session) = self.session.take() {
            let attempt = session.attempt(mail, gate, ahead.take(), limits).await;
            // Servers end idle connections and count mails a connection: what a used connection says before it took
            // the sender is no word about this mail.
            if attempt.stage > Stage::Mail || attempt.outcome.verdict == Verdict::Unwanted {
                self.keep(session);
                return attempt;
            }
        }
        match Session::open(relay, limits).await {
            Ok(mut session) => {
                let attempt = session.attempt(mail, gate, ahead, limits).await;
                self.keep(session);
                attempt
            }
            Err((stage, refusal)) => reply::attempt(stage, &refusal, false),
        }
    }

    fn keep(&mut self, session: Session) {
        if session.has_begun() || (session.in_step() && session.has_room()) {
            self.session = Some(session);
        } else if session.in_step() {
            self.retired = Some(session);
        }
    }

    /// Is it worth having the next mail ready before this one's end?
    pub fn goes_ahead(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.goes_ahead() && session.has_room())
    }

    /// Was the next mail begun?
    pub fn has_begun(&self) -> bool {
        self.session.as_ref().is_some_and(Session::has_begun)
    }

    /// Leaves the connection without a word: what was begun on it ends there, and nothing of it was accepted.
    pub fn cut(&mut self) {
        self.session = None;
    }

    /// Does the server have a connection of it?
    pub fn is_connected(&self) -> bool {
        self.session.is_some() || self.retired.is_some()
    }

    /// Another line on the same route, not connected yet.
    #[must_use]
    pub fn another(&self) -> Self {
        self.route.line()
    }

    /// Which of [`Route::all`] it goes over, by its place.
    pub fn place(&self) -> usize {
        self.route.place
    }

    /// Says QUIT.
    pub async fn close(&mut self) {
        for session in self.session.take().into_iter().chain(self.retired.take()) {
            session.quit().await;
        }
    }
}

/// What a server said, for the log: whatever may be an address is left out.
pub fn for_the_log(text: &str) -> String {
    reply::without_addresses(text)
}
