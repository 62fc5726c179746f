//! The rows of a Parquet file of values.

use std::borrow::Cow;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::basic::{ConvertedType, IntType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::cell::Cell;
use super::file::Places;
use super::gather::{Gathered, Row};
use super::{SeriesError, SeriesFile};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Rows that are read at once.
const BATCH: usize = 8192;

/// Reads a flat Parquet file; rows are numbered from 1.
pub(super) fn read(
    file: File,
    source: &SeriesFile<'_>,
    gathered: &mut Gathered<'_>,
) -> Result<(), SeriesError> {
    let wrong = |reason: String| SeriesError::Parquet { path: source.path.to_path_buf(), reason };
    let reader =
        unharmed(|| SerializedFileReader::new(file)).map_err(|error| wrong(error.to_string()))?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let places = Places::find(source, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let meaning = |place: usize| {
        let column = schema.column(place);
        Meaning::of(&column).ok_or_else(|| SeriesError::ColumnType {
            path: source.path.to_path_buf(),
            name: names[place].clone(),
            found: kind_of(&column),
        })
    };
    let time = (places.time, meaning(places.time)?);
    let value = (places.value, meaning(places.value)?);
    let known = places.known.map(|place| meaning(place).map(|kind| (place, kind))).transpose()?;
    let mut number = 0;
    for group in 0..reader.num_row_groups() {
        let column = |(place, meaning): (usize, Meaning)| {
            unharmed(|| cells(&reader, group, place, meaning))
                .map_err(|error| wrong(error.to_string()))
        };
        let (times, values) = (column(time)?, column(value)?);
        let knowns = known.map(column).transpose()?;
        let rows = times.len();
        if values.len() != rows || knowns.as_ref().is_some_and(|knowns| knowns.len() != rows) {
            return Err(wrong(format!("its columns differ in length in row group {group}")));
        }
        let mut knowns = knowns.map(Vec::into_iter);
        for (time, value) in times.into_iter().zip(values) {
            number += 1;
            let known = knowns.as_mut().and_then(Iterator::next);
            gathered.take(number, Ok(Row { time, value, known }))?;
        }
    }
    Ok(())
}

/// The result of reading a file that may be damaged: the reader panics at some damages.
fn unharmed<T>(work: impl FnOnce() -> ParquetResult<T>) -> ParquetResult<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ParquetError::General("the file is damaged".to_owned())))
}

/// How the stored numbers of a column are to be taken.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    Days,
    /// Parts of a time so many of which make a millisecond; 0.001 would be seconds, which no file has.
    PerMillisecond(i64),
    Number,
    Unsigned,
    Text,
}

impl Meaning {
    /// Of a column that is a time, a number or text, and neither a list nor inside of one.
    fn of(column: &ColumnDescriptor) -> Option<Self> {
        if column.max_rep_level() > 0 {
            return None;
        }
        let unsigned = Some(Self::Unsigned);
        match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
            (Physical::INT32, Some(LogicalType::Date), _) => Some(Self::Days),
            (Physical::INT64, Some(LogicalType::Timestamp(stamp)), _) => {
                Some(Self::PerMillisecond(match stamp.unit {
                    TimeUnit::MILLIS => 1,
                    TimeUnit::MICROS => 1_000,
                    TimeUnit::NANOS => 1_000_000,
                }))
            }
            (
                Physical::INT32 | Physical::INT64,
                Some(LogicalType::Integer(IntType { is_signed: false, .. })),
                _,
            ) => unsigned,
            (
                Physical::INT32 | Physical::INT64,
                None | Some(LogicalType::Integer(_)),
                converted,
            ) => match converted {
                ConvertedType::DATE => Some(Self::Days),
                ConvertedType::TIMESTAMP_MILLIS => Some(Self::PerMillisecond(1)),
                ConvertedType::TIMESTAMP_MICROS => Some(Self::PerMillisecond(1_000)),
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64 => unsigned,
                ConvertedType::DECIMAL
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS => None,
                _ => Some(Self::Number),
            },
            (Physical::INT96, _, _) => Some(Self::PerMillisecond(1)),
            (Physical::FLOAT | Physical::DOUBLE, _, _) => Some(Self::Number),
            (Physical::BYTE_ARRAY, None | Some(LogicalType::String), converted)
                if converted != ConvertedType::DECIMAL =>
            {
                Some(Self::Text)
            }
            _ => None,
        }
    }

    fn of_whole(self, number: i64) -> Cell<'static> {
        match self {
            Self::Days => Cell::Moment(number.saturating_mul(DAY)),
            Self::PerMillisecond(parts) => Cell::Moment(number.div_euclid(parts)),
            Self::Unsigned if number < 0 => Cell::Number(number as u64 as f64),
            Self::Unsigned | Self::Number | Self::Text => Cell::Whole(number),
        }
    }
}

