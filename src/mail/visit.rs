//! A visit at the relay without a mail: to see whether the way there works.

use super::connect::Relay;
use super::smtp::Session;
use super::transport::{Attempt, Limits};
use super::{Settings, Transport, reply};

/// Connects, says hello, logs in where a login is configured, and leaves again. Sends no mail; a folder is not made either.
/// The first error says what is missing on this machine, the inner one how far the visit came.
pub async fn visit(settings: &Settings, limits: &Limits) -> Result<Result<(), Attempt>, String> {
    match &settings.transport {
        Transport::Folder(path) if path.exists() && !path.is_dir() => Err(format!("`{}` is no folder", path.display())),
        Transport::Folder(_) => Ok(Ok(())),
        Transport::Smtp(relay) => {
            let relay = Relay::new(relay.clone(), settings)?;
            match Session::open(&relay, limits).await {
                Ok(session) => {
                    session.quit().await;
                    Ok(Ok(()))
                }
                Err((stage, refusal)) => Ok(Err(reply::attempt(stage, &refusal, false))),
            }
        }
    }
}
