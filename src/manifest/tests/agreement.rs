//! Quick and careful reading, on any number of threads, in pieces of any size: one result.

use proptest::prelude::*;

use crate::manifest::read::{Manner, Plain, read_by};
use crate::manifest::{ManifestInput, Parsed, Rules};
use crate::model::Provider;

const CLOUDS: [&str; 5] = ["aws", "", "alibaba", "\"aws\"", "gcp"];
const REGIONS: [&str; 6] =
    ["us-east-1", "cn-beijing", "\"cn-beijing\"", " cn-beijing", "cn-nowhere", "eu-west-1"];
const ACCOUNTS: [&str; 8] = [
    "111111111111",
    "222222222222",
    "a@b",
    "mapped",
    "\"111111111111\"",
    "333333333333 ",
    "x y",
    "",
];
const GROUPS: [&str; 14] = [
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
];
const NARROWINGS: [&str; 7] =
    [",", "tcp,22/22", "TCP,22/22", "6,22/22", "\"tcp\",\"22/22\"", "tcp,0/1", "udp,53/53"];
const NOTES: [&str; 7] = ["", "", "", "a note", "\"a, note\"", "\"of\ntwo lines\"", "\"open"];
const LINE_ENDS: [&str; 4] = ["\n", "\n", "\r\n", "\n\n"];

/// A row: an index into each of the lists, and whether all its cells are plain ones.
type Choice = ([usize; 9], bool);

fn row(
    [cloud, region, own, one, peer, other, narrowing, note, end]: [usize; 9],
    plain: bool,
) -> String {
    let limit =
        |at: usize, plain_count: usize, count: usize| at % if plain { plain_count } else { count };
    let narrowing = NARROWINGS[limit(narrowing, 3, NARROWINGS.len())];
    [
        CLOUDS[limit(cloud, 1, CLOUDS.len())],
        REGIONS[limit(region, 1, REGIONS.len())],
        ACCOUNTS[limit(own, 2, ACCOUNTS.len())],
        GROUPS[limit(one, 3, GROUPS.len())],
        ACCOUNTS[limit(peer, 2, ACCOUNTS.len())],
        GROUPS[limit(other, 3, GROUPS.len())],
        narrowing,
        NOTES[limit(note, 1, NOTES.len())],
    ]
    .join(",")
        + LINE_ENDS[limit(end, 3, LINE_ENDS.len())]
}

/// The manifest with its columns in another order, or without the last ones.
fn manifest(rows: &[Choice], layout: usize) -> String {
    let header = "cloud,region,account_a,group_a,account_b,group_b,ip_protocol,port_range,note\n";
    let whole = rows.iter().map(|(choice, plain)| row(*choice, *plain));
    match layout {
        0 => std::iter::once(header.to_owned()).chain(whole).collect(),
        // Alibaba Cloud alone, narrowing cells apart, no notes.
        1 => {
            let header = "ip_protocol,group_b,account_b,region,account_a,port_range,group_a\n";
            let rows = rows.iter().map(
                |([_, region, own, one, peer, other, narrowing, _, end], plain)| {
                    let limit =
                        |at: &usize, few: usize, all: usize| at % if *plain { few } else { all };
                    let narrowing = NARROWINGS[limit(narrowing, 3, NARROWINGS.len())];
                    let (protocol, ports) = narrowing.split_once(',').unwrap_or_default();
                    let cells = [
                        protocol,
                        GROUPS[limit(other, 4, GROUPS.len())],
                        ACCOUNTS[limit(peer, 3, ACCOUNTS.len())],
                        REGIONS[1 + limit(region, 1, REGIONS.len() - 1)],
                        ACCOUNTS[limit(own, 3, ACCOUNTS.len())],
                        ports,
                        GROUPS[limit(one, 4, GROUPS.len())],
                    ];
                    cells.join(",") + LINE_ENDS[limit(end, 3, LINE_ENDS.len())]
                },
            );
            std::iter::once(header.to_owned()).chain(rows).collect()
        }
        _ => {
            let header = "region,account_a,group_a,account_b,group_b\n";
            let rows = rows.iter().map(|([_, _, own, one, peer, other, ..], _)| {
                format!(
                    "cn-beijing,{},{},{},{}\n",
                    ACCOUNTS[own % 4],
                    GROUPS[one % GROUPS.len()],
                    ACCOUNTS[peer % 4],
                    GROUPS[other % GROUPS.len()]
                )
            });
            std::iter::once(header.to_owned()).chain(rows).collect()
        }
    }
}

fn read(text: &str, manner: Manner, threads: usize) -> Parsed {
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
    pool.install(|| read_by(vec![input("one.csv"), input("two.csv")], &rules, manner))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quick_and_careful_reading_agree_for_any_threads_and_pieces(
        rows in prop::collection::vec((any::<[prop::sample::Index; 9]>(), prop::bool::weighted(0.8)), 0..80),
        layout in 0..3usize,
        piece in 1..2000usize,
    ) {
        let rows: Vec<Choice> = rows.into_iter()
            .map(|(choice, plain)| (choice.map(|index| index.index(840)), plain)).collect();
        let text = manifest(&rows, layout);
        let careful = read(&text, Manner { piece: 1 << 20, plain: Plain::Carefully }, 1);
        for threads in [1, 2, 3, 8] {
            for plain in [Plain::AtAGlance, Plain::Carefully] {
                let other = read(&text, Manner { piece, plain }, threads);
                prop_assert_eq!(&careful.errors, &other.errors);
                prop_assert_eq!(careful.rows_read, other.rows_read);
                prop_assert_eq!(&careful.pairs, &other.pairs);
                prop_assert_eq!(careful.pairs.content_digest(), other.pairs.content_digest());
            }
        }
    }
}
