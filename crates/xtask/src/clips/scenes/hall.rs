//! A warehouse from inside: shelves with boxes, lamps over the aisle, a fork-lift truck, somebody fetching. Warm.

use super::actors::{Ground, mixed, person};
use crate::clips::draw::{Backdrop, Noise, Picture, Rgb, ellipse, glow, polygon, rect, shade};

const GROUND: Ground = Ground { eye: (960.0, 430.0), drop: 690.0, haze: [58.0, 48.0, 38.0] };
const LIGHT: Rgb = [255.0, 214.0, 150.0];
const SHELF: f32 = 700.0;
const CEILING: f32 = 1500.0;

pub(super) fn still(noise: &mut Noise) -> Backdrop {
    let mut hall = Backdrop::gradient(&[(0.0, [24.0, 21.0, 19.0]), (1.0, [34.0, 29.0, 25.0])]);
    let on = &mut hall;
    GROUND.floor(on, (-3000.0, 3000.0), (0.8, 12.0), [62.0, 53.0, 44.0], 1.0);
    GROUND.face(on, (-3200.0, 3200.0), 12.0, (0.0, CEILING), [60.0, 51.0, 42.0], 1.0);
    GROUND.face(on, (-420.0, 420.0), 12.0, (0.0, 620.0), [78.0, 68.0, 54.0], 1.0);
    for line in 0..6 {
        GROUND.face(
            on,
            (-420.0, 420.0),
            12.0,
            (100.0 * line as f32, 100.0 * line as f32 + 10.0),
            [52.0, 46.0, 38.0],
            1.0,
        );
    }
    let roof = [
        GROUND.at(-3000.0, CEILING, 0.5),
        GROUND.at(3000.0, CEILING, 0.5),
        GROUND.at(3000.0, CEILING, 12.0),
        GROUND.at(-3000.0, CEILING, 12.0),
    ];
    polygon(on, &roof, [30.0, 26.0, 23.0], 1.0);
    for beam in 0..9 {
        let z = 1.3 * 1.32_f32.powi(beam);
        GROUND.face(
            on,
            (-3000.0, 3000.0),
            z,
            (CEILING - 40.0, CEILING + 30.0),
            GROUND.hazed([20.0, 18.0, 16.0], z),
            0.8,
        );
    }
    for side in [-1.0, 1.0] {
        GROUND.floor(
            on,
            (side * (SHELF - 90.0), side * (SHELF - 76.0)),
            (0.8, 12.0),
            [168.0, 138.0, 50.0],
            0.6,
        );
        shelves(on, noise, side);
    }
    for row in 0..8 {
        let z = 1.5 * 1.34_f32.powi(row);
        let (x, y) = GROUND.at(0.0, CEILING - 170.0, z);
        rect(on, x - 150.0 / z, y - 8.0 / z, 300.0 / z, 22.0 / z, [255.0, 238.0, 204.0], 1.0);
        glow(on, x, y, 560.0 / z, 300.0 / z, LIGHT, 0.34);
        let (fx, fy) = GROUND.at(0.0, 0.0, z);
        glow(on, fx, fy, 620.0 / z, 150.0 / z, LIGHT, 0.22);
        glow(on, fx, fy, 150.0 / z, 30.0 / z, LIGHT, 0.2);
    }
    hall
}

fn shelves(on: &mut Backdrop, noise: &mut Noise, side: f32) {
    let x = side * SHELF;
    GROUND.wall(on, x, (0.4, 11.0), (0.0, 1240.0), [30.0, 25.0, 21.0], 1.0);
    let paints: [Rgb; 6] = [
        [124.0, 92.0, 58.0],
        [104.0, 78.0, 52.0],
        [140.0, 108.0, 70.0],
        [70.0, 72.0, 74.0],
        [92.0, 62.0, 46.0],
        [60.0, 70.0, 66.0],
    ];
    let mut z = 0.42;
    while z < 10.6 {
        let width = 1.075 + noise.even() * 0.06;
        for level in 0..4 {
            let low = 46.0 + level as f32 * 305.0;
            let high = low + 110.0 + noise.even() * 120.0;
            if noise.even() > 0.14 {
                let paint = paints[(noise.even() * 5.99) as usize];
                let paint = mixed(paint, [0.0; 3], 0.12 + 0.3 * noise.even());
                GROUND.wall(on, x, (z * 1.006, z * width), (low, high), GROUND.hazed(paint, z), 1.0);
                GROUND.wall(
                    on,
                    x,
                    (z * 1.006, z * width),
                    (high - 6.0, high),
                    GROUND.hazed(mixed(paint, [255.0; 3], 0.25), z),
                    0.6,
                );
            }
        }
        z *= width + 0.004;
    }
    for level in 0..5 {
        let low = level as f32 * 305.0;
        GROUND.wall(on, x, (0.4, 11.0), (low + 10.0, low + 42.0), [150.0, 78.0, 34.0], 0.8);
    }
    let mut post = 0.47;
    while post < 11.0 {
        GROUND.wall(on, x, (post, post * 1.014), (0.0, 1260.0), GROUND.hazed([44.0, 62.0, 84.0], post), 1.0);
        post *= 1.2;
    }
}

