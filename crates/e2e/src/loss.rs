//! What is lost when a recorder ends badly: a file system of its own, cut off as by a power cut, and the age of the newest
//! frame that is left.
//!
//! A power cut is made like this: the recorder is stopped between two instructions (`SIGSTOP`), the image that its ext4
//! lies on is copied at once, and the copy is mounted: it holds what the kernel had handed to the disk by then, and
//! nothing of what waited in memory. (`fsfreeze` would write all that down first, and prove nothing.) That a real disk
//! may lose what it has taken but not been told to flush is not modelled.
//! What is not here: starting and killing recorders ([`crate::program`]).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use model::CameraId;
use sim::Farm;

use crate::{Program, disk::run, segments};

/// An ext4 file system in a file, mounted as long as this value lives.
pub struct Image {
    file: PathBuf,
    mounted: PathBuf,
}

impl Image {
    /// Makes and mounts one of so many MiB in files of this directory.
    ///
    /// # Errors
    /// Why that cannot be done here: not root, no loop devices, a missing program. For people.
    pub fn make(place: &Path, mebibytes: u64) -> Result<Self, String> {
        let file = place.join("disk.img");
        let made = fs::File::create(&file).and_then(|image| image.set_len(mebibytes << 20));
        made.map_err(|error| format!("{}: {error}", file.display()))?;
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&file))?;
        Self::mount(file, place.join("disk"))
    }

    fn mount(file: PathBuf, mounted: PathBuf) -> Result<Self, String> {
        fs::create_dir_all(&mounted).map_err(|error| format!("{}: {error}", mounted.display()))?;
        run(Command::new("mount").args(["-t", "ext4", "-o", "loop"]).arg(&file).arg(&mounted))?;
        Ok(Self { file, mounted })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.mounted
    }

    /// Copies what is on the disk now and mounts the copy in files of this directory.
    ///
    /// # Errors
    /// Why that cannot be done, for people.
    pub fn cut(&self, place: &Path) -> Result<Self, String> {
        let file = place.join("cut.img");
        fs::copy(&self.file, &file).map_err(|error| format!("copying: {error}"))?;
        Self::mount(file, place.join("cut"))
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = run(Command::new("umount").arg("--lazy").arg(&self.mounted));
        let _ = fs::remove_file(&self.file);
    }
}

/// When each camera made its newest frame, in µs since 1970.
#[must_use]
pub fn made(farm: &Farm) -> Vec<i64> {
    farm.cameras.iter().map(|camera| camera.progress().newest_captured_us).collect()
}

/// Seconds of each stream that are missing below `recordings`, against what was made; infinite where nothing is there.
#[must_use]
pub fn missing(made: &[i64], recordings: &Path, ids: &[CameraId]) -> Vec<f64> {
    let of_camera = |(made, id): (&i64, &CameraId)| {
        let newest = segments::newest(&segments::of_camera(recordings, *id));
        newest.map_or(f64::INFINITY, |stamp| (made - stamp.captured_us).max(0) as f64 / 1e6)
    };
    made.iter().zip(ids).map(of_camera).collect()
}

/// Cuts the power under a recorder whose data lie in `site` on this image, and lets it go on. What is missing of each stream
/// on the copy, and the copy.
///
/// # Panics
/// The image cannot be copied.
#[must_use]
#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
pub fn cut(site: &Program, image: &Image, farm: &Farm, ids: &[CameraId], place: &Path) -> (Vec<f64>, Image) {
    site.signal("-STOP");
    let made = made(farm);
    let copy = image.cut(place);
    site.signal("-CONT");
    let copy = copy.expect("a copy of the image");
    (missing(&made, &copy.path().join("site/recordings"), ids), copy)
}

/// The middle one and the worst.
#[must_use]
pub fn median_and_worst(mut seconds: Vec<f64>) -> (f64, f64) {
    seconds.sort_by(f64::total_cmp);
    let at = |index: usize| seconds.get(index).copied().unwrap_or(f64::NAN);
    (at(seconds.len() / 2), at(seconds.len().saturating_sub(1)))
}
