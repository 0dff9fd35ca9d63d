//! Fresh databases, and the steps that most cases begin with.

use super::*;
use crate::support::databases;

impl Bench {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = databases::sqlite(folder.path());
        Self::open(url, folder).await
    }

    pub async fn postgres() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open(databases::postgres().await, folder).await
    }

    async fn open(url: String, folder: tempfile::TempDir) -> Self {
        let settings = Settings { url, secret: None };
        Self { store: Store::open(&settings).await.unwrap(), settings, folder }
    }

    /// Another process's view of the same database.
    pub async fn again(&self) -> Store {
        Store::open(&self.settings).await.unwrap()
    }

    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("postrider.db")
    }

    pub fn is_sqlite(&self) -> bool {
        self.settings.url.starts_with("sqlite:")
    }

    /// Confirmed readers of `weekly`.
    pub async fn readers(&self, addresses: &[&str]) {
        let rows: Vec<Import> = addresses
            .iter()
            .map(|text| Import { address: address(text), name: String::new(), language: None })
            .collect();
        let done = self.store.import(&rows, "weekly", "import", at(0)).await.unwrap();
        assert_eq!(done.added, addresses.len() as u64);
    }

    pub async fn claim(&self, minutes: i64) -> Vec<Claim> {
        self.store.claim("test", 100, LEASE, at(minutes)).await.unwrap()
    }

    pub async fn counts(&self, issue: Option<&str>) -> HashMap<State, u64> {
        self.store.delivery_counts(issue).await.unwrap().into_iter().collect()
    }

    /// The subscription's id of one reader of `weekly`.
    pub async fn subscription(&self, address: &str) -> String {
        let reader = self.store.subscriber_by_address(address).await.unwrap().unwrap();
        reader.subscriptions.iter().find(|tie| tie.digest == "weekly").unwrap().id.clone()
    }
}