pub(super) fn moving(on: &mut Picture, t: f32) {
    if (5.0..21.0).contains(&t) {
        let z = 9.0 - (t - 5.0) * 0.47;
        truck(on, -170.0 + 60.0 * (t * 0.5).sin(), z, t);
    }
    if (33.0..54.0).contains(&t) {
        let out = t < 43.0;
        let z = if out { 2.0 + (t - 33.0) * 0.34 } else { 5.4 - (t - 43.0) * 0.34 };
        person(on, &GROUND, (210.0, z), t * 6.2, if out { -1.0 } else { 1.0 }, [154.0, 84.0, 30.0]);
    }
    // One lamp in the back is failing.
    let flicker = (t * 7.3).sin() + (t * 13.1).sin();
    if flicker > 1.2 {
        let (x, y) = GROUND.at(-1050.0, CEILING - 200.0, 6.0);
        glow(on, x, y, 60.0, 34.0, LIGHT, 0.5);
    }
}

fn truck(on: &mut Picture, x: f32, z: f32, t: f32) {
    let (cx, y) = GROUND.at(x, 0.0, z);
    let at = |dx: f32, dy: f32| (cx + dx / z, y - dy / z);
    let paint = GROUND.hazed([190.0, 118.0, 30.0], z);
    shade(on, cx, y, 210.0 / z, 44.0 / z, [3.0, 2.0, 2.0], 0.85);
    for side in [-1.0, 1.0] {
        let (wx, wy) = at(side * 104.0 - 26.0, 84.0);
        rect(on, wx, wy, 52.0 / z, 84.0 / z, [12.0, 11.0, 10.0], 1.0);
    }
    polygon(on, &[at(-120.0, 40.0), at(120.0, 40.0), at(112.0, 190.0), at(-112.0, 190.0)], paint, 1.0);
    polygon(
        on,
        &[at(-40.0, 180.0), at(40.0, 180.0), at(44.0, 300.0), at(-44.0, 300.0)],
        GROUND.hazed([44.0, 48.0, 60.0], z),
        1.0,
    );
    let (hx, hy) = at(0.0, 330.0);
    ellipse(on, hx, hy, 24.0 / z, 28.0 / z, GROUND.hazed([120.0, 94.0, 76.0], z), 1.0);
    for side in [-1.0, 1.0] {
        polygon(
            on,
            &[
                at(side * 112.0, 180.0),
                at(side * 100.0, 180.0),
                at(side * 92.0, 420.0),
                at(side * 104.0, 420.0),
            ],
            [22.0, 20.0, 18.0],
            1.0,
        );
        polygon(
            on,
            &[at(side * 70.0, 30.0), at(side * 54.0, 30.0), at(side * 54.0, 520.0), at(side * 70.0, 520.0)],
            GROUND.hazed([40.0, 38.0, 36.0], z),
            1.0,
        );
        let (lx, ly) = at(side * 92.0, 210.0);
        glow(on, lx, ly, 70.0 / z, 70.0 / z, [255.0, 244.0, 214.0], 0.8);
    }
    polygon(
        on,
        &[at(-112.0, 420.0), at(112.0, 420.0), at(112.0, 434.0), at(-112.0, 434.0)],
        [22.0, 20.0, 18.0],
        1.0,
    );
    polygon(
        on,
        &[at(-130.0, 90.0), at(130.0, 90.0), at(130.0, 250.0), at(-130.0, 250.0)],
        GROUND.hazed([142.0, 106.0, 66.0], z),
        1.0,
    );
    polygon(
        on,
        &[at(-6.0, 90.0), at(6.0, 90.0), at(6.0, 250.0), at(-6.0, 250.0)],
        GROUND.hazed([176.0, 142.0, 96.0], z),
        0.8,
    );
    if t % 1.0 < 0.5 {
        let (bx, by) = at(0.0, 446.0);
        glow(on, bx, by, 120.0 / z, 90.0 / z, [255.0, 150.0, 30.0], 0.9);
    }
}
