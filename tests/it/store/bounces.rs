use postrider::bounce::{Bounce, Named, Reason, What};
use postrider::store::{Became, Returned, Source, Who};

use super::*;

conform!(
    two_hard_ones_give_an_address_up,
    our_own_relays_word_is_enough,
    what_our_own_relay_may_mean_is_half_enough,
    a_mail_that_arrives_takes_all_back,
    what_came_back_before_a_lifting_counts_no_more,
    a_full_mailbox_is_given_up_late,
    policy_is_no_word_about_the_reader,
    a_complaint_ends_it_at_once,
    a_report_counts_once,
    an_erasure_forgets_what_came_back,
    services_name_the_reader,
    nobody_of_ours,
);

const DAY: i64 = 24 * 60;
const READER: &str = "reader@example.net";

impl Bench {
    /// An Issue that is handed over at once; gives the Delivery to [`READER`].
    async fn mailed(&self, minutes: i64) -> String {
        self.store
            .import(
                &[Import { address: address(READER), name: String::new(), language: None }],
                "weekly",
                "import",
                at(-9),
            )
            .await
            .unwrap();
        let issue = issue(minutes, &[&minutes.to_string()]);
        assert!(self.store.create_issue(&issue, at(minutes)).await.unwrap());
        let claims = self.store.claim("w", 100, LEASE, at(minutes)).await.unwrap();
        let reports: Vec<Report> = claims.iter().map(|claim| said(claim, State::Sent)).collect();
        self.store.report(&reports, at(minutes)).await.unwrap();
        claims.iter().find(|claim| claim.address == READER).map(|claim| claim.id.clone()).unwrap_or_default()
    }

    async fn back(&self, delivery: &str, reason: Reason, source: Source, minutes: i64) -> Became {
        self.back_with(&format!("550 5.1.1 no {READER} here"), delivery, reason, source, minutes).await
    }

    async fn back_with(&self, text: &str, delivery: &str, reason: Reason, source: Source, minutes: i64) -> Became {
        let bounce = Bounce { reason, status: "5.1.1".into(), text: text.to_owned() };
        self.tell(&Who::Named(Named::Delivery(delivery.to_owned())), What::Bounce(bounce), source, minutes).await
    }

    async fn tell(&self, who: &Who, what: What, source: Source, minutes: i64) -> Became {
        let report = Returned { id: crypto::new_id(), who: who.clone(), source, what };
        self.store.returned(&report, at(minutes)).await.unwrap()
    }

    async fn why(&self) -> Option<String> {
        self.store.subscriber_by_address(READER).await.unwrap().unwrap().suppressed
    }
}

async fn two_hard_ones_give_an_address_up(bench: Bench) {
    let first = bench.mailed(0).await;
    assert_eq!(bench.back(&first, Reason::UserUnknown, Source::Mail, 5).await, Became::Recorded);
    // Another report on the same mail is no second one.
    assert_eq!(bench.back(&first, Reason::UserUnknown, Source::Mail, 6).await, Became::Recorded);
    assert_eq!(bench.why().await, None);
    let second = bench.mailed(7 * DAY).await;
    // A third Issue waits already.
    assert!(bench.store.create_issue(&issue(8 * DAY, &["later"]), at(8 * DAY)).await.unwrap());
    assert_eq!(bench.back(&second, Reason::UserUnknown, Source::Mail, 8 * DAY).await, Became::Suppressed);
    assert_eq!(bench.why().await.as_deref(), Some("bounced: user-unknown"));
    let rows = bench.store.deliveries(None, Some(READER), None, 9).await.unwrap();
    let states: Vec<State> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Suppressed, State::Sent, State::Sent]);
    assert_eq!(rows[2].bounced.as_deref(), Some("hard user-unknown"));
    let open = bench.store.issues(None, 9).await.unwrap();
    assert!(open.iter().all(|issue| issue.state == postrider::store::IssueState::Done), "{open:?}");
    let story = bench.store.bounces(READER, 9).await.unwrap();
    assert_eq!((story.len(), story[0].delivery.as_str(), story[0].source.as_str()), (3, second.as_str(), "mail"));
}

