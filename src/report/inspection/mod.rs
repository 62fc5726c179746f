//! An inspection of features and labels as a page: one HTML file that needs nothing but itself.

mod candles;
mod drawing;
mod features;
mod heat_map;
mod labels;
mod page;

pub use page::{InspectedConfig, render_inspection};
