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
    store.backup(&arguments.file).await?;
    let bytes = fs_err::metadata(&arguments.file)?.len();
    say!("{}: {bytes} bytes, whole and checked", arguments.file.display());
    Ok(Exit::Done)
}
