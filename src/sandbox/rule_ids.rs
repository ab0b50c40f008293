//! Rule ids that look like each cloud's.

use sha2::{Digest as _, Sha256};

use crate::model::{Provider, RuleId, hex};

/// A rule id made from `seed`: `sgr-` and 20 base-36 digits (Alibaba Cloud) or 17 hexadecimal
/// digits (AWS).
pub(super) fn rule_id(cloud: Provider, seed: &str) -> RuleId {
    let digest = Sha256::digest(seed.as_bytes());
    match cloud {
        Provider::Alibaba => {
            let digits = digest.iter().take(17).map(|byte| base36(byte % 36));
            RuleId::new(format!("sgr-bp1{}", digits.collect::<String>()))
        }
        Provider::Aws => RuleId::new(format!("sgr-0{}", &hex(&digest)[..16])),
    }
}

fn base36(digit: u8) -> char {
    char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 })
}
