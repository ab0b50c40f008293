//! The tables of a journal, as a check reads them.

/// A table, or a part of one; in the order in which a run's frame is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// `journal`: its epoch. It belongs to all runs.
    Journal,
    /// `run`.
    Run,
    /// `invocation`, by epoch.
    Invocation,
    /// `source`, by number.
    Source,
    /// `note`, by line.
    Note,
    /// `duplicate`, by number.
    Duplicate,
    /// `filter`, by number.
    Filter,
    /// `grp` as the run began: lane and id, by group.
    Group,
    /// `lane`, by number.
    Lane,
    /// `lane` as its history ends, by number.
    LaneHead,
    /// `chunk`, by group.
    Chunk,
    /// `grp` as it was read last, by group.
    Reading,
    /// `snapshot`, by group.
    Snapshot,
    /// `finding`, by group.
    Finding,
    /// `call`, by number.
    Call,
    /// `attempt`, by call.
    Attempt,
    /// `revocation`, by number.
    Revocation,
    /// `member`, by revocation.
    Member,
    /// `tally`, by lane.
    Tally,
    /// `event`: which histories there are, by lane. The run's own is -1.
    History,
}

impl Table {
    /// What a run begins with and never changes.
    pub(super) const FRAME: [Self; 7] = [
        Self::Source,
        Self::Note,
        Self::Duplicate,
        Self::Filter,
        Self::Group,
        Self::Lane,
        Self::Chunk,
    ];

    /// What follows from the history of a lane, row by row.
    pub(super) const OF_LANE: [Self; 8] = [
        Self::LaneHead,
        Self::Reading,
        Self::Snapshot,
        Self::Finding,
        Self::Call,
        Self::Attempt,
        Self::Member,
        Self::Tally,
    ];

    /// Whether its last column is bytes.
    pub(super) const fn has_bytes(self) -> bool {
        matches!(self, Self::Duplicate | Self::Chunk)
    }

    /// Its name in findings.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Run => "run",
            Self::Invocation => "invocation",
            Self::Source => "source",
            Self::Note => "note",
            Self::Duplicate => "duplicate",
            Self::Filter => "filter",
            Self::Group => "group",
            Self::Lane => "lane",
            Self::LaneHead => "end of lane",
            Self::Chunk => "peers",
            Self::Reading => "reading of group",
            Self::Snapshot => "snapshot of group",
            Self::Finding => "findings of group",
            Self::Call => "call",
            Self::Attempt => "attempt of call",
            Self::Revocation => "revocation",
            Self::Member => "outcome of revocation",
            Self::Tally => "tally",
            Self::History => "history of lane",
        }
    }
}
