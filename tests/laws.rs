//! Integration tests: the laws that every step holds, on random series and on real candles.

mod features_laws;
