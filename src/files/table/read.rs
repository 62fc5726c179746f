//! A Parquet file into columns.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::seal::check_seal;
use super::{KIND_KEY, VERSION_KEY};
use crate::files::{FileError, sha256_file};

/// A Parquet file as columns by name.
pub struct Table {
    path: PathBuf,
    /// Number of rows.
    pub rows: usize,
    /// The file's key-value pairs.
    pub metadata: BTreeMap<String, String>,
    columns: HashMap<String, Values>,
}

enum Values {
    Int64(Vec<Option<i64>>),
    Int32(Vec<Option<i32>>),
    Float(Vec<Option<f32>>),
    Double(Vec<Option<f64>>),
    Flag(Vec<Option<bool>>),
    Text(Vec<Option<Arc<str>>>),
}

/// Reads a Parquet file that [`write_table`](super::write_table) wrote as `kind` and `version`.
///
/// # Errors
/// When it cannot be read, does not fit its seal, holds something else or has another version.
pub fn read_table(path: &Path, kind: &str, version: u32) -> Result<Table, FileError> {
    check_seal(path)?;
    read_trusted(path, (kind, version), None)
}

/// As [`read_table`], for a file whose whole sha256 is known from elsewhere; of `only` some columns
/// when they are named.
///
/// # Errors
/// As [`read_table`].
pub fn read_digested_table(
    path: &Path,
    sha256: &str,
    (kind, version): (&str, u32),
    only: Option<&[&str]>,
) -> Result<Table, FileError> {
    let found = sha256_file(path)?;
    if found != sha256 {
        let reason = format!("its sha256 is {found} and should be {sha256}");
        return Err(FileError::content(path, reason));
    }
    read_trusted(path, (kind, version), only)
}

/// Opens a Parquet file that holds a kind of table, with the text that goes with it. Its seal is not
/// looked at.
pub(super) fn open_kind(
    path: &Path,
    (kind, version): (&str, u32),
) -> Result<(SerializedFileReader<File>, BTreeMap<String, String>), FileError> {
    let file = File::open(path).map_err(|error| FileError::read(path, error))?;
    let wrong = |error: ParquetError| FileError::content(path, error);
    let reader = SerializedFileReader::new(file).map_err(wrong)?;
    let about = reader.metadata().file_metadata();
    let metadata: BTreeMap<String, String> = about
        .key_value_metadata()
        .into_iter()
        .flatten()
        .filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?)))
        .collect();
    if metadata.get(KIND_KEY).map(String::as_str) != Some(kind) {
        return Err(FileError::content(path, format!("it does not hold {kind}")));
    }
    let found = metadata.get(VERSION_KEY).map_or("none", String::as_str);
    if found != version.to_string() {
        let (path, found) = (path.to_owned(), found.to_owned());
        return Err(FileError::Version { path, found, known: version });
    }
    Ok((reader, metadata))
}

fn read_trusted(
    path: &Path,
    (kind, version): (&str, u32),
    only: Option<&[&str]>,
) -> Result<Table, FileError> {
    let wrong = |error: ParquetError| FileError::content(path, error);
    let (reader, metadata) = open_kind(path, (kind, version))?;
    let about = reader.metadata().file_metadata();
    let mut columns = HashMap::new();
    let mut rows = 0;
    for column in 0..about.schema_descr().num_columns() {
        let name = about.schema_descr().column(column).name().to_owned();
        if only.is_some_and(|only| !only.contains(&name.as_str())) {
            continue;
        }
        let values = read_column(&reader, column).map_err(wrong)?;
        if !columns.is_empty() && values.len() != rows {
            let reason = format!("column `{name}` has {} rows, not {rows}", values.len());
            return Err(FileError::content(path, reason));
        }
        rows = values.len();
        columns.insert(name, values);
    }
    Ok(Table { path: path.to_owned(), rows, metadata, columns })
}

