//! Drawing: a surface of RGB pixels, soft-edged shapes, glows, the burnt-in text and the frame number's bar code.
//!
//! Colours are display values, 0 to 255 as `f32`. Not here: what is drawn where ([`super::scenes`]).

use super::font::glyph;
use super::{HEIGHT, WIDTH};

/// Red, green and blue, 0 to 255.
pub(super) type Rgb = [f32; 3];

/// Something with [`WIDTH`] by [`HEIGHT`] pixels that can be mixed with a colour.
pub(super) trait Surface {
    /// Moves the pixel towards `color`; `alpha` 0 leaves it, 1 replaces it. Outside the picture nothing happens.
    fn blend(&mut self, x: i32, y: i32, color: Rgb, alpha: f32);

    /// Adds light to the pixel.
    fn light(&mut self, x: i32, y: i32, color: Rgb, amount: f32);
}

/// The still part of a scene, in floating point so that gradients stay smooth until the end.
pub(super) struct Backdrop(pub Vec<Rgb>);

/// One finished picture, packed RGB bytes.
pub(super) struct Picture(pub Vec<u8>);

fn index(x: i32, y: i32) -> Option<usize> {
    let inside = (0..WIDTH as i32).contains(&x) && (0..HEIGHT as i32).contains(&y);
    inside.then(|| y as usize * WIDTH + x as usize)
}

impl Surface for Backdrop {
    fn blend(&mut self, x: i32, y: i32, color: Rgb, alpha: f32) {
        if let Some(at) = index(x, y) {
            let pixel = &mut self.0[at];
            for (old, new) in pixel.iter_mut().zip(color) {
                *old += (new - *old) * alpha;
            }
        }
    }

    fn light(&mut self, x: i32, y: i32, color: Rgb, amount: f32) {
        if let Some(at) = index(x, y) {
            for (old, new) in self.0[at].iter_mut().zip(color) {
                *old += new * amount;
            }
        }
    }
}

impl Surface for Picture {
    fn blend(&mut self, x: i32, y: i32, color: Rgb, alpha: f32) {
        if let Some(at) = index(x, y) {
            for (old, new) in self.0[at * 3..at * 3 + 3].iter_mut().zip(color) {
                *old = (f32::from(*old) + (new - f32::from(*old)) * alpha) as u8;
            }
        }
    }

    fn light(&mut self, x: i32, y: i32, color: Rgb, amount: f32) {
        if let Some(at) = index(x, y) {
            for (old, new) in self.0[at * 3..at * 3 + 3].iter_mut().zip(color) {
                *old = (f32::from(*old) + new * amount + 0.5).min(255.0) as u8;
            }
        }
    }
}

impl Backdrop {
    /// A vertical gradient through `stops` (height 0 to 1, colour), in rising order.
    pub(super) fn gradient(stops: &[(f32, Rgb)]) -> Self {
        let mut pixels = Vec::with_capacity(WIDTH * HEIGHT);
        for y in 0..HEIGHT {
            let color = along(stops, y as f32 / HEIGHT as f32);
            pixels.extend(std::iter::repeat_n(color, WIDTH));
        }
        Self(pixels)
    }

    /// Darkens the corners, adds film-like dither against banding, and makes it bytes.
    pub(super) fn finish(&self, noise: &mut Noise) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(WIDTH * HEIGHT * 3);
        for (at, pixel) in self.0.iter().enumerate() {
            let x = (at % WIDTH) as f32 / WIDTH as f32 - 0.5;
            let y = (at / WIDTH) as f32 / HEIGHT as f32 - 0.5;
            let vignette = 1.0 - 0.75 * (x * x + y * y);
            let dither = noise.next() * 1.6;
            bytes.extend(pixel.map(|c| (c * vignette + dither + 0.5).clamp(0.0, 255.0) as u8));
        }
        bytes
    }
}

fn along(stops: &[(f32, Rgb)], at: f32) -> Rgb {
    let after = stops.iter().position(|(stop, _)| *stop >= at).unwrap_or(stops.len() - 1).max(1);
    let ((a, from), (b, to)) = (stops[after - 1], stops[after]);
    let part = ((at - a) / (b - a).max(1e-6)).clamp(0.0, 1.0);
    [0, 1, 2].map(|c| from[c] + (to[c] - from[c]) * part)
}

/// Repeatable noise, -1 to 1 with a bell shape.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn next(&mut self) -> f32 {
        let bits = self.bits();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff);
        sum as f32 / (1.5 * 65_535.0) - 1.0
    }

    /// Evenly from 0 to 1.
    pub(super) fn even(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 16_777_216.0
    }
}

