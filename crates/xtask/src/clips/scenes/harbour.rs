//! A harbour after sunset: a Martello tower on the headland, moored boats, a ship passing, the quay. Violet.

use super::actors::{Ground, mixed, person};
use crate::clips::draw::{Backdrop, Noise, Picture, Rgb, Surface, ellipse, glow, polygon, rect};

const GROUND: Ground = Ground { eye: (900.0, 470.0), drop: 700.0, haze: [66.0, 56.0, 82.0] };
const SEA: f32 = 470.0;
const TOWER: (f32, f32) = (420.0, 300.0);

pub(super) fn still(noise: &mut Noise) -> Backdrop {
    let mut dusk = Backdrop::gradient(&[
        (0.0, [24.0, 22.0, 48.0]),
        (0.25, [54.0, 44.0, 78.0]),
        (0.43, [126.0, 86.0, 92.0]),
        (0.435, [72.0, 58.0, 80.0]),
        (0.6, [40.0, 36.0, 60.0]),
        (1.0, [16.0, 16.0, 30.0]),
    ]);
    let on = &mut dusk;
    glow(on, 1330.0, SEA, 900.0, 300.0, [150.0, 84.0, 60.0], 0.4);
    for _ in 0..70 {
        let (x, y) = (noise.even() * 1920.0, noise.even() * 260.0);
        glow(on, x, y, 2.6, 2.6, [190.0, 190.0, 220.0], 0.3 + 0.5 * noise.even());
    }
    for i in 0..60 {
        let y = SEA + 4.0 + (i as f32 / 60.0).powi(2) * 500.0;
        let (x, width) = (noise.even() * 1920.0, 60.0 + noise.even() * 360.0 * (y / 1080.0));
        rect(
            on,
            x - width / 2.0,
            y,
            width,
            1.5 + (y - SEA) / 160.0,
            mixed([120.0, 92.0, 110.0], [70.0, 64.0, 96.0], i as f32 / 60.0),
            0.22,
        );
    }
    headland(on, noise);
    quay(on, noise);
    dusk
}

fn headland(on: &mut Backdrop, noise: &mut Noise) {
    let mut shore = vec![(-10.0, SEA + 24.0), (-10.0, 404.0)];
    for i in 0..34 {
        let x = i as f32 * 26.0;
        let top = 398.0 + (i as f32 / 34.0).powi(2) * 84.0 + noise.even() * 6.0;
        shore.push((x, top));
    }
    shore.push((890.0, SEA + 24.0));
    polygon(on, &shore, [30.0, 27.0, 42.0], 1.0);
    // The tower: round, tapering, with a parapet.
    let (x, top) = TOWER;
    polygon(
        on,
        &[(x - 92.0, 420.0), (x - 72.0, top), (x + 72.0, top), (x + 92.0, 420.0)],
        [64.0, 56.0, 70.0],
        1.0,
    );
    polygon(
        on,
        &[(x + 10.0, 420.0), (x + 8.0, top), (x + 72.0, top), (x + 92.0, 420.0)],
        [44.0, 38.0, 54.0],
        0.7,
    );
    polygon(
        on,
        &[(x - 78.0, top + 10.0), (x - 80.0, top - 16.0), (x + 80.0, top - 16.0), (x + 78.0, top + 10.0)],
        [76.0, 66.0, 80.0],
        1.0,
    );
    for (dx, y) in [(-36.0, 350.0), (20.0, 340.0)] {
        rect(on, x + dx, y, 12.0, 22.0, [236.0, 186.0, 110.0], 0.9);
        glow(on, x + dx + 6.0, y + 11.0, 40.0, 40.0, [236.0, 170.0, 90.0], 0.3);
    }
    rect(on, x - 14.0, top - 42.0, 28.0, 28.0, [84.0, 74.0, 84.0], 1.0);
    // Houses on the shore.
    for i in 0..9 {
        let hx = 560.0 + i as f32 * 34.0 + noise.even() * 10.0;
        let y = 432.0 + i as f32 * 3.5;
        polygon(
            on,
            &[(hx, y + 26.0), (hx, y), (hx + 13.0, y - 13.0), (hx + 26.0, y), (hx + 26.0, y + 26.0)],
            [42.0, 36.0, 52.0],
            1.0,
        );
        if noise.even() > 0.4 {
            rect(on, hx + 8.0, y + 6.0, 7.0, 8.0, [240.0, 190.0, 116.0], 0.9);
            streak(on, hx + 11.0, SEA + 26.0, 70.0, [236.0, 176.0, 100.0], 0.3);
        }
    }
}

