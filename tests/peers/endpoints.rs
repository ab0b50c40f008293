//! The hosts that are called, beside those of the official SDKs: every region in every variant.

use unpair::cloud::{alibaba, aws};
use unpair::model::RegionId;

use crate::support::{Python, succeed};

#[test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
fn every_host_is_that_of_the_official_sdks() {
    let python = Python::find();
    let output = succeed(&mut python.script("endpoints.py"));
    let lines = String::from_utf8(output.stdout).expect("text");
    let mut seen = [0, 0];
    for line in lines.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (ours, theirs) = match words[..] {
            ["aws", service, region, fips, dual_stack, host] => {
                seen[0] += 1;
                let variant =
                    aws::Variant { fips: fips == "true", dual_stack: dual_stack == "true" };
                (aws::host_of(service, &RegionId::new(region), variant).expect(region), host)
            }
            ["alibaba", "ecs", region, host] => {
                seen[1] += 1;
                (alibaba::host_of(region), host)
            }
            _ => panic!("{line}"),
        };
        assert_eq!(ours, theirs, "{line}");
    }
    assert!(seen[0] > 500 && seen[1] > 30, "{seen:?}");
}