async fn our_own_relays_word_is_enough(bench: Bench) {
    let first = bench.mailed(0).await;
    assert_eq!(bench.back(&first, Reason::UserUnknown, Source::Relay, 5).await, Became::Suppressed);
}

async fn what_our_own_relay_may_mean_is_half_enough(bench: Bench) {
    for (day, became) in [(0, Became::Recorded), (7, Became::Suppressed)] {
        let mail = bench.mailed(day * DAY).await;
        let text = "550 mailbox unavailable";
        assert_eq!(bench.back_with(text, &mail, Reason::UserUnknown, Source::Relay, day * DAY + 5).await, became);
    }
}

async fn a_mail_that_arrives_takes_all_back(bench: Bench) {
    let first = bench.mailed(0).await;
    assert_eq!(bench.back(&first, Reason::UserUnknown, Source::Mail, 5).await, Became::Recorded);
    bench.mailed(7 * DAY).await;
    let third = bench.mailed(14 * DAY).await;
    // The second has not come back for a week: it arrived.
    assert_eq!(bench.back(&third, Reason::UserUnknown, Source::Mail, 14 * DAY + 5).await, Became::Recorded);
    let fourth = bench.mailed(15 * DAY).await;
    assert_eq!(bench.back(&fourth, Reason::UserUnknown, Source::Mail, 15 * DAY + 5).await, Became::Suppressed);
}

async fn a_full_mailbox_is_given_up_late(bench: Bench) {
    for week in 0..5 {
        let mail = bench.mailed(week * 7 * DAY).await;
        assert_eq!(bench.back(&mail, Reason::MailboxFull, Source::Mail, week * 7 * DAY + 5).await, Became::Recorded);
    }
    let mail = bench.mailed(35 * DAY).await;
    assert_eq!(bench.back(&mail, Reason::MailboxFull, Source::Mail, 35 * DAY + 5).await, Became::Suppressed);
    assert_eq!(bench.why().await.as_deref(), Some("bounced: mailbox-full"));
}

async fn policy_is_no_word_about_the_reader(bench: Bench) {
    for day in 0..60 {
        let mail = bench.mailed(day * DAY).await;
        assert_eq!(bench.back(&mail, Reason::Policy, Source::Relay, day * DAY + 5).await, Became::Recorded);
    }
    assert_eq!(bench.why().await, None);
}

async fn a_complaint_ends_it_at_once(bench: Bench) {
    let mail = bench.mailed(0).await;
    let who = Who::Named(Named::Issue { issue: mail[..10].to_owned(), subscriber: mail[26..].to_owned() });
    assert_eq!(bench.tell(&who, What::Complaint, Source::Mail, 5).await, Became::Suppressed);
    assert_eq!(bench.why().await.as_deref(), Some("complaint"));
    for nothing in [What::Delayed, What::AutoReply, What::Arrived, What::Other] {
        assert_eq!(bench.tell(&who, nothing, Source::Mail, 6).await, Became::Nothing);
    }
    // Three are counted; what arrived is no news.
    let counts = bench.store.returned_counts().await.unwrap();
    assert_eq!(counts, [("mail".into(), "nothing".into(), 3), ("mail".into(), "suppressed".into(), 1)]);
}

async fn a_report_counts_once(bench: Bench) {
    let mail = bench.mailed(0).await;
    let what = What::Bounce(Bounce { reason: Reason::UserUnknown, status: String::new(), text: "\0no".into() });
    let who = Who::Named(Named::Delivery(mail));
    let report = Returned { id: "mail:1".into(), who, source: Source::Mail, what };
    let told: Vec<Became> = futures(&bench, &report).await;
    assert_eq!(told.iter().filter(|became| **became == Became::Recorded).count(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|became| **became == Became::Known).count(), 7, "{told:?}");
    assert_eq!(bench.store.bounce_counts().await.unwrap(), [("hard".into(), "user-unknown".into(), 1)]);
}

