//! What may be done to come by credentials: configuration and the environment forbid some of it.

/// What may be done, and what names the sessions of roles that do not name theirs.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    /// The name of such a session.
    pub(super) session: String,
    /// Whether commands may be run and addresses asked; else what to do about it.
    pub(super) external: Result<(), &'static str>,
    /// Whether the metadata service may be asked; else what to do about it.
    pub(super) machine: Result<(), &'static str>,
}

impl Default for Allowed {
    /// Nothing but reading files.
    fn default() -> Self {
        Self { session: String::new(), external: Err(""), machine: Err("") }
    }
}

/// Commands and addresses of other people's files are not obeyed unasked.
pub(super) const NOT_ALLOWED: &str =
    "set allow_external = true in [alibaba] of unpair.toml to allow it, or use another profile";
/// The provider's own tools obey it, too.
pub(super) const DISABLE_EXTERNAL: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";
/// What to do about it.
pub(super) const DISABLED: &str =
    "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids it: unset it, or use another profile";
/// The same for the metadata service.
pub(super) const DISABLE_MACHINE: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
/// What to do about it.
pub(super) const MACHINE_DISABLED: &str =
    "ALIBABA_CLOUD_ECS_METADATA_DISABLED forbids it: unset it, or use another profile";
