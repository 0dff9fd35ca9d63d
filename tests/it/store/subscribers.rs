use postrider::store::{Imported, Lifting, SignUp, Suppression, TokenRow};
use postrider::subscriber;

use super::*;

conform!(
    signs_up_and_confirms,
    asks_a_mailbox_rarely,
    confirms_within_three_days,
    keeps_one_confirmation_mail_a_content,
    never_revives_by_an_import,
    comes_back_by_the_form,
    unsubscribes_for_good,
    lists_in_pages,
    erases_all_but_a_hash,
    lifts_a_suppression_for_a_reason,
    rejoins_by_the_readers_own_wish,
    takes_eight_writers,
);

fn confirmation() -> Rendition {
    rendition(Kind::Confirmation, "en", "please confirm")
}

fn import(addresses: &[&str]) -> Vec<Import> {
    addresses.iter().map(|text| Import { address: address(text), name: String::new(), language: None }).collect()
}

impl Bench {
    async fn sign_up(&self, who: &str, minutes: i64) -> SignUp {
        self.store.sign_up(&address(who), Some("zh"), "weekly", &confirmation(), at(minutes)).await.unwrap()
    }

    /// The newest Confirmation's token to `who`.
    async fn token(&self, who: &str, minutes: i64) -> String {
        let claims = self.claim(minutes).await;
        let claim = claims.iter().find(|claim| claim.address == who && claim.kind == Kind::Confirmation).unwrap();
        self.store.report(&[said(claim, State::Sent)], at(minutes)).await.unwrap();
        claim.confirmation.clone()
    }
}

async fn signs_up_and_confirms(bench: Bench) {
    let store = &bench.store;
    assert_eq!(bench.sign_up("Reader@Example.org", 0).await, SignUp::ConfirmationQueued);
    assert_eq!(store.audience("weekly").await.unwrap(), (vec![], 0));
    let token = bench.token("Reader@example.org", 0).await;
    assert_eq!(token.len(), 26);
    let before = store.confirmation(&token, at(1)).await.unwrap().unwrap();
    assert_eq!(
        (before.state, before.expired, before.digest.as_str()),
        (subscriber::State::Unconfirmed, false, "weekly")
    );
    let after = store.confirm(&token, at(1)).await.unwrap().unwrap();
    assert_eq!(after, TokenRow { state: subscriber::State::Confirmed, ..before });
    assert_eq!(store.confirm(&token, at(2)).await.unwrap(), Some(after.clone()));
    assert_eq!((after.address.as_str(), after.language.as_deref()), ("Reader@example.org", Some("zh")));
    assert_eq!(store.audience("weekly").await.unwrap(), (vec!["zh".to_owned()], 1));
    let reader = store.subscriber_by_address("READER@EXAMPLE.ORG").await.unwrap().unwrap();
    assert_eq!(store.subscriber(&after.subscriber).await.unwrap().as_ref(), Some(&reader));
    assert_eq!(
        (reader.source.as_str(), reader.created_at, reader.name.as_str(), &reader.suppressed),
        ("form", at(0), "", &None)
    );
    assert_eq!(reader.subscriptions[0].changed_at, at(1));
    assert_eq!(bench.sign_up("reader@example.org", 3).await, SignUp::AlreadyConfirmed);
    assert_eq!(bench.sign_up("reader@example.org", 60 * 25).await, SignUp::AlreadyConfirmed);
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Sent, 1)]));
    for none in ["", "none", &reader.id] {
        assert_eq!(store.confirmation(none, at(1)).await.unwrap(), None);
        assert_eq!(store.confirm(none, at(1)).await.unwrap(), None);
        assert_eq!(store.unsubscribe(none, at(1)).await.unwrap(), None);
        assert_eq!(store.subscription(none).await.unwrap(), None);
    }
    // A stranger's form does not change the language of a reader; nor does it tell one digest what another knows.
    store.sign_up(&address("reader@example.org"), Some("fr"), "other", &confirmation(), at(5)).await.unwrap();
    assert_eq!(store.subscriber(&reader.id).await.unwrap().unwrap().language.as_deref(), Some("zh"));
    assert_eq!(
        store.subscription_counts().await.unwrap(),
        [
            ("other".to_owned(), subscriber::State::Unconfirmed, 1),
            ("weekly".to_owned(), subscriber::State::Confirmed, 1)
        ]
    );
}

