//! Quick and careful reading, on any number of threads, in pieces of any size: one result.

use proptest::prelude::*;

use crate::manifest::options::{PlainRows, ReadOptions};
use crate::manifest::read::read_by;
use crate::manifest::{ManifestInput, Parsed, Rules};
use crate::model::Provider;

const CLOUDS: [&str; 5] = ["aws", "", "alibaba", "\"aws\"", "gcp"];
const REGIONS: [&str; 6] =
    ["us-east-1", "cn-beijing", "\"cn-beijing\"", " cn-beijing", "cn-nowhere", "eu-west-1"];
const ACCOUNTS: [&str; 11] = [
    "111111111111",
    "222222222222",
    "a@b",
    "mapped",
    "\"111111111111\"",
    "333333333333 ",
    "x y",
    "",
    // One account, and two cells.
    "\"a,b\"",
    "a,b",
    "a@c",
];
const GROUPS: [&str; 17] = [
    "sg-0123456789abcdef0",
    "sg-0123456789abcdef1",
    "sg-01234567",
    "sg-bp1azkttqpldxgtedxyz",
    "sg-bp1azkttqpldxgtedXXX",
    "sg-a-b",
    "sg-a",
    "sg-bp1azkttqpldxgtedxyz0",
    "C0003E8B-B930-4F59-ADC0-0E209A9012B0",
    "\"sg-0123456789abcdef0\"",
    "\"sg-a",
    "sg-\u{e9}",
    "1.2E+15",
    "",
    "111111111111/sg-0123456789abcdef0",
    "arn:aws:ec2:us-east-1:222222222222:security-group/sg-0123456789abcdef1",
    "sg-a (web)",
];
const FILTERS: [&str; 7] =
    [",", "tcp,22/22", "TCP,22/22", "6,22/22", "\"tcp\",\"22/22\"", "tcp,0/1", "udp,53/53"];
const NOTES: [&str; 8] = [
    "",
    "",
    "",
    "a note",
    "\"a, note\"",
    "\"of\ntwo lines\"",
    "\"open",
    // Groups that no row names, unless a piece begins at them.
    "\"swallows\naws,us-east-1,111111111111,sg-ffffffff,222222222222,sg-eeeeeeee,,,\n\"",
];
/// Line ends, with empty cells before them and rows of such behind them. Plain rows have the first
/// few.
const LINE_ENDS: [&str; 10] = [
    "\n",
    "\n",
    "\r\n",
    "\n,,,,,,,,\n",
    ",,\n",
    "\n\n",
    "\n; ;\u{a0};\r\n",
    "\n\"\",\"\"\n",
    ",x\n",
    // The header of one layout.
    "\nREGION,account_a,group_a,account_b,group_b\n",
];
const FEW_ENDS: usize = 5;

/// How odd a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Its cells are those of other rows.
    Plain,
    /// But for its groups and its note, which may be any.
    Partly,
    /// Any cell may be anything.
    Odd,
}

/// A row: an index into each of the lists, and how much of them is used.
type Choice = ([usize; 9], Kind);

/// How a row is written.
type Layout = fn([usize; 9], Kind) -> String;

/// An index into a list, of which plain rows use the first `few`.
fn limit(at: usize, is_plain: bool, few: usize, all: usize) -> usize {
    at % if is_plain { few } else { all }
}

fn row(
    [cloud, region, own, one, peer, other, filter, note, end]: [usize; 9],
    kind: Kind,
) -> String {
    let (plain, whole) = (kind != Kind::Odd, kind == Kind::Plain);
    [
        CLOUDS[limit(cloud, plain, 1, CLOUDS.len())],
        REGIONS[limit(region, plain, 1, REGIONS.len())],
        ACCOUNTS[limit(own, plain, 2, ACCOUNTS.len())],
        GROUPS[limit(one, whole, 3, GROUPS.len())],
        ACCOUNTS[limit(peer, plain, 2, ACCOUNTS.len())],
        GROUPS[limit(other, whole, 3, GROUPS.len())],
        FILTERS[limit(filter, plain, 3, FILTERS.len())],
        NOTES[limit(note, whole, 1, NOTES.len())],
    ]
    .join(",")
        + LINE_ENDS[limit(end, plain, FEW_ENDS, LINE_ENDS.len())]
}

