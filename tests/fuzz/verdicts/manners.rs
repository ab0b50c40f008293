//! The manners in which a cloud may answer, drawn from a seed.

use fastrand::Rng;

/// How the owner of a rule's group is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// By its id.
    Id,
    /// By its id, as a number in JSON.
    Number,
    /// By its login name; with hyphens, as consoles show ids, where there are no login names.
    Name,
    /// Not at all.
    Absent,
}

/// How a world is told. What is false in all of them is how a cloud is documented to answer.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "manners that come in any combination")]
pub(super) struct Manners {
    pub(super) owner: Owner,
    /// XML of a cloud that was asked for JSON.
    pub(super) xml: bool,
    /// Groups that rules and references name are in another case.
    pub(super) upper_peers: bool,
    /// Groups that listings show are in another case.
    pub(super) upper_groups: bool,
    /// What is listed once in truth is listed again.
    pub(super) repeats: bool,
    /// Pages lead round in a circle.
    pub(super) loops: bool,
    /// Somebody removes a rule that no row is about between two pages, counted from the front.
    pub(super) shrinks: bool,
    /// Items on a page.
    pub(super) page: usize,
    /// The first listing of groups leaves one out.
    pub(super) misses_once: bool,
    /// So many listings of rules lack those between the pairs, which the listing of groups shows.
    pub(super) lags: u32,
    /// Fields that may be absent are now and then.
    pub(super) absent: bool,
    /// A rule of one kind of peer names one of another kind beside it.
    pub(super) both_peers: bool,
    /// Values and fields that no manual has.
    pub(super) words: bool,
    /// How often an earlier answer comes again, from 0 to 1.
    pub(super) replays: f64,
    /// Groups of others that name each of ours, in references.
    pub(super) crowd: usize,
}

impl Manners {
    /// As documented.
    pub(super) const PLAIN: Self = Self {
        owner: Owner::Id,
        xml: false,
        upper_peers: false,
        upper_groups: false,
        repeats: false,
        loops: false,
        shrinks: false,
        page: 100,
        misses_once: false,
        lags: 0,
        absent: false,
        both_peers: false,
        words: false,
        replays: 0.0,
        crowd: 0,
    };

    /// Some manners: none, one, or a few together.
    pub(super) fn drawn(rng: &mut Rng) -> Self {
        let few = [0, 1, 1, 1, 2, 3, 5][rng.usize(0..7)];
        let mut manners = Self { xml: rng.f64() < 0.2, ..Self::PLAIN };
        if rng.f64() < 0.3 {
            manners.page = 2;
        }
        for _ in 0..few {
            manners.take_on(rng);
        }
        if rng.bool() {
            manners.crowd = [40, 99, 100, 130][rng.usize(0..4)];
        }
        manners
    }

    fn take_on(&mut self, rng: &mut Rng) {
        match rng.u8(0..14) {
            0 | 1 => {
                self.owner = [Owner::Number, Owner::Name, Owner::Absent][rng.usize(0..3)];
            }
            2 => self.upper_peers = true,
            3 => self.upper_groups = true,
            4 => self.repeats = true,
            5 => (self.loops, self.page) = (true, 2),
            6 => (self.shrinks, self.page) = (true, 2),
            7 => self.misses_once = true,
            8 => self.lags = [1, u32::MAX][rng.usize(0..2)],
            9 | 10 => self.absent = true,
            11 => self.both_peers = true,
            12 => self.words = true,
            _ => self.replays = 0.3,
        }
    }

    /// The id of a group that a rule or a reference names.
    pub(super) fn peer(&self, id: &str) -> String {
        if self.upper_peers { id.to_uppercase() } else { id.to_owned() }
    }

    /// The id of a group that a listing shows.
    pub(super) fn group(&self, id: &str) -> String {
        if self.upper_groups { id.to_uppercase() } else { id.to_owned() }
    }
}
