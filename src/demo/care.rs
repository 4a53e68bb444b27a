//! What was not as on other days at some sessions of 七彩四点半, and what is worth keeping: a child that nobody fetched in time, one whom
//! somebody else fetched by a code, what had to be written down, and pictures, which are drawn.

use std::io::Cursor;

use axum::body::Bytes;
use db::Tx;
use image::{ImageFormat, Rgb, RgbImage};
use jiff::SignedDuration;
use uuid::Uuid;

use super::community::Community;
use crate::after_school::incident::{self, Sketch};
use crate::after_school::presence::{Keeper, Standing};
use crate::after_school::{
    self, Answer, Child, Concerned, Fetch, IncidentKind, IncidentStep, Person, Row, Session, Step,
};
use crate::error::{Error, Result};
use crate::photo;

/// What is different at a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// Somebody comes by a code, two children quarrel, and pictures are taken.
    Lively,
    /// A child is fetched long after the end.
    Late,
    /// A child falls, and no harm is done.
    Fall,
}

impl Odd {
    /// Of a session after which so many have been held.
    pub fn of(later: usize) -> Option<Odd> {
        match later {
            0 => Some(Odd::Lively),
            3 => Some(Odd::Late),
            8 => Some(Odd::Fall),
            _ => None,
        }
    }
}

const fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// A substitute, whom a guardian may send.
fn substitute() -> Person {
    Person { name: "高秀珍".to_owned(), relation: "姑姑".to_owned(), phone: "13800007788".to_owned() }
}

/// The guardian of a child has sent somebody else, who says the code at the door.
pub async fn by_code(tx: &mut Tx, community: &Community, session: &Session, child: &Child, by: &Keeper) -> Result<()> {
    let own = |after| community.resident(session.ends_at + minutes(after));
    let substitute = substitute();
    let digits = after_school::make_code(tx, &own(-70), child, &substitute).await?;
    let fetch = Step::Fetch(Fetch::Code { digits, name: substitute.name });
    after_school::take(tx, &own(4), session.id, child.id, by, fetch).await?;
    Ok(())
}

/// A code that is good now, for a child of the coming session.
pub async fn code(tx: &mut Tx, community: &Community, child: &Child, now: jiff::Timestamp) -> Result<()> {
    after_school::make_code(tx, &community.resident(now - minutes(50)), child, &substitute()).await?;
    Ok(())
}

/// Nobody comes for a child: the alarm is raised and answered, and at last its family is there.
pub async fn late(tx: &mut Tx, community: &Community, session: &Session, row: &Row, by: &Keeper) -> Result<()> {
    let (id, child) = (session.id, row.child.id);
    let own = |after| community.resident(session.ends_at + minutes(after));
    after_school::raise_alarm(tx, &community.program(session.ends_at + minutes(31)), id, child).await?;
    after_school::take(tx, &own(33), id, child, by, Step::Answer(Answer::OnWay)).await?;
    if let Some(adult) = row.adults.iter().find(|adult| !adult.barred) {
        after_school::take(tx, &own(47), id, child, by, Step::Fetch(Fetch::Listed(adult.id))).await?;
    }
    Ok(())
}

/// What a keeper writes down by their link.
fn sketch(id: Uuid, session: &Session, rows: &[&Row], by: &Keeper, kind: IncidentKind) -> Sketch {
    let concerned = |row: &&Row| {
        let after_school::Particulars { name, birth_month, guardians, .. } = row.child.particulars.clone();
        (row.child.id, Concerned { name, birth_month, home: row.child.home.clone(), guardians })
    };
    Sketch {
        id,
        by: Some(by.clone()),
        kind,
        estate: session.estate_id,
        happened_at: session.starts_at + minutes(35),
        children: rows.iter().map(concerned).collect(),
        account: String::new(),
        done: String::new(),
        told: None,
    }
}

