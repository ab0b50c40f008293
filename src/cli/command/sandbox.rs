//! `sandbox`: serve the embedded ECS and EC2 endpoints until told to stop.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::cli::args::SandboxArgs;
use crate::cli::context::Context;
use crate::cli::embedded_clouds::load_world;
use crate::cli::exit::{Exit, Failure};
use crate::config::Overrides;
use crate::report::Format;
use crate::sandbox::{Limit, Sandbox, SandboxOptions, start};

pub(super) async fn run(context: &Context, args: SandboxArgs) -> Result<Exit, Failure> {
    let config =
        context.config(&Overrides { world: args.world.clone(), ..Overrides::default() })?;
    if let Some(log) = &args.call_log {
        context.output.refuse_reserved_for("--call-log", log)?;
    }
    let world = load_world(config.world.as_deref())?;
    let sandbox = start(SandboxOptions {
        listen: args.listen,
        faults: args.faults,
        limit: args.limit.map(|rate| Limit { rate, burst: args.burst }),
        call_log: args.call_log,
        seed: args.seed,
        visibility_delay: Duration::from_millis(args.lag),
        ..SandboxOptions::new(world)
    })
    .await?;
    context.output.write(ready(&sandbox, context.output.format).as_bytes())?;
    context.waits.work();
    context.waits.stop.cancelled().await;
    sandbox.stop().await;
    Ok(Exit::Done)
}

/// What a user or a script needs to call the sandbox.
fn ready(sandbox: &Sandbox, format: Format) -> String {
    let (alibaba, aws) = (sandbox.alibaba_url(), sandbox.aws_url());
    if format == Format::Json {
        let accounts = sandbox.accounts();
        return format!("{}\n", json!({ "alibaba": alibaba, "aws": aws, "accounts": accounts }));
    }
    let mut text = format!("alibaba  {alibaba}\naws      {aws}\n");
    for account in sandbox.accounts() {
        let name = account.name.as_deref().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:8} {} {name}  key {}  secret {}",
            account.cloud, account.id, account.access_key_id, account.access_key_secret
        );
    }
    text
}
