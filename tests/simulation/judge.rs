//! The invariants, judged by the clouds' own view: who called for a request, what it may touch, how old
//! its token is, and whether what is called gone is gone.

use std::time::Duration;

use unpair::model::{GroupId, RuleId};

use crate::clouds::{Clouds, Intent, Request, Token};
use crate::time::Jump;

/// For how long a token may be sent again.
const TOKEN_LIFE: Duration = Duration::from_secs(600);
impl Clouds {
    pub(crate) fn breaks(&mut self, now: Duration, invariant: &str, how: &str) {
        self.broken.push(format!("at {now:?}: {invariant}: {how}"));
    }

    /// Judges a request by what is known of its sender.
    pub(crate) fn judge_request(&mut self, request: &Request, now: Duration) {
        self.judge_intent(request, now);
        self.judge_scope(request, now);
        self.judge_token(request, now);
        self.judge_generation(request, now);
    }

    fn judge_intent(&mut self, request: &Request, now: Duration) {
        let same = |it: &&mut Intent| it.hash == request.hash && it.token == request.token;
        match self.intents.values_mut().find(same) {
            Some(intent) if !intent.is_sent && intent.rules == request.rules => {
                intent.is_sent = true;
            }
            Some(_) => self.breaks(now, "one intent, one send", &format!("{request:?}")),
            None => self.breaks(now, "intent first", &format!("{request:?}")),
        }
        let sent = self.intents.values().filter(|it| it.is_sent && it.group == request.group);
        if sent.count() > 1 {
            self.breaks(now, "one call at a time and group", &format!("{request:?}"));
        }
    }

    fn judge_scope(&mut self, request: &Request, now: Duration) {
        let owner = self.groups.get(&request.group).map(|group| group.place.account.clone());
        let planned = request.rules.iter().all(|id| self.asked.contains(id));
        if !planned || owner.as_ref() != Some(&request.account) {
            self.breaks(now, "nothing outside the plan", &format!("{request:?}"));
        }
    }

    fn judge_token(&mut self, request: &Request, now: Duration) {
        let Some(token) = &request.token else { return };
        let known = self.tokens.entry(token.clone()).or_insert_with(|| Token {
            hash: request.hash.clone(),
            first_sent: now,
            answer: None,
        });
        let (is_same, first_sent) = (known.hash == request.hash, known.first_sent);
        if !is_same {
            self.breaks(now, "one token, one request", &format!("{request:?}"));
        }
        let allowed = self.allowed_jump_ms;
        let jumped = |jump: &Jump| {
            jump.at > first_sent && jump.at <= now && jump.by_ms.unsigned_abs() > allowed
        };
        if now.saturating_sub(first_sent) > TOKEN_LIFE || self.jumps.iter().any(jumped) {
            self.breaks(now, "no old token", &format!("first sent at {first_sent:?}: {request:?}"));
        }
    }

    /// Another token for the same request is another generation of it: only a read of the group
    /// makes one.
    fn judge_generation(&mut self, request: &Request, now: Duration) {
        let sent = (request.token.clone(), now);
        let Some((token, at)) = self.last_sent.insert(request.hash.clone(), sent) else { return };
        let was_read = self.read.get(&request.group).is_some_and(|read| *read >= at);
        if token != request.token && !was_read {
            self.breaks(now, "one request, one token", &format!("{request:?}"));
        }
    }

    /// Judges what a call was settled as: that a rule is gone must be true, and read since the
    /// last time that its group was written to.
    pub(crate) fn judge_gone(&mut self, group: &GroupId, gone: &[RuleId], now: Duration) {
        let rules = &self.groups.get(group).expect("a group that is there").rules;
        let stands = rules.iter().any(|rule| gone.contains(&rule.id));
        let (read, written) = (self.read.get(group).copied(), self.written.get(group).copied());
        if stands {
            self.breaks(now, "gone means gone", &format!("{group}: {gone:?}"));
        }
        // Of a group that could not be read nothing is called gone.
        if !gone.is_empty() && (read.is_none() || read < written) {
            self.breaks(now, "done means read back", &format!("{group}: {gone:?}"));
        }
    }

    /// Judges exit code 0: nothing that any row asks to remove stands.
    pub(crate) fn judge_done(&mut self, now: Duration) {
        let standing = self.standing();
        let left: Vec<&RuleId> = self.asked.intersection(&standing).collect();
        if !left.is_empty() {
            let left = format!("{left:?}");
            self.breaks(now, "exit code 0 means nothing stands", &left);
        }
    }
}
