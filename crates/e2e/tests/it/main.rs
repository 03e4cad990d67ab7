//! Whole-system tests: a site, simulated cameras, and programs that are not ours as witnesses.
#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod access;
mod alarms;
mod api_input;
mod backup;
mod certificates;
mod cloud;
mod connect;
mod directories;
mod disks;
mod eight_cameras;
mod exports;
mod faults;
mod foreign;
mod hostile;
mod http_input;
mod install;
mod live;
mod methods;
mod network;
mod other_pages;
mod passwords;
mod peer;
mod peer_browser;
mod power_cut;
mod profiles;
mod providers;
mod proxy;
mod rotation;
mod secrets;
mod stop;
mod under_way;
mod volumes;
