//! (to be written by its owner; the signature stays)

use super::{Context, Exit};

#[derive(Debug, clap::Args)]
pub struct Arguments {}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let _ = (context, arguments);
    todo!()
}