async fn asks_a_mailbox_rarely(bench: Bench) {
    const DAY: i64 = 24 * 60;
    assert_eq!(bench.sign_up("j.doe@gmail.com", 0).await, SignUp::ConfirmationQueued);
    for alias in ["J.Doe@gmail.com", "jdoe@gmail.com", "j.d.o.e+x@googlemail.com"] {
        assert_eq!(bench.sign_up(alias, DAY - 1).await, SignUp::Refused, "{alias}");
    }
    assert_eq!(bench.sign_up("jdoe+1@gmail.com", DAY).await, SignUp::ConfirmationQueued);
    assert_eq!(bench.sign_up("jdoe@gmail.com", 2 * DAY).await, SignUp::ConfirmationQueued);
    assert_eq!(bench.sign_up("j.doe@gmail.com", 20 * DAY).await, SignUp::Refused);
    assert_eq!(bench.sign_up("other@gmail.com", 20 * DAY).await, SignUp::ConfirmationQueued);
    assert_eq!(bench.sign_up("j.doe@gmail.com", 30 * DAY).await, SignUp::ConfirmationQueued);
    // A refusal leaves no row.
    assert_eq!(bench.store.subscriber_by_address("j.d.o.e+x@gmail.com").await.unwrap(), None);

    // Ten at once, from several machines: one mail.
    let before: u64 = bench.counts(None).await.values().sum();
    let mut forms = Vec::new();
    for n in 0..10 {
        let store = bench.again().await;
        forms.push(tokio::spawn(async move {
            let alias = address(&format!("victim+{n}@example.org"));
            store.sign_up(&alias, None, "weekly", &confirmation(), at(0)).await.unwrap()
        }));
    }
    let mut queued = 0;
    for form in forms {
        queued += u32::from(form.await.unwrap() == SignUp::ConfirmationQueued);
    }
    assert_eq!(queued, 1);
    assert_eq!(bench.counts(None).await.values().sum::<u64>(), before + 1);
}

async fn confirms_within_three_days(bench: Bench) {
    let store = &bench.store;
    bench.sign_up("a@example.org", 0).await;
    let token = bench.token("a@example.org", 0).await;
    let late = at(72 * 60);
    assert!(!store.confirmation(&token, at(72 * 60 - 1)).await.unwrap().unwrap().expired);
    assert!(store.confirmation(&token, late).await.unwrap().unwrap().expired);
    let row = store.confirm(&token, late).await.unwrap().unwrap();
    assert_eq!((row.state, row.expired), (subscriber::State::Unconfirmed, true));
    // A new mail brings a new link; the mail too ends with its link.
    assert_eq!(bench.sign_up("a@example.org", 72 * 60).await, SignUp::ConfirmationQueued);
    let fresh = bench.token("a@example.org", 72 * 60).await;
    assert_ne!(fresh, token);
    assert_eq!(store.confirm(&fresh, late).await.unwrap().unwrap().state, subscriber::State::Confirmed);
    bench.sign_up("b@example.org", 0).await;
    assert_eq!(bench.claim(72 * 60).await, []);
}

async fn keeps_one_confirmation_mail_a_content(bench: Bench) {
    let store = &bench.store;
    for (who, mail) in
        [("a", confirmation()), ("b", confirmation()), ("c", rendition(Kind::Confirmation, "en", "other words"))]
    {
        store.sign_up(&address(&format!("{who}@example.org")), None, "weekly", &mail, at(0)).await.unwrap();
    }
    let of: HashMap<String, String> =
        bench.claim(0).await.into_iter().map(|claim| (claim.address, claim.rendition)).collect();
    assert_eq!(of["a@example.org"], of["b@example.org"]);
    assert_ne!(of["a@example.org"], of["c@example.org"]);
    // The marks of its holes are its own.
    let kept = store.rendition(&of["b@example.org"]).await.unwrap().unwrap();
    assert!(kept.html.contains(&Hole::UnsubscribeUrl.mark(&kept.id)));
}

