//! Rows into a Parquet file.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::seal::{blank_seal, seal};
use super::{KIND_KEY, VERSION_KEY};
use crate::files::{FileError, write_atomic};

/// Rows of one row group: enough for good compression, few enough to read a part cheaply.
const GROUP_ROWS: usize = 65_536;

/// A column: its name, whether every row has a value, and how a row gives it.
pub struct Field<R> {
    name: String,
    required: bool,
    get: Get<R>,
}

/// How a row gives a column's value; the arm is the column's type.
pub enum Get<R> {
    /// Milliseconds since 1970 UTC: a timestamp.
    Time(Box<dyn Fn(&R) -> Option<i64>>),
    /// A whole number: int64.
    Whole(Box<dyn Fn(&R) -> Option<i64>>),
    /// A count or an index: uint32.
    Count(Box<dyn Fn(&R) -> Option<u32>>),
    /// A float.
    Float(Box<dyn Fn(&R) -> Option<f32>>),
    /// A double.
    Double(Box<dyn Fn(&R) -> Option<f64>>),
    /// A boolean.
    Flag(Box<dyn Fn(&R) -> Option<bool>>),
    /// A string.
    Text(Box<dyn Fn(&R) -> Option<Arc<str>>>),
}

impl<R> Field<R> {
    /// A column that has a value in every row.
    #[must_use]
    pub fn required(name: &str, get: Get<R>) -> Self {
        Self { name: name.to_owned(), required: true, get }
    }

    /// A column whose rows may be null.
    #[must_use]
    pub fn nullable(name: &str, get: Get<R>) -> Self {
        Self { name: name.to_owned(), required: false, get }
    }

    /// Name, type as other tools call it, and whether rows may be null.
    #[must_use]
    pub fn describe(&self) -> (&str, &'static str, bool) {
        let kind = match self.get {
            Get::Time(_) => "timestamp[ms, UTC]",
            Get::Whole(_) => "int64",
            Get::Count(_) => "uint32",
            Get::Float(_) => "float",
            Get::Double(_) => "double",
            Get::Flag(_) => "boolean",
            Get::Text(_) => "string",
        };
        (&self.name, kind, !self.required)
    }

    fn schema(&self) -> ParquetResult<Type> {
        let millis = LogicalType::timestamp(true, TimeUnit::MILLIS);
        let (physical, logical) = match self.get {
            Get::Time(_) => (Physical::INT64, Some(millis)),
            Get::Whole(_) => (Physical::INT64, None),
            Get::Count(_) => (Physical::INT32, Some(LogicalType::integer(32, false))),
            Get::Float(_) => (Physical::FLOAT, None),
            Get::Double(_) => (Physical::DOUBLE, None),
            Get::Flag(_) => (Physical::BOOLEAN, None),
            Get::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let repetition = if self.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        Type::primitive_type_builder(&self.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()
    }

    fn write(&self, rows: &[R], writer: &mut SerializedColumnWriter<'_>) -> ParquetResult<()> {
        let required = self.required;
        match &self.get {
            Get::Time(get) | Get::Whole(get) => {
                write::<Int64Type>(rows.iter().map(get), required, writer)
            }
            Get::Count(get) => {
                let values = rows.iter().map(|row| get(row).map(u32::cast_signed));
                write::<Int32Type>(values, required, writer)
            }
            Get::Float(get) => write::<FloatType>(rows.iter().map(get), required, writer),
            Get::Double(get) => write::<DoubleType>(rows.iter().map(get), required, writer),
            Get::Flag(get) => write::<BoolType>(rows.iter().map(get), required, writer),
            Get::Text(get) => {
                let values = rows.iter().map(|row| get(row).map(|text| ByteArray::from(&*text)));
                write::<ByteArrayType>(values, required, writer)
            }
        }
    }
}

fn write<T: DataType>(
    values: impl Iterator<Item = Option<T::T>>,
    required: bool,
    writer: &mut SerializedColumnWriter<'_>,
) -> ParquetResult<()> {
    let mut given = Vec::new();
    let mut levels = Vec::new();
    for value in values {
        levels.push(i16::from(value.is_some()));
        given.extend(value);
    }
    if required && given.len() != levels.len() {
        return Err(ParquetError::General("a required column lacks a value".to_owned()));
    }
    let levels = if required { None } else { Some(levels.as_slice()) };
    writer.typed::<T>().write_batch(&given, levels, None)?;
    Ok(())
}

/// Writes rows as one Parquet file, atomically; equal input makes equal bytes.
///
/// # Errors
/// When a required column lacks a value, or the file cannot be written.
pub fn write_table<R>(
    path: &Path,
    (kind, version): (&str, u32),
    metadata: &[(&str, String)],
    fields: &[Field<R>],
    rows: &[R],
) -> Result<(), FileError> {
    let bytes = encode((kind, version), metadata, fields, rows)
        .map_err(|error| FileError::invalid(path, error))?;
    write_atomic(path, &bytes)
}

fn encode<R>(
    (kind, version): (&str, u32),
    metadata: &[(&str, String)],
    fields: &[Field<R>],
    rows: &[R],
) -> ParquetResult<Vec<u8>> {
    let columns = fields
        .iter()
        .map(|field| field.schema().map(Arc::new))
        .collect::<ParquetResult<Vec<_>>>()?;
    let schema = Type::group_type_builder(kind).with_fields(columns).build()?;
    let mut pairs = vec![
        KeyValue::new(KIND_KEY.to_owned(), kind.to_owned()),
        KeyValue::new(VERSION_KEY.to_owned(), version.to_string()),
    ];
    pairs.extend(
        metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())),
    );
    pairs.push(blank_seal());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(pairs))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    for part in rows.chunks(GROUP_ROWS) {
        let mut group = writer.next_row_group()?;
        for field in fields {
            let mut column = group
                .next_column()?
                .ok_or_else(|| ParquetError::General(format!("no column for `{}`", field.name)))?;
            field.write(part, &mut column)?;
            column.close()?;
        }
        group.close()?;
    }
    let mut bytes = writer.into_inner()?;
    seal(&mut bytes)?;
    Ok(bytes)
}