/// A filled polygon with edges softened over one pixel (four by four samples).
pub(super) fn polygon(on: &mut impl Surface, points: &[(f32, f32)], color: Rgb, alpha: f32) {
    let top = points.iter().map(|p| p.1).fold(f32::MAX, f32::min).floor().max(0.0) as i32;
    let bottom = points.iter().map(|p| p.1).fold(f32::MIN, f32::max).ceil().min(HEIGHT as f32) as i32;
    let mut cover = vec![0.0f32; WIDTH];
    for y in top..bottom {
        cover.fill(0.0);
        let (mut first, mut last) = (WIDTH as i32, 0);
        for sample in 0..4 {
            let line = y as f32 + (sample as f32 + 0.5) / 4.0;
            let mut cuts: Vec<f32> = Vec::with_capacity(8);
            for (a, b) in points.iter().zip(points.iter().cycle().skip(1)) {
                if (a.1 <= line) != (b.1 <= line) {
                    cuts.push(a.0 + (line - a.1) / (b.1 - a.1) * (b.0 - a.0));
                }
            }
            cuts.sort_by(f32::total_cmp);
            for pair in cuts.chunks_exact(2) {
                let (from, to) = (pair[0].max(0.0), pair[1].min(WIDTH as f32));
                for x in from.floor() as i32..to.ceil() as i32 {
                    let part = (to.min(x as f32 + 1.0) - from.max(x as f32)).max(0.0);
                    cover[x as usize] += part / 4.0;
                    first = first.min(x);
                    last = last.max(x);
                }
            }
        }
        for x in first..=last.min(WIDTH as i32 - 1) {
            let part = cover[x as usize];
            if part > 0.0 {
                on.blend(x, y, color, part.min(1.0) * alpha);
            }
        }
    }
}

/// A filled rectangle.
pub(super) fn rect(on: &mut impl Surface, x: f32, y: f32, w: f32, h: f32, color: Rgb, alpha: f32) {
    polygon(on, &[(x, y), (x + w, y), (x + w, y + h), (x, y + h)], color, alpha);
}

/// A filled ellipse around a centre.
pub(super) fn ellipse(on: &mut impl Surface, x: f32, y: f32, rx: f32, ry: f32, color: Rgb, alpha: f32) {
    let steps = 40;
    let points: Vec<_> = (0..steps)
        .map(|i| {
            let turn = i as f32 / steps as f32 * std::f32::consts::TAU;
            (x + rx * turn.cos(), y + ry * turn.sin())
        })
        .collect();
    polygon(on, &points, color, alpha);
}

/// An ellipse that fades from `alpha` at the centre to nothing at its rim: a shadow.
pub(super) fn shade(on: &mut impl Surface, x: f32, y: f32, rx: f32, ry: f32, color: Rgb, alpha: f32) {
    around(x, y, rx, ry, |px, py, fade| on.blend(px, py, color, alpha * fade));
}

/// Light that falls off from the centre to the rim of an ellipse.
pub(super) fn glow(on: &mut impl Surface, x: f32, y: f32, rx: f32, ry: f32, color: Rgb, amount: f32) {
    around(x, y, rx, ry, |px, py, fade| on.light(px, py, color, amount * fade));
}

fn around(x: f32, y: f32, rx: f32, ry: f32, mut each: impl FnMut(i32, i32, f32)) {
    for py in (y - ry).floor().max(0.0) as i32..(y + ry).ceil().min(HEIGHT as f32) as i32 {
        for px in (x - rx).floor().max(0.0) as i32..(x + rx).ceil().min(WIDTH as f32) as i32 {
            let (dx, dy) = ((px as f32 - x) / rx, (py as f32 - y) / ry);
            let square = dx * dx + dy * dy;
            if square < 1.0 {
                each(px, py, (1.0 - square) * (1.0 - square));
            }
        }
    }
}

/// Text with a thin shadow; `size` is the width of one of the typeface's pixels.
pub(super) fn text(on: &mut impl Surface, x: usize, y: usize, size: usize, text: &str, color: Rgb) {
    for (offset, color) in [(2, [0.0; 3]), (0, color)] {
        for (place, character) in text.chars().enumerate() {
            for (row, bits) in glyph(character).into_iter().enumerate() {
                for column in 0..5 {
                    if bits >> (4 - column) & 1 == 1 {
                        let left = (x + offset + (place * 6 + column) * size) as f32;
                        let top = (y + offset + row * size) as f32;
                        rect(on, left, top, size as f32, size as f32, color, 0.85);
                    }
                }
            }
        }
    }
}

/// The frame number's bar code: 24 squares on a grid of 80 by 45, row 43, columns 55 to 78 (see `sim::stamp`).
pub(super) fn stamp(on: &mut impl Surface, scene: u32, number: u32) {
    let value = scene << 12 | number;
    let nibbles = (0..4).map(|n| value >> (4 * n) & 15).sum::<u32>();
    let code = 0b1101 << 20 | value << 6 | ((nibbles + 10) & 15) << 2 | 0b01;
    let cell = WIDTH as f32 / 80.0;
    for bit in 0..24 {
        let shade = if code >> (23 - bit) & 1 == 1 { [214.0; 3] } else { [14.0; 3] };
        rect(on, (55 + bit) as f32 * cell, 43.0 * cell, cell, cell, shade, 1.0);
    }
}
