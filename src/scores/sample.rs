//! The forecasts of one model as columns, in the order of time, ready to be scored many times.

use super::accuracy::accuracy;
use super::auc::auc;
use super::bootstrap::Draw;
use super::brier::brier_scores;
use super::confusion::{Counts, likeliest};
use super::f1::{macro_f1, weighted_f1};
use super::information_coefficient::{pearson, spearman};
use super::log_loss::log_losses;
use super::mcc::mcc;
use super::measure::{self, Measure};
use super::qlike::qlike_losses;
use super::ranking::Ranking;
use super::rmse::{rmse, squared_errors};
use super::weighted_mean::weighted_mean;
use crate::forecast::{ByClass, Forecast, Outcome};

/// What of a forecast is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Direction,
    Return,
    Volatility,
}

impl Head {
    pub const ALL: [Self; 3] = [Self::Direction, Self::Return, Self::Volatility];

    /// Its measures, in the order of [`Sample::measure`].
    pub fn measures(self) -> &'static [Measure] {
        match self {
            Self::Direction => &measure::DIRECTION,
            Self::Return => &measure::RETURN,
            Self::Volatility => &measure::VOLATILITY,
        }
    }

    /// Whether a forecast says something of it.
    pub fn is_in(self, row: &Forecast) -> bool {
        match self {
            Self::Direction => row.class_probability.is_some(),
            Self::Return => row.return_mean.is_some(),
            Self::Volatility => row.volatility.is_some(),
        }
    }
}

/// Columns of one head of one model.
pub(super) struct Sample {
    /// Index of each forecast's decision time among the times that are resampled.
    time: Vec<u32>,
    columns: Columns,
}

enum Columns {
    Direction {
        outcome: Vec<u8>,
        class: Vec<u8>,
        log_losses: Option<Vec<f64>>,
        brier_scores: Vec<f64>,
        rankings: Vec<Ranking>,
    },
    Return {
        forecast: Vec<f64>,
        outcome: Vec<f64>,
        squared_errors: Vec<f64>,
        forecast_ranking: Ranking,
        outcome_ranking: Ranking,
    },
    Volatility {
        qlike_losses: Vec<f64>,
        squared_errors: Vec<f64>,
    },
}

impl Sample {
    /// Columns of the rows that say something of `head` and whose outcome is known.
    pub fn of(head: Head, rows: &[&Forecast], times: &[i64]) -> Self {
        let known: Vec<(&Forecast, Outcome)> = rows
            .iter()
            .filter(|row| head.is_in(row))
            .filter_map(|&row| row.outcome.map(|outcome| (row, outcome)))
            .collect();
        let time = known
            .iter()
            .map(|(row, _)| times.partition_point(|&time| time < row.decision_time) as u32)
            .collect();
        let columns = match head {
            Head::Direction => direction(&known),
            Head::Return => returns(&known),
            Head::Volatility => volatility(&known),
        };
        Self { time, columns }
    }

    /// The head's measures over a draw of the times.
    pub fn measure(&self, draw: &Draw) -> Vec<Option<f64>> {
        let weight: Vec<f64> = self.time.iter().map(|&time| draw.weights[time as usize]).collect();
        match &self.columns {
            Columns::Direction { outcome, class, log_losses, brier_scores, rankings } => {
                let counts = Counts::of(outcome, class, &weight);
                vec![
                    accuracy(&counts),
                    macro_f1(&counts),
                    weighted_f1(&counts),
                    mcc(&counts),
                    log_losses.as_ref().and_then(|losses| weighted_mean(losses, &weight)),
                    weighted_mean(brier_scores, &weight),
                    auc(rankings, outcome, &weight),
                ]
            }
            Columns::Return {
                forecast,
                outcome,
                squared_errors,
                forecast_ranking,
                outcome_ranking,
            } => vec![
                pearson(forecast, outcome, &weight),
                spearman(forecast_ranking, outcome_ranking, &weight),
                rmse(squared_errors, &weight),
            ],
            Columns::Volatility { qlike_losses, squared_errors } => {
                vec![weighted_mean(qlike_losses, &weight), rmse(squared_errors, &weight)]
            }
        }
    }
}

/// Class probabilities and outcome classes of the rows with a direction head and a known outcome.
pub(super) fn directions(rows: &[&Forecast]) -> (Vec<ByClass<f32>>, Vec<u8>) {
    rows.iter().filter_map(|row| row.class_probability.zip(row.outcome.map(|o| o.class))).unzip()
}

fn direction(known: &[(&Forecast, Outcome)]) -> Columns {
    let rows: Vec<&Forecast> = known.iter().map(|(row, _)| *row).collect();
    let (probability, outcome) = directions(&rows);
    let classes = probability.first().map_or(0, |p| p.len());
    let column = |class: usize| probability.iter().map(|p| p[class]).collect::<Vec<f32>>();
    Columns::Direction {
        class: probability.iter().map(likeliest).collect(),
        log_losses: log_losses(&probability, &outcome),
        brier_scores: brier_scores(&probability, &outcome),
        rankings: (0..classes).map(|class| Ranking::of(&column(class))).collect(),
        outcome,
    }
}

fn returns(known: &[(&Forecast, Outcome)]) -> Columns {
    let forecast: Vec<f32> = known.iter().filter_map(|(row, _)| row.return_mean).collect();
    let outcome: Vec<f32> = known.iter().map(|(_, outcome)| outcome.forward_return).collect();
    let (forecast_ranking, outcome_ranking) = (Ranking::of(&forecast), Ranking::of(&outcome));
    let (forecast, outcome) = (widened(&forecast), widened(&outcome));
    Columns::Return {
        squared_errors: squared_errors(&forecast, &outcome),
        forecast,
        outcome,
        forecast_ranking,
        outcome_ranking,
    }
}

fn volatility(known: &[(&Forecast, Outcome)]) -> Columns {
    let forecast: Vec<f32> = known.iter().filter_map(|(row, _)| row.volatility).collect();
    let outcome: Vec<f32> = known.iter().map(|(_, outcome)| outcome.volatility).collect();
    Columns::Volatility {
        qlike_losses: qlike_losses(&forecast, &outcome),
        squared_errors: squared_errors(&widened(&forecast), &widened(&outcome)),
    }
}

fn widened(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}
