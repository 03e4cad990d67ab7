//! One channel of a FLAC frame: constant, fixed prediction with Rice coding, or verbatim, whichever is shortest.
//!
//! G.711's linear samples end in zero bits (µ-law 2, A-law 3); FLAC's *wasted bits* (RFC 9639, 9.2.2) leave them out.
//!
//! What is not here: linear prediction with coefficients, partitions of the residual.

use super::{BITS_PER_SAMPLE, bits::BitWriter};

const MAX_ORDER: usize = 4;
const MAX_PARAMETER: u32 = 14;

/// A way to write a block, and how many bits it takes after the subframe header.
#[derive(Clone, Copy)]
enum Form {
    Constant,
    Verbatim,
    Fixed { order: usize, parameter: u32 },
}

/// Writes a subframe; `pcm` (never empty, 16-bit values) is used up.
pub fn write(out: &mut BitWriter, pcm: &mut [i32]) {
    let wasted = pcm.iter().fold(0, |all, sample| all | sample).trailing_zeros();
    let wasted = if wasted >= BITS_PER_SAMPLE { 0 } else { wasted };
    pcm.iter_mut().for_each(|sample| *sample >>= wasted);
    let depth = BITS_PER_SAMPLE - wasted;
    let first = pcm.first().copied().unwrap_or_default();
    let form = if pcm.iter().all(|sample| *sample == first) { Form::Constant } else { best(pcm, depth) };
    let code = match form {
        Form::Constant => 0,
        Form::Verbatim => 1,
        Form::Fixed { order, .. } => 0b00_1000 | order as u32,
    };
    out.put(code, 7);
    out.put(u32::from(wasted > 0), 1);
    if wasted > 0 {
        out.unary(wasted - 1);
    }
    match form {
        Form::Constant => out.put_signed(first, depth),
        Form::Verbatim => pcm.iter().for_each(|sample| out.put_signed(*sample, depth)),
        Form::Fixed { order, parameter } => fixed(out, pcm, depth, order, parameter),
    }
}

/// The shortest of fixed predictors of order 0 to 4, each with its best parameter, and no prediction at all.
fn best(pcm: &[i32], depth: u32) -> Form {
    let mut best = (Form::Verbatim, pcm.len() as u64 * u64::from(depth));
    let mut residual = pcm.to_vec();
    for order in 0..=MAX_ORDER.min(pcm.len() - 1) {
        if order > 0 {
            difference(&mut residual, order);
        }
        let folded: u64 = residual.iter().skip(order).map(|value| u64::from(zigzag(*value))).sum();
        let count = (pcm.len() - order) as u64;
        // The best parameter is near the logarithm of the mean.
        let middle = (folded / count).checked_ilog2().unwrap_or(0);
        for parameter in middle.saturating_sub(1)..=(middle + 1).min(MAX_PARAMETER) {
            let coded: u64 =
                residual.iter().skip(order).map(|value| u64::from(zigzag(*value) >> parameter)).sum();
            let bits = order as u64 * u64::from(depth) + 10 + count * u64::from(parameter + 1) + coded;
            if bits < best.1 {
                best = (Form::Fixed { order, parameter }, bits);
            }
        }
    }
    best.0
}

/// Turns the residual of one order into that of the next.
fn difference(residual: &mut [i32], order: usize) {
    for at in (order..residual.len()).rev() {
        residual[at] -= residual[at - 1];
    }
}

/// 0, −1, 1, −2, 2… as 0, 1, 2, 3, 4…
fn zigzag(value: i32) -> u32 {
    (value << 1 ^ value >> 31) as u32
}

fn fixed(out: &mut BitWriter, pcm: &mut [i32], depth: u32, order: usize, parameter: u32) {
    pcm.iter().take(order).for_each(|sample| out.put_signed(*sample, depth));
    for order in 1..=order {
        difference(pcm, order);
    }
    out.put(0, 6); // 4-bit parameters, one partition
    out.put(parameter, 4);
    for value in pcm.iter().skip(order) {
        let folded = zigzag(*value);
        out.unary(folded >> parameter);
        out.put(folded, parameter);
    }
}
