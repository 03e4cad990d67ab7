//! Martello's simulated cameras: RTSP, VAPIX and discovery of any number of devices in one process, on loopback.
//!
//! For tests, the demo and `martello sim`. Pictures come from clips packed into the program (`xtask clips` makes
//! them); every frame tells its number, in the stream and in the picture ([`stamp`]); every camera can be told to
//! misbehave ([`Fault`]). What this is not: a part of the product. It shares no code and no parser with it, so that a
//! mistake in one is not repeated in the other; it opens nothing outside 127.0.0.0/8 unless told to.
//!
//! ```no_run
//! # async fn example() -> Result<(), sim::StartFarm> {
//! let farm = sim::Farm::start(sim::Options { count: 4, ..Default::default() }).await?;
//! let camera = &farm.cameras[0];
//! tracing::info!("{} with {} and {}", camera.main_url, camera.user, camera.password);
//! camera.fault(sim::Fault::Drop { percent: 2 });
//! farm.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod cli;
mod clip;
mod clock;
mod device;
mod digest;
mod discovery;
mod farm;
mod fault;
mod http;
mod listen;
mod message;
mod metadata;
mod onvif;
mod options;
mod rtp;
mod rtsp;
mod sound;
pub mod stamp;
mod timeline;
mod vapix;

pub use clip::{Codec, Scene, Size, frame_sizes};
pub use device::Progress;
pub use discovery::{DiscoveryAddresses, DiscoveryOptions};
pub use farm::{Farm, SimCamera, StartFarm};
pub use fault::{Fault, Garbage, Step};
pub use options::{CameraOptions, Options};
pub use sound::Audio;
