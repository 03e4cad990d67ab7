//! The evaluator, against its rules and a committed matrix.

mod matrix;
mod rules;
mod throttle;
