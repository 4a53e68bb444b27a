//! What a roster is made for: people, posts, the peaks at which posts are kept, the ways between them, and the wishes.

use std::ops::BitOr;

/// Minutes since midnight of day 0. Day 0 is a Monday, so a week is seven days from a multiple of seven.
pub type Minute = i32;
/// Minutes of a day.
pub const DAY: Minute = 24 * 60;
/// The most duties that a person's maximum for a day may allow.
pub const MOST_PER_DAY: u16 = 6;

/// Everything that a roster depends on. People, posts, slots and places are named by their index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    pub people: Vec<Person>,
    pub posts: Vec<Post>,
    pub slots: Vec<Slot>,
    pub travel: Travel,
    pub weights: Weights,
    /// Duties that stay as they are, whatever they cost.
    pub fixed: Vec<Fixed>,
}

/// Somebody who can stand at a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub kind: Kind,
    /// One bit for each qualification of the unit's own list.
    pub qualifications: u32,
    /// Whether this person may stand without another who may: an officer may, an auxiliary may not.
    pub stands_alone: bool,
    /// The place from which they set out for every duty: a station, a school, a home.
    pub base: usize,
    /// The group that shares early and late peaks fairly.
    pub team: usize,
    /// When they cannot be on duty. A slot that touches one of these is not theirs.
    pub away: Vec<Span>,
    /// Slots, and posts, at which they must not stand.
    pub barred_slots: Vec<usize>,
    pub barred_posts: Vec<usize>,
    pub most: Most,
    /// Duties of each week, from the week of day 0, that are theirs already and not in the problem: so many fewer fit into the week. At
    /// least one has to be left; a week that is full is written into `away`.
    pub elsewhere: Vec<u16>,
    /// Minutes between the end of a day's last duty and the beginning of the next day's first; at most [`DAY`].
    pub rest: Minute,
    /// Early and late peaks that count as theirs already: of earlier rosters, or credited for leave.
    pub carried: [u16; 2],
}

impl Person {
    /// How many duties of the problem a week takes.
    pub(crate) fn room_in(&self, week: usize) -> u16 {
        self.most.per_week.saturating_sub(self.elsewhere.get(week).copied().unwrap_or(0))
    }
}

/// The most duties of a person in a day, in a week from Monday, and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// At most [`MOST_PER_DAY`].
    pub per_day: u16,
    pub per_week: u16,
    pub per_period: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Officer,
    Auxiliary,
    Patrol,
    SchoolSecurity,
    Teacher,
    Parent,
}

/// A set of kinds: `Kind::Officer | Kind::Patrol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kinds(u8);

impl Kinds {
    pub const ALL: Self = Self(0x3f);

    pub fn has(self, kind: Kind) -> bool {
        self.0 & Self::from(kind).0 != 0
    }
}

impl From<Kind> for Kinds {
    fn from(kind: Kind) -> Self {
        Self(1 << kind as u8)
    }
}

impl<T: Into<Self>> BitOr<T> for Kinds {
    type Output = Self;

    fn bitor(self, other: T) -> Self {
        Self(self.0 | other.into().0)
    }
}

impl<T: Into<Kinds>> BitOr<T> for Kind {
    type Output = Kinds;

    fn bitor(self, other: T) -> Kinds {
        Kinds::from(self) | other
    }
}

/// A gate or a crossing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    pub school: usize,
    /// Where it is, for the table of travel.
    pub place: usize,
}

/// A peak at a post on one day, from arrive-before to stay-after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub post: usize,
    pub day: usize,
    /// Minutes of that day.
    pub window: Span,
    pub peak: Peak,
    /// One for each person who is needed. A mix is seats that differ: one for an officer, one for anybody.
    pub seats: Vec<Seat>,
    /// Whether one person is not enough, whoever it is: with fewer than two it counts as empty.
    pub pair: bool,
}

impl Slot {
    /// Minutes since midnight of day 0.
    pub fn span(&self) -> Span {
        let midnight = self.day as Minute * DAY;
        Span { from: midnight + self.window.from, to: midnight + self.window.to }
    }
}

/// Who can take a place in a slot: one of these kinds, with all of these qualifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub kinds: Kinds,
    pub qualifications: u32,
}

/// Early and late peaks are shared fairly; those between are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peak {
    Early,
    Late,
    Midday,
}

/// From a minute up to, but without, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    pub from: Minute,
    pub to: Minute,
}

impl Span {
    pub fn touches(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// The seat of a slot, both by index, that a person has whatever else changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed {
    pub person: usize,
    pub slot: usize,
    pub seat: usize,
}

/// Minutes from place to place, as the unit fills them in: the way back may take longer, and what is missing is unknown.
/// An unknown way is never taken. From a place to itself it takes none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Travel {
    places: usize,
    minutes: Vec<Option<u16>>,
}

impl Travel {
    pub fn new(places: usize) -> Self {
        Self { places, minutes: vec![None; places * places] }
    }

    pub fn places(&self) -> usize {
        self.places
    }

    /// Both must be less than the number of places.
    pub fn set(&mut self, from: usize, to: usize, minutes: u16) {
        self.minutes[from * self.places + to] = Some(minutes);
    }

    pub fn get(&self, from: usize, to: usize) -> Option<u16> {
        if from == to { Some(0) } else { self.minutes[from * self.places + to] }
    }
}

/// What a wish costs when it is not met. An empty seat costs more than all wishes together and has no weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// For each unit by which a team's squared shares of early, or of late, peaks exceed the smallest possible; the first unfair
    /// exchange costs two.
    pub fairness: i64,
    /// For each post of a person beyond the first.
    pub continuity: i64,
    /// For each minute from the base to a duty.
    pub travel: i64,
}

impl Default for Weights {
    /// An unfair exchange is worth eighty minutes of travel, another post twenty.
    fn default() -> Self {
        Self { fairness: 40, continuity: 20, travel: 1 }
    }
}

impl Problem {
    /// The same, with somebody absent: their fixed duties in that time are released.
    pub fn with_absence(&self, person: usize, span: Span) -> Self {
        let mut changed = self.clone();
        changed.people[person].away.push(span);
        changed.fixed.retain(|fixed| fixed.person != person || !self.slots[fixed.slot].span().touches(span));
        changed
    }
}