/// Eight at once.
async fn futures(bench: &Bench, report: &Returned) -> Vec<Became> {
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, report) = (bench.store.clone(), report.clone());
        running.spawn(async move { store.returned(&report, at(5)).await.unwrap() });
    }
    running.join_all().await
}

async fn an_erasure_forgets_what_came_back(bench: Bench) {
    let mail = bench.mailed(0).await;
    bench.back(&mail, Reason::UserUnknown, Source::Mail, 5).await;
    assert!(bench.store.erase(READER, at(6)).await.unwrap());
    assert_eq!(bench.store.bounces(READER, 9).await.unwrap(), []);
    assert_eq!(bench.store.bounce_counts().await.unwrap(), []);
    // A late report finds nobody any more.
    assert_eq!(bench.back(&mail, Reason::UserUnknown, Source::Mail, 7).await, Became::Nobody);
}

async fn services_name_the_reader(bench: Bench) {
    let first = bench.mailed(0).await;
    let second = bench.mailed(DAY).await;
    let told = |message_id: Option<String>| Who::Told { address: "Reader@Example.NET".into(), message_id };
    let hard = || What::Bounce(Bounce { reason: Reason::UserUnknown, status: String::new(), text: String::new() });
    // By the Message-ID, and without one by the newest mail.
    bench.tell(&told(Some(format!("{first}@example.org"))), hard(), Source::Mailgun, DAY + 5).await;
    assert_eq!(bench.store.bounces(READER, 9).await.unwrap()[0].delivery, first);
    assert_eq!(bench.tell(&told(None), hard(), Source::Postmark, DAY + 6).await, Became::Suppressed);
    assert_eq!(bench.store.bounces(READER, 9).await.unwrap()[0].delivery, second);
    assert_eq!(bench.tell(&told(None), What::Unsubscribe, Source::Postmark, DAY + 7).await, Became::Unsubscribed);
    let ties = bench.store.subscriber_by_address(READER).await.unwrap().unwrap().subscriptions;
    assert_eq!(ties[0].state, postrider::subscriber::State::Unsubscribed);
}

async fn nobody_of_ours(bench: Bench) {
    let mail = bench.mailed(0).await;
    for who in [
        Who::Told { address: "stranger@example.net".into(), message_id: Some(format!("{mail}@example.org")) },
        Who::Told { address: "no address".into(), message_id: None },
        Who::Named(Named::Delivery(crypto::new_id())),
        Who::Named(Named::Issue { issue: "aaaaaaaaaa".into(), subscriber: mail[26..].to_owned() }),
        Who::Named(Named::Unsubscribe(crypto::new_id())),
    ] {
        assert_eq!(bench.tell(&who, What::Complaint, Source::Mailgun, 5).await, Became::Nobody, "{who:?}");
        assert_eq!(bench.tell(&who, What::Unsubscribe, Source::Mailgun, 5).await, Became::Nobody, "{who:?}");
    }
    assert_eq!(bench.why().await, None);
}

async fn what_came_back_before_a_lifting_counts_no_more(bench: Bench) {
    let first = bench.mailed(0).await;
    assert_eq!(bench.back(&first, Reason::UserUnknown, Source::Mail, 5).await, Became::Recorded);
    let second = bench.mailed(7 * DAY).await;
    assert_eq!(bench.back(&second, Reason::UserUnknown, Source::Mail, 7 * DAY + 5).await, Became::Suppressed);
    bench.store.lift(READER, "their provider was down", at(7 * DAY + 10)).await.unwrap().unwrap();
    // One more is the first one, and two more are two.
    let third = bench.mailed(8 * DAY).await;
    assert_eq!(bench.back(&third, Reason::UserUnknown, Source::Mail, 8 * DAY + 5).await, Became::Recorded);
    assert_eq!(bench.why().await, None);
    let fourth = bench.mailed(15 * DAY).await;
    assert_eq!(bench.back(&fourth, Reason::UserUnknown, Source::Mail, 15 * DAY + 5).await, Became::Suppressed);
}
