//! What processes cost, as Linux tells in `/proc`.

use std::fs;

use anyhow::{Context as _, Result};

/// Linux tells times in hundredths of a second, whatever the processor.
const MICROSECONDS_A_TICK: u64 = 10_000;

/// A process, and what it costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// Microseconds of processors that it has taken so far.
    pub(crate) fn cpu(self) -> Result<u64> {
        let stat = Stat::of(self.0)?;
        Ok(stat.own * MICROSECONDS_A_TICK)
    }

    /// The same, with what its children have taken: those that run and those that have ended.
    pub(crate) fn cpu_with_children(self) -> Result<u64> {
        loop {
            let before = Stat::of(self.0)?;
            let mut running = 0;
            for entry in fs::read_dir("/proc")? {
                let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
                if let Ok(child) = Stat::of(pid)
                    && child.parent == self.0
                {
                    running += child.own;
                }
            }
            // One that has ended meanwhile was counted here, or there, or nowhere.
            let parent = Stat::of(self.0)?;
            if parent.ended_children == before.ended_children {
                return Ok((parent.own + parent.ended_children + running) * MICROSECONDS_A_TICK);
            }
        }
    }

    /// The most memory that it has had resident since [`Self::forget_peak`], KiB.
    pub(crate) fn peak(self) -> Result<u64> {
        self.status("VmHWM:")
    }

    /// The memory that it has resident, KiB.
    pub(crate) fn resident(self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// Counts the peak from what is resident now.
    pub(crate) fn forget_peak(self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.0), "5")?)
    }

    fn status(self, field: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let value = status.split_once(field).and_then(|(_, rest)| rest.split_whitespace().next());
        value.and_then(|value| value.parse().ok()).with_context(|| format!("/proc tells no {field}"))
    }
}

struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

impl Stat {
    /// proc(5): the fields after the name, which may hold spaces and parentheses, begin with the third.
    fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, rest) = stat.rsplit_once(')').context("/proc/PID/stat is not understood")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| -> Result<u64> {
            fields.get(number - 3).and_then(|field| field.parse().ok()).context("/proc/PID/stat is not understood")
        };
        Ok(Self {
            parent: u32::try_from(field(4)?)?,
            own: field(14)? + field(15)?,
            ended_children: field(16)? + field(17)?,
        })
    }
}
