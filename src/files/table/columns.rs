//! A table of a time and many floats as a sealed Parquet file that is written and read group by
//! group, so that no more than a group of it is in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{DataType, FloatType, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use tempfile::NamedTempFile;

use super::read::open_kind;
use super::seal::{blank_seal, check_seal, seal_file};
use super::{KIND_KEY, VERSION_KEY};
use crate::files::FileError;
use crate::files::atomic::{keep, partial};

/// Rows that are read at a time.
const PART: usize = 65_536;

/// Writes a table of a time and many floats, group by group; it is there once it is finished.
pub struct ColumnFile {
    path: PathBuf,
    writer: SerializedFileWriter<NamedTempFile>,
}

impl ColumnFile {
    /// Begins a file of `kind` and `version` with a column of times and one of floats a name.
    ///
    /// # Errors
    /// When its folder cannot be written, or a name is no column's.
    pub fn create(
        path: &Path,
        (kind, version): (&str, u32),
        metadata: &[(&str, String)],
        time: &str,
        names: &[String],
    ) -> Result<Self, FileError> {
        let file = partial(path).map_err(|error| FileError::write(path, error))?;
        let writer = begin(file, (kind, version), metadata, time, names)
            .map_err(|error| FileError::invalid(path, error))?;
        Ok(Self { path: path.to_owned(), writer })
    }

    /// Appends rows: their times and each column's values, as many.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn write(&mut self, times: &[i64], columns: &[Vec<f32>]) -> Result<(), FileError> {
        let wrong = |error| failed(&self.path, error);
        let mut group = self.writer.next_row_group().map_err(wrong)?;
        write_column::<Int64Type>(&mut group, times).map_err(wrong)?;
        for column in columns {
            write_column::<FloatType>(&mut group, column).map_err(wrong)?;
        }
        group.close().map_err(wrong)?;
        Ok(())
    }

    /// Ends the file, seals it and gives it its name.
    ///
    /// # Errors
    /// When the disk is full or fails; then there is no file.
    pub fn finish(self) -> Result<(), FileError> {
        let Self { path, writer } = self;
        let mut file = writer.into_inner().map_err(|error| failed(&path, error))?;
        seal_file(file.as_file_mut(), &path)?;
        keep(file, &path).map_err(|error| FileError::write(&path, error))
    }
}

fn begin(
    file: NamedTempFile,
    (kind, version): (&str, u32),
    metadata: &[(&str, String)],
    time: &str,
    names: &[String],
) -> ParquetResult<SerializedFileWriter<NamedTempFile>> {
    let column = |name: &str, physical, logical| {
        Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(Repetition::REQUIRED)
            .build()
            .map(Arc::new)
    };
    let millis = LogicalType::timestamp(true, TimeUnit::MILLIS);
    let mut fields = vec![column(time, Physical::INT64, Some(millis))?];
    for name in names {
        fields.push(column(name, Physical::FLOAT, None)?);
    }
    let schema = Type::group_type_builder(kind).with_fields(fields).build()?;
    let pair = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let mut pairs = vec![pair(KIND_KEY, kind), pair(VERSION_KEY, &version.to_string())];
    pairs.extend(metadata.iter().map(|(key, value)| pair(key, value)));
    pairs.push(blank_seal());
    // Floats of which hardly two are equal: nothing to look up, and what repeats from row to row,
    // as a coarse candle's features do, LZ4 makes small faster than a disk writes.
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_key_value_metadata(Some(pairs))
        .build();
    SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, NamedTempFile>,
    values: &[T::T],
) -> ParquetResult<()> {
    let lacking = || ParquetError::General("more columns than names".to_owned());
    let mut column = group.next_column()?.ok_or_else(lacking)?;
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

/// What the disk said, where it is behind what the writer says.
fn failed(path: &Path, error: ParquetError) -> FileError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => FileError::write(path, *source),
            Err(source) => FileError::invalid(path, source),
        },
        other => FileError::invalid(path, other),
    }
}

/// A file that [`ColumnFile`] wrote, open for reading.
pub struct ColumnReaders {
    path: PathBuf,
    reader: SerializedFileReader<File>,
    /// The file's key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Names of the columns of floats.
    pub names: Vec<String>,
    /// Number of rows.
    pub rows: usize,
}

impl ColumnReaders {
    /// Opens a file once its seal fits.
    ///
    /// # Errors
    /// When it cannot be read, does not fit its seal, holds something else or has another version.
    pub fn open(path: &Path, (kind, version): (&str, u32)) -> Result<Self, FileError> {
        check_seal(path)?;
        let (reader, metadata) = open_kind(path, (kind, version))?;
        let about = reader.metadata().file_metadata();
        let columns = about.schema_descr().columns();
        let names = columns.iter().skip(1).map(|column| column.name().to_owned()).collect();
        let rows = usize::try_from(about.num_rows()).unwrap_or(0);
        Ok(Self { path: path.to_owned(), metadata, names, rows, reader })
    }

    /// Number of groups of rows.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// Times of a group's rows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn times(&self, group: usize) -> Result<Vec<i64>, FileError> {
        let read = || match self.reader.get_row_group(group)?.get_column_reader(0)? {
            ColumnReader::Int64ColumnReader(mut reader) => {
                let mut values = Vec::new();
                while reader.read_records(PART, None, None, &mut values)?.0 > 0 {}
                Ok(values)
            }
            _ => Err(ParquetError::General("the first column has no times".to_owned())),
        };
        read().map_err(|error| self.wrong(error))
    }

    /// Values of a column of floats in a group's rows, in place of what `values` held.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn floats(
        &self,
        group: usize,
        column: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), FileError> {
        values.clear();
        let mut read = || match self.reader.get_row_group(group)?.get_column_reader(column + 1)? {
            ColumnReader::FloatColumnReader(mut reader) => {
                while reader.read_records(PART, None, None, values)?.0 > 0 {}
                Ok(())
            }
            _ => Err(ParquetError::General(format!("column {column} has no floats"))),
        };
        read().map_err(|error| self.wrong(error))
    }

    /// The error of content that is not what it should be.
    pub fn wrong(&self, reason: impl ToString) -> FileError {
        FileError::content(&self.path, reason)
    }
}
