//! A street at dusk: buildings with lit windows, lamps, cars, somebody on the pavement. Bluish.

use super::actors::{Ground, car, lamp, mixed, person, windows};
use crate::clips::draw::{Backdrop, Noise, Picture, Rgb, glow, polygon, rect};

const GROUND: Ground = Ground { eye: (930.0, 452.0), drop: 640.0, haze: [58.0, 72.0, 92.0] };
const LAMP: Rgb = [255.0, 186.0, 108.0];
/// Half the road's width.
const ROAD: f32 = 720.0;
/// From the middle of the road to the houses.
const HOUSES: f32 = 1180.0;

pub(super) fn still(noise: &mut Noise) -> Backdrop {
    let mut sky = Backdrop::gradient(&[
        (0.0, [18.0, 29.0, 50.0]),
        (0.28, [40.0, 56.0, 82.0]),
        (0.42, [84.0, 90.0, 104.0]),
        (0.43, [26.0, 30.0, 37.0]),
        (1.0, [15.0, 18.0, 23.0]),
    ]);
    let on = &mut sky;
    glow(on, 1010.0, 455.0, 700.0, 260.0, [96.0, 70.0, 56.0], 0.45);
    for i in 0..26 {
        let (width, height) = (40.0 + noise.even() * 60.0, 20.0 + noise.even() * 120.0);
        rect(on, 560.0 + i as f32 * 30.0, 464.0 - height, width, height, [52.0, 64.0, 84.0], 1.0);
    }
    // Pavements and road.
    for side in [-1.0, 1.0] {
        GROUND.floor(on, (side * ROAD, side * HOUSES), (0.9, 60.0), [44.0, 48.0, 55.0], 1.0);
        GROUND.floor(on, (side * ROAD, side * (ROAD + 26.0)), (0.9, 60.0), [66.0, 70.0, 76.0], 1.0);
    }
    GROUND.floor(on, (-ROAD, ROAD), (0.9, 60.0), [30.0, 34.0, 41.0], 1.0);
    for i in 0..24 {
        let near = 0.86 * 1.22_f32.powi(i);
        let color = GROUND.hazed([132.0, 134.0, 128.0], near);
        GROUND.floor(on, (-9.0, 9.0), (near, near * 1.1), color, 0.7);
    }
    for stripe in -6..6 {
        let left = stripe as f32 * 120.0 + 24.0;
        GROUND.floor(on, (left, left + 64.0), (2.3, 2.9), [112.0, 116.0, 118.0], 0.6);
    }
    houses(on, noise);
    for (x, z, arm) in
        [(-810.0, 6.5, 130.0), (810.0, 4.4, -130.0), (-810.0, 2.6, 130.0), (810.0, 1.75, -130.0)]
    {
        lamp(on, &GROUND, x, z, arm, LAMP);
    }
    parked(on);
    sky
}

fn houses(on: &mut Backdrop, noise: &mut Noise) {
    let rows: [(f32, f32, f32, f32, Rgb); 6] = [
        (-1.0, 9.0, 24.0, 1500.0, [40.0, 50.0, 66.0]),
        (1.0, 8.0, 22.0, 1250.0, [44.0, 54.0, 68.0]),
        (-1.0, 3.6, 8.6, 1750.0, [38.0, 48.0, 62.0]),
        (1.0, 3.0, 7.4, 1900.0, [34.0, 44.0, 60.0]),
        (-1.0, 1.1, 3.4, 1300.0, [33.0, 41.0, 54.0]),
        (1.0, 0.9, 2.8, 1500.0, [30.0, 38.0, 50.0]),
    ];
    for (side, near, far, height, paint) in rows {
        let x = side * HOUSES;
        GROUND.face(
            on,
            if side < 0.0 { (x - 2400.0, x) } else { (x, x + 2400.0) },
            far,
            (0.0, height),
            GROUND.hazed(mixed(paint, [0.0; 3], 0.3), far),
            1.0,
        );
        GROUND.wall(on, x, (near, far), (0.0, height), GROUND.hazed(paint, (near * far).sqrt()), 1.0);
        GROUND.wall(on, x, (near, far), (height - 40.0, height), GROUND.hazed([24.0, 30.0, 40.0], near), 0.8);
        windows(on, &GROUND, noise, x, (near, far), height - 60.0);
        GROUND.wall(on, x, (near, far), (0.0, 190.0), GROUND.hazed([22.0, 27.0, 35.0], near), 0.8);
    }
    // A shop's window and its light on the pavement.
    GROUND.wall(on, -HOUSES, (1.5, 2.35), (40.0, 200.0), [214.0, 178.0, 122.0], 0.85);
    GROUND.wall(on, -HOUSES, (1.5, 2.35), (206.0, 232.0), [92.0, 36.0, 32.0], 1.0);
    for z in [1.68, 1.88, 2.1] {
        GROUND.wall(on, -HOUSES, (z, z + 0.02), (40.0, 200.0), [40.0, 36.0, 32.0], 1.0);
    }
    let (x, y) = GROUND.at(-HOUSES + 170.0, 0.0, 1.85);
    glow(on, x, y, 330.0, 90.0, [226.0, 180.0, 116.0], 0.3);
}

fn parked(on: &mut Backdrop) {
    for (x, z, paint) in [(-570.0, 4.6, [52.0, 58.0, 66.0]), (-570.0, 3.3, [58.0, 34.0, 34.0])] {
        car(on, &GROUND, x, z, false, paint);
        // Its lights are off: cover them.
        for side in [-1.0, 1.0] {
            let (lx, ly) = GROUND.at(x + side * 136.0, 112.0, z);
            polygon(
                on,
                &[
                    (lx - 34.0 / z, ly - 17.0 / z),
                    (lx + 34.0 / z, ly - 17.0 / z),
                    (lx + 34.0 / z, ly + 17.0 / z),
                    (lx - 34.0 / z, ly + 17.0 / z),
                ],
                mixed(paint, [80.0, 12.0, 10.0], 0.5),
                1.0,
            );
        }
    }
}

pub(super) fn moving(on: &mut Picture, t: f32) {
    // Traffic lights far away, and a shop sign that breathes.
    let phase = t % 20.0;
    let (x, y) = GROUND.at(-760.0, 520.0, 9.0);
    let signal: Rgb = if phase < 10.0 { [230.0, 50.0, 40.0] } else { [60.0, 220.0, 120.0] };
    glow(on, x, y, 16.0, 16.0, signal, 0.9);
    // Somebody on the far pavement, away from us, then another back.
    if (9.0..22.0).contains(&t) {
        let z = 1.7 + (t - 9.0) * 0.42;
        person(on, &GROUND, (930.0, z), t * 6.4, -1.0, [58.0, 62.0, 74.0]);
    }
    if (36.0..50.0).contains(&t) {
        let z = 5.6 - (t - 36.0) * 0.3;
        person(on, &GROUND, (-900.0, z), t * 6.4, 1.0, [84.0, 54.0, 44.0]);
    }
    // A car comes, later one drives away.
    if (6.0..16.0).contains(&t) {
        let z = 26.0 * (-(t - 6.0) * 0.36_f32).exp() + 0.02;
        car(on, &GROUND, -300.0, z, true, [48.0, 54.0, 64.0]);
    }
    if (38.0..50.0).contains(&t) {
        let z = 0.62 * ((t - 38.0) * 0.32_f32).exp();
        car(on, &GROUND, 330.0, z, false, [60.0, 62.0, 66.0]);
    }
}
