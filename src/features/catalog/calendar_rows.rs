//! Rows of the catalogue: calendar.

/// The group's rows, given on behind those before them.
macro_rules! calendar_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Calendar {
    HourSin "hour_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::hour_sin),
        "sin(2 pi h / 24), h the hour at which the candle opens, UTC", "cyclic encoding";
    HourCos "hour_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::hour_cos),
        "cos(2 pi h / 24), h the hour at which the candle opens, UTC", "cyclic encoding";
    WeekdaySin "weekday_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::weekday_sin),
        "sin(2 pi d / 7), d the day on which the candle opens, Monday 0, UTC", "cyclic encoding";
    WeekdayCos "weekday_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::weekday_cos),
        "cos(2 pi d / 7), d the day on which the candle opens, Monday 0, UTC", "cyclic encoding";
    Weekend "weekend" [OpenTime] window 0, "0 or 1" => OfCandle(calendar::weekend),
        "1 on Saturday and Sunday, else 0, UTC", "definition";
    FundingSin "funding_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::funding_sin),
        "sin(2 pi h / 8), h the hour at which the candle opens, UTC", "funding at 0, 8, 16 h UTC";
    FundingCos "funding_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::funding_cos),
        "cos(2 pi h / 8), h the hour at which the candle opens, UTC", "funding at 0, 8, 16 h UTC";
    MinuteSin "minute_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::minute_sin),
        "sin(2 pi m / 60), m the minute at which the candle opens", "cyclic encoding";
    MinuteCos "minute_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::minute_cos),
        "cos(2 pi m / 60), m the minute at which the candle opens", "cyclic encoding";
    MonthDaySin "month_day_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::month_day_sin),
        "sin(2 pi (d - 1) / D), d the day of the month on which the candle opens, D the days of that month, UTC",
        "cyclic encoding";
    MonthDayCos "month_day_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::month_day_cos),
        "cos(2 pi (d - 1) / D), d the day of the month on which the candle opens, D the days of that month, UTC",
        "cyclic encoding";
    MonthSin "month_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::month_sin),
        "sin(2 pi (m - 1) / 12), m the month in which the candle opens, UTC", "cyclic encoding";
    MonthCos "month_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::month_cos),
        "cos(2 pi (m - 1) / 12), m the month in which the candle opens, UTC", "cyclic encoding";
    TurnOfMonth "turn_of_month" [OpenTime] window 0, "0 or 1" => OfCandle(calendar::turn_of_month),
        "1 on the last and the first three days of a month, else 0, UTC",
        "Lakonishok and Smidt 1988, Are seasonal anomalies real?";
    AsiaSession "asia_session" [OpenTime] window 0, "0 or 1" => OfCandle(calendar::asia),
        "1 when the candle opens between 0 and 9 h, else 0, UTC", "hours of Tokyo";
    EuropeSession "europe_session" [OpenTime] window 0, "0 or 1" => OfCandle(calendar::europe),
        "1 when the candle opens between 7 and 16 h, else 0, UTC",
        "hours of London, summer time left aside";
    AmericaSession "america_session" [OpenTime] window 0, "0 or 1" => OfCandle(calendar::america),
        "1 when the candle opens between 13 and 21 h, else 0, UTC",
        "hours of New York, summer time left aside";
    FundingWait "funding_wait" [OpenTime] window 0, "0 to 1" => OfCandle(calendar::funding_wait),
        "share of the eight hours between two fundings that is left when the candle opens",
        "funding at 0, 8, 16 h UTC";
}
    } };
}