fn kind_of(column: &ColumnDescriptor) -> String {
    if column.max_rep_level() > 0 {
        return "a list".to_owned();
    }
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(logical), _) => format!("{:?} as {}", logical, column.physical_type()),
        (None, ConvertedType::NONE) => column.physical_type().to_string(),
        (None, converted) => format!("{converted} as {}", column.physical_type()),
    }
}

fn cells(
    reader: &SerializedFileReader<File>,
    group: usize,
    column: usize,
    meaning: Meaning,
) -> ParquetResult<Vec<Cell<'static>>> {
    let descriptor = reader.metadata().file_metadata().schema_descr().column(column);
    let deepest = descriptor.max_def_level();
    match reader.get_row_group(group)?.get_column_reader(column)? {
        ColumnReader::Int32ColumnReader(pages) => chunk(pages, deepest, |number| {
            let unsigned = matches!(meaning, Meaning::Unsigned);
            let number =
                if unsigned { i64::from(number.cast_unsigned()) } else { i64::from(number) };
            Ok(meaning.of_whole(number))
        }),
        ColumnReader::Int64ColumnReader(pages) => {
            chunk(pages, deepest, |number| Ok(meaning.of_whole(number)))
        }
        ColumnReader::Int96ColumnReader(pages) => {
            chunk(pages, deepest, |stamp| Ok(Cell::Moment(stamp.to_millis())))
        }
        ColumnReader::FloatColumnReader(pages) => {
            chunk(pages, deepest, |number| Ok(Cell::Number(f64::from(number))))
        }
        ColumnReader::DoubleColumnReader(pages) => {
            chunk(pages, deepest, |number| Ok(Cell::Number(number)))
        }
        ColumnReader::ByteArrayColumnReader(pages) => chunk(pages, deepest, |bytes| {
            let text = bytes.as_utf8()?.trim_ascii().to_owned();
            Ok(Cell::Text(Cow::Owned(text)))
        }),
        _ => Err(ParquetError::General("a column changes its type".to_owned())),
    }
}

/// The cells of a column chunk; a null takes the place that its definition level gives it.
fn chunk<T: DataType>(
    mut pages: ColumnReaderImpl<T>,
    deepest: i16,
    mut cell: impl FnMut(T::T) -> ParquetResult<Cell<'static>>,
) -> ParquetResult<Vec<Cell<'static>>> {
    let mut cells = Vec::new();
    loop {
        let (mut given, mut levels) = (Vec::new(), Vec::new());
        let wanted = (deepest > 0).then_some(&mut levels);
        let (records, ..) = pages.read_records(BATCH, wanted, None, &mut given)?;
        if records == 0 {
            return Ok(cells);
        }
        let mut given = given.into_iter();
        for record in 0..records {
            if deepest > 0 && levels.get(record).is_none_or(|&level| level < deepest) {
                cells.push(Cell::Absent);
                continue;
            }
            let lacking = || ParquetError::General("a page lacks values".to_owned());
            cells.push(cell(given.next().ok_or_else(lacking)?)?);
        }
    }
}
