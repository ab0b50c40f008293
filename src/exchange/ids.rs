//! The request ids of the last answers: one that comes again tells of an answer that is not of its
//! request.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use crate::cloud::{Answer, CloudError};
use crate::model::{ErrorClass, RequestId};

/// Answers that are remembered: whatever replays answers, a cache or a gateway, replays recent ones.
pub(super) const REMEMBERED: usize = 4_096;

/// An answer that has the provider's name for its exchange, or is none at all.
pub trait Named {
    /// The name, and the HTTP status that it came with.
    fn named(&self) -> Option<(&RequestId, u16)>;
}

impl<T> Named for Answer<T> {
    fn named(&self) -> Option<(&RequestId, u16)> {
        Some((&self.request_id, self.http))
    }
}

impl<T> Named for Option<Answer<T>> {
    fn named(&self) -> Option<(&RequestId, u16)> {
        self.as_ref().and_then(Named::named)
    }
}

/// Request ids that came lately, by their hashes.
#[derive(Debug, Default)]
pub(super) struct RequestIds {
    hasher: RandomState,
    last: Mutex<(HashSet<u64>, VecDeque<u64>)>,
}

impl RequestIds {
    /// Notes `id`; whether it is new.
    pub(super) fn note(&self, id: &RequestId) -> bool {
        let hash = self.hasher.hash_one(id);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, order) = &mut *last;
        if !known.insert(hash) {
            return false;
        }
        order.push_back(hash);
        if order.len() > REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
        true
    }

    /// The answer to a request, which is none if its id was an earlier answer's: to a revocation it
    /// is unknown what came of it, and a read is made again.
    pub(super) fn judge<A: Named>(&self, answer: Result<A, CloudError>) -> Result<A, CloudError> {
        let (id, http) = match &answer {
            Ok(answer) => answer.named().map_or((None, None), |(id, http)| (Some(id), Some(http))),
            Err(error) => (error.request_id.as_ref(), error.http),
        };
        let Some(id) = id.filter(|id| !self.note(id)).cloned() else { return answer };
        match answer {
            Err(error) if proves_nothing(error.class) => Err(error),
            _ => {
                tracing::warn!("request id {id} came with an earlier answer: not counted as one");
                let message = "its request id came with an earlier answer: something between here \
                               and the provider, such as a proxy, repeats answers";
                let lost = CloudError::local(ErrorClass::Lost, "RepeatedRequestId", message);
                Err(CloudError { http, request_id: Some(id), ..lost })
            }
        }
    }
}

/// Errors after which a call is sent again, or its group read, whichever answer they belong to.
const fn proves_nothing(class: ErrorClass) -> bool {
    matches!(
        class,
        ErrorClass::Throttled | ErrorClass::Transient | ErrorClass::Unreached | ErrorClass::Lost
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: &str) -> Answer<()> {
        Answer { value: (), request_id: id.into(), http: 200 }
    }

    fn refusal(class: ErrorClass, id: &str) -> Result<Answer<()>, CloudError> {
        Err(CloudError { request_id: Some(id.into()), ..CloudError::local(class, "C", "m") })
    }

    #[test]
    fn an_answer_with_the_id_of_an_earlier_one_is_none() {
        let ids = RequestIds::default();
        assert!(ids.judge(Ok(answer("a"))).is_ok());
        assert!(ids.judge(Ok(answer("b"))).is_ok());
        let error = ids.judge(Ok(answer("a"))).expect_err("it came before");
        assert_eq!((error.class, error.http), (ErrorClass::Lost, Some(200)));
        assert_eq!(error.request_id, Some("a".into()));
    }

    #[test]
    fn a_refusal_with_the_id_of_an_earlier_answer_does_not_fail_a_rule() {
        let ids = RequestIds::default();
        assert!(ids.note(&"read".into()));
        let class = |answer: Result<Answer<()>, CloudError>| answer.expect_err("refused").class;
        assert_eq!(class(ids.judge(refusal(ErrorClass::Refused, "read"))), ErrorClass::Lost);
        assert_eq!(class(ids.judge(refusal(ErrorClass::Refused, "own"))), ErrorClass::Refused);
        assert_eq!(class(ids.judge(refusal(ErrorClass::Throttled, "own"))), ErrorClass::Throttled);
        let nameless = CloudError::local(ErrorClass::Unreached, "C", "m");
        assert_eq!(class(ids.judge::<Answer<()>>(Err(nameless))), ErrorClass::Unreached);
    }

    #[test]
    fn only_the_last_answers_are_remembered() {
        let ids = RequestIds::default();
        assert!((0..=REMEMBERED).all(|n| ids.note(&n.to_string().as_str().into())));
        assert!(ids.note(&"0".into()), "long ago");
        assert!(!ids.note(&REMEMBERED.to_string().as_str().into()));
    }
}
