//! What holds of a plan when something happens, without a database: who of the reserve is sent where, when they are there, and which posts break
//! meanwhile.

use std::cmp::Reverse;
use std::collections::HashMap;

use db::text_enum;
use uuid::Uuid;

use super::model::clock;
use crate::duty::Guarded;

text_enum! {
    /// What can be tried out.
    pub enum EventKind { Lost = "lost" "一个岗没人来", Crowd = "crowd" "人群聚集", Incident = "incident" "又一起警情" }
}

/// How a plan keeps a post in a peak.
#[derive(Debug, Clone, Copy)]
pub struct Manned {
    pub gate: Uuid,
    pub slot: Uuid,
    pub people: i64,
    /// Of these.
    pub police: i64,
}

/// A group of the reserve.
#[derive(Debug, Clone)]
pub struct Force {
    pub name: String,
    pub people: i64,
    pub target: i64,
    /// In how many minutes it is at a school.
    pub minutes: HashMap<Uuid, i64>,
}

/// What happens on the day. Times are minutes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// So many fewer come to a post in a peak.
    Lost { gate: Uuid, slot: Uuid, people: i64 },
    /// A school needs so many more for a while.
    Crowd { school: Uuid, from: i64, to: i64, people: i64 },
    /// So many of the reserve are needed at a school for a while.
    Incident { school: Uuid, from: i64, to: i64, people: i64 },
}

/// In an address: `lost~gate~slot~1`, `crowd~school~450~480~2`.
impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Event::Lost { gate, slot, people } => write!(f, "lost~{}~{}~{people}", gate.simple(), slot.simple()),
            Event::Crowd { school, from, to, people } => write!(f, "crowd~{}~{from}~{to}~{people}", school.simple()),
            Event::Incident { school, from, to, people } => {
                write!(f, "incident~{}~{from}~{to}~{people}", school.simple())
            }
        }
    }
}

/// The most people that an event is about.
pub const MOST_PEOPLE: i64 = 50;

impl std::str::FromStr for Event {
    type Err = ();

    fn from_str(text: &str) -> Result<Event, ()> {
        let mut parts = text.split('~');
        let mut next = || parts.next().ok_or(());
        let kind = EventKind::parse(next()?).ok_or(())?;
        let first: Uuid = next()?.parse().map_err(drop)?;
        let people =
            |text: &str| text.parse::<i64>().ok().filter(|people| (1..=MOST_PEOPLE).contains(people)).ok_or(());
        let event = if kind == EventKind::Lost {
            let slot: Uuid = next()?.parse().map_err(drop)?;
            Event::Lost { gate: first, slot, people: people(next()?)? }
        } else {
            let (from, to): (i64, i64) = (next()?.parse().map_err(drop)?, next()?.parse().map_err(drop)?);
            if !(0..1440).contains(&from) || !(from + 1..=1440).contains(&to) {
                return Err(());
            }
            let people = people(next()?)?;
            match kind {
                EventKind::Crowd => Event::Crowd { school: first, from, to, people },
                _ => Event::Incident { school: first, from, to, people },
            }
        };
        if parts.next().is_some() { Err(()) } else { Ok(event) }
    }
}

/// What becomes of something that has to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Holds,
    /// By the reserve, after so many minutes.
    Held(i64),
    Breaks,
}

impl Outcome {
    pub fn class(&self) -> &'static str {
        match self {
            Outcome::Holds => "done",
            Outcome::Held(_) => "soon",
            Outcome::Breaks => "late",
        }
    }

    pub fn words(&self) -> String {
        match self {
            Outcome::Holds => "✓ 守住".to_owned(),
            Outcome::Held(0) => "△ 备勤马上顶上".to_owned(),
            Outcome::Held(minutes) => format!("△ 备勤 {minutes} 分钟后顶上"),
            Outcome::Breaks => "✕ 守不住".to_owned(),
        }
    }
}

