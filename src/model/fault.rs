//! What can go wrong with a call, by what can be done about it.

/// What an error means for who called. Named after what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The provider's rate limit: not carried out, send again later.
    Throttled,
    /// A server fault (5xx): may have been carried out.
    Transient,
    /// Not carried out: refused connection, DNS, TLS.
    Unreached,
    /// Not carried out: this machine is short of open files, processes or memory; wait for others
    /// to give some back.
    Scarce,
    /// No answer, a cut or an unreadable one: may have been carried out.
    Lost,
    /// Re-sign with a fresh nonce and send again: not carried out.
    Resign,
    /// A rule of the call is not there; read the group.
    RuleMissing,
    /// The group is not in this account and region.
    GroupMissing,
    /// The group that a rule names is not known; read the group.
    PeerMissing,
    /// The client token was used with other parameters; read back, then a new generation.
    TokenReused,
    /// The page token is no longer good: start the listing again.
    PageExpired,
    /// The session's credentials expired: refresh once.
    Expired,
    /// The clock is off: tell, and stop the account.
    ClockSkew,
    /// The credentials are wrong: stop the account.
    Credential,
    /// The credentials may not do this: stop the account.
    Denied,
    /// A service of the provider manages the group: skip the group.
    Managed,
    /// Refused for good.
    Refused,
    /// There is no way to act as this account: not configured as ours.
    NotOurs,
    /// Configuration or a credential file is wrong; nothing was sent.
    Config,
}
