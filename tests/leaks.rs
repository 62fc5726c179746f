//! Integration tests: the leak detector finds what is planted and nothing else.

mod command;
mod own;
mod planted;
mod world;