/// The reflection of a light in the water.
fn streak(on: &mut impl Surface, x: f32, y: f32, length: f32, color: Rgb, amount: f32) {
    glow(on, x, y + length / 2.0, 7.0, length / 2.0, color, amount);
}

fn quay(on: &mut Backdrop, noise: &mut Noise) {
    polygon(
        on,
        &[(1010.0, 1090.0), (1330.0, 600.0), (1930.0, 560.0), (1930.0, 1090.0)],
        [48.0, 44.0, 54.0],
        1.0,
    );
    polygon(
        on,
        &[(1010.0, 1090.0), (1330.0, 600.0), (1344.0, 600.0), (1060.0, 1090.0)],
        [84.0, 76.0, 82.0],
        1.0,
    );
    polygon(
        on,
        &[(930.0, 1090.0), (1316.0, 610.0), (1330.0, 600.0), (1010.0, 1090.0)],
        [22.0, 20.0, 30.0],
        1.0,
    );
    for i in 0..5 {
        let z = 1.05 * 1.28_f32.powi(i);
        let (x, y) = (1345.0 - 250.0 / z, 470.0 + 640.0 / z);
        ellipse(on, x + 70.0 / z, y - 20.0 / z, 30.0 / z, 14.0 / z, [18.0, 17.0, 24.0], 1.0);
        rect(on, x + 48.0 / z, y - 20.0 / z, 44.0 / z, 44.0 / z, [24.0, 22.0, 30.0], 1.0);
    }
    for (x, y, s) in [(1700.0, 600.0, 1.0), (1490.0, 590.0, 0.62)] {
        rect(on, x - 4.0 * s, y - 330.0 * s, 8.0 * s, 330.0 * s + 30.0, [24.0, 22.0, 32.0], 1.0);
        rect(on, x - 60.0 * s, y - 330.0 * s, 64.0 * s, 7.0 * s, [24.0, 22.0, 32.0], 1.0);
        glow(on, x - 56.0 * s, y - 320.0 * s, 60.0 * s, 50.0 * s, [255.0, 220.0, 170.0], 0.5);
        glow(on, x - 56.0 * s, y - 320.0 * s, 230.0 * s, 200.0 * s, [255.0, 196.0, 128.0], 0.3);
        ellipse(on, x - 56.0 * s, y - 320.0 * s, 18.0 * s, 7.0 * s, [255.0, 236.0, 200.0], 1.0);
        glow(on, x - 56.0 * s, y + 120.0 * s, 420.0 * s, 130.0 * s, [255.0, 190.0, 120.0], 0.3);
    }
    for i in 0..6 {
        let x = 1560.0 + i as f32 * 66.0;
        let height = 70.0 + noise.even() * 60.0;
        let paint = [[82.0, 56.0, 50.0], [52.0, 60.0, 76.0], [74.0, 68.0, 58.0]][i % 3];
        rect(on, x, 650.0 - height, 60.0, height, paint, 1.0);
        rect(on, x, 650.0 - height, 60.0, 6.0, mixed(paint, [255.0; 3], 0.2), 1.0);
    }
}

pub(super) fn moving(on: &mut Picture, t: f32) {
    beam(on, t);
    ship(on, 2150.0 - t * 26.0);
    // Two moored boats rock a little.
    for (x, y, s, phase) in [(700.0, 640.0, 1.0, 0.0), (1010.0, 590.0, 0.7, 1.9)] {
        let rock = (t * 1.1 + phase).sin();
        boat(on, x, y + rock * 2.0, s, rock * 0.03);
    }
    if (14.0..32.0).contains(&t) {
        let step = t - 14.0;
        person(on, &GROUND, (800.0 + step * 6.0, 1.5 + step * 0.1), t * 6.2, -1.0, [66.0, 58.0, 70.0]);
    }
}

