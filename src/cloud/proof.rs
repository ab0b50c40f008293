//! Whose a set of credentials is: proven once for each set, renewed ones included, before anything
//! but the question itself is sent with it.

use std::sync::{Mutex as Short, OnceLock, PoisonError};
use std::time::Instant;

use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;

use super::{Answer, CloudError, StaticKey};
use crate::model::{AccountId, ErrorClass, Identity};

/// One set of credentials.
pub(super) trait Set: Clone + Send {
    /// Whether it is the same set.
    fn is(&self, other: &Self) -> bool;
}

impl Set for aws_credential_types::Credentials {
    fn is(&self, other: &Self) -> bool {
        self == other
    }
}

impl Set for StaticKey {
    fn is(&self, other: &Self) -> bool {
        let token = |key: &Self| key.token.as_ref().map(|token| token.expose_secret().to_owned());
        self.id == other.id
            && self.secret.expose_secret() == other.secret.expose_secret()
            && token(self) == token(other)
    }
}

/// What is proven of one account's credentials.
pub(super) struct Proof<S> {
    /// Whose they are to be: the account by its id, or whoever the first set was of where
    /// configuration has a name alone.
    account: OnceLock<AccountId>,
    /// The set that was proven last.
    proven: Short<Option<S>>,
    /// Held while a set is proven: whoever else wants it shares the outcome.
    proving: Mutex<Option<(Instant, CloudError)>>,
}

impl<S: Set> Proof<S> {
    /// Nothing is proven yet of the credentials of `account`.
    pub(super) fn of(account: &AccountId) -> Self {
        let known = OnceLock::new();
        if account.is_numeric() {
            // It is new: nobody else can have set it.
            let _ = known.set(account.clone());
        }
        Self { account: known, proven: Short::default(), proving: Mutex::default() }
    }

    /// The set that was proven last, if any was.
    pub(super) fn last(&self) -> Option<S> {
        self.proven().clone()
    }

    /// `set`, once `ask` has told that it is the account's.
    ///
    /// No error of this method is [`ErrorClass::Lost`] or [`ErrorClass::Transient`]: whatever the
    /// set was wanted for was not sent.
    pub(super) async fn prove(
        &self,
        set: S,
        ask: impl Future<Output = Result<Answer<Identity>, CloudError>> + Send,
    ) -> Result<S, CloudError> {
        if self.is_proven(&set) {
            return Ok(set);
        }
        let asked = Instant::now();
        let mut failed = self.proving.lock().await;
        if self.is_proven(&set) {
            return Ok(set);
        }
        if let Some((_, error)) = failed.as_ref().filter(|(at, _)| *at > asked) {
            return Err(error.clone());
        }
        let told = match ask.await {
            Ok(answer) => self.judge(&set, &answer.value),
            Err(error) => Err(unsent(error)),
        };
        told.map(|()| set).inspect_err(|error| *failed = Some((Instant::now(), error.clone())))
    }

    /// Takes it for proven whose `set` is, if `identity` is that of the account.
    pub(super) fn judge(&self, set: &S, identity: &Identity) -> Result<(), CloudError> {
        let wanted = self.account.get_or_init(|| identity.account.clone());
        if *wanted == identity.account {
            *self.proven() = Some(set.clone());
            return Ok(());
        }
        let message = format!(
            "the credentials for {wanted} are those of {} ({}) since they were renewed: nothing \
             of {wanted} was sent with them; check its profile, role_arn or credential_process",
            identity.account, identity.arn
        );
        Err(CloudError::local(ErrorClass::Credential, "WrongIdentity", message))
    }

    fn is_proven(&self, set: &S) -> bool {
        self.proven().as_ref().is_some_and(|proven| proven.is(set))
    }

    fn proven(&self) -> std::sync::MutexGuard<'_, Option<S>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error of the question as the call sees it that wanted the answer: that call was not sent.
fn unsent(error: CloudError) -> CloudError {
    let class = match error.class {
        ErrorClass::Lost | ErrorClass::Transient => ErrorClass::Unreached,
        ErrorClass::Refused => ErrorClass::Credential,
        other => other,
    };
    let message = format!("whose the renewed credentials are cannot be told: {}", error.message);
    CloudError { class, message, ..error }
}
