//! Candlewick trains, stacks and honestly evaluates multitask nets on market data.
//!
//! Data goes down one staircase, from candles to the report; a module imports only from modules
//! above it. `docs/ARCHITECTURE.md` draws the stairs.

pub mod market;

pub mod files;

pub mod event;
pub mod forecast;
pub mod run_folder;

pub mod store;

pub mod ingest;

pub mod features;
pub mod folds;
pub mod labels;

pub mod fi_2010;

pub mod scores;

pub mod inspection;

pub mod windows;

pub mod leaks;

pub mod kernels;
pub mod nets;

pub mod training;

pub mod ensemble;

pub mod backtest;

pub mod tracking;

pub mod report;

pub mod config;

pub mod pipeline;

pub mod cli;
