//! Last year's survey of the whole community: drawn, asked at the doors over a fortnight, and published.

use std::collections::BTreeMap;

use db::Db;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::RngExt;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::community::Community;
use crate::community_survey::{self, Answers, DoorState, LEVELS, Outcome, Plan};
use crate::error::{Error, Result};

/// Of a hundred answers so many are of each level, the best first, question by question.
const SAID: [[u32; 5]; 7] = [
    [38, 41, 15, 4, 2],
    [27, 39, 22, 9, 3],
    [41, 40, 15, 3, 1],
    [18, 33, 28, 14, 7],
    [36, 38, 18, 6, 2],
    [40, 39, 17, 3, 1],
    [37, 36, 21, 4, 2],
];

/// What every few homes wish for.
const WISHES: [&str; 12] = [
    "多装几个电动车充电桩",
    "楼道灯坏了修得再快一点",
    "冬天暖气再热一点",
    "院里多安几把椅子",
    "停车位太少，想想办法",
    "给老人办个食堂",
    "假期给孩子办个班",
    "狗屎没人管，管一管养狗的",
    "垃圾桶勤收一收",
    "老楼加装电梯",
    "下水道总堵，彻底修一次",
    "多办几场义诊",
];

/// So many days people were asked.
const DAYS: i64 = 14;

pub async fn ask(db: &Db, community: &Community, rng: &mut StdRng, now: Timestamp) -> Result<()> {
    let hours = SignedDuration::from_hours;
    let opened = now - hours(24 * 365);
    let from = opened.to_zoned_datetime(calendar::shanghai()).date();
    let act = community.act(community.cast.secretary, opened);
    let mut tx = db.begin().await?;
    let (questions, open_question) = community_survey::usual(&mut tx, &act).await?;
    let title = format!("{}年度满意度调查", from.year());
    let plan = Plan { title, from, until: from + DAYS.days(), questions, open_question };
    let id = community_survey::create(&mut tx, &act, &plan).await?;
    community_survey::open(&mut tx, &act, id, 1).await?;
    let keys = community_survey::survey(&mut tx, act.tenant, id).await?.questions.0;
    let strata = community_survey::strata(&mut tx, act.tenant, id).await?;
    let mut reserve: BTreeMap<Uuid, i64> = strata.iter().map(|stratum| (stratum.estate_id, stratum.reserve)).collect();
    for day in 0..DAYS {
        for door in community_survey::waiting(&mut tx, act.tenant, id).await? {
            let asker = community.cast.workers.values().find(|worker| Some(worker.account) == door.account_id);
            let asker = asker.ok_or(Error::NotFound)?;
            let act = community.act(*asker, opened + hours(24 * day + 9));
            // On the last days whoever is left is found.
            let outcome = match rng.random_range(0..100) {
                _ if day + 3 > DAYS => None,
                0..4 => Some(Outcome::Refused),
                4 => Some(Outcome::Empty),
                5..30 => Some(Outcome::Away),
                _ => None,
            };
            let spare = reserve.entry(door.estate_id).or_default();
            if let Some(outcome) = outcome.filter(|_| *spare > 0) {
                if community_survey::note(&mut tx, &act, door.id, outcome).await?.0 != DoorState::Waiting {
                    *spare -= 1;
                }
                continue;
            }
            let levels = keys.iter().zip(SAID).map(|(question, said)| (question.key.clone(), level(rng, said)));
            let levels: BTreeMap<String, i64> = levels.collect();
            let wish = if rng.random_bool(0.3) { WISHES[rng.random_range(0..WISHES.len())] } else { "" };
            let answers = Answers { levels, wish: wish.to_owned() };
            community_survey::answer(&mut tx, &act, door.id, &answers).await?;
        }
    }
    let act = community.act(community.cast.secretary, opened + hours(24 * DAYS + 10));
    let seen = community_survey::survey(&mut tx, act.tenant, id).await?.lock_version;
    community_survey::end(&mut tx, &act, id, seen).await?;
    let act = community.act(community.cast.secretary, opened + hours(24 * (DAYS + 3)));
    let chosen = [WISHES[0], WISHES[4], WISHES[9]].map(str::to_owned);
    community_survey::publish(&mut tx, &act, id, seen + 1, &chosen).await?;
    Ok(tx.commit().await?)
}

fn level(rng: &mut StdRng, said: [u32; 5]) -> i64 {
    let mut left = rng.random_range(0..said.iter().sum::<u32>());
    for ((level, _), weight) in LEVELS.iter().zip(said) {
        match left.checked_sub(weight) {
            None => return *level,
            Some(rest) => left = rest,
        }
    }
    1
}
