//! The scenes. Draft.
use super::draw::*;
use super::{FPS, HEIGHT, WIDTH};

pub(super) struct Scene {
    pub name: &'static str,
    pub id: u32,
}

pub(super) const ALL: &[Scene] = &[Scene { name: "street", id: 0 }];

pub(super) struct Painter {
    scene: &'static str,
    id: u32,
    still: Vec<u8>,
    picture: Picture,
    grain: Vec<i8>,
    noise: Noise,
}

impl Painter {
    pub(super) fn new(scene: &Scene) -> Self {
        let back = Backdrop::gradient(&[(0.0, [20.0, 30.0, 50.0]), (0.5, [40.0, 56.0, 76.0]), (1.0, [8.0, 10.0, 14.0])]);
        let mut noise = Noise::new(7);
        let still = back.finish(&mut noise);
        let grain = (0..WIDTH * HEIGHT * 2).map(|_| (noise.next() * 7.0) as i8).collect();
        Self { scene: scene.name, id: scene.id, still, picture: Picture(Vec::new()), grain, noise }
    }

    pub(super) fn frame(&mut self, number: usize) -> &[u8] {
        self.picture.0.clear();
        self.picture.0.extend_from_slice(&self.still);
        let x = number as f32 * 3.0 % 2000.0;
        rect(&mut self.picture, x, 700.0, 200.0, 80.0, [60.0, 60.0, 70.0], 1.0);
        for y in 0..HEIGHT {
            let from = (self.noise.even() * (self.grain.len() - WIDTH) as f32) as usize;
            for x in 0..WIDTH {
                let g = self.grain[from + x];
                for c in 0..3 {
                    let p = &mut self.picture.0[(y * WIDTH + x) * 3 + c];
                    *p = p.saturating_add_signed(g);
                }
            }
        }
        let s = number / FPS;
        text(&mut self.picture, 36, 32, 4, &format!("{} 00:{s:02}.{:02} #{number:04}", self.scene.to_uppercase(), number % FPS * 4), [205.0; 3]);
        stamp(&mut self.picture, self.id, number as u32);
        &self.picture.0
    }
}
