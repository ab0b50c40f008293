//! Two clouds in memory: groups, rules, requests on their way, and remembered tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use unpair::cloud::{CloudError, ErrorClass, RevokeReply};
use unpair::journal::CallId;
use unpair::model::{AccountId, ClientToken, GroupId, GroupRef, Provider, RequestId, Rule, RuleId};

use crate::failing_account::{Exchanged, FailingAccounts};
use crate::fault_rates::{Delivery, FaultRates, refusal};
use crate::imposter::Imposter;
use crate::manner::Manner;
use crate::time::{Jump, wall_ms};
use crate::verdicts::Ledger;

/// How long Alibaba Cloud remembers a token, at the least and at the most: nobody tells.
const REMEMBERED: std::ops::Range<u64> = 600..3_600;

/// A security group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) place: GroupRef,
    pub(crate) rules: Vec<Rule>,
    /// Removed rules, and until when stale reads go on to show them.
    pub(crate) shadows: Vec<(Rule, Duration)>,
}

/// A revocation request as the cloud gets it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) account: AccountId,
    pub(crate) group: GroupId,
    pub(crate) rules: Vec<RuleId>,
    pub(crate) token: Option<ClientToken>,
    pub(crate) hash: String,
}

/// An intent that is durable and not concluded.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) group: GroupId,
    pub(crate) token: Option<ClientToken>,
    pub(crate) hash: String,
    pub(crate) rules: Vec<RuleId>,
    pub(crate) is_sent: bool,
}

/// What is known of a token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) hash: String,
    pub(crate) first_sent: Duration,
    /// When it first arrived and what was answered.
    pub(crate) answer: Option<(Duration, Answer)>,
}

pub(crate) type Answer = Result<RevokeReply, ErrorClass>;

/// Both clouds at one time. A clone is another pair of clouds that begins in the same way.
#[derive(Clone, Debug)]
pub(crate) struct Clouds {
    pub(crate) rates: FaultRates,
    pub(crate) rng: Rng,
    pub(crate) jumps: Vec<Jump>,
    /// Calls a second that Alibaba Cloud allows each lane and action.
    pub(crate) rate: f64,
    /// Jumps of up to this much, in milliseconds, make no age unknown.
    pub(crate) allowed_jump_ms: u64,
    pub(crate) groups: BTreeMap<GroupId, Group>,
    /// Every rule that some row of the manifest asks to remove.
    pub(crate) asked: BTreeSet<RuleId>,
    /// Intents by call, of the process that lives.
    pub(crate) intents: BTreeMap<CallId, Intent>,
    /// Mutating requests sent so far.
    pub(crate) sent: u64,
    /// Rules that somebody added again.
    pub(crate) added_again: u64,
    /// Requests that changed something.
    pub(crate) effects: u64,
    /// Every invariant that was broken, and how.
    pub(crate) broken: Vec<String>,
    /// The account that goes bad, if one does.
    pub(crate) bad: Option<FailingAccounts>,
    /// The account whose credentials are those of another for a while, if there is one.
    pub(crate) imposter: Option<Imposter>,
    /// Every exchange that ended, in order.
    pub(crate) exchanges: Vec<Exchanged>,
    token_life: Duration,
    pub(crate) tokens: BTreeMap<ClientToken, Token>,
    /// With which token and when each request, by its hash, was last sent.
    pub(crate) last_sent: BTreeMap<String, (Option<ClientToken>, Duration)>,
    on_their_way: BTreeMap<(Duration, u64), Request>,
    answers: BTreeMap<u64, Answer>,
    answered: u64,
    /// How the clouds answer, whatever the fault rates are.
    pub(crate) manner: Manner,
    /// What the judge of verdicts knows.
    pub(crate) ledger: Ledger,
    /// When each group was last written to, and read in full.
    pub(crate) written: BTreeMap<GroupId, Duration>,
    pub(crate) read: BTreeMap<GroupId, Duration>,
}

