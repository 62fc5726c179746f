//! Where one stock's events end and another's begin, and where a day does.
//!
//! A file holds its stocks one after another, each with its days one after another, and marks
//! neither. Stocks have price levels of their own, so that of the changes of the best ask from one
//! event to the next those between stocks are by far the largest. Days have none: the lengths of a
//! training file's days are those of the files that hold a day alone, and where the sums of them are
//! not where the training file's own largest changes lie, nothing is guessed.
//!
//! Values are looked at to cut windows and for nothing else; a join depends on no label.

use std::path::Path;

use super::Fi2010Error;
use super::config::{Days, Fi2010Config, file_name};
use super::matrix::{find, first_row};

/// How much larger the smallest change between stocks is than the largest within one.
const CLEARANCE: f32 = 2.0;

/// Number of events of each stock's days in a file: a list a stock, in it a number a day. `ask` is
/// the file's first row, `days` how many days the file has.
pub(super) fn lengths(
    config: &Fi2010Config,
    path: &Path,
    ask: &[f32],
    stocks: usize,
    days: u8,
) -> Result<Vec<Vec<usize>>, Fi2010Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(given) = config.joins.get(&*name) {
        return checked(path, given.clone(), ask.len(), stocks, days);
    }
    let own = stock_lengths(path, ask, stocks)?;
    if days == 1 || config.days == Days::Unmarked {
        return Ok(own.into_iter().map(|length| vec![length]).collect());
    }
    let mut all = vec![Vec::new(); stocks];
    for day in 1..=days {
        for (stock, length) in all.iter_mut().zip(day_lengths(config, stocks, day)?) {
            stock.push(length);
        }
    }
    let sums: Vec<usize> = all.iter().map(|days| days.iter().sum()).collect();
    if sums != own {
        return Err(Fi2010Error::Joins {
            path: path.to_path_buf(),
            fault: format!(
                "its prices part it into stocks of {own:?} events, the files of its {days} days have {sums:?}"
            ),
        });
    }
    Ok(all)
}

/// Events of each stock in the file that holds day `day` alone.
fn day_lengths(config: &Fi2010Config, stocks: usize, day: u8) -> Result<Vec<usize>, Fi2010Error> {
    let (part, number) = if day == 1 { ("Train", 1) } else { ("Test", day - 1) };
    let name = file_name(part, config.auction, config.normalisation, number);
    let remedy = ", give data.fi_2010.joins, or set data.fi_2010.days to unmarked to let training \
                  windows reach over nights";
    let path = find(&config.folder, &name, remedy)?;
    stock_lengths(&path, &first_row(&path)?, stocks)
}

/// Events of each stock in a file whose stocks lie one after another.
fn stock_lengths(path: &Path, ask: &[f32], stocks: usize) -> Result<Vec<usize>, Fi2010Error> {
    let mut changes: Vec<(f32, usize)> =
        ask.windows(2).zip(1..).map(|(two, at)| ((two[1] - two[0]).abs(), at)).collect();
    let joins = stocks.saturating_sub(1);
    if changes.len() < joins {
        let fault = format!("{} events cannot be of {stocks} stocks", ask.len());
        return Err(Fi2010Error::Joins { path: path.to_path_buf(), fault });
    }
    changes.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (between, within) = changes.split_at(joins);
    if let (Some(least), Some(most)) = (between.last(), within.first())
        && least.0 <= CLEARANCE * most.0
    {
        let fault = format!(
            "its {stocks} stocks cannot be told apart: the best ask changes by {} between events {} and {}, \
             and by {} between events {} and {}",
            least.0,
            least.1,
            least.1 + 1,
            most.0,
            most.1,
            most.1 + 1,
        );
        return Err(Fi2010Error::Joins { path: path.to_path_buf(), fault });
    }
    let mut starts: Vec<usize> = between.iter().map(|(_, at)| *at).collect();
    starts.sort_unstable();
    let ends = starts.iter().copied().chain([ask.len()]);
    Ok([0].into_iter().chain(starts.iter().copied()).zip(ends).map(|(a, b)| b - a).collect())
}

fn checked(
    path: &Path,
    given: Vec<Vec<usize>>,
    columns: usize,
    stocks: usize,
    days: u8,
) -> Result<Vec<Vec<usize>>, Fi2010Error> {
    let sum = given.iter().flatten().fold(0_usize, |sum, &length| sum.saturating_add(length));
    let fault = if given.len() != stocks {
        format!("data.fi_2010.joins has {} stocks, data.symbols {stocks}", given.len())
    } else if given.iter().any(|of_one| of_one.len() != usize::from(days)) {
        format!("data.fi_2010.joins has a stock without {days} days")
    } else if sum != columns {
        format!("data.fi_2010.joins adds up to {sum} events, the file has {columns}")
    } else {
        return Ok(given);
    };
    Err(Fi2010Error::Joins { path: path.to_path_buf(), fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ask: &[f32], stocks: usize) -> Result<Vec<usize>, String> {
        stock_lengths(Path::new("a.txt"), ask, stocks).map_err(|error| error.to_string())
    }

    #[test]
    fn stocks_are_parted_by_their_price_levels() {
        let ask = [1.0, 1.1, 1.0, 5.0, 5.1, 2.0, 2.0, 2.1];
        assert_eq!(of(&ask, 3).unwrap(), [3, 2, 3]);
        assert_eq!(of(&ask[..3], 1).unwrap(), [3]);
        let error = of(&ask, 2).unwrap_err();
        assert!(error.contains("cannot be told apart") && error.contains("joins"), "{error}");
        assert!(of(&ask[..1], 3).unwrap_err().contains("1 events cannot be of 3 stocks"));
    }

    #[test]
    fn joins_that_do_not_fit_the_file_are_refused() {
        let given = |lengths: &[&[usize]]| {
            let lengths = lengths.iter().map(|of_one| of_one.to_vec()).collect();
            checked(Path::new("a.txt"), lengths, 10, 2, 2).map_err(|error| error.to_string())
        };
        assert_eq!(given(&[&[1, 2], &[3, 4]]).unwrap(), [[1, 2], [3, 4]]);
        assert!(given(&[&[10, 0]]).unwrap_err().contains("1 stocks, data.symbols 2"));
        assert!(given(&[&[1, 2], &[7]]).unwrap_err().contains("without 2 days"));
        assert!(given(&[&[1, 2], &[3, 5]]).unwrap_err().contains("adds up to 11 events"));
    }
}
