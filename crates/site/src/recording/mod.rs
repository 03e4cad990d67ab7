//! Recording methods: what of each camera is recorded, when, and with how much of before and after.
//!
//! Pure parts: [`policy`] (why something is recorded now), [`motion`] (where motion is known from), [`estimator`] (motion
//! from the sizes of frames), [`schedule`] (weeks). [`gate`] chooses the frames of a stream; [`rolling`] keeps long pre
//! buffers. [`control`] is the thin shell: one for each camera, asked by its feeds at every picture.
//! What is not here: connecting to cameras (`feed`), writing (`recorder`), requests (`http`).

pub mod control;
pub mod estimator;
pub mod gate;
pub mod motion;
pub mod policy;
pub mod rolling;
pub mod schedule;
pub mod tap;

pub use control::{Calendar, Control};
