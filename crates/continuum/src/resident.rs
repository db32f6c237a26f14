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

/// Where constants lie before the code, as `lld` puts them.
#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use std::fs::File;
    use std::hint::black_box;
    use std::os::unix::fs::FileExt as _;

    use super::unmap;

    /// Nobody else reads it, nor what Linux maps together with its middle.
    static CONSTANT: [u8; 256 << 10] = [7; 256 << 10];

    /// Whether its middle is mapped: `proc_pid_pagemap(5)`.
    fn is_mapped() -> bool {
        let mut entry = [0; 8];
        let page = (&raw const CONSTANT[128 << 10]).addr() / 4096;
        let pages = File::open("/proc/self/pagemap").expect("a process knows itself");
        pages.read_exact_at(&mut entry, u64::try_from(page * 8).expect("an address")).expect("the page has an entry");
        u64::from_ne_bytes(entry) >> 63 == 1
    }

    #[test]
    fn what_was_read_is_unmapped_and_there_when_it_is_read_again() {
        let read = || black_box(&CONSTANT)[black_box(128 << 10)];
        assert_eq!((read(), is_mapped()), (7, true));
        unmap().expect("nothing is locked in memory");
        assert!(!is_mapped());
        assert_eq!((read(), is_mapped()), (7, true));
    }
}
