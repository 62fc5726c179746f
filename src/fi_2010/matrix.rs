//! Rows of a file of numbers.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::{Fi2010Error, ROWS};

/// Folders within folders that are searched.
const DEPTH: usize = 5;

/// The file of that name in `folder` or in a folder in it; upper and lower case are the same, as
/// copies of the data set differ in it.
pub(super) fn find(
    folder: &Path,
    name: &str,
    remedy: &'static str,
) -> Result<PathBuf, Fi2010Error> {
    let absent =
        || Fi2010Error::NoFile { folder: folder.to_path_buf(), name: name.to_owned(), remedy };
    if !folder.is_dir() {
        return Err(absent());
    }
    search(folder, name, DEPTH)?.ok_or_else(absent)
}

fn search(folder: &Path, name: &str, depth: usize) -> Result<Option<PathBuf>, Fi2010Error> {
    let wrong = |source| Fi2010Error::Read { path: folder.to_path_buf(), source };
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let path = entry.path();
        if path.is_dir() {
            folders.push(path);
        } else if entry.file_name().to_string_lossy().eq_ignore_ascii_case(name) {
            return Ok(Some(path));
        }
    }
    folders.sort();
    for folder in folders.into_iter().filter(|_| depth > 0) {
        if let Some(found) = search(&folder, name, depth - 1)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The rows of a file whose numbers, from 0 on, are in `wanted`, ascending; all rows are counted.
pub(super) fn read(path: &Path, wanted: &[usize]) -> Result<Vec<Vec<f32>>, Fi2010Error> {
    let wrong = |fault| Fi2010Error::Layout { path: path.to_path_buf(), fault };
    let mut lines = Lines::open(path)?;
    let (mut rows, mut columns, mut number) = (Vec::with_capacity(wanted.len()), None, 0);
    while let Some(line) = lines.next()? {
        let found = if wanted.binary_search(&number).is_ok() {
            let row =
                numbers(line).map_err(|fault| wrong(format!("row {}: {fault}", number + 1)))?;
            let found = row.len();
            rows.push(row);
            found
        } else {
            line.split_ascii_whitespace().count()
        };
        let expected = *columns.get_or_insert(found);
        if found != expected {
            let fault = format!("row {} has {found} numbers and row 1 {expected}", number + 1);
            return Err(wrong(fault));
        }
        number += 1;
    }
    if number != ROWS || columns == Some(0) {
        return Err(wrong(format!("it has {number} rows of {} numbers", columns.unwrap_or(0))));
    }
    Ok(rows)
}

/// The first row of a file, the best ask's prices, without a look at the others.
pub(super) fn first_row(path: &Path) -> Result<Vec<f32>, Fi2010Error> {
    let wrong = |fault| Fi2010Error::Layout { path: path.to_path_buf(), fault };
    let mut lines = Lines::open(path)?;
    let line = lines.next()?.ok_or_else(|| wrong("it is empty".to_owned()))?;
    numbers(line).map_err(|fault| wrong(format!("row 1: {fault}")))
}

fn numbers(line: &str) -> Result<Vec<f32>, String> {
    let number = |(column, text): (usize, &str)| match text.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!(
            "column {}: `{}` is no number",
            column + 1,
            text.chars().take(40).collect::<String>()
        )),
    };
    line.split_ascii_whitespace().enumerate().map(number).collect()
}

/// Lines of a file that are not empty.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    line: String,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, Fi2010Error> {
        let file = File::open(path)
            .map_err(|source| Fi2010Error::Read { path: path.to_path_buf(), source })?;
        let reader = BufReader::with_capacity(1 << 20, file);
        Ok(Self { path: path.to_path_buf(), reader, line: String::new() })
    }

    fn next(&mut self) -> Result<Option<&str>, Fi2010Error> {
        loop {
            self.line.clear();
            let read = self.reader.read_line(&mut self.line);
            let length =
                read.map_err(|source| Fi2010Error::Read { path: self.path.clone(), source })?;
            if length == 0 {
                return Ok(None);
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some(&self.line));
            }
        }
    }
}
