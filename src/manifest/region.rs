//! The `region` cell.

use super::cell::bad;
use super::near::nearest;
use super::{Fault, Rules};
use crate::model::{Partition, PerCloud, Provider};

const EXPECTED: PerCloud<&str> = PerCloud {
    alibaba: "a region such as cn-beijing",
    aws: "a region such as us-east-1 (no zone)",
};

/// Whether a text is a region of the cloud; what is wrong with one that merely looks like it.
type Judge = fn(&str, &Rules) -> Result<(), Option<Fault>>;

const JUDGE: PerCloud<Judge> = PerCloud { alibaba: judge_alibaba, aws: judge_aws };

/// Checks a region of `cloud`.
pub(super) fn check(text: &str, cloud: Provider, rules: &Rules) -> Result<(), Fault> {
    let expected = *EXPECTED.of(cloud);
    if text.is_empty() {
        return Err(Fault::Empty(expected));
    }
    JUDGE.of(cloud)(text, rules)
        .map_err(|wrong| wrong.unwrap_or_else(|| bad(text, "is not a region", expected)))
}

fn judge_alibaba(text: &str, rules: &Rules) -> Result<(), Option<Fault>> {
    let table = &rules.alibaba_regions;
    if table.contains(text) || (table.is_empty() && is_word_list(text)) {
        return Ok(());
    }
    let unknown = || Fault::value(text, "is not a known region", expected_known(text, rules));
    Err(is_word_list(text).then(unknown))
}

fn judge_aws(text: &str, _: &Rules) -> Result<(), Option<Fault>> {
    let elsewhere =
        || Fault::value(text, "is a region of no partition of AWS", expected_partition());
    match Partition::of_region(text) {
        Some(_) => Ok(()),
        None => Err(is_words_and_a_number(text).then(elsewhere)),
    }
}

fn expected_known(text: &str, rules: &Rules) -> String {
    let near = nearest(text, rules.alibaba_regions.iter().map(String::as_str));
    let meant = near.map_or_else(|| EXPECTED.alibaba.to_owned(), |near| format!("`{near}`"));
    format!("{meant}, or a newer one listed in extra_regions under [alibaba]")
}

/// Every partition by its name: `aws-eusc` tells more than how its regions are spelled.
fn expected_partition() -> String {
    let names: Vec<&str> = Partition::all().iter().map(|partition| partition.name).collect();
    format!("{} or another one of {}", EXPECTED.aws, names.join(", "))
}

/// Lower-case letters and digits in words joined by `-`.
fn is_word_list(text: &str) -> bool {
    text.contains('-')
        && text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// `us-new-west-1`: words, then a number.
fn is_words_and_a_number(text: &str) -> bool {
    is_word_list(text)
        && text.matches('-').count() >= 2
        && text.rsplit('-').next().is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let alibaba_regions = ["cn-beijing", "cn-hangzhou"].map(str::to_owned).into();
        Rules { alibaba_regions, ..Rules::default() }
    }

    #[test]
    fn an_unknown_region_names_the_nearest_and_the_remedy() {
        assert_eq!(check("cn-beijing", Provider::Alibaba, &rules()), Ok(()));
        let fault = check("cn-bejing", Provider::Alibaba, &rules()).expect_err("misspelt");
        let message = fault.to_string();
        assert!(message.contains("`cn-beijing`"), "{message}");
        assert!(message.contains("extra_regions"), "{message}");
    }

    #[test]
    fn aws_regions_are_words_and_a_number() {
        for text in
            ["us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-12", "eusc-de-east-1"]
        {
            assert_eq!(check(text, Provider::Aws, &rules()), Ok(()), "{text}");
        }
        for text in ["us-east-1a", "us-east", "us_east_1", "US-EAST-1", "eu", ""] {
            assert!(check(text, Provider::Aws, &rules()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_region_of_no_partition_is_told_as_such() {
        for text in ["us-new-east-1", "eusc-fr-east-1", "us-isox-east-1"] {
            let told = check(text, Provider::Aws, &rules()).expect_err(text).to_string();
            assert!(told.contains("no partition") && told.contains("aws-eusc"), "{told}");
        }
    }

    #[test]
    fn without_a_list_any_well_formed_region_is_accepted() {
        assert_eq!(check("cn-new-9", Provider::Alibaba, &Rules::default()), Ok(()));
        assert!(check("Beijing", Provider::Alibaba, &Rules::default()).is_err());
    }
}
