//! A visit at the relay without a mail: to see whether the way there works.

use super::smtp::Session;
use super::transport::{Attempt, Limits};
use super::{Relay, Settings, connect, reply};

/// Connects, says hello, logs in where a login is configured, and leaves again. Sends no mail. The first error says what is
/// missing on this machine, the inner one how far the visit came.
pub async fn visit(relay: &Relay, settings: &Settings, limits: &Limits) -> Result<Result<(), Attempt>, String> {
    let relay = connect::Relay::new(relay.clone(), settings)?;
    match Session::open(&relay, limits).await {
        Ok(session) => {
            session.quit().await;
            Ok(Ok(()))
        }
        Err((stage, refusal)) => Ok(Err(reply::attempt(stage, &refusal, false))),
    }
}
