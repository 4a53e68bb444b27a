//! The issues of a synthetic community, taken through the real operations one after the other as they happened.

use std::collections::BTreeMap;

use db::Tx;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use uuid::Uuid;

use super::assembly;
use super::community::{Actor, Community, SettledEstate};
use super::pictures::Album;
use super::story::{Course, Handler, Move, Rating, Script, Story};
use crate::access::Link;
use crate::board::{self, NewPublication, Period, PublicationKind, Snapshot};
use crate::error::{Error, Result};
use crate::issue::{
    self, Answer, Category, Due, Elsewhere, Grading, Issue, NewIssue, Petition, Place, Reporter, Respondent, Score,
    Source, Tier,
};
use crate::place;

/// How many moves share a transaction.
const STEP: usize = 100;

/// Takes every issue of a story through its course, in the order of time, and puts up the announcements.
pub async fn play(
    db: &db::Db,
    community: &Community,
    story: &Story,
    rng: &mut StdRng,
    now: Timestamp,
    bar: &ProgressBar,
) -> Result<()> {
    let courses = story.courses(rng, now);
    let moves = in_order(&courses, now);
    bar.set_length(moves.len() as u64);
    bar.set_position(0);
    let mut stage = Stage {
        community,
        scripts: &story.scripts,
        rng,
        filed: BTreeMap::new(),
        meetings: BTreeMap::new(),
        album: Album::default(),
    };
    for part in moves.chunks(STEP) {
        let mut tx = db.begin().await?;
        for (at, which, what) in part {
            stage.make(&mut tx, *at, *which, what).await?;
        }
        tx.commit().await?;
        bar.inc(part.len() as u64);
    }
    announce(db, community, story, now).await
}

/// Everything that has happened by now, oldest first.
fn in_order(courses: &[Course], now: Timestamp) -> Vec<(Timestamp, usize, &Move)> {
    let moves = courses
        .iter()
        .enumerate()
        .flat_map(|(which, course)| course.moves.iter().map(move |(at, what)| (*at, which, what)));
    let mut moves: Vec<_> = moves.filter(|(at, ..)| *at <= now).collect();
    moves.sort_by_key(|(at, which, _)| (*at, *which)); // stable, so that the moves of one issue stay in their order
    moves
}

struct Stage<'a> {
    community: &'a Community,
    scripts: &'a [Script],
    rng: &'a mut StdRng,
    /// By the script's place in the list, as are the meetings.
    filed: BTreeMap<usize, Report>,
    meetings: BTreeMap<usize, Uuid>,
    album: Album,
}

/// An issue that has been filed, and who acts on it.
struct Report {
    id: Uuid,
    rating_link: Link,
    estate: usize,
    worker: Actor,
}

