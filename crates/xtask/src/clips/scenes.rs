//! The scenes: four places at dusk or night, drawn so that cameras can be told apart at a glance.
//!
//! Each scene is a still backdrop and a function that draws what moves at a moment. [`Painter`] adds grain, the burnt-in
//! text and the bar code. Not here: shapes ([`super::draw`]), things that several scenes have ([`actors`]).

mod actors;
mod hall;
mod harbour;
mod street;
mod yard;

use super::draw::{Backdrop, Noise, Picture, stamp, text};
use super::{FPS, HEIGHT, WIDTH};

/// A place.
pub(super) struct Scene {
    /// Its name, also in file names.
    pub name: &'static str,
    /// Its number in the bar code.
    pub id: u32,
    /// Strength of the sensor's noise. What is noisy costs bits: the street is to fill 3 Mbit/s, the others are to be
    /// small.
    grain: f32,
    still: fn(&mut Noise) -> Backdrop,
    /// Draws what moves, at a time in seconds.
    moving: fn(&mut Picture, f32),
}

/// All scenes, in the order of their numbers.
pub(super) const ALL: &[Scene] = &[
    Scene { name: "street", id: 0, grain: 8.0, still: street::still, moving: street::moving },
    Scene { name: "yard", id: 1, grain: 0.0, still: yard::still, moving: yard::moving },
    Scene { name: "hall", id: 2, grain: 0.0, still: hall::still, moving: hall::moving },
    Scene { name: "harbour", id: 3, grain: 0.0, still: harbour::still, moving: harbour::moving },
];

/// Draws a scene's frames one after the other.
pub(super) struct Painter {
    scene: &'static Scene,
    still: Vec<u8>,
    picture: Picture,
    grain: Vec<i8>,
    noise: Noise,
}

impl Painter {
    pub(super) fn new(scene: &'static Scene) -> Self {
        let mut noise = Noise::new(u64::from(scene.id) + 7);
        let still = (scene.still)(&mut noise).finish(&mut noise);
        let grain = (0..WIDTH * HEIGHT * 2).map(|_| (noise.next() * scene.grain) as i8).collect();
        Self { scene, still, picture: Picture(Vec::new()), grain, noise }
    }

    /// The packed RGB picture with that number in the clip.
    pub(super) fn frame(&mut self, number: usize) -> &[u8] {
        self.picture.0.clear();
        self.picture.0.extend_from_slice(&self.still);
        (self.scene.moving)(&mut self.picture, number as f32 / FPS as f32);
        if self.scene.grain > 0.0 {
            self.add_grain();
        }
        let (second, hundredth) = (number / FPS, number % FPS * 100 / FPS);
        let name = self.scene.name.to_uppercase();
        let line = format!("{name}  00:{second:02}.{hundredth:02}  #{number:04}");
        text(&mut self.picture, 48, 40, 4, &line, [208.0, 212.0, 216.0]);
        stamp(&mut self.picture, self.scene.id, number as u32);
        &self.picture.0
    }

    fn add_grain(&mut self) {
        for row in self.picture.0.chunks_exact_mut(WIDTH * 3) {
            let from = (self.noise.even() * (self.grain.len() - WIDTH) as f32) as usize;
            for (pixel, grain) in row.chunks_exact_mut(3).zip(&self.grain[from..from + WIDTH]) {
                for value in pixel {
                    *value = value.saturating_add_signed(*grain);
                }
            }
        }
    }
}
