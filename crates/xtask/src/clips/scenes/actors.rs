//! What several scenes have: a ground in perspective, cars, people, lamps, lit windows.
//!
//! A place on the ground is (x, z): x in pixels to the right of the vanishing point as seen at depth 1 (the picture's
//! bottom edge), z the depth. Heights are pixels at depth 1. Not here: where and when.

use crate::clips::draw::{Noise, Rgb, Surface, ellipse, glow, polygon, rect, shade};

/// How the ground is seen.
#[derive(Clone, Copy)]
pub(super) struct Ground {
    /// The vanishing point.
    pub eye: (f32, f32),
    /// From the horizon down to the ground at depth 1.
    pub drop: f32,
    /// The colour that distance fades to.
    pub haze: Rgb,
}

impl Ground {
    /// Where a point `height` above the ground is seen.
    pub(super) fn at(&self, x: f32, height: f32, z: f32) -> (f32, f32) {
        (self.eye.0 + x / z, self.eye.1 + (self.drop - height) / z)
    }

    /// A colour as it looks from that depth.
    pub(super) fn hazed(&self, color: Rgb, z: f32) -> Rgb {
        mixed(color, self.haze, 1.0 - (-(z - 1.0) * 0.09).exp())
    }

    /// A flat piece of ground between two depths and two lines.
    pub(super) fn floor(&self, on: &mut impl Surface, x: (f32, f32), z: (f32, f32), color: Rgb, alpha: f32) {
        let points =
            [self.at(x.0, 0.0, z.0), self.at(x.1, 0.0, z.0), self.at(x.1, 0.0, z.1), self.at(x.0, 0.0, z.1)];
        polygon(on, &points, color, alpha);
    }

    /// A wall along the line x between two depths, from one height to another.
    pub(super) fn wall(
        &self,
        on: &mut impl Surface,
        x: f32,
        z: (f32, f32),
        height: (f32, f32),
        color: Rgb,
        alpha: f32,
    ) {
        let (low, high) = height;
        let points =
            [self.at(x, low, z.0), self.at(x, high, z.0), self.at(x, high, z.1), self.at(x, low, z.1)];
        polygon(on, &points, color, alpha);
    }

    /// A wall that faces the camera.
    pub(super) fn face(
        &self,
        on: &mut impl Surface,
        x: (f32, f32),
        z: f32,
        height: (f32, f32),
        color: Rgb,
        alpha: f32,
    ) {
        let ((left, bottom), (right, top)) = (self.at(x.0, height.0, z), self.at(x.1, height.1, z));
        rect(on, left, top, right - left, bottom - top, color, alpha);
    }
}

/// `part` 0 is `a`, 1 is `b`.
pub(super) fn mixed(a: Rgb, b: Rgb, part: f32) -> Rgb {
    [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * part)
}

/// Rows of windows on a wall along x; some lit, some dark.
pub(super) fn windows(
    on: &mut impl Surface,
    ground: &Ground,
    noise: &mut Noise,
    x: f32,
    z: (f32, f32),
    top: f32,
) {
    let columns = 9;
    let step = (z.1 / z.0).powf(1.0 / columns as f32);
    let mut near = z.0;
    for _ in 0..columns {
        let far = near * step;
        let (from, to) = (near * step.powf(0.22), near * step.powf(0.74));
        let mut low = 250.0;
        while low + 150.0 < top {
            let lit = noise.even();
            let color = match lit {
                l if l > 0.86 => [226.0, 176.0, 104.0],
                l if l > 0.74 => [150.0, 122.0, 84.0],
                l if l > 0.68 => [116.0, 140.0, 156.0],
                _ => [24.0, 32.0, 44.0],
            };
            ground.wall(on, x, (from, to), (low, low + 105.0), ground.hazed(color, near), 0.9);
            low += 190.0;
        }
        near = far;
    }
}

/// A street lamp with its glow and the pool of light under it.
pub(super) fn lamp(on: &mut impl Surface, ground: &Ground, x: f32, z: f32, arm: f32, color: Rgb) {
    let height = 760.0;
    let dark = ground.hazed([18.0, 22.0, 28.0], z);
    let (left, bottom) = ground.at(x - 6.0, 0.0, z);
    let (right, top) = ground.at(x + 6.0, height, z);
    rect(on, left, top, right - left, bottom - top, dark, 1.0);
    let (tip, _) = ground.at(x + arm, height, z);
    let thick = 9.0 / z;
    rect(on, left.min(tip), top, (tip - left).abs() + thick, thick, dark, 1.0);
    let (px, py) = ground.at(x + arm, 0.0, z);
    glow(on, px, py, 470.0 / z, 130.0 / z, color, 0.34);
    let reach = 330.0 / z;
    glow(on, tip, top + thick, reach, reach, color, 0.42);
    glow(on, tip, top + thick, reach * 0.28, reach * 0.28, color, 0.9);
    ellipse(on, tip, top + thick * 1.4, 26.0 / z, 9.0 / z, [255.0, 240.0, 214.0], 1.0);
}