/// What is said of a post in a peak, or of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// Minutes for which somebody is missing.
    pub uncovered: i64,
    pub why: Vec<String>,
}

/// Somebody of the reserve on their way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub force: String,
    pub people: i64,
    pub school: String,
    pub sent: i64,
    pub there: i64,
    pub until: i64,
    /// Again where it waits.
    pub back: i64,
    /// It takes longer than it ought to.
    pub late: bool,
}

impl Sent {
    /// `机动一组 1 人 07:10 出发，07:15 到田家会小学，08:20 完，08:25 回到驻地`
    pub fn words(&self) -> String {
        let late = if self.late { "（超过目标）" } else { "" };
        let [sent, there, until, back] = [self.sent, self.there, self.until, self.back].map(clock);
        format!(
            "{} {} 人 {sent} 出发，{there} 到{}{late}，{until} 完，{back} 回到驻地",
            self.force, self.people, self.school
        )
    }
}

/// What a plan does on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// In the order of what was to be kept.
    pub posts: Vec<Verdict>,
    /// In the order of the events; of a post that was lost, what becomes of it.
    pub events: Vec<Verdict>,
    /// In the order in which they were sent.
    pub sent: Vec<Sent>,
}

impl Simulation {
    pub fn breaks(&self) -> usize {
        self.posts.iter().filter(|post| post.outcome == Outcome::Breaks).count()
    }

    pub fn held(&self) -> usize {
        self.posts.iter().filter(|post| matches!(post.outcome, Outcome::Held(_))).count()
    }

    pub fn minutes(&self) -> i64 {
        self.posts.iter().map(|post| post.uncovered).sum()
    }
}

/// Somebody is needed at a school.
struct Request {
    from: i64,
    to: i64,
    people: i64,
    school: Uuid,
    /// Which of those that begin at one moment goes first: an incident, a crowd, a post.
    rank: u8,
    /// Of the posts, or of the events.
    at: usize,
}

/// What came of a request.
#[derive(Default, Clone)]
struct Answer {
    /// When the last of those who come is there.
    there: Option<i64>,
    /// When each of them is there.
    arrivals: Vec<i64>,
    missing: i64,
    why: Vec<String>,
}

struct Person {
    force: usize,
    free_at: i64,
}

/// Sends whoever can be there first, one request after the other in the order of time. Whoever was sent stays until it is over and goes back
/// before they can be sent again.
fn send(forces: &[Force], requests: &[Request], name: impl Fn(Uuid) -> String) -> (Vec<Answer>, Vec<Sent>) {
    let mut people: Vec<Person> = Vec::new();
    for (force, group) in forces.iter().enumerate() {
        people.extend((0..group.people).map(|_| Person { force, free_at: i64::MIN }));
    }
    let (mut answers, mut all_sent) = (Vec::new(), Vec::<Sent>::new());
    for request in requests {
        let mut answer = Answer::default();
        let mut sent: Vec<Sent> = Vec::new();
        for _ in 0..request.people {
            let way = |person: &Person| {
                let minutes = *forces[person.force].minutes.get(&request.school)?;
                Some((person.free_at.max(request.from) + minutes, minutes))
            };
            let ways = people.iter().enumerate().filter_map(|(at, person)| Some((way(person)?, at)));
            // Of two who are there at the same moment the one with the shorter way, then the one that stands first in the plan.
            let first = ways.min();
            let Some(((there, minutes), at)) = first.filter(|((there, _), _)| *there < request.to) else {
                answer.missing += 1;
                if answer.missing == 1 {
                    answer.why.push(match first {
                        None if people.is_empty() => "方案里没有备勤".to_owned(),
                        None => format!("没有备勤能到{}：到校分钟数里没有这所学校", name(request.school)),
                        Some(((there, _), _)) => {
                            format!("备勤都派出去了或者太远，最早 {} 才到，那时已经完了", clock(there))
                        }
                    });
                }
                continue;
            };
            let force = &forces[people[at].force];
            people[at].free_at = request.to + minutes;
            answer.there = answer.there.max(Some(there));
            answer.arrivals.push(there);
            let late = there - request.from > force.target;
            let one = Sent {
                force: force.name.clone(),
                people: 1,
                school: name(request.school),
                sent: there - minutes,
                there,
                until: request.to,
                back: request.to + minutes,
                late,
            };
            match sent.iter_mut().find(|other| other.force == one.force && other.there == there) {
                Some(other) => other.people += 1,
                None => sent.push(one),
            }
        }
        answer.why.extend(sent.iter().map(Sent::words));
        all_sent.extend(sent);
        answers.push(answer);
    }
    (answers, all_sent)
}

