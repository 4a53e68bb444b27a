//! What neighbours have fallen out about: the committee that the law knows, a case that a party member mediates, and one with an
//! agreement that a court could still confirm.

use db::{Db, Tx};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::{Community, Home, SettledEstate};
use super::people::{Family, Person};
use crate::access::{Act, Scope};
use crate::body::{self, NewBody, NewSeat, Part, Post};
use crate::error::{Error, Result};
use crate::mediation::{
    self, Cause, Kind, Mediation, NewMediation, Origin, Particulars, SignatureWay, Talk, Terms, Way, Words,
};

/// Who sits on the committee, and whether they are women.
const COMMITTEE: [(&str, Part, Post, bool); 5] = [
    ("高月英", Part::Community, Post::Chair, true),
    ("任建平", Part::Community, Post::ViceChair, false),
    ("薛改珍", Part::Resident, Post::Member, true),
    ("郝永福", Part::Resident, Post::Member, false),
    ("王志强", Part::Resident, Post::Member, false),
];
/// The member whom everybody calls 老王.
const MEMBER: &str = "王志强";

pub async fn mediate(
    db: &Db,
    community: &Community,
    name: &str,
    lived_in: &[(Home, Family)],
    now: Timestamp,
) -> Result<()> {
    let Some(estate) = community.estates.first() else { return Ok(()) };
    let heads = lived_in.iter().filter(|(home, _)| home.estate == estate.id);
    let people: Vec<&Person> = heads.filter_map(|(_, family)| family.members.first()).skip(25).take(4).collect();
    let [first, second, third, fourth] = people[..] else { return Ok(()) };
    let mut tx = db.begin().await?;
    committee(&mut tx, community, name, now).await?;
    talked_over(&mut tx, community, estate, (first, second), now).await?;
    agreed(&mut tx, community, estate, (third, fourth), now).await?;
    Ok(tx.commit().await?)
}

fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(calendar::shanghai()).date()
}

async fn committee(tx: &mut Tx, community: &Community, name: &str, now: Timestamp) -> Result<()> {
    let act = community.act(community.cast.secretary, now - SignedDuration::from_hours(19));
    let since = day(now) - 1.year();
    let term = (Some(since), Some(since + 3.years()));
    let new =
        NewBody {
            kind: body::Kind::MediationCommittee, name: format!("{name}人民调解委员会"), estate: None, term
        };
    let id = body::create(tx, &act, new).await?;
    let committee = body::body(tx, act.tenant, &Scope::tenant(), id).await?;
    for (name, part, post, woman) in COMMITTEE {
        let seat = NewSeat { name: name.to_owned(), part, post, since, woman: Some(woman) };
        body::sit(tx, &act, &committee, seat).await?;
    }
    Ok(())
}

fn particulars(person: &Person, home: &str) -> Particulars {
    Particulars {
        name: person.name.clone(),
        phone: person.phone.clone().unwrap_or_default(),
        identity: person.identity.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default(),
        address: home.to_owned(),
        representative: String::new(),
    }
}

/// Registers a case between two neighbours and has it taken on.
async fn begun(
    tx: &mut Tx,
    act: &Act,
    estate: &SettledEstate,
    (kind, cause, words): (Kind, Cause, Words),
    (first, second): (&Person, &Person),
) -> Result<Mediation> {
    let home = &estate.name;
    let new = NewMediation {
        kind,
        cause,
        origin: Origin::Application,
        estate: Some(estate.id),
        issue: None,
        words,
        parties: vec![(1, particulars(first, home)), (2, particulars(second, home))],
    };
    let id = mediation::register(tx, act, new).await?;
    let mut case = mediation::mediation(tx, act.tenant, id).await?;
    let seen = case.lock_version;
    mediation::accept(tx, act, &mut case, seen).await?;
    let seen = case.lock_version;
    mediation::name_mediator(tx, act, &mut case, seen, None, MEMBER).await?;
    for party in mediation::case(tx, act, id).await?.parties {
        let seen = case.lock_version;
        mediation::say(tx, act, &mut case, seen, party.id, (true, Way::Paper)).await?;
    }
    let seen = case.lock_version;
    mediation::begin(tx, act, &mut case, seen).await?;
    Ok(case)
}