async fn never_revives_by_an_import(bench: Bench) {
    let store = &bench.store;
    let first = store
        .import(
            &import(&["a@example.org", "b@example.org", "A@example.org", "c@example.org"]),
            "weekly",
            "import",
            at(0),
        )
        .await
        .unwrap();
    assert_eq!(first, Imported { added: 3, unchanged: 1, ..Imported::default() });
    assert_eq!(store.import(&[], "weekly", "import", at(0)).await.unwrap(), Imported::default());
    store.unsubscribe(&bench.subscription("a@example.org").await, at(1)).await.unwrap();
    store.suppress(&address("b@example.org"), "hard bounce", at(1)).await.unwrap();
    assert!(store.erase("c@example.org", at(1)).await.unwrap());
    bench.sign_up("d@example.org", 1).await;
    let named = |text: &str, name: &str, language: &str| Import {
        address: address(text),
        name: name.to_owned(),
        language: Some(language.to_owned()),
    };
    let mut rows = import(&["a@example.org", "b@example.org", "C@example.org", "d@example.org"]);
    rows.push(named("e@example.org", "Emma", "en"));
    let second = store.import(&rows, "weekly", "import", at(2)).await.unwrap();
    assert_eq!(second, Imported { added: 2, unchanged: 0, unsubscribed: 1, suppressed: 2 });
    assert_eq!(store.audience("weekly").await.unwrap(), (vec!["en".to_owned(), "zh".to_owned()], 2));
    assert_eq!(store.subscriber_by_address("c@example.org").await.unwrap(), None);
    // What is known stays, what was not is filled in.
    store
        .import(
            &[named("e@example.org", "Other", "fr"), named("d@example.org", "Dora", "fr")],
            "weekly",
            "import",
            at(3),
        )
        .await
        .unwrap();
    let name = async |who: &str| {
        let reader = store.subscriber_by_address(who).await.unwrap().unwrap();
        (reader.name, reader.language.unwrap())
    };
    assert_eq!(name("e@example.org").await, ("Emma".to_owned(), "en".to_owned()));
    assert_eq!(name("d@example.org").await, ("Dora".to_owned(), "zh".to_owned()));
    assert_eq!(
        store.sign_up(&address("B@example.org"), None, "weekly", &confirmation(), at(4)).await.unwrap(),
        SignUp::Refused
    );
    assert_eq!(
        store.sign_up(&address("c@example.org"), None, "other", &confirmation(), at(4)).await.unwrap(),
        SignUp::Refused
    );
}

async fn comes_back_by_the_form(bench: Bench) {
    const DAY: i64 = 24 * 60;
    let store = &bench.store;
    bench.sign_up("a@example.org", 0).await;
    let first = bench.token("a@example.org", 0).await;
    store.confirm(&first, at(1)).await.unwrap();
    let subscription = bench.subscription("a@example.org").await;
    store.unsubscribe(&subscription, at(2)).await.unwrap();
    let row = store.confirm(&first, at(3)).await.unwrap().unwrap();
    assert_eq!(row.state, subscriber::State::Unsubscribed);

    assert_eq!(bench.sign_up("a@example.org", DAY).await, SignUp::ConfirmationQueued);
    // Asked for by somebody, not confirmed: the old link, and an import, still do not bring them back.
    assert_ne!(store.confirm(&first, at(DAY)).await.unwrap().unwrap().state, subscriber::State::Confirmed);
    let done = store.import(&import(&["a@example.org"]), "weekly", "import", at(DAY)).await.unwrap();
    assert_eq!(done, Imported { unsubscribed: 1, ..Imported::default() });
    assert_eq!(store.audience("weekly").await.unwrap().1, 0);
    let second = bench.token("a@example.org", DAY).await;
    assert_eq!(store.confirm(&second, at(DAY + 1)).await.unwrap().unwrap().state, subscriber::State::Confirmed);
    assert_eq!(bench.subscription("a@example.org").await, subscription);
    assert_eq!(store.audience("weekly").await.unwrap().1, 1);
}

