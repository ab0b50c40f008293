//! Named faults: what a network or a cloud does to a call beside answering it.

use std::str::FromStr;
use std::time::Duration;

use super::call::Call;

/// How long `slow` holds an answer back, unless `slow:MS` says otherwise.
const SLOW: Duration = Duration::from_secs(3);

/// A fault, whom it hits and how often: `NAME[@ACTION][@ACCOUNT]=RATE` on the command line.
///
/// `RATE` is a share of the calls from 0 to 1, or `3x`: the first three calls.
#[derive(Clone, Debug, PartialEq)]
pub struct InjectedFault {
    /// What happens.
    pub kind: FaultKind,
    /// The action it is limited to, by its API name.
    pub action: Option<String>,
    /// The account it is limited to.
    pub account: Option<String>,
    /// How often.
    pub often: Often,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Often {
    /// A share of the calls, from 0 to 1.
    Share(f64),
    /// This many calls from the start.
    First(u32),
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `drop-before`: the connection is closed, nothing happens.
    DropBefore,
    /// `drop-after`: the call takes effect, then the connection is closed.
    DropAfter,
    /// `throttle` or `throttle:MS`: the provider's throttling answer, with a wait if given.
    Throttle(Option<u32>),
    /// `error-500-before`: an internal error, nothing happens.
    ErrorBefore,
    /// `error-500-after`: the call takes effect, then an internal error.
    ErrorAfter,
    /// `garbage`: a page of HTML with status 200 from a proxy; nothing happens.
    Garbage,
    /// `truncate`: the call takes effect, the answer ends half way.
    Truncate,
    /// `slow` or `slow:MS`: the answer comes late.
    Slow(Duration),
    /// `hang`: the call takes effect, the answer never comes.
    Hang,
    /// `no-request-id`: the answer lacks its request id.
    NoRequestId,
    /// `expired-credentials`: the provider's answer to expired credentials.
    ExpiredCredentials,
    /// `clock-skew`: the provider's answer to a request that is too old.
    ClockSkew,
    /// `code:NAME` or `code:NAME:STATUS`: exactly this code, nothing happens.
    Code {
        /// The code.
        code: String,
        /// The HTTP status, if not the one that the provider documents.
        status: Option<u16>,
    },
}

impl FaultKind {
    /// Whether the call takes effect all the same.
    pub(super) fn lets_pass(&self) -> bool {
        matches!(
            self,
            Self::DropAfter
                | Self::ErrorAfter
                | Self::Truncate
                | Self::Slow(_)
                | Self::Hang
                | Self::NoRequestId
        )
    }

    /// The name on the command line.
    pub(super) fn name(&self) -> String {
        match self {
            Self::DropBefore => "drop-before".to_owned(),
            Self::DropAfter => "drop-after".to_owned(),
            Self::Throttle(_) => "throttle".to_owned(),
            Self::ErrorBefore => "error-500-before".to_owned(),
            Self::ErrorAfter => "error-500-after".to_owned(),
            Self::Garbage => "garbage".to_owned(),
            Self::Truncate => "truncate".to_owned(),
            Self::Slow(_) => "slow".to_owned(),
            Self::Hang => "hang".to_owned(),
            Self::NoRequestId => "no-request-id".to_owned(),
            Self::ExpiredCredentials => "expired-credentials".to_owned(),
            Self::ClockSkew => "clock-skew".to_owned(),
            Self::Code { code, .. } => format!("code:{code}"),
        }
    }
}

/// A fault that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFault {
    /// No `=`, or a rate that is neither a share nor a count.
    #[error("fault `{0}`: expected NAME=RATE with RATE from 0 to 1, or a count such as 3x")]
    Rate(String),
    /// No such fault.
    #[error(
        "unknown fault `{0}`, expected drop-before, drop-after, throttle[:MS], error-500-before, \
         error-500-after, garbage, truncate, slow[:MS], hang, no-request-id, expired-credentials, \
         clock-skew or code:NAME[:STATUS]"
    )]
    Name(String),
}

impl FromStr for InjectedFault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let bad_rate = || BadFault::Rate(text.to_owned());
        let (name, rate) = text.rsplit_once('=').ok_or_else(bad_rate)?;
        let mut pieces = name.split('@');
        let kind = kind(pieces.next().unwrap_or_default())?;
        let mut fault =
            Self { kind, action: None, account: None, often: often(rate).ok_or_else(bad_rate)? };
        for scope in pieces {
            let is_account = !scope.is_empty() && scope.bytes().all(|b| b.is_ascii_digit());
            let slot = if is_account { &mut fault.account } else { &mut fault.action };
            *slot = Some(scope.to_owned());
        }
        Ok(fault)
    }
}

fn often(text: &str) -> Option<Often> {
    if let Some(count) = text.strip_suffix('x') {
        return count.parse().ok().map(Often::First);
    }
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).map(Often::Share)
}

