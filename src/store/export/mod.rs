//! A store as Parquet files in hive folders, which polars, `DuckDB` and pandas read.

mod columns;
mod tape;

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::backup::make_empty;
use super::transaction::Failure;
use super::{SeriesInfo, Store, StoreError, Value, read};
use crate::files::{Field, sha256_file, write_atomic, write_table};
use crate::market::{Candle, Instrument, Span, Time};

/// Version of `manifest.json` and of the files' columns.
const VERSION: u32 = 1;

/// What is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// When: open times of candles, receive times of quotes, what a value speaks of.
    pub span: Span,
    /// Of which symbols; `None` is all of them, and values as well.
    pub symbols: Option<Vec<String>>,
}

/// Everything that was exported; `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportManifest {
    /// Version of this layout.
    pub schema_version: u32,
    /// One entry a file.
    pub files: Vec<ExportedFile>,
}

/// A file that was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedFile {
    /// Relative to the manifest, with `/` between its parts.
    pub path: String,
    /// Number of rows.
    pub rows: u64,
    /// Earliest time in it.
    pub min_time: Time,
    /// Latest time in it.
    pub max_time: Time,
    /// Size of the file.
    pub bytes: u64,
    /// Hex sha256 of the file.
    pub sha256: String,
    /// Its columns in order.
    pub schema: Vec<ExportColumn>,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportColumn {
    /// Name.
    pub name: String,
    /// Type as Arrow names it.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether rows may be null.
    pub nullable: bool,
}

/// Writes what `request` names into an empty or new folder: one file a series and month (UTC), more
/// where a month has more than a million trades, quotes or books. All files are of one moment,
/// whatever is written meanwhile; `manifest.json` is written last.
///
/// # Errors
/// [`StoreError::NotEmpty`], [`StoreError::Damaged`] when a segment is not what was written, or a
/// failure of the file system or the database.
pub fn export(
    store: &Store,
    folder: &Path,
    request: &ExportRequest,
) -> Result<ExportManifest, StoreError> {
    make_empty(folder)?;
    let mut to = Target { folder, files: Vec::new() };
    store.in_snapshot(|connection| {
        for info in store.series()? {
            if request.wants(&info.instrument) {
                candles(store, connection, &info, request.span, &mut to)?;
            }
        }
        if store.live {
            tape::export(store, connection, request, &mut to)?;
        }
        if request.symbols.is_none() {
            for info in store.value_series()? {
                values(store, &info.name, request.span, &mut to)?;
            }
        }
        Ok(())
    })?;
    let manifest = ExportManifest { schema_version: VERSION, files: to.files };
    let path = folder.join("manifest.json");
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| StoreError::io(&path, error.into()))?;
    write_atomic(&path, (text + "\n").as_bytes()).map_err(StoreError::file)?;
    Ok(manifest)
}

impl ExportRequest {
    fn wants(&self, instrument: &Instrument) -> bool {
        self.symbols.as_ref().is_none_or(|symbols| symbols.contains(&instrument.symbol))
    }
}

/// Where files go.
struct Target<'a> {
    folder: &'a Path,
    files: Vec<ExportedFile>,
}

impl Target<'_> {
    /// Writes the rows of a month as the next file of it.
    fn write<R>(
        &mut self,
        kind: &str,
        series: &str,
        fields: &[Field<R>],
        rows: &[R],
        time: impl Fn(&R) -> i64,
    ) -> Result<(), StoreError> {
        let times = rows.iter().map(&time);
        let Some((first, last)) = times.clone().min().zip(times.max()) else { return Ok(()) };
        let path = self.free_path(series, first);
        let file = self.folder.join(&path);
        let above = file.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        fs::create_dir_all(&above).map_err(|error| StoreError::io(&above, error))?;
        write_table(&file, (kind, VERSION), &[], fields, rows).map_err(StoreError::file)?;
        let describe = |field: &Field<R>| {
            let (name, kind, nullable) = field.describe();
            ExportColumn { name: name.to_owned(), kind, nullable }
        };
        self.files.push(ExportedFile {
            path,
            rows: rows.len() as u64,
            min_time: Time(first),
            max_time: Time(last),
            bytes: fs::metadata(&file).map_err(|error| StoreError::io(&file, error))?.len(),
            sha256: sha256_file(&file).map_err(StoreError::file)?,
            schema: fields.iter().map(describe).collect(),
        });
        Ok(())
    }

    fn free_path(&self, series: &str, time: i64) -> String {
        let month = month(time);
        let mut path = format!("{series}/{month}.parquet");
        for part in 2.. {
            if self.files.iter().rev().all(|file| file.path != path) {
                break;
            }
            path = format!("{series}/{month}-part{part}.parquet");
        }
        path
    }
}

/// The month (UTC) of a time, such as `2024-01`.
fn month(time: i64) -> String {
    Timestamp::from_millisecond(time)
        .map_or_else(|_| "no-month".to_owned(), |time| time.strftime("%Y-%m").to_string())
}

/// Hive folders of an instrument.
fn hive(kind: &str, instrument: &Instrument) -> String {
    let Instrument { venue, market, symbol } = instrument;
    format!("{kind}/venue={venue}/market={market}/symbol={symbol}")
}

fn candles(
    store: &Store,
    connection: &Connection,
    info: &SeriesInfo,
    span: Span,
    to: &mut Target<'_>,
) -> Result<(), Failure> {
    let series = store.find(&info.instrument, info.interval)?;
    let folder = format!("{}/interval={}", hive("candles", &info.instrument), info.interval);
    let fields = columns::candles();
    let mut rows: Vec<Candle> = Vec::new();
    let mut of = String::new();
    let mut failed = None;
    let time = |candle: &Candle| candle.open_time;
    read::for_each_candle(connection, series.id, span, |candle| {
        let next = month(candle.open_time);
        if next != of {
            if failed.is_none() {
                failed = to.write("candles", &folder, &fields, &rows, time).err();
            }
            rows.clear();
            of = next;
        }
        rows.push(*candle);
    })?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(to.write("candles", &folder, &fields, &rows, time)?),
    }
}

fn values(store: &Store, name: &str, span: Span, to: &mut Target<'_>) -> Result<(), Failure> {
    let mut all = Vec::new();
    store.each_value(name, i64::MAX, |value| {
        if span.contains(value.time) {
            all.push(*value);
        }
    })?;
    all.sort_by_key(|value| (value.time, value.known_at));
    let fields = columns::values();
    for rows in all.chunk_by(|one, other| month(one.time) == month(other.time)) {
        let time = |value: &Value| value.time;
        to.write("values", &format!("values/name={name}"), &fields, rows, time)?;
    }
    Ok(())
}
