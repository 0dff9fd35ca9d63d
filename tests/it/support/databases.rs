//! A fresh database for each test, on both engines. PostgreSQL missing is a failure, never a skip.

use std::path::Path;

use sqlx::Connection as _;

/// The server that `tests/postgres start` runs, as a URL without a database name.
pub fn postgres_server() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/postgres.url");
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    std::env::var("POSTRIDER_TEST_POSTGRES")
        .ok()
        .or_else(|| fs_err::read_to_string(file).ok())
        .map(|url| url.trim().to_owned())
        .expect("no PostgreSQL to test on: run `tests/postgres start` first (`tests/run` does)")
}

/// The URL of a new, empty PostgreSQL database with a random name.
pub async fn postgres() -> String {
    let server = postgres_server();
    let name = format!("t{}", postrider::crypto::new_id());
    let mut connection = sqlx::PgConnection::connect(&format!("{server}/postgres")).await.expect("PostgreSQL answers");
    // Where `z` stands before `t`: nothing may depend on the order of a database's letters.
    let like = "template template0 encoding 'UTF8' locale_provider icu icu_locale 'et' lc_collate 'C' lc_ctype 'C'";
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name} {like}")))
        .execute(&mut connection)
        .await
        .expect("a new database");
    format!("{server}/{name}")
}

/// The URL of a new SQLite file in `folder`.
pub fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("postrider.db").display())
}
