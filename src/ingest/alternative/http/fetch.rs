//! A whole series, answer by answer.

use tracing::debug;

use super::call::{Caller, shown};
use super::description::{SameTime, SourceDescription};
use super::paging::Pager;
use super::plan::Plan;
use super::secret::Key;
use super::source_error::SourceError;
use crate::market::{Period, Span, Time, Value};

/// Most values of one fetch.
const MOST: usize = 5_000_000;

/// What is wanted of a source.
pub struct SourceRequest<'a> {
    /// Variables of the description and their values, `origin` among them.
    pub set: &'a [(String, String)],
    /// First time that a value may speak of; everything there is when absent.
    pub from: Option<Time>,
    /// First time that no value may speak of any more; up to `now` when absent.
    pub to: Option<Time>,
    /// How long after its time a value is known, instead of what the description says.
    pub known_after: Option<Period>,
    /// The present, ms: values that are not yet known then are left out.
    pub now: i64,
    /// Looks up an environment variable: where keys come from.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

/// A series that a source gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// Its values, by time, one a time.
    pub values: Vec<Value>,
    /// Source, address and variables, for [`crate::store::Store::write_values`].
    pub origin: String,
    /// Answers read.
    pub pages: u64,
    /// Rows without a value.
    pub empty: u64,
    /// Rows of a time that was not asked for.
    pub outside: u64,
    /// Rows left out because they are not yet known, such as the day that has not ended.
    pub early: u64,
}

/// Asks a source for a series.
///
/// # Errors
/// When the description or the variables are wrong, the key is missing, or the source does not give
/// what its description says. No text of an error tells the key.
pub fn fetch(
    description: &SourceDescription,
    request: &SourceRequest<'_>,
) -> Result<Fetched, SourceError> {
    let name = &description.name;
    let plan = Plan::new(description, request.set)?;
    let key = Key::read(name, description.key.as_ref(), request.environment)?;
    if let (Some(key), Some(config)) = (&key, &description.key) {
        plan.keep_out(key, &config.variable)?;
    }
    let span = Span {
        start: request.from.map_or(i64::MIN, |time| time.0),
        end: request.to.map_or(request.now, |time| time.0),
    };
    if span.start >= span.end {
        return Err(SourceError::Variable {
            source_name: name.clone(),
            message: "--to is not after --from, so nothing is asked for".to_owned(),
        });
    }
    let invalid = |message: String| SourceError::Description { path: name.clone(), message };
    let wrong = |message: String| SourceError::Variable { source_name: name.clone(), message };
    let mut pager = Pager::new(&description.paging).map_err(invalid)?;
    let mut turn = pager.first(request.from.map(|time| time.0), span.end).map_err(wrong)?;
    let mut caller = Caller::new(description, &plan.origin, key.as_ref())?;
    let known_after = request.known_after.unwrap_or(description.known_after).ms();
    let mut fetched = Fetched {
        values: Vec::new(),
        origin: plan.source(),
        pages: 0,
        empty: 0,
        outside: 0,
        early: 0,
    };
    loop {
        let address = plan.address(&turn)?;
        let place = shown(&address);
        let answer = caller.ask(&address, plan.body(&turn).as_deref())?;
        let read = plan.layout.read(&answer, description.answer.unit);
        let rows = read.map_err(|reason| caller.answer(&place, &reason))?;
        fetched.pages += 1;
        debug!(address = place, page = fetched.pages, rows = rows.len(), "answer read");
        for row in &rows {
            let known_at = row.time.saturating_add(known_after).max(row.known.unwrap_or(i64::MIN));
            match row.value {
                _ if !span.contains(row.time) => fetched.outside += 1,
                // The window before or behind has it.
                _ if !turn.span().contains(row.time) => {}
                None => fetched.empty += 1,
                Some(_) if known_at > request.now => fetched.early += 1,
                Some(value) => fetched.values.push(Value { time: row.time, known_at, value }),
            }
        }
        if fetched.values.len() > MOST {
            return Err(wrong(format!(
                "more than {MOST} values; ask for less with --from and --to"
            )));
        }
        let last = rows.iter().map(|row| row.time).max();
        let next = pager
            .next(&turn, &answer, rows.len(), last, span.end)
            .map_err(|reason| caller.answer(&place, &reason))?;
        let Some(next) = next else {
            if fetched.values.is_empty() {
                return Err(SourceError::Nothing { address: place });
            }
            fetched.values = one_a_time(fetched.values, description.answer.same_time)
                .map_err(|reason| caller.answer(&place, &reason))?;
            return Ok(fetched);
        };
        if next.cursor.as_ref().is_some_and(|cursor| key.as_ref().is_some_and(|k| k.is_in(cursor)))
        {
            return Err(
                caller.answer(&place, "its cursor tells the key, which no address may hold")
            );
        }
        if fetched.pages >= description.most_pages.into() {
            return Err(wrong(format!(
                "{} answers did not bring the whole series; ask for less with --from and --to, or \
                 raise most_pages in a description of your own",
                fetched.pages
            )));
        }
        turn = next;
    }
}

/// The values by time, several of one time brought together.
fn one_a_time(mut values: Vec<Value>, rule: SameTime) -> Result<Vec<Value>, String> {
    values.sort_by_key(|value| value.time);
    let mut single: Vec<Value> = Vec::with_capacity(values.len());
    for group in values.chunk_by(|one, other| one.time == other.time) {
        let [.., last] = group else { continue };
        let known_at = group.iter().map(|value| value.known_at).max().unwrap_or(last.known_at);
        let value = match rule {
            SameTime::Refuse => {
                if group.iter().any(|other| other.value != last.value) {
                    return Err(format!(
                        "different values of one time, {}; a description of your own can say in \
                         answer.same_time which one counts",
                        Time(last.time)
                    ));
                }
                last.value
            }
            SameTime::Last => last.value,
            SameTime::Mean => {
                group.iter().map(|value| value.value).sum::<f64>() / group.len() as f64
            }
        };
        single.push(Value { time: last.time, known_at, value });
    }
    Ok(single)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(time: i64, known_at: i64, value: f64) -> Value {
        Value { time, known_at, value }
    }

    #[test]
    fn several_values_of_one_time_are_brought_together() {
        let values = vec![value(5, 9, 1.0), value(3, 4, 7.0), value(5, 8, 2.0)];
        assert!(one_a_time(values.clone(), SameTime::Refuse).unwrap_err().contains("same_time"));
        let last = one_a_time(values.clone(), SameTime::Last).unwrap();
        assert_eq!(last, [value(3, 4, 7.0), value(5, 9, 2.0)]);
        let mean = one_a_time(values, SameTime::Mean).unwrap();
        assert_eq!(mean, [value(3, 4, 7.0), value(5, 9, 1.5)]);
        let twice = vec![value(5, 9, 1.0), value(5, 9, 1.0)];
        assert_eq!(one_a_time(twice, SameTime::Refuse).unwrap(), [value(5, 9, 1.0)]);
    }
}
