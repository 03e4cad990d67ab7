//! A container yard at night under a floodlight: stacks, a fence, a lorry, a guard with a torch. Greenish.

use super::actors::{Ground, mixed, person};
use crate::clips::draw::{Backdrop, Noise, Picture, Rgb, ellipse, glow, polygon, rect, shade};

const GROUND: Ground = Ground { eye: (1010.0, 402.0), drop: 700.0, haze: [34.0, 50.0, 46.0] };
const FLOOD: Rgb = [206.0, 232.0, 196.0];

pub(super) fn still(noise: &mut Noise) -> Backdrop {
    let mut night = Backdrop::gradient(&[
        (0.0, [14.0, 24.0, 26.0]),
        (0.37, [40.0, 58.0, 52.0]),
        (0.372, [42.0, 52.0, 47.0]),
        (0.6, [34.0, 42.0, 39.0]),
        (1.0, [17.0, 22.0, 21.0]),
    ]);
    let on = &mut night;
    // Trees and a hall behind the fence.
    for i in 0..48 {
        let (x, r) = (i as f32 * 42.0, 34.0 + noise.even() * 40.0);
        ellipse(on, x, 392.0 - noise.even() * 26.0, r, r, [19.0, 31.0, 30.0], 1.0);
    }
    rect(on, 700.0, 300.0, 620.0, 110.0, [30.0, 44.0, 42.0], 1.0);
    rect(on, 700.0, 296.0, 620.0, 10.0, [44.0, 60.0, 56.0], 1.0);
    for i in 0..5 {
        rect(on, 742.0 + i as f32 * 118.0, 336.0, 66.0, 72.0, [50.0, 68.0, 62.0], 1.0);
    }
    for i in 0..98 {
        rect(on, i as f32 * 20.0, 384.0, 2.0, 46.0, [70.0, 84.0, 78.0], 0.6);
    }
    rect(on, 0.0, 386.0, 1920.0, 2.0, [84.0, 100.0, 92.0], 0.7);
    // Marks on the ground.
    for x in [-420.0, 420.0] {
        GROUND.floor(on, (x - 8.0, x + 8.0), (0.9, 20.0), [132.0, 128.0, 70.0], 0.4);
    }
    for z in [1.5, 2.4, 3.6, 5.4] {
        GROUND.floor(on, (-420.0, 420.0), (z, z * 1.02), [132.0, 128.0, 70.0], 0.3);
    }
    let paints: [Rgb; 5] =
        [[86.0, 46.0, 36.0], [34.0, 66.0, 78.0], [66.0, 76.0, 56.0], [96.0, 82.0, 50.0], [52.0, 58.0, 66.0]];
    for (i, (z, side, high)) in [
        (9.0, -1.0, 2),
        (9.0, 1.0, 3),
        (5.6, 1.0, 2),
        (5.6, -1.0, 3),
        (3.2, -1.0, 2),
        (3.2, 1.0, 1),
        (1.75, 1.0, 2),
        (1.75, -1.0, 1),
    ]
    .into_iter()
    .enumerate()
    {
        for level in 0..high {
            container(on, side, (z, z * 1.55), level as f32 * 330.0, paints[(i + 2 * level) % 5]);
        }
    }
    floodlight(on, 318.0, 1.15);
    floodlight(on, 1512.0, 0.55);
    night
}

/// A container beside the lane: its long side towards the lane, its doors towards the camera.
fn container(on: &mut Backdrop, side: f32, z: (f32, f32), low: f32, paint: Rgb) {
    let x = side * 640.0;
    let height = (low, low + 322.0);
    GROUND.wall(on, x, z, height, GROUND.hazed(mixed(paint, [0.0; 3], 0.3), z.0), 1.0);
    let ribs = 22;
    for rib in 0..ribs {
        let at = z.0 * (z.1 / z.0).powf(rib as f32 / ribs as f32);
        GROUND.wall(on, x, (at, at * 1.008), height, GROUND.hazed([8.0, 12.0, 12.0], z.0), 0.5);
    }
    let ends = if side < 0.0 { (x - 330.0, x) } else { (x, x + 330.0) };
    GROUND.face(on, ends, z.0, height, GROUND.hazed(paint, z.0), 1.0);
    GROUND.face(
        on,
        ends,
        z.0,
        (height.1 - 14.0, height.1),
        GROUND.hazed(mixed(paint, [255.0; 3], 0.2), z.0),
        0.9,
    );
    for door in [0.26, 0.44, 0.56, 0.74] {
        let bar = ends.0 + (ends.1 - ends.0) * door;
        GROUND.face(
            on,
            (bar - 4.0, bar + 4.0),
            z.0,
            (height.0 + 14.0, height.1 - 20.0),
            GROUND.hazed([16.0, 20.0, 20.0], z.0),
            0.7,
        );
    }
}

