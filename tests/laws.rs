//! Integration tests: the laws that every step holds, on random series and on real candles.

pub mod features_laws;