/// What is missing at a post before any reserve is sent.
struct Shortage {
    /// By the plan itself.
    planned: i64,
    /// By what happens.
    happened: i64,
    /// How many of those who are needed are there all the same.
    left: i64,
    why: Vec<String>,
}

fn shortage(need: &Guarded, manned: Option<&Manned>, lost: i64) -> Shortage {
    let (people, police) = manned.map_or((0, 0), |manned| (manned.people, manned.police));
    let short = |people: i64, police: i64| (need.seats - people).max(need.officers - police).max(0);
    let planned = short(people, police);
    // Whoever does not come is taken to be police: it is counted by the worst.
    let happened = short((people - lost).max(0), (police - lost).max(0)) - planned;
    let wanted = format!("要 {} 人（警力 {} 人）", need.seats, need.officers);
    let mut why = vec![match (manned, planned) {
        (None, _) => format!("方案里没有这个岗，{wanted}"),
        (_, 0) => format!("方案安排 {people} 人（警力 {police} 人），{wanted}"),
        _ => format!("方案只安排 {people} 人（警力 {police} 人），{wanted}，不出事也守不住"),
    }];
    if lost > 0 {
        why.push(match (happened, planned) {
            (0, 0) => format!("少来 {lost} 人，剩下的还够"),
            // Nothing more is missing than the plan leaves short anyway.
            (0, _) => format!("少来 {lost} 人，本来就守不住"),
            (missing, _) => format!("少来 {lost} 人，差 {missing} 人"),
        });
    }
    let left = (people - lost).clamp(0, need.seats.max(0));
    Shortage { planned, happened, left, why }
}

/// A post whose people are with a crowd for a while.
struct Drawn {
    post: usize,
    from: i64,
    to: i64,
    /// They are back before the crowd or the post is over.
    back: bool,
}

/// Whom the crowds that the reserve has not met yet take from the posts of their school: minute by minute no more than are lacking then, first
/// whoever is more than is needed, then from the post with the most people, so that few posts suffer; of equal ones the last in the list, and
/// one that is not kept anyway before all others.
fn draw(
    demand: &[Guarded],
    shortages: &[Shortage],
    spare: &mut HashMap<Uuid, Vec<i64>>,
    asked: &[(&Request, &Answer)],
) -> Vec<Drawn> {
    let mut there: Vec<Vec<i64>> = shortages.iter().map(|short| vec![short.left; 1440]).collect();
    for (request, answer) in asked.iter().filter(|(request, _)| request.rank == 2) {
        for arrival in &answer.arrivals {
            for minute in (*arrival).max(0)..request.to.min(1440) {
                let here = &mut there[request.at][minute as usize];
                *here = (*here + 1).min(demand[request.at].seats);
            }
        }
    }
    let mut drawn: Vec<Drawn> = Vec::new();
    for (request, answer) in asked.iter().filter(|(request, _)| request.rank == 1) {
        let mut posts: Vec<usize> = (0..demand.len()).filter(|at| demand[*at].school == request.school).collect();
        posts.sort_by_key(|at| (shortages[*at].planned == 0, Reverse(shortages[*at].left), Reverse(*at)));
        let free = spare.entry(request.school).or_insert_with(|| vec![0; 1440]);
        let begun = drawn.len();
        for minute in request.from.max(0)..request.to.min(1440) {
            let met = answer.arrivals.iter().filter(|arrival| **arrival <= minute).count() as i64;
            let own = free[minute as usize].clamp(0, request.people - met);
            free[minute as usize] -= own;
            let mut lacking = request.people - met - own;
            for at in &posts {
                let need = &demand[*at];
                let gives = there[*at][minute as usize].min(lacking);
                if gives == 0 || !(need.from..need.to).contains(&minute) {
                    continue;
                }
                there[*at][minute as usize] -= gives;
                lacking -= gives;
                match drawn[begun..].iter_mut().find(|one| one.post == *at && one.to == minute) {
                    Some(one) => one.to = minute + 1,
                    None => drawn.push(Drawn { post: *at, from: minute, to: minute + 1, back: false }),
                }
            }
        }
        for one in &mut drawn[begun..] {
            one.back = one.to < request.to.min(demand[one.post].to);
        }
    }
    drawn
}

