//! What the server has resident of its own file.
//!
//! Much of the code and of the constants is read once: at the start (the command line, the contract, the schemas, the routes), for the
//! first request, the first connection, the first sheet. Linux leaves all of it mapped for as long as nobody lacks memory, and
//! counts it as the server's.

use std::io;
use std::time::Duration;

/// How often.
const EVERY: Duration = Duration::from_mins(1);

/// Unmaps, now and then, what was read of the program's code and constants until then. What is needed again is mapped again, from
/// the cache of files, by some hundred page faults.
pub(crate) async fn stay_small() {
    loop {
        if let Err(error) = unmap() {
            tracing::info!(%error, "what was read once of the program stays resident");
            return;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Unmaps what was read of the program's code and constants.
///
/// # Errors
/// When the system cannot do so, as where the program is locked in memory.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn unmap() -> io::Result<()> {
    unsafe extern "C" {
        // Where the linker put the begin of the program, and the end of its code.
        #[link_name = "__executable_start"]
        static START: u8;
        #[link_name = "etext"]
        static END: u8;
    }
    // SAFETY: takes no memory.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).map_err(io::Error::other)?;
    let (start, end) = (&raw const START, (&raw const END).addr() / page * page);
    // SAFETY: headers, constants and code are mapped from the file and never written, relocations are made elsewhere (RELRO): what is
    // read from here again is what was there.
    let outcome = unsafe { libc::madvise(start.cast_mut().cast(), end - start.addr(), libc::MADV_DONTNEED) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn unmap() -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::unmap;

    /// KiB resident of files.
    fn of_files() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("a process knows itself");
        let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).expect("Linux tells it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    #[test]
    fn what_was_read_until_now_is_no_longer_resident_and_runs_again() {
        let json = || serde_json::to_string_pretty(&serde_json::json!({ "code": ["runs", 1.5] })).expect("it is JSON");
        let written = json();
        // Other tests run meanwhile, and have what they need mapped again.
        let halved = (0..20).any(|_| {
            let before = of_files();
            unmap().expect("nothing is locked in memory");
            of_files() * 2 < before
        });
        assert!(halved, "{} KiB", of_files());
        assert_eq!(json(), written);
    }
}
