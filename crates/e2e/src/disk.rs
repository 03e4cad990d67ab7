//! Disks that a test can fill up, break and unplug: file systems of their own, gone when the test ends, however it ends.
//!
//! They need root (and loop devices). What is not here: what a recorder loses in a power cut ([`crate::loss`]).

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A small file system in memory, mounted as long as this value lives.
pub struct Small(PathBuf);

impl Small {
    /// Mounts one of 24 MiB at that place; nothing where nothing can be mounted.
    #[must_use]
    pub fn mount(at: PathBuf) -> Option<Self> {
        Self::of(at, 24)
    }

    fn of(at: PathBuf, mebibytes: u32) -> Option<Self> {
        fs::create_dir_all(&at).ok()?;
        let size = format!("size={mebibytes}m");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at)).ok()?;
        Some(Self(at))
    }

    /// The one that was mounted there by somebody who left it to whoever comes.
    #[must_use]
    pub const fn mounted(at: PathBuf) -> Self {
        Self(at)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Fills it with one file, which is to be removed to make room again.
    ///
    /// # Panics
    /// The file cannot be made.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test's helper")]
    pub fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let mut file = fs::File::create(&filler).expect("a file");
        let zeros = vec![0; 64 << 10];
        while file.write_all(&zeros).is_ok() {}
        filler
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: files that are still open do not keep it.
        let _ = run(Command::new("umount").arg("-l").arg(&self.0));
    }
}

/// An ext4 on a loop device of its own, mounted at a place; it can be unplugged, stand still, fail every
/// write, and be lost to an error of the file system.
pub struct Disk {
    /// What lies below the device: where it is full, the device answers writes to new blocks with EIO.
    below: Small,
    image: PathBuf,
    device: String,
    at: PathBuf,
}

impl Disk {
    /// Makes one below `place` and mounts it at `at`.
    ///
    /// # Errors
    /// Why that cannot be done here: not root, no loop devices, a missing program. For people.
    pub fn make(place: &Path, at: PathBuf) -> Result<Self, String> {
        let below = Small::of(place.join("below"), 64).ok_or("no file system can be mounted here")?;
        let image = below.path().join("0.img");
        let made = fs::File::create(&image).and_then(|image| image.set_len(256 << 20));
        made.map_err(|error| format!("{}: {error}", image.display()))?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-J", "size=4"]).arg(&image))?;
        fs::create_dir_all(&at).map_err(|error| format!("{}: {error}", at.display()))?;
        let device = attach(&image)?;
        let disk = Self { below, image, device, at };
        disk.plug_in()?;
        Ok(disk)
    }

    /// Mounts it.
    ///
    /// # Errors
    /// That fails, for people.
    pub fn plug_in(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-t", "ext4", &self.device]).arg(&self.at))
    }

    /// It is gone from its place, while files on it are open still.
    ///
    /// # Errors
    /// That fails, for people.
    pub fn unplug(&self) -> Result<(), String> {
        run(Command::new("umount").arg("-l").arg(&self.at))
    }

    /// From now on whoever writes waits.
    ///
    /// # Errors
    /// That fails, for people.
    pub fn freeze(&self) -> Result<(), String> {
        run(Command::new("fsfreeze").arg("-f").arg(&self.at))
    }

    /// Who waits goes on.
    ///
    /// # Errors
    /// That fails, for people.
    pub fn thaw(&self) -> Result<(), String> {
        run(Command::new("fsfreeze").arg("-u").arg(&self.at))
    }

    /// From now on it works, slowly: of every `frozen` and `between` together, whoever writes waits in the first.
    ///
    /// # Panics
    /// No thread can be started.
    #[must_use]
    pub fn slow_down(&self, frozen: Duration, between: Duration) -> Slow {
        let at = self.at.clone();
        let (stop, stopped) = mpsc::channel::<()>();
        // Waits, unless it is to stop.
        let goes_on = move |time| matches!(stopped.recv_timeout(time), Err(RecvTimeoutError::Timeout));
        let thread = thread::spawn(move || {
            let mut slow = true;
            while slow && run(Command::new("fsfreeze").arg("-f").arg(&at)).is_ok() {
                slow = goes_on(frozen);
                let _ = run(Command::new("fsfreeze").arg("-u").arg(&at));
                slow = slow && goes_on(between);
            }
        });
        Slow { stop: Some(stop), thread: Some(thread) }
    }

    /// From now on what is written to new blocks fails with EIO.
    pub fn fail_writes(&self) {
        let _ = self.below.fill();
    }

    /// The file system finds itself broken and turns read-only, as after an error of the device.
    ///
    /// # Errors
    /// That fails, for people.
    pub fn break_down(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-o", "remount,abort"]).arg(&self.at))
    }

    /// What is on it comes back repaired, on another device, in the place of this one.
    ///
    /// # Errors
    /// That fails, for people.
    pub fn replace(&mut self) -> Result<(), String> {
        let _ = fs::remove_file(self.below.path().join("filler"));
        self.unplug()?;
        let image = self.image.with_extension("new");
        run(Command::new("cp").arg("--sparse=always").arg(&self.image).arg(&image))?;
        let _ = Command::new("e2fsck").args(["-f", "-y"]).arg(&image).output();
        let old = std::mem::replace(&mut self.device, attach(&image)?);
        // The old one goes when its last file is closed.
        let _ = run(Command::new("losetup").args(["-d", &old]));
        let _ = fs::remove_file(&self.image);
        self.image = self.below.path().join("1.img");
        fs::rename(&image, &self.image).map_err(|error| error.to_string())?;
        self.plug_in()
    }
}

/// A disk is slow as long as this value lives.
pub struct Slow {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.thaw();
        let _ = self.unplug();
        let _ = run(Command::new("losetup").args(["-d", &self.device]));
    }
}

fn attach(image: &Path) -> Result<String, String> {
    let output = Command::new("losetup").args(["-f", "--show"]).arg(image).output();
    let output = output.map_err(|error| format!("losetup: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("losetup: {}", said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a program; what it complains of.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}", said.trim())) }
}
