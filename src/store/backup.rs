//! A copy of the store that is whole, also while mail is being sent.

use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, SqliteConnection};

use super::holds::hold_copy;
use super::{Db, Error, Result, Store};
use crate::sabotage::point;

impl Store {
    /// Writes everything, as of one instant, into the new file `to`, readable by its owner only. It is there whole or not at
    /// all. Where it is put back no mail leaves before a person says so: see [`super::Hold::Copied`]. `Unusable` on PostgreSQL, whose own tools do it, and where `to` is there already.
    pub async fn backup(&self, to: &Path, now: DateTime<Utc>) -> Result<()> {
        let Db::Sqlite { readers: pool, .. } = &self.shared.db else {
            return Err(Error::Unusable(
                "the store is in PostgreSQL, whose own tools copy it whole while it is used: \
                 `pg_dump --format=custom --file=FILE DATABASE`, and `pg_restore` to put it back; say `postrider pause` before a daemon \
                 runs on what was put back: some of what is open in it was sent since"
                    .to_owned(),
            ));
        };
        let failed = |error: std::io::Error| Error::Unusable(format!("{error} (the backup)"));
        if fs_err::exists(to).map_err(failed)? {
            let shown = to.display();
            return Err(Error::Unusable(format!("{shown} is there already: name a new file for the backup")));
        }
        let mut unfinished = to.as_os_str().to_owned();
        unfinished.push(".part");
        let unfinished = Path::new(&unfinished);
        let written = async {
            let _ = fs_err::remove_file(unfinished);
            super::open::create(unfinished).map_err(failed)?;
            point!("before copying");
            sqlx::query("vacuum into $1").bind(unfinished.to_string_lossy().as_ref()).execute(pool).await?;
            point!("before checking");
            finish(unfinished, now).await?;
            fs_err::File::open(unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
            point!("before renaming");
            fs_err::rename(unfinished, to).map_err(failed)
        };
        let written = written.await;
        if written.is_err() {
            let _ = fs_err::remove_file(unfinished);
        }
        written
    }
}

/// Holds the copy's mail, and reads it from end to end.
async fn finish(file: &Path, now: DateTime<Utc>) -> Result<()> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    hold_copy(&mut connection, now).await?;
    let said: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await?;
    connection.close().await?;
    if said == "ok" { Ok(()) } else { Err(Error::Unusable(format!("the copy is not whole: {said}"))) }
}
