//! How manifests are read.

/// What can be chosen; the result does not depend on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOptions {
    /// Bytes of a piece.
    pub(super) piece: usize,
    /// What becomes of plain rows.
    pub(super) plain: PlainRows,
}

/// What becomes of rows whose cells were all found good before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlainRows {
    /// They are taken for good.
    Quick,
    /// They are checked like any other.
    #[cfg(test)]
    Careful,
}