fn kind(text: &str) -> Result<FaultKind, BadFault> {
    let bad = || BadFault::Name(text.to_owned());
    let (name, detail) = match text.split_once(':') {
        Some((name, detail)) => (name, Some(detail)),
        None => (text, None),
    };
    let millis = |detail: &str| detail.parse::<u32>().map_err(|_| bad());
    match (name, detail) {
        ("drop-before", None) => Ok(FaultKind::DropBefore),
        ("drop-after", None) => Ok(FaultKind::DropAfter),
        ("throttle", wait) => Ok(FaultKind::Throttle(wait.map(millis).transpose()?)),
        ("error-500-before", None) => Ok(FaultKind::ErrorBefore),
        ("error-500-after", None) => Ok(FaultKind::ErrorAfter),
        ("garbage", None) => Ok(FaultKind::Garbage),
        ("truncate", None) => Ok(FaultKind::Truncate),
        ("slow", None) => Ok(FaultKind::Slow(SLOW)),
        ("slow", Some(wait)) => Ok(FaultKind::Slow(Duration::from_millis(millis(wait)?.into()))),
        ("hang", None) => Ok(FaultKind::Hang),
        ("no-request-id", None) => Ok(FaultKind::NoRequestId),
        ("expired-credentials", None) => Ok(FaultKind::ExpiredCredentials),
        ("clock-skew", None) => Ok(FaultKind::ClockSkew),
        ("code", Some(code)) if !code.is_empty() => code_kind(code).ok_or_else(bad),
        _ => Err(bad()),
    }
}

fn code_kind(text: &str) -> Option<FaultKind> {
    let (code, status) = match text.split_once(':') {
        Some((code, status)) => (code, Some(status.parse().ok()?)),
        None => (text, None),
    };
    Some(FaultKind::Code { code: code.to_owned(), status })
}

/// The faults of a sandbox and how often each has struck.
#[derive(Debug)]
pub(super) struct InjectedFaults {
    faults: Vec<(InjectedFault, u32)>,
    dice: fastrand::Rng,
}

impl InjectedFaults {
    pub(super) fn new(faults: Vec<InjectedFault>, seed: u64) -> Self {
        let faults = faults.into_iter().map(|fault| (fault, 0)).collect();
        Self { faults, dice: fastrand::Rng::with_seed(seed) }
    }

    /// The first fault that strikes this call.
    pub(super) fn strike(&mut self, call: &Call) -> Option<FaultKind> {
        for (fault, struck) in &mut self.faults {
            if !fault.concerns(call) {
                continue;
            }
            let hit = match fault.often {
                Often::Share(share) => self.dice.f64() < share,
                Often::First(count) => *struck < count,
            };
            if hit {
                *struck += 1;
                return Some(fault.kind.clone());
            }
        }
        None
    }
}

impl InjectedFault {
    fn concerns(&self, call: &Call) -> bool {
        self.action.as_ref().is_none_or(|action| *action == call.action)
            && self.account.as_ref().is_none_or(|account| account == call.account.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_on_the_command_line() {
        let fault: InjectedFault =
            "drop-after@RevokeSecurityGroup@123=0.1".parse().expect("a fault");
        assert_eq!(fault.kind, FaultKind::DropAfter);
        assert_eq!(fault.action.as_deref(), Some("RevokeSecurityGroup"));
        assert_eq!(fault.account.as_deref(), Some("123"));
        assert_eq!(fault.often, Often::Share(0.1));
        let fault: InjectedFault = "code:InvalidX.Y:404=2x".parse().expect("a fault");
        assert_eq!(fault.kind, FaultKind::Code { code: "InvalidX.Y".into(), status: Some(404) });
        assert_eq!(fault.often, Often::First(2));
    }

    #[test]
    fn a_bad_fault_is_told_with_what_was_expected() {
        for bad in ["drop-after", "drop-after=2", "drop-after=-1", "slow=x"] {
            assert_eq!(bad.parse::<InjectedFault>(), Err(BadFault::Rate(bad.to_owned())));
        }
        for bad in ["nothing=1", "slow:x=1", "code=1", "drop-after:3=1"] {
            let message = bad.parse::<InjectedFault>().expect_err(bad).to_string();
            assert!(message.contains("expected drop-before"), "{message}");
        }
    }

    #[test]
    fn equal_seeds_strike_the_same_calls() {
        let call = Call::for_test("RevokeSecurityGroup");
        let strikes = |seed| {
            let fault = "drop-before=0.5".parse().expect("a fault");
            let mut faults = InjectedFaults::new(vec![fault], seed);
            (0..64).map(|_| faults.strike(&call).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(strikes(7), strikes(7));
        assert_ne!(strikes(7), strikes(8));
    }
}