/// A row of Alibaba Cloud alone, with filter cells apart and without a note.
fn short_row([_, region, own, one, peer, other, filter, _, end]: [usize; 9], kind: Kind) -> String {
    let (plain, whole) = (kind != Kind::Odd, kind == Kind::Plain);
    let filter = FILTERS[limit(filter, plain, 3, FILTERS.len())];
    let (protocol, ports) = filter.split_once(',').unwrap_or_default();
    [
        protocol,
        GROUPS[limit(other, whole, 4, GROUPS.len())],
        ACCOUNTS[limit(peer, plain, 3, ACCOUNTS.len())],
        REGIONS[1 + limit(region, plain, 1, REGIONS.len() - 1)],
        ACCOUNTS[limit(own, plain, 3, ACCOUNTS.len())],
        ports,
        GROUPS[limit(one, whole, 4, GROUPS.len())],
    ]
    .join(",")
        + LINE_ENDS[limit(end, plain, FEW_ENDS, LINE_ENDS.len())]
}

/// A row without optional cells.
fn bare_row([_, _, own, one, peer, other, _, _, end]: [usize; 9], _: Kind) -> String {
    let [own, peer] = [own, peer].map(|at| ACCOUNTS[at % 4]);
    let [one, other] = [one, other].map(|at| GROUPS[at % GROUPS.len()]);
    let end = LINE_ENDS[end % LINE_ENDS.len()];
    format!("cn-beijing,{own},{one},{peer},{other}{end}")
}

/// The same with semicolons.
fn semicolon_row(choice: [usize; 9], kind: Kind) -> String {
    bare_row(choice, kind).replace(',', ";")
}

/// The manifest in one of the layouts.
fn manifest(rows: &[Choice], layout: usize) -> String {
    let (header, row): (&str, Layout) = match layout {
        0 => {
            ("cloud,region,account_a,group_a,account_b,group_b,ip_protocol,port_range,note\n", row)
        }
        1 => ("ip_protocol,group_b,account_b,region,account_a,port_range,group_a\n", short_row),
        2 => ("region,account_a,group_a,account_b,group_b,,\n", bare_row),
        _ => ("sep=;\n;;\nRegion;Account A;group_a;account_b;group_b\n", semicolon_row),
    };
    let rows = rows.iter().map(|(choice, kind)| row(*choice, *kind));
    std::iter::once(header.to_owned()).chain(rows).collect()
}

fn read(text: &str, options: ReadOptions, threads: usize) -> Parsed {
    let mut rules = Rules {
        alibaba_regions: ["cn-beijing", "us-east-1"].map(str::to_owned).into(),
        ..Rules::default()
    };
    rules.names.insert((Provider::Alibaba, "mapped".to_owned()), "222222222222".into());
    // Two inputs, so that lines and tables go on from one to the other.
    let input = |name: &str| ManifestInput {
        name: name.to_owned(),
        reader: Box::new(std::io::Cursor::new(text.as_bytes().to_vec())),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| read_by(vec![input("one.csv"), input("two.csv")], &rules, options))
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Plain, Kind::Plain, Kind::Plain, Kind::Partly, Kind::Odd])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quick_and_careful_reading_agree_for_any_threads_and_pieces(
        rows in prop::collection::vec((any::<[prop::sample::Index; 9]>(), kinds()), 0..80),
        layout in 0..4usize,
        piece in 1..2000usize,
    ) {
        let rows: Vec<Choice> = rows.into_iter()
            .map(|(choice, kind)| (choice.map(|index| index.index(840)), kind)).collect();
        let text = manifest(&rows, layout);
        let careful = read(&text, ReadOptions { piece: 1 << 20, plain: PlainRows::Careful }, 1);
        for threads in [1, 2, 3, 8] {
            for plain in [PlainRows::Quick, PlainRows::Careful] {
                let other = read(&text, ReadOptions { piece, plain }, threads);
                prop_assert_eq!(&careful.errors, &other.errors);
                prop_assert_eq!((careful.rows_read, careful.bad), (other.rows_read, other.bad));
                prop_assert_eq!(&careful.pairs, &other.pairs);
                prop_assert_eq!(careful.pairs.content_digest(), other.pairs.content_digest());
            }
        }
    }
}