/// A car seen from the front (`towards`) or from behind.
pub(super) fn car(on: &mut impl Surface, ground: &Ground, x: f32, z: f32, towards: bool, paint: Rgb) {
    let paint = ground.hazed(paint, z);
    let scale = 1.0 / z;
    let (cx, y) = ground.at(x, 0.0, z);
    let at = |dx: f32, dy: f32| (cx + dx * scale, y - dy * scale);
    shade(on, cx, y, 250.0 * scale, 46.0 * scale, [2.0, 3.0, 5.0], 0.9);
    for side in [-1.0, 1.0] {
        let (wx, wy) = at(side * 138.0 - 26.0, 66.0);
        rect(on, wx, wy, 52.0 * scale, 66.0 * scale, [7.0, 8.0, 10.0], 1.0);
    }
    let lower = [
        at(-176.0, 36.0),
        at(176.0, 36.0),
        at(184.0, 118.0),
        at(160.0, 162.0),
        at(-160.0, 162.0),
        at(-184.0, 118.0),
    ];
    polygon(on, &lower, paint, 1.0);
    let upper = [at(-152.0, 158.0), at(152.0, 158.0), at(114.0, 252.0), at(-114.0, 252.0)];
    polygon(on, &upper, mixed(paint, [0.0; 3], 0.3), 1.0);
    let glass = [at(-134.0, 164.0), at(134.0, 164.0), at(102.0, 240.0), at(-102.0, 240.0)];
    polygon(on, &glass, ground.hazed([38.0, 50.0, 62.0], z), 1.0);
    let band = [at(-176.0, 78.0), at(176.0, 78.0), at(176.0, 70.0), at(-176.0, 70.0)];
    polygon(on, &band, [10.0, 12.0, 15.0], 0.7);
    let light: Rgb = if towards { [255.0, 240.0, 208.0] } else { [236.0, 40.0, 30.0] };
    for side in [-1.0, 1.0] {
        let (lx, ly) = at(side * 136.0, 112.0);
        ellipse(on, lx, ly, 30.0 * scale, 15.0 * scale, light, 1.0);
        let (reach, amount) = if towards { (190.0, 0.62) } else { (100.0, 0.4) };
        glow(on, lx, ly, reach * scale, reach * scale, light, amount);
    }
    if towards {
        let (_, front) = at(0.0, -70.0);
        glow(on, cx, front, 420.0 * scale, 120.0 * scale, light, 0.26);
    }
}

/// Somebody walking; `stride` is the phase of the step, `facing` -1 left, 1 right.
pub(super) fn person(
    on: &mut impl Surface,
    ground: &Ground,
    place: (f32, f32),
    stride: f32,
    facing: f32,
    coat: Rgb,
) {
    let (x, z) = place;
    let scale = 1.0 / z;
    let (cx, y) = ground.at(x, 0.0, z);
    let at = |dx: f32, dy: f32| (cx + dx * facing * scale, y - dy * scale);
    let coat = ground.hazed(coat, z);
    let trousers = ground.hazed([14.0, 17.0, 22.0], z);
    shade(on, cx, y, 74.0 * scale, 18.0 * scale, [2.0, 3.0, 5.0], 0.8);
    let swing = stride.sin() * 44.0;
    let lift = |s: f32| if s > 0.0 { 8.0 } else { 0.0 };
    for (swing, shade) in [(-swing, 0.35), (swing, 0.0)] {
        let leg =
            [at(-15.0, 150.0), at(15.0, 150.0), at(swing + 12.0, lift(swing)), at(swing - 14.0, lift(swing))];
        polygon(on, &leg, mixed(trousers, [0.0; 3], shade), 1.0);
    }
    let body = [
        at(-30.0, 130.0),
        at(30.0, 130.0),
        at(36.0, 262.0),
        at(14.0, 286.0),
        at(-14.0, 286.0),
        at(-36.0, 262.0),
    ];
    polygon(on, &body, coat, 1.0);
    let arm =
        [at(-8.0, 264.0), at(12.0, 264.0), at(-swing * 0.8 + 9.0, 156.0), at(-swing * 0.8 - 9.0, 156.0)];
    polygon(on, &arm, mixed(coat, [0.0; 3], 0.35), 1.0);
    let (hx, hy) = at(2.0, 312.0);
    ellipse(on, hx, hy, 21.0 * scale, 26.0 * scale, ground.hazed([104.0, 84.0, 72.0], z), 1.0);
    let hair = [at(-21.0, 312.0), at(-17.0, 336.0), at(6.0, 342.0), at(22.0, 328.0), at(-2.0, 322.0)];
    polygon(on, &hair, ground.hazed([20.0, 18.0, 18.0], z), 1.0);
}