impl Clouds {
    pub(crate) fn new(seed: u64, rates: FaultRates) -> Self {
        let mut rng = Rng::with_seed(seed);
        let token_life = Duration::from_secs(rng.u64(REMEMBERED));
        Self {
            rates,
            rng,
            jumps: Vec::new(),
            rate: 5.0,
            allowed_jump_ms: 0,
            groups: BTreeMap::new(),
            asked: BTreeSet::new(),
            intents: BTreeMap::new(),
            sent: 0,
            added_again: 0,
            effects: 0,
            broken: Vec::new(),
            bad: None,
            imposter: None,
            exchanges: Vec::new(),
            token_life,
            tokens: BTreeMap::new(),
            last_sent: BTreeMap::new(),
            on_their_way: BTreeMap::new(),
            answers: BTreeMap::new(),
            answered: 0,
            manner: Manner::default(),
            ledger: Ledger::default(),
            written: BTreeMap::new(),
            read: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, place: &GroupRef, rules: Vec<Rule>) {
        let group = Group { place: place.clone(), rules, shadows: Vec::new() };
        self.groups.insert(place.group.clone(), group);
    }

    /// What the wall clock of the machine shows.
    pub(crate) fn wall_ms(&self, now: Duration) -> i64 {
        wall_ms(now, &self.jumps)
    }

    /// Takes a request: its number and its delivery. Judges it by what is known of its sender.
    pub(crate) fn post(&mut self, request: &Request, now: Duration) -> (u64, Delivery) {
        self.judge_request(request, now);
        self.judge_answer(request, now);
        let (rates, number) = (self.rates, self.sent);
        self.sent += 1;
        let delivery = Delivery::of_call(&rates, &mut self.rng);
        for after in [delivery.arrives, delivery.again].into_iter().flatten() {
            self.on_their_way.insert((now + after, number), request.clone());
        }
        (number, delivery)
    }

    /// Delivers what has arrived by `now`; true if anything changed.
    pub(crate) fn arrive(&mut self, now: Duration) -> bool {
        let before = self.effects;
        while let Some(entry) = self.on_their_way.first_entry() {
            let (at, number) = *entry.key();
            if at > now {
                break;
            }
            let request = entry.remove();
            let answer = self.answer(&request, at);
            self.answers.entry(number).or_insert(answer);
        }
        self.effects > before
    }

    /// What the cloud says to a request that arrived.
    pub(crate) fn take_answer(&mut self, number: u64) -> Result<RevokeReply, CloudError> {
        let answer = self.answers.remove(&number).expect("an answer to a request that arrived");
        answer.map_err(refusal)
    }

    fn answer(&mut self, request: &Request, at: Duration) -> Answer {
        let known = request.token.as_ref().and_then(|token| self.tokens.get(token));
        if let Some((when, answer)) = known.and_then(|token| token.answer.clone())
            && at.saturating_sub(when) < self.token_life
        {
            return answer;
        }
        let answer = self.remove(request, at);
        if let Some(token) = request.token.as_ref().and_then(|token| self.tokens.get_mut(token)) {
            token.answer = Some((at, answer.clone()));
        }
        answer
    }

    /// All of the request or nothing: by rule id, both clouds refuse a call of which one is gone.
    fn remove(&mut self, request: &Request, at: Duration) -> Answer {
        let rates = self.rates;
        let group = self.groups.get_mut(&request.group).expect("a group that is there");
        let is_there = |id: &RuleId| group.rules.iter().any(|rule| rule.id == *id);
        if !request.rules.iter().all(is_there) {
            return Err(ErrorClass::RuleMissing);
        }
        self.written.insert(request.group.clone(), at);
        self.effects += 1;
        let (gone, left): (Vec<Rule>, _) =
            group.rules.drain(..).partition(|rule| request.rules.contains(&rule.id));
        group.rules = left;
        for rule in gone {
            if self.rng.f64() < rates.added_again {
                let again = Rule { id: format!("{}-again", rule.id).into(), ..rule.clone() };
                self.asked.insert(again.id.clone());
                self.added_again += 1;
                group.rules.push(again);
            }
            let lag = u64::try_from(rates.lag.as_millis()).unwrap_or(0);
            let shown = Duration::from_millis(self.rng.u64(0..=lag));
            group.shadows.push((rule, at + shown));
        }
        let revoked = match group.place.cloud {
            Provider::Aws => request.rules.clone(),
            Provider::Alibaba => Vec::new(),
        };
        Ok(RevokeReply { unmatched: None, revoked, returned: true })
    }

    /// What becomes of a read.
    pub(crate) fn ask(&mut self) -> Delivery {
        let rates = self.rates;
        Delivery::of_read(&rates, &mut self.rng)
    }

    /// The name of the exchange that is answered now.
    pub(crate) fn request_id(&mut self) -> RequestId {
        if let Some(earlier) = self.manner.replayed.take() {
            return earlier;
        }
        self.answered += u64::from(!self.rates.same_request_ids);
        RequestId::new(format!("req-{}", self.answered))
    }

    /// The name that the next exchange gets.
    pub(crate) fn next_request_id(&self) -> RequestId {
        RequestId::new(format!("req-{}", self.answered + 1))
    }

    /// The rules that stand, by id.
    pub(crate) fn standing(&self) -> BTreeSet<RuleId> {
        self.groups.values().flat_map(|group| &group.rules).map(|rule| rule.id.clone()).collect()
    }
}