fn floodlight(on: &mut Backdrop, x: f32, strength: f32) {
    rect(on, x - 4.0, 108.0, 8.0, 296.0, [22.0, 32.0, 32.0], 1.0);
    for dx in [-26.0, 0.0, 26.0] {
        rect(on, x + dx - 9.0, 98.0, 18.0, 14.0, [240.0, 250.0, 228.0], 1.0);
    }
    glow(on, x, 106.0, 460.0, 330.0, FLOOD, 0.24 * strength);
    glow(on, x, 106.0, 120.0, 90.0, FLOOD, 0.5 * strength);
    glow(on, x + 120.0, 640.0, 900.0, 330.0, FLOOD, 0.17 * strength);
}

pub(super) fn moving(on: &mut Picture, t: f32) {
    // A lorry crosses in front.
    if (12.0..24.0).contains(&t) {
        lorry(on, -2300.0 + (t - 12.0) * 480.0);
    }
    // The guard walks up the lane and back.
    if (30.0..52.0).contains(&t) {
        let (z, facing) =
            if t < 41.0 { (5.0 - (t - 30.0) * 0.26, 1.0) } else { (2.14 + (t - 41.0) * 0.26, -1.0) };
        let x = 120.0 * (t * 0.35).sin();
        let (tx, ty) = GROUND.at(x + facing * 190.0 + 40.0 * (t * 1.7).sin(), 0.0, z * 0.92);
        glow(on, tx, ty, 230.0 / z, 66.0 / z, [236.0, 232.0, 190.0], 0.5);
        person(on, &GROUND, (x, z), t * 6.0, facing, [92.0, 98.0, 42.0]);
        let (lx, ly) = GROUND.at(x + facing * 30.0, 170.0, z);
        glow(on, lx, ly, 26.0 / z, 26.0 / z, [255.0, 250.0, 220.0], 1.0);
    }
    // An aircraft warning light.
    if t % 2.0 < 1.0 {
        glow(on, 1232.0, 292.0, 14.0, 14.0, [240.0, 40.0, 30.0], 0.9);
    }
}

fn lorry(on: &mut Picture, x: f32) {
    let z = 1.6;
    let (cx, y) = GROUND.at(x, 0.0, z);
    let at = |dx: f32, dy: f32| (cx + dx / z, y - dy / z);
    shade(on, cx - 60.0, y, 900.0 / z, 60.0 / z, [2.0, 4.0, 4.0], 0.8);
    polygon(
        on,
        &[at(-1120.0, 90.0), at(240.0, 90.0), at(240.0, 640.0), at(-1120.0, 640.0)],
        [72.0, 84.0, 86.0],
        1.0,
    );
    polygon(
        on,
        &[at(-1120.0, 330.0), at(240.0, 330.0), at(240.0, 390.0), at(-1120.0, 390.0)],
        [96.0, 66.0, 44.0],
        0.9,
    );
    polygon(
        on,
        &[at(270.0, 90.0), at(560.0, 90.0), at(560.0, 330.0), at(490.0, 520.0), at(270.0, 520.0)],
        [46.0, 58.0, 62.0],
        1.0,
    );
    polygon(
        on,
        &[at(400.0, 320.0), at(540.0, 320.0), at(482.0, 490.0), at(400.0, 490.0)],
        [92.0, 116.0, 112.0],
        1.0,
    );
    for wheel in [-960.0, -760.0, 20.0, 440.0] {
        let (wx, wy) = at(wheel, 80.0);
        ellipse(on, wx, wy, 84.0 / z, 84.0 / z, [8.0, 10.0, 10.0], 1.0);
    }
    let (lx, ly) = at(566.0, 170.0);
    glow(on, lx, ly, 180.0, 110.0, [255.0, 244.0, 206.0], 0.9);
    glow(on, lx + 330.0, y, 420.0, 80.0, [255.0, 244.0, 206.0], 0.4);
    let (bx, by) = at(-1120.0, 170.0);
    glow(on, bx, by, 70.0, 60.0, [230.0, 40.0, 30.0], 0.9);
}