impl Stage<'_> {
    async fn make(&mut self, tx: &mut Tx, at: Timestamp, which: usize, what: &Move) -> Result<()> {
        let (community, script) = (self.community, &self.scripts[which]);
        if matches!(what, Move::File) {
            return self.file(tx, at, which, script).await;
        }
        let report = self.filed.get(&which).ok_or_else(|| unknown(&script.key))?;
        let estate = &community.estates[report.estate];
        let (desk, secretary, worker) = (community.cast.desk, community.cast.secretary, report.worker);
        let mut issue = issue::issue(tx, community.tenant, report.id).await?;
        let seen = issue.lock_version;
        let by = |actor| community.act(actor, at);
        let handler = handler(community, estate, script);
        match what {
            Move::File => {}
            Move::Accept => {
                let (category, tier, remedy) = (script.category, script.tier, script.class);
                let grading = Grading { category, tier, remedy, summary: script.summary.clone() };
                issue::accept(tx, &by(desk), &mut issue, seen, grading).await?;
            }
            Move::Refuse(reason) => issue::refuse(tx, &by(desk), &mut issue, seen, reason).await?,
            Move::Redirect { to, reason } => {
                let elsewhere = Elsewhere { remedy: None, to: to.clone(), reason: reason.clone() };
                issue::redirect(tx, &by(desk), &mut issue, seen, elsewhere).await?;
            }
            Move::Merge(main) => {
                let main = self.filed.get(main).ok_or_else(|| unknown(&script.key))?.id;
                let main = issue::issue(tx, community.tenant, main).await?;
                issue::merge(tx, &by(desk), &mut issue, seen, &main).await?;
            }
            Move::Withdraw(reason) => {
                issue::supplement(tx, &by(desk), issue.id, reason, &[]).await?;
                issue::withdraw(tx, &community.resident(at), issue.id).await?;
            }
            Move::Dispatch => {
                // Nobody is set to work on what is the owners' before they have agreed.
                if issue::owners::missing(tx, community.tenant, &issue).await? {
                    let vote = assembly::owners_vote(self.rng, &by(desk));
                    issue::owners::record(tx, &by(desk), issue.id, vote).await?;
                    issue = issue::issue(tx, community.tenant, report.id).await?;
                }
                let seen = issue.lock_version;
                issue::dispatch(tx, &by(desk), &mut issue, seen, handler.organisation, Due::ByTier, "").await?;
            }
            Move::Convene(deliberation, planned_at) => {
                let meeting =
                    assembly::convene(tx, &by(estate.branch), estate.id, issue.id, deliberation, *planned_at).await?;
                self.meetings.insert(which, meeting);
            }
            Move::Meet(deliberation) => {
                let meeting = *self.meetings.get(&which).ok_or_else(|| unknown(&script.key))?;
                let days = if script.tier == Tier::Hard { 15 } else { 7 };
                let execution = (handler.organisation, at + SignedDuration::from_hours(24 * days));
                assembly::meet(tx, &by(estate.branch), self.rng, meeting, deliberation, execution).await?;
            }
            Move::Progress(words) => issue::progress(tx, &by(handler), &mut issue, seen, words, &[]).await?,
            Move::Ask(extension) => {
                let (petition, from) = match extension.suspends {
                    true => (Petition::Suspension, at),
                    false => (Petition::Extension, issue.due_at),
                };
                let until = Some(from + SignedDuration::from_hours(24 * extension.days));
                issue::ask(tx, &by(handler), &mut issue, seen, petition, until, &extension.reason).await?;
            }
            Move::Decide(extension) => {
                let granted = extension.granted == Some(true);
                issue::decide_petition(tx, &by(secretary), &mut issue, seen, granted, &extension.decision).await?;
            }
            Move::Finish(words) => {
                let photos = self.proof(tx, at, which, script.category, handler).await?;
                issue::finish(tx, &by(handler), &mut issue, seen, words, &photos).await?;
            }
            Move::Publish(text) => {
                let photos = self.proof(tx, at, which, script.category, handler).await?;
                issue::publish(tx, &by(desk), &mut issue, seen, text, &photos).await?;
            }
            Move::Survey(rating) => self.survey(tx, at, which, &mut issue, rating).await?,
            Move::Neighbour(rating) => {
                let answer = answer(Respondent::Neighbour, rating)?;
                issue::survey(tx, &by(worker), &mut issue, seen, answer).await?;
            }
            Move::NobodyHome => {
                issue::contact_failed(tx, &by(worker), &mut issue, seen, "敲门没有人应，电话没有接").await?
            }
            Move::Close => {
                let closer = if script.tier == Tier::Hard || script.seed.is_some() { secretary } else { desk };
                issue::close(tx, &by(closer), &mut issue, seen).await?;
            }
            Move::Acknowledge => issue::acknowledge(tx, &by(estate.branch), &mut issue, seen, "").await?,
        }
        Ok(())
    }

    async fn file(&mut self, tx: &mut Tx, at: Timestamp, which: usize, script: &Script) -> Result<()> {
        let community = self.community;
        let estate = community.estates.iter().position(|estate| estate.name == script.estate);
        let estate_at = estate.ok_or_else(|| unknown(&script.estate))?;
        let estate = &community.estates[estate_at];
        let (place, grid) = self.place(tx, estate, script).await?;
        let worker = grid.or_else(|| estate.grids.first().copied()).and_then(|grid| community.cast.workers.get(&grid));
        let worker = *worker.unwrap_or(&community.cast.desk);
        let act = match script.source {
            Source::Qr | Source::Web | Source::Interface => community.resident(at),
            Source::Door => community.act(worker, at),
            Source::Member | Source::Meeting | Source::Help => community.act(estate.branch, at),
            Source::Phone | Source::Window | Source::Wechat | Source::Hotline => community.act(community.cast.desk, at),
        };
        let pictured = matches!(script.source, Source::Qr | Source::Wechat | Source::Door) && which % 4 != 3;
        let photos =
            if pictured { vec![self.album.photo(tx, &act, script.category, false).await?] } else { Vec::new() };
        // A matter raised in a meeting is everybody's. The numbers are not those of anybody in the register.
        let reporter = (script.source != Source::Meeting && which % 5 != 4)
            .then(|| Reporter { name: String::new(), phone: format!("1990009{:04}", which % 10_000) });
        let new = NewIssue {
            source: script.source,
            category: script.category,
            description: script.text.clone(),
            place,
            place_text: String::new(),
            reporter,
            photos,
        };
        let filed = issue::file(tx, &act, new).await?;
        let report = Report { id: filed.id, rating_link: filed.rating_link, estate: estate_at, worker };
        self.filed.insert(which, report);
        Ok(())
    }

    /// Where it is, and in which grid: the stairwell or building that the script names, otherwise the estate.
    async fn place(&mut self, tx: &mut Tx, estate: &SettledEstate, script: &Script) -> Result<(Place, Option<Uuid>)> {
        let named = script.building.as_ref().and_then(|label| estate.buildings.get(label)).copied();
        let mut building = named;
        if script.anywhere {
            building = estate.buildings.values().copied().collect::<Vec<_>>().choose(self.rng).copied();
        }
        let Some(building) = building else {
            let place = Place::Estate { id: estate.id, name: estate.name.clone(), grid: estate.grid() };
            return Ok((place, estate.grid()));
        };
        let mut spot = place::spot(tx, self.community.tenant, building).await?;
        let units = place::units(tx, self.community.tenant, building).await?;
        let unit = script.unit.and_then(|unit| units.into_iter().find(|known| known.key == unit.to_string()));
        if let Some(unit) = unit {
            (spot.unit_id, spot.unit_key) = (Some(unit.id), unit.key);
        }
        let grid = spot.grid_id;
        Ok((Place::Spot(spot), grid))
    }

    /// A photo of the result; one in twelve handlers forgets it, which the receipt shows.
    async fn proof(
        &mut self,
        tx: &mut Tx,
        at: Timestamp,
        which: usize,
        category: Category,
        by: Actor,
    ) -> Result<Vec<Uuid>> {
        if which % 12 == 11 {
            return Ok(Vec::new());
        }
        Ok(vec![self.album.photo(tx, &self.community.act(by, at), category, true).await?])
    }

    /// Whoever reported by phone or QR code often answers by their own link, everybody else at the door.
    async fn survey(
        &mut self,
        tx: &mut Tx,
        at: Timestamp,
        which: usize,
        issue: &mut Issue,
        rating: &Rating,
    ) -> Result<()> {
        let (community, script) = (self.community, &self.scripts[which]);
        let report = self.filed.get_mut(&which).ok_or_else(|| unknown(&script.key))?;
        if matches!(script.source, Source::Qr | Source::Wechat) && !which.is_multiple_of(3) {
            let answer = answer(Respondent::Reporter, rating)?;
            let (act, link) = (community.resident(at), report.rating_link.clone());
            report.rating_link = issue::rate(tx, &act, &link, answer.score, answer.solved, &answer.comment).await?;
            return Ok(());
        }
        let joined = issue::reports(tx, community.tenant, issue.id).await?.first().map(|joined| joined.id);
        let (respondent, of) = match (issue.reporter_sealed.is_some(), joined) {
            (true, _) => (Respondent::Reporter, None),
            // Whoever reported the same answers before a neighbour does.
            (false, Some(joined)) => (Respondent::Reporter, Some(joined)),
            (false, None) => (Respondent::Neighbour, None),
        };
        let answer = Answer { report: of, ..answer(respondent, rating)? };
        let seen = issue.lock_version;
        issue::survey(tx, &community.act(report.worker, at), issue, seen, answer).await
    }
}