/// Two children quarrel, and somebody looks after it from now on.
pub async fn quarrel(tx: &mut Tx, community: &Community, session: &Session, rows: &[Row], by: &Keeper) -> Result<()> {
    let own = community.resident(session.starts_at + minutes(50));
    let two: Vec<&Row> = rows.iter().filter(|row| row.presence.standing == Standing::Released).take(2).collect();
    let sketch = Sketch {
        account: "两个孩子抢彩笔，推了一下，桌子碰倒了，都没有受伤。".to_owned(),
        done: "分开坐，都安静下来了。".to_owned(),
        ..sketch(own.id(), session, &two, by, IncidentKind::Conflict)
    };
    incident::write(tx, &own, &sketch).await?;
    let secretary = community.act(community.cast.secretary, session.ends_at + minutes(80));
    let written = incident::incident(tx, &secretary, sketch.id).await?;
    incident::follow(tx, &secretary, &written, written.lock_version, "周末分别和两家家长谈一次，下次课分组坐。").await
}

/// A child falls; its family is told, and all is well.
pub async fn fall(tx: &mut Tx, community: &Community, session: &Session, rows: &[Row], by: &Keeper) -> Result<()> {
    let own = community.resident(session.starts_at + minutes(55));
    let one: Vec<&Row> = rows.iter().filter(|row| row.presence.standing == Standing::Released).take(1).collect();
    let sketch = Sketch {
        account: "跑着去洗手，在门口滑倒，膝盖擦破一点皮。".to_owned(),
        done: "冲洗、消毒、贴了创可贴。".to_owned(),
        told: Some(("给家长打了电话".to_owned(), session.starts_at + minutes(42))),
        ..sketch(own.id(), session, &one, by, IncidentKind::Hurt)
    };
    incident::write(tx, &own, &sketch).await?;
    let secretary = |after| community.act(community.cast.secretary, session.ends_at + minutes(after));
    let written = incident::incident(tx, &secretary(60), sketch.id).await?;
    incident::follow(tx, &secretary(60), &written, written.lock_version, "明天问问家长，门口铺防滑垫。").await?;
    let later = secretary(24 * 60);
    let followed = incident::incident(tx, &later, sketch.id).await?;
    let words = "孩子没事，照常上课；防滑垫铺好了";
    incident::add(tx, &later, &followed, IncidentStep::Done, "和家长通了电话", later.at).await?;
    let followed = incident::incident(tx, &later, sketch.id).await?;
    incident::close(tx, &later, &followed, followed.lock_version, words).await
}

/// Three pictures of paper cuts, with two of those in each whose guardians agree.
pub async fn pictures(tx: &mut Tx, community: &Community, session: &Session, by: &Keeper) -> Result<()> {
    let mut agreed = after_school::may_be_shown(tx, community.tenant, session.id).await?;
    agreed.sort_unstable();
    for (at, shown) in agreed.chunks(2).take(3).enumerate() {
        let own = community.resident(session.starts_at + minutes(60 + at as i64));
        let mut file = Cursor::new(Vec::new());
        paper_cut(at as u32).write_to(&mut file, ImageFormat::Jpeg).map_err(|error| Error::Internal(error.into()))?;
        let jpeg = photo::prepare(Bytes::from(file.into_inner())).await?;
        let id = after_school::add_picture(tx, &own, session.id, &jpeg, &by.name).await?;
        let (kept, _) = after_school::pictures(tx, community.tenant, session.id).await?;
        let picture = kept.into_iter().find(|picture| picture.id == id).ok_or(Error::NotFound)?;
        after_school::show_picture(tx, &own, &picture, shown).await?;
    }
    Ok(())
}

/// A red sheet with rings cut out, on a table: no two are alike.
fn paper_cut(number: u32) -> RgbImage {
    const SIDE: i64 = 240;
    let petals = 5.0 + f64::from(number);
    RgbImage::from_fn(SIDE as u32 * 4 / 3, SIDE as u32, |x, y| {
        let (right, down) = (i64::from(x) - SIDE * 2 / 3, i64::from(y) - SIDE / 2);
        let (distance, angle) = (f64::hypot(right as f64, down as f64), f64::atan2(down as f64, right as f64));
        let edge = 90.0 + 14.0 * (petals * angle).cos();
        let hole = (distance / 13.0 + 0.6 * (petals * angle).sin()) as i64 % 3 == 1;
        match (distance < edge, hole) {
            (true, false) => Rgb([196, 32, 38]),
            _ => Rgb([206 - number as u8 * 12, 178, 140 + (y / 8) as u8]),
        }
    })
}
