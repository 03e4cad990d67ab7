//! One heap for all threads of a site.
//!
//! glibc gives threads heaps of their own. Pictures are taken from one and given back by another thread, so that each
//! heap keeps room for the most that ever lay in it: 3 of the 27 MiB of a site with eight cameras. Allocations are few here
//! (one a picture), and nobody waits for them. glibc asks the environment before the program begins
//! (mallopt(3), `M_ARENA_MAX`): so the program begins again.
//! What is not here: another allocator. Two were tried; both took more.

use std::{env, os::unix::process::CommandExt, process::Command};

const VARIABLE: &str = "MALLOC_ARENA_MAX";

/// Begins the program again with one heap, in the same process, unless somebody chose already. Where that fails the
/// program goes on as it is.
pub fn one_for_all() {
    if env::var_os(VARIABLE).is_none()
        && let Ok(program) = env::current_exe()
    {
        let _ = Command::new(program).args(env::args_os().skip(1)).env(VARIABLE, "1").exec();
    }
}