fn read_column(reader: &SerializedFileReader<File>, column: usize) -> ParquetResult<Values> {
    let descriptor = reader.metadata().file_metadata().schema_descr().column(column);
    let mut values = match descriptor.physical_type() {
        Physical::INT64 => Values::Int64(Vec::new()),
        Physical::INT32 => Values::Int32(Vec::new()),
        Physical::FLOAT => Values::Float(Vec::new()),
        Physical::DOUBLE => Values::Double(Vec::new()),
        Physical::BOOLEAN => Values::Flag(Vec::new()),
        Physical::BYTE_ARRAY => Values::Text(Vec::new()),
        other => return Err(ParquetError::General(format!("column of type {other}"))),
    };
    let nullable = descriptor.max_def_level() > 0;
    for group in 0..reader.num_row_groups() {
        let pages = reader.get_row_group(group)?.get_column_reader(column)?;
        match (&mut values, pages) {
            (Values::Int64(to), ColumnReader::Int64ColumnReader(from)) => {
                read(from, nullable, Ok, to)?;
            }
            (Values::Int32(to), ColumnReader::Int32ColumnReader(from)) => {
                read(from, nullable, Ok, to)?;
            }
            (Values::Float(to), ColumnReader::FloatColumnReader(from)) => {
                read(from, nullable, Ok, to)?;
            }
            (Values::Double(to), ColumnReader::DoubleColumnReader(from)) => {
                read(from, nullable, Ok, to)?;
            }
            (Values::Flag(to), ColumnReader::BoolColumnReader(from)) => {
                read(from, nullable, Ok, to)?;
            }
            (Values::Text(to), ColumnReader::ByteArrayColumnReader(from)) => {
                let mut known: HashSet<Arc<str>> = HashSet::new();
                let shared = |bytes: ByteArray| {
                    let text = bytes.as_utf8()?;
                    if let Some(text) = known.get(text) {
                        return Ok(Arc::clone(text));
                    }
                    let text: Arc<str> = Arc::from(text);
                    known.insert(Arc::clone(&text));
                    Ok(text)
                };
                read(from, nullable, shared, to)?;
            }
            _ => return Err(ParquetError::General("a column changes its type".to_owned())),
        }
    }
    Ok(values)
}

/// Appends a column chunk; a null takes the place that its definition level gives it.
fn read<T: DataType, V>(
    mut reader: ColumnReaderImpl<T>,
    nullable: bool,
    mut convert: impl FnMut(T::T) -> ParquetResult<V>,
    to: &mut Vec<Option<V>>,
) -> ParquetResult<()> {
    loop {
        let mut given = Vec::new();
        let mut levels = Vec::new();
        let wanted = nullable.then_some(&mut levels);
        let (records, ..) = reader.read_records(8192, wanted, None, &mut given)?;
        if records == 0 {
            return Ok(());
        }
        let mut given = given.into_iter();
        let mut next = || {
            let lacking = || ParquetError::General("a page lacks values".to_owned());
            given.next().ok_or_else(lacking).and_then(&mut convert)
        };
        for record in 0..records {
            let present = !nullable || levels.get(record).is_some_and(|level| *level > 0);
            to.push(if present { Some(next()?) } else { None });
        }
    }
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Int64(values) => values.len(),
            Self::Int32(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Double(values) => values.len(),
            Self::Flag(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }
}

macro_rules! take {
    ($($take:ident, $arm:ident, $kind:ty);*) => {
        impl Table {
            $(
                /// Takes a column of this type out of the table.
                ///
                /// # Errors
                /// When there is none of that name and type.
                pub fn $take(
                    &mut self,
                    name: &str,
                ) -> Result<Vec<Option<$kind>>, FileError> {
                    match self.columns.remove(name) {
                        Some(Values::$arm(values)) => Ok(values),
                        Some(_) => Err(self.wrong(format!("column `{name}` has another type"))),
                        None => Err(self.wrong(format!("column `{name}` is missing"))),
                    }
                }
            )*
        }
    };
}
take! {
    times, Int64, i64;
    counts, Int32, i32;
    floats, Float, f32;
    doubles, Double, f64;
    flags, Flag, bool;
    texts, Text, Arc<str>
}

/// One of the methods that take a column out of a table.
type Take<V> = fn(&mut Table, &str) -> Result<Vec<Option<V>>, FileError>;

impl Table {
    /// Takes a column without nulls out of the table.
    ///
    /// # Errors
    /// When there is none of that name and type, or it has a null.
    pub fn all<V>(&mut self, take: Take<V>, name: &str) -> Result<Vec<V>, FileError> {
        let values: Option<Vec<V>> = take(self, name)?.into_iter().collect();
        values.ok_or_else(|| self.wrong(format!("column `{name}` has a null")))
    }

    /// The error of content that is not what it should be.
    pub fn wrong(&self, reason: impl ToString) -> FileError {
        FileError::content(&self.path, reason)
    }
}