async fn unsubscribes_for_good(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org"]).await;
    store.import(&import(&["a@example.org"]), "other", "import", at(0)).await.unwrap();
    let (weekly, other) = (issue(0, &["p"]), NewIssue { digest: "other".to_owned(), ..issue(0, &["p"]) });
    store.create_issue(&weekly, at(0)).await.unwrap();
    store.create_issue(&other, at(0)).await.unwrap();
    let id = bench.subscription("a@example.org").await;
    let row = store.unsubscribe(&id, at(1)).await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.address.as_str(), row.digest.as_str()),
        (subscriber::State::Unsubscribed, "a@example.org", "weekly")
    );
    assert_eq!(store.unsubscribe(&id, at(5)).await.unwrap().as_ref(), Some(&row));
    assert_eq!(store.subscription(&id).await.unwrap(), Some(row));
    let reader = store.subscriber_by_address("a@example.org").await.unwrap().unwrap();
    assert_eq!(
        reader.subscriptions.iter().map(|tie| (tie.digest.as_str(), tie.state, tie.changed_at)).collect::<Vec<_>>(),
        [("other", subscriber::State::Confirmed, at(0)), ("weekly", subscriber::State::Unsubscribed, at(1))]
    );
    assert_eq!(bench.counts(Some(&weekly.id)).await, HashMap::from([(State::Suppressed, 1), (State::Queued, 1)]));
    assert_eq!(bench.counts(Some(&other.id)).await, HashMap::from([(State::Queued, 1)]));

    assert!(!store.remove("nobody@example.org", None, at(6)).await.unwrap());
    assert!(!store.remove("b@example.org", Some("other"), at(6)).await.unwrap());
    assert!(store.remove("A@example.org", None, at(6)).await.unwrap());
    assert!(store.remove("a@example.org", None, at(7)).await.unwrap());
    assert_eq!(store.audience("other").await.unwrap().1, 0);
    assert_eq!(bench.counts(Some(&other.id)).await, HashMap::from([(State::Suppressed, 1)]));
    assert_eq!(store.audience("weekly").await.unwrap().1, 1);
}

async fn lists_in_pages(bench: Bench) {
    let store = &bench.store;
    let addresses: Vec<String> = (0..25).map(|n| format!("reader{n:02}@example.org")).collect();
    bench.readers(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.sign_up("Asked@example.org", 0).await;
    store.import(&import(&["other@example.org"]), "other", "import", at(0)).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.subscribers(None, None, &after, 10).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.address.to_lowercase();
        seen.extend(page.into_iter().map(|reader| reader.address));
    }
    assert_eq!(seen.len(), 27);
    assert_eq!(seen[0], "Asked@example.org");
    assert_eq!(seen[2..], addresses);
    let some = async |digest, state| store.subscribers(digest, state, "", 100).await.unwrap().len();
    assert_eq!(some(Some("weekly"), None).await, 26);
    assert_eq!(some(Some("weekly"), Some(subscriber::State::Unconfirmed)).await, 1);
    assert_eq!(some(None, Some(subscriber::State::Confirmed)).await, 26);
    assert_eq!(some(Some("none"), None).await, 0);
}

async fn erases_all_but_a_hash(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["b@example.org"]).await;
    bench.sign_up("findme@example.org", 0).await;
    let token = bench.token("findme@example.org", 0).await;
    store.confirm(&token, at(0)).await.unwrap();
    let new = issue(0, &["p"]);
    store.create_issue(&new, at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    let mine = claims.iter().find(|claim| claim.address == "findme@example.org").unwrap();
    let mut report = said(mine, State::Failed);
    "5.1.1 <findme@example.org> unknown".clone_into(&mut report.outcome.text);
    store.report(&[report], at(0)).await.unwrap();
    store.suppress(&address("findme@example.org"), "hard bounce", at(0)).await.unwrap();
    let subscription = bench.subscription("findme@example.org").await;
    assert_eq!(
        store.subscriber_by_address("findme@example.org").await.unwrap().unwrap().suppressed.as_deref(),
        Some("hard bounce")
    );
    if bench.is_sqlite() {
        assert!(found_on_disk(&bench), "the address is there before");
    }

    assert!(!store.erase("nobody@example.org", at(1)).await.unwrap());
    assert!(store.erase("FindMe@example.org", at(1)).await.unwrap());
    assert!(!store.erase("findme@example.org", at(1)).await.unwrap());
    assert_eq!(store.subscriber_by_address("findme@example.org").await.unwrap(), None);
    assert_eq!(store.confirmation(&token, at(1)).await.unwrap(), None);
    assert_eq!(store.subscription(&subscription).await.unwrap(), None);
    // The Issue's sum still holds.
    assert_eq!(bench.counts(Some(&new.id)).await, HashMap::from([(State::Failed, 1), (State::Sending, 1)]));
    assert_eq!(store.deliveries(None, Some("findme@example.org"), None, 9).await.unwrap(), []);
    assert!(store.deliveries(None, None, None, 9).await.unwrap().iter().all(|row| !row.text.contains("findme")));
    assert_eq!(store.retry(None, None, at(900), at(1)).await.unwrap(), 1);
    assert_eq!(bench.claim(1).await.iter().filter(|claim| claim.address.is_empty()).count(), 0);
    if bench.is_sqlite() {
        assert!(!found_on_disk(&bench), "the address is still in the file");
    }
}

