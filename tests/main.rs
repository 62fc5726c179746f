//! The integration tests: one binary, one module a subject.

// Helpers outside #[test] functions unwrap too, and skipped tests say so on stderr.
#![allow(clippy::unwrap_used, clippy::print_stderr)]
// Tests are written for the reader, once and small.
#![allow(
    clippy::bool_to_int_with_if,
    clippy::duration_suboptimal_units,
    clippy::format_collect,
    clippy::manual_is_multiple_of,
    clippy::match_same_arms,
    clippy::naive_bytecount,
    clippy::needless_for_each,
    clippy::unnecessary_wraps
)]

mod alternative;
mod alternative_training;
mod backfill;
mod book_files;
mod book_rebuild;
mod books;
mod cli;
mod cross_symbol;
mod exchange;
mod faulty_server;
mod features;
mod features_build;
mod fi_2010;
mod images;
mod ingest;
mod inspection;
mod labels;
mod laws;
mod laws_folds;
mod laws_labels;
mod leaks;
mod ledger;
mod live;
mod members;
mod microstructure;
mod mlflow_server;
mod nets;
mod peers;
mod planted;
mod precision;
mod pretraining;
mod report;
mod resume;
mod scores;
mod series_columns;
mod series_sources;
mod simulated_books;
mod store;
mod store_check;
mod store_copies;
mod store_live;
mod store_segments;
mod streams;
mod support;
mod tidy;
mod tracking;
mod training;