async fn meet(tx: &mut Tx, act: &Act, case: &mut Mediation, notes: &str) -> Result<()> {
    let present = mediation::invited(tx, act, case.id).await?;
    let talk = Talk { place: "小区党群服务站".to_owned(), present, notes: notes.to_owned() };
    let (seen, held_at) = (case.lock_version, act.at - SignedDuration::from_hours(1));
    mediation::meet(tx, act, case, seen, (held_at, false, MEMBER), &talk).await
}

/// The drain of 刘大爷's stairwell: they have sat down once.
async fn talked_over(
    tx: &mut Tx,
    community: &Community,
    estate: &SettledEstate,
    parties: (&Person, &Person),
    now: Timestamp,
) -> Result<()> {
    let at = |hours: i64| community.act(estate.branch, now - SignedDuration::from_hours(hours));
    let words = Words {
        facts: "下水主管道堵塞，污水溢到楼下，几户商量一起清理没有谈拢，楼上的不肯再管。".to_owned(),
        dispute: "疏通的钱谁出，楼下泡坏的地板怎么赔。".to_owned(),
    };
    let mut case = begun(tx, &at(100), estate, (Kind::Member, Cause::Neighbour, words), parties).await?;
    meet(tx, &at(50), &mut case, "两家都说了难处。楼上愿意出人，楼下愿意先垫钱，地板怎么赔还没说定。").await
}

/// Noise at night: agreed, signed and sealed; the first part is done.
async fn agreed(
    tx: &mut Tx,
    community: &Community,
    estate: &SettledEstate,
    parties: (&Person, &Person),
    now: Timestamp,
) -> Result<()> {
    let at = |hours: i64| community.act(community.cast.desk, now - SignedDuration::from_hours(hours));
    let words = Words {
        facts: "楼上深夜拖动桌椅，楼下老人睡不好，几次上门说起了争吵。".to_owned(),
        dispute: "晚上几点以后不能有响动，桌椅怎么处理。".to_owned(),
    };
    let mut case = begun(tx, &at(400), estate, (Kind::People, Cause::Neighbour, words), parties).await?;
    meet(tx, &at(350), &mut case, "双方同意晚上十点以后不挪桌椅，桌腿垫上毛毡。").await?;
    let terms = Terms {
        responsibility: "甲方夜间拖动桌椅影响了乙方休息；乙方上门时说话过重。".to_owned(),
        terms: "甲方晚上十点以后不挪动桌椅，给桌腿垫上毛毡；乙方当面致歉，以后有事好好说。".to_owned(),
        manner: "甲方自己垫好，由调解员上门看过；乙方当面致歉。".to_owned(),
    };
    let act = at(300);
    let seen = case.lock_version;
    mediation::draft(tx, &act, &mut case, seen, &terms).await?;
    for (what, days) in [("乙方当面致歉", 3), ("甲方给桌腿垫上毛毡", 30)] {
        let seen = case.lock_version;
        mediation::write_duty(tx, &act, &mut case, seen, what, day(act.at) + days.days()).await?;
    }
    let seen = case.lock_version;
    mediation::agree(tx, &act, &mut case, seen, day(act.at)).await?;
    let known = mediation::case(tx, &act, case.id).await?;
    let signers = known.parties.iter().map(|party| (Some(party.id), SignatureWay::Fingerprint));
    let signers = signers.chain(known.mediators.iter().map(|mediator| (Some(mediator.id), SignatureWay::Signature)));
    let signers: Vec<(Option<Uuid>, SignatureWay)> = signers.chain([(None, SignatureWay::Seal)]).collect();
    for (signer, way) in signers {
        let seen = case.lock_version;
        mediation::sign(tx, &act, &mut case, seen, signer, (way, day(act.at))).await?;
    }
    let act = at(260);
    let duty = mediation::case(tx, &act, case.id).await?.duties.first().map(|duty| duty.id).ok_or(Error::NotFound)?;
    let seen = case.lock_version;
    mediation::perform(tx, &act, &mut case, seen, (duty, day(act.at)), "在党群服务站当面说开了").await
}