/// The tower's light turns once in twelve seconds.
fn beam(on: &mut Picture, t: f32) {
    let (x, y) = (TOWER.0, TOWER.1 - 28.0);
    let turn = t / 12.0 * std::f32::consts::TAU;
    let (across, towards) = (turn.cos(), turn.sin());
    let reach = 1250.0 * across;
    for step in 0..4 {
        let half = 26.0 + step as f32 * 22.0;
        let end = x + reach;
        polygon(
            on,
            &[(x, y - 3.0), (end, y - half), (end, y + half), (x, y + 3.0)],
            [230.0, 214.0, 190.0],
            0.022,
        );
    }
    let flash = towards.max(0.0).powi(24);
    glow(on, x, y, 60.0 + 300.0 * flash, 60.0 + 200.0 * flash, [255.0, 232.0, 190.0], 0.6 + 0.3 * flash);
}

fn ship(on: &mut Picture, x: f32) {
    let y = SEA + 6.0;
    let at = |dx: f32, dy: f32| (x + dx, y - dy);
    polygon(
        on,
        &[at(-150.0, 24.0), at(170.0, 24.0), at(150.0, 0.0), at(-140.0, 0.0)],
        [22.0, 20.0, 34.0],
        1.0,
    );
    polygon(on, &[at(70.0, 24.0), at(130.0, 24.0), at(130.0, 66.0), at(76.0, 66.0)], [60.0, 54.0, 70.0], 1.0);
    for i in 0..4 {
        let left = -130.0 + i as f32 * 48.0;
        let paint = [[88.0, 50.0, 48.0], [54.0, 62.0, 80.0]][i % 2];
        polygon(
            on,
            &[at(left, 24.0), at(left + 44.0, 24.0), at(left + 44.0, 42.0), at(left, 42.0)],
            paint,
            1.0,
        );
    }
    for i in 0..4 {
        let (wx, wy) = at(82.0 + i as f32 * 12.0, 54.0);
        rect(on, wx, wy, 6.0, 5.0, [250.0, 214.0, 150.0], 1.0);
    }
    for (dx, dy, color) in [
        (-140.0, 40.0, [255.0, 240.0, 220.0]),
        (104.0, 80.0, [255.0, 240.0, 220.0]),
        (-150.0, 26.0, [230.0, 50.0, 40.0]),
    ] {
        let (lx, ly) = at(dx, dy);
        glow(on, lx, ly, 14.0, 14.0, color, 0.9);
        streak(on, lx, y + 4.0, 60.0, color, 0.25);
    }
}

fn boat(on: &mut Picture, x: f32, y: f32, s: f32, tilt: f32) {
    let at = |dx: f32, dy: f32| (x + (dx + dy * tilt) * s, y - (dy - dx * tilt) * s);
    polygon(
        on,
        &[at(-120.0, 40.0), at(130.0, 46.0), at(100.0, 0.0), at(-104.0, 0.0)],
        [34.0, 32.0, 50.0],
        1.0,
    );
    polygon(
        on,
        &[at(-120.0, 40.0), at(130.0, 46.0), at(127.0, 36.0), at(-118.0, 31.0)],
        [110.0, 92.0, 96.0],
        1.0,
    );
    polygon(on, &[at(-60.0, 40.0), at(40.0, 42.0), at(30.0, 84.0), at(-50.0, 84.0)], [72.0, 64.0, 78.0], 1.0);
    polygon(
        on,
        &[at(-46.0, 56.0), at(26.0, 57.0), at(22.0, 74.0), at(-40.0, 74.0)],
        [214.0, 170.0, 108.0],
        0.85,
    );
    polygon(on, &[at(-3.0, 84.0), at(3.0, 84.0), at(2.0, 300.0), at(-2.0, 300.0)], [26.0, 24.0, 36.0], 1.0);
    polygon(on, &[at(0.0, 296.0), at(1.0, 296.0), at(126.0, 46.0), at(124.0, 46.0)], [40.0, 36.0, 50.0], 0.8);
    let (lx, ly) = at(0.0, 304.0);
    glow(on, lx, ly, 16.0, 16.0, [255.0, 236.0, 200.0], 0.9);
    glow(on, x - 10.0 * s, y + 40.0 * s, 60.0 * s, 34.0 * s, [214.0, 160.0, 100.0], 0.3);
}