fn answer(respondent: Respondent, rating: &Rating) -> Result<Answer> {
    let score = Score::parse(&rating.score.to_string()).ok_or_else(|| unknown("score"))?;
    Ok(Answer { respondent, report: None, score, solved: rating.solved, comment: rating.comment.clone() })
}

/// Who is given an issue in an estate.
fn handler(community: &Community, estate: &SettledEstate, script: &Script) -> Actor {
    match script.handler {
        Handler::Community => estate.cadre,
        Handler::PropertyCompany => estate.company.unwrap_or(estate.cadre),
        Handler::PropertyCommittee => estate.committee,
        Handler::PartyBranch => estate.branch,
        Handler::PublicUtility if script.category == Category::Heating => community.cast.heat,
        Handler::PublicUtility => community.cast.water,
        Handler::Other => community.cast.enforcement,
    }
}

/// The notices on the board: the newest a few days old, each for a month.
async fn announce(db: &db::Db, community: &Community, story: &Story, now: Timestamp) -> Result<()> {
    let mut tx = db.begin().await?;
    for (at, notice) in story.announcements.iter().enumerate().rev() {
        let estate = notice.estate.as_ref().map(|name| community.estates.iter().find(|estate| &estate.name == name));
        let Some(estate) = estate.map_or(Some(None), |found| found.map(|estate| Some(estate.id))) else { continue };
        let act = community.act(community.cast.desk, now - SignedDuration::from_hours(50 + 60 * at as i64));
        let publication = NewPublication {
            kind: PublicationKind::Announcement,
            estate,
            subject: act.id(),
            title: notice.title.clone(),
            snapshot: Snapshot { text: notice.body.clone(), facts: Vec::new(), photos: Vec::new(), link: None },
            period: Period::days(30),
            named: Vec::new(),
        };
        board::publish(&mut tx, &act, publication).await?;
    }
    Ok(tx.commit().await?)
}

fn unknown(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("the story speaks of {what}, which is not there"))
}
