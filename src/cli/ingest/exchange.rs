//! Where the exchange is asked: flags that the commands which ask it share.

use std::path::PathBuf;

use clap::Args;
use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, Override, load_part};
use crate::ingest::exchange::ExchangeConfig;

#[derive(Debug, Args)]
pub struct ExchangeArgs {
    /// YAML file with other addresses of the exchange than today's, below `exchange`
    #[arg(long)]
    config: Option<PathBuf>,
    /// Change one of them, such as exchange.spot.rest=ADDRESS
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

#[derive(Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
struct Given {
    #[garde(dive)]
    exchange: ExchangeConfig,
}

impl ExchangeArgs {
    /// The addresses.
    pub fn load(&self) -> Result<ExchangeConfig, ConfigError> {
        Ok(load_part::<Given>(self.config.as_deref(), &self.set)?.exchange)
    }
}
