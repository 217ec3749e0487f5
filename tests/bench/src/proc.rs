//! What processes use, from /proc: CPU seconds and memory. Where there is no /proc: nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The kernel counts CPU in these, on every Linux of the last decades.
const TICKS_PER_SECOND: f64 = 100.0;

const MIB: f64 = 1024.0 * 1024.0;

/// Processes whose use is counted together.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    One(u32),
    /// A process and its children, also those that have ended.
    Family(u32),
    /// Whatever runs under this name.
    Named(&'static str),
}

/// CPU seconds used so far, or in between, by name.
pub(crate) type Seconds = BTreeMap<String, f64>;

/// Everything that is watched, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Vec<(String, Who)>);

struct Stat {
    pid: u32,
    parent: u32,
    name: String,
    own: f64,
    ended_children: f64,
}

impl Watch {
    pub(crate) fn add(&mut self, name: &str, who: Who) {
        self.0.push((name.to_owned(), who));
    }

    /// CPU seconds used since each began.
    pub(crate) fn seconds(&self) -> Seconds {
        let all = stats();
        self.0.iter().map(|(name, who)| (name.clone(), seconds(&all, who))).collect()
    }

    /// MiB in memory now and at most so far, of those that are one process.
    pub(crate) fn memory(&self) -> Vec<(String, f64, f64)> {
        let read = |(name, who): &(String, Who)| match who {
            Who::One(pid) => Some((name.clone(), status(*pid, "VmRSS:")?, status(*pid, "VmHWM:")?)),
            Who::Family(_) | Who::Named(_) => None,
        };
        self.0.iter().filter_map(read).collect()
    }

    /// MiB in memory now, memory that processes share counted once; for families.
    pub(crate) fn shared_memory(&self) -> Vec<(String, f64)> {
        let all = stats();
        let read = |(name, who): &(String, Who)| {
            let pids: Vec<u32> = match who {
                Who::One(_) => return None,
                Who::Family(head) => {
                    let is_member = |stat: &&Stat| stat.pid == *head || stat.parent == *head;
                    all.iter().filter(is_member).map(|stat| stat.pid).collect()
                }
                Who::Named(word) => {
                    all.iter().filter(|stat| stat.name == *word).map(|stat| stat.pid).collect()
                }
            };
            let sum = pids.into_iter().map(share).sum::<Option<f64>>()?;
            Some((name.clone(), sum))
        };
        self.0.iter().filter_map(read).collect()
    }
}

/// What was used between two looks.
pub(crate) fn between(before: &Seconds, after: &Seconds) -> Seconds {
    after
        .iter()
        .map(|(name, seconds)| (name.clone(), seconds - before.get(name).copied().unwrap_or(0.0)))
        .collect()
}

/// The process that started `pid`.
pub(crate) fn parent(pid: u32) -> Option<u32> {
    Some(stat(pid)?.parent)
}

/// CPU seconds of this process' children that have ended.
pub(crate) fn ended_children() -> f64 {
    stat(std::process::id()).map_or(0.0, |stat| stat.ended_children)
}

/// How many processors there are, and what they call themselves.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} × {}", model.unwrap_or("unknown processor").trim())
}

fn seconds(all: &[Stat], who: &Who) -> f64 {
    match who {
        Who::One(pid) => all.iter().find(|stat| stat.pid == *pid).map_or(0.0, |stat| stat.own),
        Who::Family(head) => all
            .iter()
            .map(|stat| match () {
                () if stat.pid == *head => stat.own + stat.ended_children,
                () if stat.parent == *head => stat.own,
                () => 0.0,
            })
            .sum(),
        Who::Named(word) => all.iter().filter(|stat| stat.name == *word).map(|stat| stat.own).sum(),
    }
}

fn stats() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pid = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    entries.flatten().filter_map(pid).filter_map(stat).collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may itself contain brackets and blanks.
    let (head, rest) = text.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some(Stat {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        name,
        own: (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND,
        ended_children: (ticks(13)? + ticks(14)?) / TICKS_PER_SECOND,
    })
}

fn status(pid: u32, word: &str) -> Option<f64> {
    kib(Path::new(&format!("/proc/{pid}/status")), word)
}

fn share(pid: u32) -> Option<f64> {
    kib(Path::new(&format!("/proc/{pid}/smaps_rollup")), "Pss:")
}

fn kib(file: &Path, word: &str) -> Option<f64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0 / MIB)
}
