//! Death between any two steps with a file: a mail in the folder is whole or not there, each reader has theirs once; so is a copy
//! of the store.

use std::process::Command;

use postrider::delivery::State;
use postrider::sabotage;

use super::databases;
use super::kills;
use super::round::{Plan, Round};

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_mails_has_each_of_them_once() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { readers: 8, leaving: 0, idle_ms: 5000, ..kills::plan(11) };
    let mut round = Round::new(databases::sqlite(folder.path()), folder, plan).await;
    let mails = round.path("mails");
    round.mail_folder = Some(mails.clone());
    let whole = |name: &str| {
        let text = fs_err::read_to_string(mails.join(name)).unwrap();
        assert!(text.contains("\r\n\r\n") && text.ends_with("\r\n"), "{name} is half a mail");
    };
    let mut died = 0;
    // What one attempt leaves behind, the next one at the same mail takes over.
    for step in ["before writing", "before sync", "before renaming", "after renaming"] {
        for nth in [1, 2] {
            let mut machine = round.spawn(&format!("die=mail::folder::write {step}@{nth}"));
            round.until(1, &mut machine).await;
            died += u32::from(machine.ended().is_some());
            round.bury(machine).await;
            for entry in fs_err::read_dir(&mails).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if std::path::Path::new(&name).extension().is_some_and(|end| end == "eml") {
                    whole(&name);
                }
            }
        }
    }
    assert_eq!(died, 8, "each point is reached");
    let mut machine = round.spawn("");
    while !round.open().await.1 {
        round.until(1, &mut machine).await;
    }
    round.bury(machine).await;
    let counts = round.store.delivery_counts(None).await.unwrap();
    assert_eq!(counts, [(State::Sent, 8)]);
    let names: Vec<_> = fs_err::read_dir(&mails).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 8, "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_store_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { readers: 8, leaving: 0, ..kills::plan(12) };
    let round = Round::new(databases::sqlite(folder.path()), folder, plan).await;
    let copy = round.path("copy.db");
    let backup = |orders: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
        command.arg("backup").arg(&copy).current_dir(round.path("")).env(sabotage::VARIABLE, orders);
        command.env("POSTRIDER_STORE_URL", databases::sqlite(&round.path(""))).output().unwrap()
    };
    for step in ["before copying", "before checking", "before renaming"] {
        let ended = backup(&format!("die=store::backup::backup {step}@1"));
        assert_eq!((ended.status.code(), copy.exists()), (None, false), "{step}");
    }
    let ended = backup("");
    assert!(ended.status.success() && copy.exists(), "{}", String::from_utf8_lossy(&ended.stderr));
}