/// Tries a plan out on a day. The same always gives the same.
///
/// Shortages that the plan has by itself are not for the reserve: they break. What happens is met in the order of time; at one moment an
/// incident goes before a crowd, and a crowd before a post. A crowd is met first by those whom the school's posts have more than they need all
/// that time, then by the reserve; as long as it is not, the school's posts of that time give as many as are lacking, and no more.
pub fn simulate(posts: &[Manned], forces: &[Force], demand: &[Guarded], events: &[Event]) -> Simulation {
    let mut requests: Vec<Request> = Vec::new();
    let mut spare: HashMap<Uuid, Vec<i64>> = HashMap::new();
    let mut shortages = Vec::new();
    for (at, need) in demand.iter().enumerate() {
        let manned = posts.iter().find(|post| post.gate == need.gate && post.slot == need.slot);
        let lost = events.iter().map(|event| match event {
            Event::Lost { gate, slot, people } if *gate == need.gate && *slot == need.slot => *people,
            _ => 0,
        });
        let lost: i64 = lost.sum();
        let short = shortage(need, manned, lost);
        if short.happened > 0 {
            let (from, to, people, school) = (need.from, need.to, short.happened, need.school);
            requests.push(Request { from, to, people, school, rank: 2, at });
        }
        let more = manned.map_or(0, |manned| manned.people - lost - need.seats).max(0);
        let minutes = spare.entry(need.school).or_insert_with(|| vec![0; 1440]);
        for minute in need.from.max(0)..need.to.min(1440) {
            minutes[minute as usize] += more;
        }
        shortages.push(short);
    }

    let mut told: Vec<Vec<String>> = vec![Vec::new(); events.len()];
    let mut by_time: Vec<usize> = (0..events.len()).collect();
    by_time.sort_by_key(|at| match events[*at] {
        Event::Lost { .. } => (0, *at),
        Event::Crowd { from, .. } | Event::Incident { from, .. } => (from, *at),
    });
    for at in by_time {
        match events[at] {
            Event::Lost { .. } => {}
            Event::Incident { school, from, to, people } => {
                told[at].push(format!("要从备勤抽 {people} 人"));
                requests.push(Request { from, to, people, school, rank: 0, at });
            }
            Event::Crowd { school, from, to, people } => {
                let span = from.max(0) as usize..to.clamp(0, 1440) as usize;
                let minutes = spare.entry(school).or_insert_with(|| vec![0; 1440]);
                let own = minutes[span.clone()].iter().min().copied().unwrap_or(0).clamp(0, people);
                minutes[span].iter_mut().for_each(|minute| *minute -= own);
                told[at].push(format!("要另外 {people} 人"));
                if own > 0 {
                    told[at].push(format!("本校岗上多出的 {own} 人先顶上"));
                }
                if own < people {
                    requests.push(Request { from, to, people: people - own, school, rank: 1, at });
                }
            }
        }
    }

    requests.sort_by_key(|request| (request.from, request.rank, request.at));
    let name = |school: Uuid| demand.iter().find(|need| need.school == school).map(|need| need.school_name.clone());
    let (answers, sent) = send(forces, &requests, |school| name(school).unwrap_or_else(|| "这所学校".to_owned()));
    // As long as somebody is missing, and what is said of it.
    let open = |request: &Request, answer: &Answer| match answer.missing {
        0 => (request.from, answer.there.unwrap_or(request.from)),
        _ => (request.from, request.to),
    };
    let outcome = |request: &Request, answer: &Answer| match answer.missing {
        0 => Outcome::Held(answer.there.unwrap_or(request.from) - request.from),
        _ => Outcome::Breaks,
    };

    let asked: Vec<(&Request, &Answer)> = requests.iter().zip(&answers).collect();
    let drawn = draw(demand, &shortages, &mut spare, &asked);
    let mut verdicts = Vec::new();
    for (at, (need, short)) in demand.iter().zip(&shortages).enumerate() {
        let mut result = Outcome::Holds;
        let mut uncovered = vec![false; (need.to - need.from).max(0) as usize];
        let mut mark = |(from, to): (i64, i64)| {
            for minute in from.max(need.from)..to.min(need.to) {
                uncovered[(minute - need.from) as usize] = true;
            }
        };
        let mut why = short.why.clone();
        if short.planned > 0 {
            mark((need.from, need.to));
            result = Outcome::Breaks;
        }
        for (request, answer) in requests.iter().zip(&answers).filter(|(one, _)| one.rank == 2 && one.at == at) {
            mark(open(request, answer));
            result = result.max(outcome(request, answer));
            why.extend(answer.why.iter().cloned());
        }
        for one in drawn.iter().filter(|one| one.post == at) {
            mark((one.from, one.to));
            result = result.max(if one.back { Outcome::Held(one.to - one.from) } else { Outcome::Breaks });
            let [from, to] = [one.from, one.to].map(clock);
            why.push(format!("{from}–{to} 人群聚集没有人手，岗上的人要分出去"));
        }
        let uncovered = uncovered.iter().filter(|open| **open).count() as i64;
        verdicts.push(Verdict { outcome: result, uncovered, why });
    }

    let mut of_events = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if let Event::Lost { gate, slot, .. } = event {
            let post = demand.iter().position(|need| need.gate == *gate && need.slot == *slot);
            of_events.push(post.map_or_else(
                || Verdict {
                    outcome: Outcome::Holds, uncovered: 0, why: vec!["这一天这个岗不用站".to_owned()]
                },
                |post| verdicts[post].clone(),
            ));
            continue;
        }
        let mut verdict = Verdict { outcome: Outcome::Holds, uncovered: 0, why: std::mem::take(&mut told[at]) };
        for (request, answer) in requests.iter().zip(&answers).filter(|(one, _)| one.rank < 2 && one.at == at) {
            let (from, to) = open(request, answer);
            verdict.outcome = outcome(request, answer);
            verdict.uncovered = to - from;
            if answer.missing > 0 {
                verdict.why.push(format!("差 {} 人", answer.missing));
            }
            verdict.why.extend(answer.why.iter().cloned());
        }
        of_events.push(verdict);
    }
    Simulation { posts: verdicts, events: of_events, sent }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::Peak;

    const NEAR: Uuid = Uuid::from_u128(1);
    const FAR: Uuid = Uuid::from_u128(2);
    const EAST: Uuid = Uuid::from_u128(11);
    const SOUTH: Uuid = Uuid::from_u128(12);
    const MORNING: Uuid = Uuid::from_u128(21);

    /// A post from 7:10 to 8:20.
    fn need(school: Uuid, gate: Uuid, seats: i64) -> Guarded {
        let school_name = if school == NEAR { "田家会小学" } else { "城北中学" };
        Guarded {
            school,
            school_name: school_name.to_owned(),
            gate,
            gate_name: "东门".to_owned(),
            slot: MORNING,
            peak: Peak::MorningIn,
            from: 430,
            to: 500,
            seats,
            officers: 1,
        }
    }

    fn manned(gate: Uuid, people: i64) -> Manned {
        Manned { gate, slot: MORNING, people, police: 1 }
    }

    fn force(name: &str, people: i64, minutes: &[(Uuid, i64)]) -> Force {
        Force { name: name.to_owned(), people, target: 5, minutes: minutes.iter().copied().collect() }
    }

    fn lost(gate: Uuid, people: i64) -> Event {
        Event::Lost { gate, slot: MORNING, people }
    }

    #[test]
    fn nothing_happens_and_what_the_plan_leaves_short_breaks() {
        let demand = [need(NEAR, EAST, 1), need(FAR, SOUTH, 2)];
        let forces = [force("机动一组", 2, &[(NEAR, 5), (FAR, 9)])];
        let done = simulate(&[manned(EAST, 1), manned(SOUTH, 1)], &forces, &demand, &[]);
        assert_eq!(done.posts[0].outcome, Outcome::Holds);
        // The reserve is not for what is known beforehand.
        assert_eq!((done.posts[1].outcome, done.posts[1].uncovered), (Outcome::Breaks, 70));
        assert!(done.posts[1].why[0].contains("不出事也守不住"));
        assert!(done.sent.is_empty());
        let without = simulate(&[], &forces, &demand[..1], &[]);
        assert!(without.posts[0].why[0].contains("方案里没有这个岗"));
        assert_eq!(without.minutes(), 70);
    }

    #[test]
    fn a_post_that_is_lost_is_held_by_whoever_is_nearest_and_the_next_breaks() {
        let demand = [need(NEAR, EAST, 1), need(FAR, SOUTH, 1)];
        let posts = [manned(EAST, 1), manned(SOUTH, 1)];
        let forces = [force("远组", 1, &[(NEAR, 12)]), force("近组", 1, &[(NEAR, 5), (FAR, 9)])];
        let done = simulate(&posts, &forces, &demand, &[lost(EAST, 1)]);
        assert_eq!((done.posts[0].outcome, done.posts[0].uncovered), (Outcome::Held(5), 5));
        assert_eq!(done.sent[0].words(), "近组 1 人 07:10 出发，07:15 到田家会小学，08:20 完，08:25 回到驻地");
        assert_eq!(done.events[0], done.posts[0], "what is lost is told of its post");
        // Both at once: the first in the list has the nearest, nobody is left who knows the way to the other.
        let done = simulate(&posts, &forces, &demand, &[lost(EAST, 1), lost(SOUTH, 1)]);
        assert_eq!(done.posts[0].outcome, Outcome::Held(5));
        assert_eq!((done.posts[1].outcome, done.posts[1].uncovered), (Outcome::Breaks, 70));
        assert!(done.posts[1].why.last().unwrap().contains("最早 08:34 才到"), "{:?}", done.posts[1].why);
        assert_eq!((done.breaks(), done.held(), done.minutes()), (1, 1, 75));
        // More than is needed is no loss.
        let done = simulate(&[Manned { police: 2, ..manned(EAST, 2) }], &forces, &demand[..1], &[lost(EAST, 1)]);
        assert_eq!(done.posts[0].outcome, Outcome::Holds);
        assert!(done.posts[0].why[1].contains("剩下的还够"));
        // Nobody is left where nobody was planned, and that is not called enough.
        let done = simulate(&[], &forces, &demand[..1], &[lost(EAST, 1)]);
        assert_eq!(done.posts[0].outcome, Outcome::Breaks);
        assert!(done.posts[0].why.iter().all(|why| !why.contains("还够")), "{:?}", done.posts[0].why);
        assert!(done.posts[0].why[1].contains("本来就守不住"));
        // Whoever does not come is taken to be police.
        let done = simulate(&[manned(EAST, 2)], &[], &demand[..1], &[lost(EAST, 1)]);
        assert_eq!(done.posts[0].outcome, Outcome::Breaks);
        assert!(done.posts[0].why.last().unwrap().contains("方案里没有备勤"));
    }

    #[test]
    fn a_crowd_is_met_by_the_school_s_own_first_and_its_posts_suffer_until_it_is() {
        let demand = [need(NEAR, EAST, 1)];
        let forces = [force("机动一组", 1, &[(NEAR, 8)])];
        // From half past seven to eight, two more: one is spare, one comes after eight minutes.
        let crowd = Event::Crowd { school: NEAR, from: 450, to: 480, people: 2 };
        let done = simulate(&[manned(EAST, 2)], &forces, &demand, &[crowd]);
        assert_eq!((done.events[0].outcome, done.events[0].uncovered), (Outcome::Held(8), 8));
        assert_eq!((done.posts[0].outcome, done.posts[0].uncovered), (Outcome::Held(8), 8));
        assert!(done.posts[0].why[1].contains("07:30–07:38 人群聚集"));
        assert!(done.sent[0].late, "eight minutes are more than five");
        // Without the spare one somebody is missing to the end.
        let done = simulate(&[manned(EAST, 1)], &forces, &demand, &[crowd]);
        assert_eq!((done.events[0].outcome, done.events[0].uncovered), (Outcome::Breaks, 30));
        assert_eq!((done.posts[0].outcome, done.posts[0].uncovered), (Outcome::Breaks, 30));
        // Enough of the school's own: nothing is asked of the reserve.
        let done = simulate(&[manned(EAST, 3)], &forces, &demand, &[crowd]);
        assert_eq!((done.posts[0].outcome, done.events[0].outcome), (Outcome::Holds, Outcome::Holds));
        // A second crowd at the same time cannot have the same people.
        let done = simulate(&[manned(EAST, 3)], &[], &demand, &[crowd, crowd]);
        assert_eq!((done.events[0].outcome, done.events[1].outcome), (Outcome::Holds, Outcome::Breaks));
        // Of two posts one gives the one who is lacking: the other is kept, and nothing is taken from another school.
        let demand = [need(NEAR, EAST, 1), need(NEAR, SOUTH, 1), need(FAR, Uuid::from_u128(13), 1)];
        let posts = [manned(EAST, 1), manned(SOUTH, 1), manned(Uuid::from_u128(13), 1)];
        let one = Event::Crowd { school: NEAR, from: 450, to: 480, people: 1 };
        let done = simulate(&posts, &[], &demand, &[one]);
        let said: Vec<(Outcome, i64)> = done.posts.iter().map(|post| (post.outcome, post.uncovered)).collect();
        assert_eq!(said, [(Outcome::Holds, 0), (Outcome::Breaks, 30), (Outcome::Holds, 0)]);
        assert_eq!((done.breaks(), done.minutes(), done.events[0].outcome), (1, 30, Outcome::Breaks));
        // Two who are lacking take both; once the first of the reserve is there only one is still away.
        let done = simulate(&posts, &forces, &demand, &[crowd]);
        let said: Vec<(Outcome, i64)> = done.posts.iter().map(|post| (post.outcome, post.uncovered)).collect();
        assert_eq!(said, [(Outcome::Held(8), 8), (Outcome::Breaks, 30), (Outcome::Holds, 0)]);
        assert!(done.posts[0].why[1].contains("07:30–07:38 人群聚集"));
        // A second crowd takes from the post that the first has left.
        let done = simulate(&posts, &[], &demand, &[one, one]);
        assert_eq!((done.posts[0].outcome, done.posts[1].outcome), (Outcome::Breaks, Outcome::Breaks));
        // Two at one post suffer together rather than two posts, and a post that is short anyway before one that is kept.
        let demand = [need(NEAR, EAST, 2), need(NEAR, SOUTH, 1)];
        let done = simulate(&[manned(EAST, 2), manned(SOUTH, 1)], &[], &demand, &[crowd]);
        assert_eq!((done.posts[0].outcome, done.posts[1].outcome), (Outcome::Breaks, Outcome::Holds));
        let done = simulate(&[manned(EAST, 1), manned(SOUTH, 1)], &[], &demand, &[one]);
        assert_eq!((done.posts[0].uncovered, done.posts[1].outcome), (70, Outcome::Holds));
        let demand = [need(NEAR, EAST, 1)];
        // Away from the peak no post is concerned.
        let later = Event::Crowd { school: NEAR, from: 600, to: 610, people: 1 };
        let done = simulate(&[manned(EAST, 1)], &[], &demand, &[later]);
        assert_eq!((done.posts[0].outcome, done.events[0].outcome), (Outcome::Holds, Outcome::Breaks));
    }

    #[test]
    fn an_incident_takes_the_reserve_away_until_it_is_back() {
        let demand = [need(NEAR, EAST, 1)];
        let forces = [force("机动一组", 1, &[(NEAR, 5), (FAR, 10)])];
        // At the other school from seven to twenty past, and ten minutes back: free at half past, there at 7:35.
        let incident = Event::Incident { school: FAR, from: 420, to: 440, people: 1 };
        let done = simulate(&[manned(EAST, 1)], &forces, &demand, &[lost(EAST, 1), incident]);
        assert_eq!((done.events[1].outcome, done.events[1].uncovered), (Outcome::Held(10), 10));
        assert_eq!((done.posts[0].outcome, done.posts[0].uncovered), (Outcome::Held(25), 25));
        let sent: Vec<(i64, i64)> = done.sent.iter().map(|one| (one.sent, one.there)).collect();
        assert_eq!(sent, [(420, 430), (450, 455)]);
        // If it lasts too long the post breaks, and says when somebody could have been there.
        let incident = Event::Incident { school: FAR, from: 420, to: 490, people: 1 };
        let done = simulate(&[manned(EAST, 1)], &forces, &demand, &[incident, lost(EAST, 1)]);
        assert_eq!((done.posts[0].outcome, done.posts[0].uncovered), (Outcome::Breaks, 70));
        assert!(done.posts[0].why.last().unwrap().contains("最早 08:25 才到"));
        // The same gives the same, in whatever order it is told.
        assert_eq!(done.posts, simulate(&[manned(EAST, 1)], &forces, &demand, &[lost(EAST, 1), incident]).posts);
        // At one moment the incident goes first.
        let incident = Event::Incident { school: NEAR, from: 430, to: 500, people: 1 };
        let done = simulate(&[manned(EAST, 1)], &forces, &demand, &[lost(EAST, 1), incident]);
        assert_eq!((done.events[1].outcome, done.posts[0].outcome), (Outcome::Held(5), Outcome::Breaks));
    }

    #[test]
    fn an_event_is_read_as_it_is_written_and_nothing_else_is() {
        let events = [
            lost(EAST, 2),
            Event::Crowd { school: NEAR, from: 450, to: 480, people: 1 },
            Event::Incident { school: FAR, from: 0, to: 1440, people: 50 },
        ];
        for event in events {
            assert_eq!(event.to_string().parse(), Ok(event));
        }
        let school = NEAR.simple();
        for wrong in [
            String::new(),
            "fire".to_owned(),
            format!("crowd~{school}~480~450~1"),
            format!("crowd~{school}~450~480~0"),
            format!("crowd~{school}~450~480~1~1"),
            format!("incident~{school}~-1~480~1"),
            format!("lost~{school}~1"),
        ] {
            assert!(wrong.parse::<Event>().is_err(), "{wrong}");
        }
        assert_eq!(clock(455), "07:35");
    }
}
