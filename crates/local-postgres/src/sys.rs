//! The few system calls that the standard library lacks; all `unsafe` code of the crate is here.
//!
//! Deliberately absent: decisions. Each function is one call with its safety argument.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Effective user id of this program.
#[allow(unsafe_code)]
pub(crate) fn effective_user() -> u32 {
    // SAFETY: takes no argument, touches no memory, cannot fail.
    unsafe { libc::geteuid() }
}

/// How many bytes this user may still write to the file system of a folder.
#[allow(unsafe_code)]
pub(crate) fn available(folder: &CStr) -> io::Result<u128> {
    // SAFETY: `statvfs` is plain data for which all zeroes is a valid value.
    let mut space: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: both are valid for the length of the call; `folder` ends with a zero byte.
    let outcome = unsafe { libc::statvfs(folder.as_ptr(), &raw mut space) };
    if outcome != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(u128::from(space.f_bavail) * u128::from(space.f_frsize))
}

/// Sends a signal; false when there is no such process or it is not ours to signal.
#[allow(unsafe_code)]
pub(crate) fn signal(pid: i32, signal: i32) -> bool {
    // Zero and negative numbers would address groups of processes.
    // SAFETY: `kill` touches no memory of this program.
    pid > 0 && unsafe { libc::kill(pid, signal) } == 0
}

/// Whether a process runs under this pid, whoever owns it.
#[allow(unsafe_code)]
pub(crate) fn exists(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else {
        return false;
    };
    // SAFETY: signal 0 only asks; `kill` touches no memory of this program.
    let answer = unsafe { libc::kill(pid, 0) };
    answer == 0 || io::Error::last_os_error().kind() == io::ErrorKind::PermissionDenied
}

/// Blocks until a child has ended, and leaves it unreaped, so that its pid is not given to another process.
#[allow(unsafe_code)]
pub(crate) fn wait_without_reaping(pid: u32) {
    loop {
        // SAFETY: `siginfo_t` is plain data for which all zeroes is a valid value.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: `info` is a valid place for the answer and outlives the call.
        let outcome = unsafe { libc::waitid(libc::P_PID, pid, &raw mut info, libc::WEXITED | libc::WNOWAIT) };
        if outcome == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Makes the child of `command` get `signal` when the thread that spawns it ends, hence also when this program is
/// killed (Linux only), and lets it inherit `inherited`.
#[allow(unsafe_code)]
pub(crate) fn tie_to_this_thread(command: &mut Command, signal: i32, inherited: Option<File>) {
    let parent = std::process::id();
    let prepare = move || {
        if let Some(file) = &inherited {
            keep_across_exec(file)?;
        }
        die_with_parent(signal, parent)
    };
    // SAFETY: between fork and exec the closure makes only direct system calls (fcntl, prctl, getppid), which are
    // async-signal-safe, and neither allocates nor takes a lock: its errors are made from numbers.
    unsafe { command.pre_exec(prepare) };
}

#[allow(unsafe_code)]
fn keep_across_exec(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open, as `file` lives; F_SETFD takes an integer.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, 0) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn die_with_parent(signal: i32, parent: u32) -> io::Result<()> {
    // SAFETY: PR_SET_PDEATHSIG takes one integer, the signal.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // The parent may have died before the call above: then no signal would ever come.
    if std::os::unix::process::parent_id() != parent {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
fn die_with_parent(_signal: i32, _parent: u32) -> io::Result<()> {
    Ok(())
}

/// Removes a System V shared memory segment that nobody is attached to and whose key is still the expected one.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(crate) fn remove_shared_memory(key: i32, id: i32) {
    // SAFETY: `shmid_ds` is plain data for which all zeroes is a valid value.
    let mut state: libc::shmid_ds = unsafe { std::mem::zeroed() };
    // SAFETY: `state` is a valid place for the answer and outlives the call.
    let known = unsafe { libc::shmctl(id, libc::IPC_STAT, &raw mut state) } == 0;
    if known && state.shm_nattch == 0 && state.shm_perm.__key == key {
        // SAFETY: IPC_RMID reads no buffer.
        unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}

/// Elsewhere the segment, of 56 bytes, is left to the next restart of the machine.
#[cfg(not(target_os = "linux"))]
pub(crate) fn remove_shared_memory(_key: i32, _id: i32) {}
