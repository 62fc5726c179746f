//! Tables of features that were built before, by what they were built from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::files::{FileError, sha256_hex};
use crate::market::{Candle, CandleSeries};

use super::file::{read_features, write_features};
use super::{
    CandleSource, FeatureConfig, FeatureError, FeatureTable, Inputs, Selection, Size, build, select,
};

/// Counts the changes of what a feature gives that its name, formula and warm-up do not show, such
/// as the order of its sums.
const DEFINITIONS: u32 = 1;

/// A folder of tables, each under the digest of what it was built from.
#[derive(Debug, Clone)]
pub struct FeatureCache {
    folder: PathBuf,
    limit: Size,
}

impl FeatureCache {
    /// The cache in `folder`, which need not be there, of at most so many bytes.
    #[must_use]
    pub fn new(folder: &Path, limit: Size) -> Self {
        Self { folder: folder.to_owned(), limit }
    }

    /// The table of these inputs if there is one, and otherwise [`build()`]s it and keeps it.
    ///
    /// A damaged table is built anew, with a warning; a cache that cannot be written is gone
    /// without, with a warning too. Nothing is kept of features that read peers, trades or books.
    ///
    /// # Errors
    /// Those of [`build()`].
    pub fn build(
        &self,
        config: &FeatureConfig,
        inputs: &Inputs<'_>,
    ) -> Result<FeatureTable, FeatureError> {
        let sources: Vec<_> = inputs.context.iter().map(CandleSource::of).collect();
        let selection = select(config, &inputs.base_source(), &sources)?;
        let alone =
            config.peers.is_empty() && config.book_levels == 0 && inputs.are_candles_alone();
        if self.limit.bytes() == 0 || !alone {
            return build(config, inputs);
        }
        let path = self.folder.join(format!("{}.parquet", key(&selection, inputs)));
        if let Some(table) = found(&path, &selection) {
            return Ok(table);
        }
        let table = build(config, inputs)?;
        if let Err(error) = self.keep(&path, &table) {
            tracing::warn!("the features are not kept for the next run: {error}");
        }
        Ok(table)
    }

    fn keep(&self, path: &Path, table: &FeatureTable) -> Result<(), FileError> {
        if table.values.len() as u64 * 4 > self.limit.bytes() {
            tracing::info!("the features are not kept: they are more than features.cache allows");
            return Ok(());
        }
        let folder = &self.folder;
        fs::create_dir_all(folder).map_err(|error| FileError::write(folder, error))?;
        write_features(path, table)?;
        self.prune(path).map_err(|error| FileError::write(folder, error))
    }

    /// Removes the tables that were used longest ago until the rest is within the limit.
    fn prune(&self, newest: &Path) -> std::io::Result<()> {
        let mut tables = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "parquet") {
                let about = entry.metadata()?;
                tables.push((about.modified()?, entry.path(), about.len()));
            }
        }
        tables.sort();
        let mut bytes: u64 = tables.iter().map(|(.., bytes)| bytes).sum();
        for (_, path, length) in tables.iter().filter(|(_, path, _)| path != newest) {
            if bytes <= self.limit.bytes() {
                break;
            }
            fs::remove_file(path)?;
            bytes -= length;
        }
        Ok(())
    }
}

/// The table at `path` if it is there, whole, and of these columns.
fn found(path: &Path, selection: &Selection) -> Option<FeatureTable> {
    if !path.is_file() {
        return None;
    }
    match read_features(path) {
        Ok(table) if table.names == selection.names() => {
            tracing::info!("features are read from {}, not built", path.display());
            // When it was used last; on a disk that takes no writes nothing is removed either.
            let _ = File::options()
                .write(true)
                .open(path)
                .and_then(|file| file.set_modified(SystemTime::now()));
            Some(table)
        }
        Ok(_) => {
            tracing::warn!("{} holds other features and is built anew", path.display());
            None
        }
        Err(error) => {
            tracing::warn!("features are built anew: {error}");
            None
        }
    }
}

/// Digest of the definitions of the columns and of every candle and value that they are built from.
fn key(selection: &Selection, inputs: &Inputs<'_>) -> String {
    let mut text = format!("candlewick features {DEFINITIONS}\n");
    for (interval, features) in std::iter::once(&selection.base).chain(&selection.context) {
        for info in features.iter().map(|feature| feature.info()) {
            text += &format!("{}@{interval} {} {}\n", info.name, info.warm_up, info.formula);
        }
    }
    for series in &selection.series {
        let columns = series.columns().join(" ");
        text += &format!("{} {} {columns}\n", series.name, series.max_age.ms());
        for given in inputs.values.iter().filter(|given| given.name == series.name) {
            let mut sum = Sha256::new();
            for value in &given.values {
                sum.update(value.time.to_le_bytes());
                sum.update(value.known_at.to_le_bytes());
                sum.update(value.value.to_bits().to_le_bytes());
            }
            text += &format!("{:x?}\n", sum.finalize());
        }
    }
    let series: Vec<_> = std::iter::once(inputs.base).chain(inputs.context).collect();
    for series in series {
        text += &format!("{} {:x?}\n", series.interval(), digest(series));
    }
    sha256_hex(text.as_bytes())
}

fn digest(series: &CandleSeries) -> Vec<u8> {
    let mut sum = Sha256::new();
    let mut bytes = Vec::with_capacity(128);
    for candle in series.iter() {
        bytes.clear();
        add(&mut bytes, &candle);
        sum.update(&bytes);
    }
    sum.finalize().to_vec()
}

fn add(bytes: &mut Vec<u8>, candle: &Candle) {
    bytes.extend(candle.open_time.to_le_bytes());
    for value in [candle.open, candle.high, candle.low, candle.close, candle.volume] {
        bytes.extend(value.to_bits().to_le_bytes());
    }
    let optional = [
        candle.quote_volume.map(f64::to_bits),
        candle.trades.map(i64::cast_unsigned),
        candle.taker_buy_volume.map(f64::to_bits),
        candle.taker_buy_quote_volume.map(f64::to_bits),
    ];
    for value in optional {
        bytes.push(u8::from(value.is_some()));
        bytes.extend(value.unwrap_or(0).to_le_bytes());
    }
}