fn found_on_disk(bench: &Bench) -> bool {
    let files = fs_err::read_dir(bench.folder.path()).unwrap();
    files.into_iter().any(|file| {
        let bytes = fs_err::read(file.unwrap().path()).unwrap().to_ascii_lowercase();
        bytes.windows(b"findme".len()).any(|window| window == b"findme")
    })
}

async fn takes_eight_writers(bench: Bench) {
    let mut writers = Vec::new();
    for writer in 0..8 {
        let store = if writer < 4 { bench.store.clone() } else { bench.again().await };
        writers.push(tokio::spawn(async move {
            for n in 0..25 {
                let who = address(&format!("w{writer}n{n}@example.org"));
                let done = store.sign_up(&who, None, "weekly", &confirmation(), at(0)).await.unwrap();
                assert_eq!(done, SignUp::ConfirmationQueued);
                let again = Import { address: who, name: String::new(), language: None };
                store.import(&[again], "weekly", "import", at(0)).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(bench.store.audience("weekly").await.unwrap().1, 200);
    assert_eq!(bench.counts(None).await, HashMap::from([(State::Queued, 200)]));
}

async fn rejoins_by_the_readers_own_wish(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org"]).await;
    bench.sign_up("b@example.org", 0).await;
    let (a, b) = (bench.subscription("a@example.org").await, bench.subscription("b@example.org").await);
    let state = async |id: &str, minutes| store.rejoin(id, at(minutes)).await.unwrap().map(|row| row.state);
    assert_eq!(state("none", 1).await, None);
    // Never confirmed: nothing to come back to, whether it left since or not.
    assert_eq!(state(&b, 1).await, Some(subscriber::State::Unconfirmed));
    store.unsubscribe(&b, at(1)).await.unwrap();
    assert_eq!(state(&b, 1).await, Some(subscriber::State::Unsubscribed));
    store.unsubscribe(&a, at(1)).await.unwrap();
    assert_eq!(state(&a, 2).await, Some(subscriber::State::Confirmed));
    assert_eq!(store.audience("weekly").await.unwrap().1, 1);
    store.unsubscribe(&a, at(3)).await.unwrap();
    store.suppress(&address("a@example.org"), "complaint", at(3)).await.unwrap();
    assert_eq!(state(&a, 4).await, Some(subscriber::State::Unsubscribed));
}

async fn lifts_a_suppression_for_a_reason(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org"]).await;
    assert_eq!(store.suppression("a@example.org").await.unwrap(), None);
    assert_eq!(store.lift("a@example.org", "a mistake", at(1)).await.unwrap(), None);
    store.suppress(&address("A@example.org"), "bounced: mailbox-full", at(1)).await.unwrap();
    let suppression = Suppression { reason: "bounced: mailbox-full".to_owned(), since: at(1) };
    assert_eq!(store.suppression("a@EXAMPLE.org").await.unwrap().as_ref(), Some(&suppression));
    assert_eq!(store.lift("a@example.org", "they called", at(5)).await.unwrap(), Some(suppression));
    assert_eq!(store.suppression("a@example.org").await.unwrap(), None);
    let lifting = Lifting {
        reason: "bounced: mailbox-full".to_owned(),
        because: "they called".to_owned(),
        since: at(1),
        lifted_at: at(5),
    };
    assert_eq!(store.liftings("a@example.org").await.unwrap(), [lifting]);
    assert_eq!(store.liftings("b@example.org").await.unwrap(), []);
    // The subscription is what it was: they get the next Issue.
    assert!(store.create_issue(&issue(6, &["p"]), at(6)).await.unwrap());
    assert_eq!(bench.claim(6).await.len(), 2);
    // Who is erased leaves no words of others behind.
    assert!(store.erase("a@example.org", at(7)).await.unwrap());
    assert_eq!(store.liftings("a@example.org").await.unwrap(), []);
    assert_eq!(store.suppression("a@example.org").await.unwrap().unwrap().reason, "erased");
}
