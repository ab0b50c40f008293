//! A manifest of any size, always the same: pairs of groups between accounts of one cloud.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Accounts, and groups of each in each region: 720,000 groups in all.
const ACCOUNTS: u64 = 300;
const GROUPS: u64 = 400;
const REGIONS: [&str; 6] =
    ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "ap-northeast-1"];
/// What rows narrow their pairs to: protocol and ports.
const NARROWINGS: [&str; 8] =
    [",", ",", ",", ",", "tcp,443/443", "tcp,22/22", "udp,53/53", "tcp,8443/8443"];
/// Of 1,000 rows, how many repeat an earlier one; every other of these the other way round.
const REPEATED: u64 = 94;
const SEED: u64 = 11;

/// Writes a manifest of `rows` rows.
pub(crate) fn generate(rows: u64, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(b"cloud,region,account_a,group_a,account_b,group_b,ip_protocol,port_range\n")?;
    let mut line = Vec::new();
    for row in 0..rows {
        line.clear();
        write_row(row, &mut line)?;
        out.write_all(&line)?;
    }
    out.flush()
}

fn write_row(row: u64, line: &mut Vec<u8>) -> io::Result<()> {
    let mut chance = Chance::new(row, 1);
    let repeats = row > 0 && chance.below(1000) < REPEATED;
    let (of, mirrored) =
        if repeats { (chance.below(row), chance.below(2) == 1) } else { (row, false) };
    let mut chance = Chance::new(of, 2);
    let region = chance.below(REGIONS.len() as u64);
    let (one, step) = (chance.below(ACCOUNTS), 1 + chance.below(ACCOUNTS - 1));
    let mut ends = [one, (one + step) % ACCOUNTS].map(|account| (account, chance.below(GROUPS)));
    if mirrored {
        ends.swap(0, 1);
    }
    write!(line, "aws,{}", REGIONS[usize::try_from(region).unwrap_or(0)])?;
    for (account, group) in ends {
        let id = Chance::new((region * ACCOUNTS + account) * GROUPS + group, 3).next();
        write!(line, ",{:012},sg-{:017x}", 100_000_000_019 + account * 2_718_281_828, id)?;
    }
    let narrowing = chance.below(NARROWINGS.len() as u64);
    writeln!(line, ",{}", NARROWINGS[usize::try_from(narrowing).unwrap_or(0)])
}

/// Numbers without a pattern, a list of its own for each place and use (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn new(place: u64, purpose: u64) -> Self {
        let mut seed = Self(SEED.wrapping_mul(8) + purpose);
        let start = seed.next();
        Self(start.wrapping_add(place.wrapping_mul(0xD134_2543_DE82_EF95)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
