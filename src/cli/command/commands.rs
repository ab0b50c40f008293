//! `commands`: the equivalent `aliyun` and `aws` commands.

use crate::cli::args::CommandsArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::inputs;
use crate::config::Overrides;
use crate::journal::open_to_read;
use crate::report::{Which, write_manifest_commands, write_run_commands};

pub(super) async fn run(context: &Context, args: &CommandsArgs) -> Result<Exit, Failure> {
    let format = context.output.format;
    if let Some(id) = &args.run {
        let journal = open_to_read(&context.common.journal).await?;
        let run = journal.run(id).await?;
        let mut sink = context.output.open()?;
        write_run_commands(&*journal, &run, Which::Left, format, &mut sink).await?;
        sink.finish()?;
    } else {
        let config = context.config(&Overrides::default())?;
        let pairs = inputs::manifests(&args.manifests, &config, false)?.pairs;
        let mut sink = context.output.open()?;
        write_manifest_commands(&pairs, format, &mut sink)?;
        sink.finish()?;
    }
    Ok(Exit::Done)
}
