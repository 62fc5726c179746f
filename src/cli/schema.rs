//! `candlewick schema`.

use std::io::Write;

/// Print the JSON schema of the config
///
/// Editors complete and check a config that names it in its first line:
/// `# yaml-language-server: $schema=schema.json`
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the schema.
///
/// # Errors
/// When `out` cannot be written to.
pub fn run(_args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&crate::config::schema())?;
    Ok(writeln!(out, "{text}")?)
}
