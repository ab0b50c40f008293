//! The sample manifest, as a user's first command reads it.

use std::fs::File;
use std::path::Path;

use unpair::manifest::{ManifestInput, Parsed, Rules, read};
use unpair::model::Provider;

fn sample() -> Parsed {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/pairs.csv");
    let reader = Box::new(File::open(path).expect("the sample manifest"));
    read(vec![ManifestInput { name: "pairs.csv".to_owned(), reader }], &Rules::default())
}

#[test]
fn the_sample_manifest_holds_pairs_of_both_clouds_and_one_mirrored_pair() {
    let sample = sample();
    assert!(sample.errors.is_empty(), "{:#?}", sample.errors);
    assert_eq!((sample.rows_read, sample.pairs.pair_count()), (9, 8));
    assert_eq!(sample.pairs.duplicates, [(4, 3)]);
    assert_eq!(sample.pairs.notes.len(), 9);
    let of = |cloud| sample.pairs.groups.iter().filter(|group| group.cloud == cloud).count();
    assert_eq!((of(Provider::Alibaba), of(Provider::Aws)), (10, 6));
}

#[test]
fn the_sample_manifest_names_the_groups_of_the_providers_own_example() {
    let sample = sample();
    let first = sample.pairs.rows.iter().find(|row| row.line == 2).expect("the first row");
    let ends = [first.a, first.b].map(|ix| sample.pairs.group(ix).to_string());
    assert_eq!(
        ends,
        [
            "alibaba a@aliyun.com cn-beijing sg-bp1azkttqpldxgtedXXX",
            "alibaba b@aliyun.com cn-beijing sg-bp15ed6xe1yxeycg7XXX",
        ]
    );
}
