//! `backup`: a copy of the store that is whole, also while `postrider serve` is sending.

use std::path::PathBuf;

use super::{Context, Exit};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The new file; it holds addresses, and is readable by its owner only
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let store = context.store(&config).await?;
    store.backup(&arguments.file, context.clock.now()).await?;
    let bytes = fs_err::metadata(&arguments.file)?.len();
    say!("{}: {bytes} bytes, whole and checked", arguments.file.display());
    eprintln!(
        "where it is put back no mail leaves before `postrider resume`: some of what is open in it was sent since"
    );
    Ok(Exit::Done)
}
