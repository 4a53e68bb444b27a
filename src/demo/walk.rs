//! The campaigns of the demo: one of last month that asked every family with children, from which the class after school
//! came, and one under way, with doors that have opened, doors that have not, and doors still to be knocked at.

use db::Db;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use uuid::Uuid;

use super::community::{Actor, Community, SettledEstate};
use crate::access::{self, Scope};
use crate::error::{Error, Result};
use crate::offline::Sent;
use crate::registry::Tag;
use crate::registry::roll::Filter;
use crate::visit::{self, Order, Question, QuestionKind};

/// What people tell at their doors: the category and the words.
const PROBLEMS: &[(&str, &str)] = &[
    ("lighting", "三楼楼道灯坏了好几天，晚上上楼看不见"),
    ("lift", "电梯关门时响，抖得厉害，老人不敢坐"),
    ("cleaning", "楼道里堆着旧家具，没人清"),
    ("drainage", "厨房下水慢，楼下说是主管道的事"),
    ("parking", "消防通道上天天停着车"),
    ("elder_care", "一个人住，想有人定期来量量血压"),
    ("heating", "西头这间暖气不热，报过一次没人来"),
    ("access_control", "单元门的锁坏了，谁都能进"),
];

/// Plans, opens and walks the campaigns.
pub async fn campaigns(db: &Db, community: &Community, rng: &mut StdRng, now: Timestamp) -> Result<()> {
    let day = |days: i64| SignedDuration::from_hours(24 * days);
    let Some(estate) = community.estates.first() else { return Ok(()) };
    let class = order(
        estate,
        "七彩四点半摸底",
        now - day(25),
        &[("家里有放学后没人照看的孩子吗", true), ("愿意让孩子参加四点半课堂吗", true)],
    );
    let class = Order {
        origin: "近 90 天 4 件“未成年人”诉求".to_owned(),
        filter: Filter { tag: Some(Tag::Child), ..class.filter },
        words: "您好，社区想办放学后的课堂，先问问各家的情况。".to_owned(),
        ..class
    };
    let campaign = Walk { community, estate, order: class, opened: now - day(40) };
    campaign.take(db, rng, 100, 14).await?;
    let mut tx = db.begin().await?;
    visit::end_overdue(&mut tx, &community.program(now - day(24))).await?;
    tx.commit().await?;

    let winter = order(
        estate,
        "冬季安全敲门行动",
        now + day(12),
        &[("家里用煤炉取暖吗", true), ("装了一氧化碳报警器吗", true), ("知道楼里的灭火器在哪里吗", true)],
    );
    let winter = Order {
        words: "您好，我是社区网格员，天冷了，来看看家里取暖安不安全。".to_owned(), ..winter
    };
    Walk { community, estate, order: winter, opened: now - day(4) }.take(db, rng, 30, 3).await
}

fn order(estate: &SettledEstate, title: &str, until: Timestamp, questions: &[(&str, bool)]) -> Order {
    let question = |(at, (text, required)): (usize, &(&str, bool))| Question {
        id: format!("q{}", at + 1),
        kind: QuestionKind::YesNo,
        text: (*text).to_owned(),
        required: *required,
        options: Vec::new(),
    };
    let last = until.to_zoned_datetime(calendar::shanghai()).date().at(23, 59, 59, 0);
    Order {
        title: title.to_owned(),
        words: String::new(),
        organisation: estate.branch.organisation,
        origin: String::new(),
        questions: questions.iter().enumerate().map(question).collect(),
        until: last.to_zoned_datetime(calendar::shanghai()).map_or(until, |last| last.timestamp()),
        filter: Filter { estate: Some(estate.id), ..Filter::default() },
        buildings: Vec::new(),
    }
}

struct Walk<'a> {
    community: &'a Community,
    estate: &'a SettledEstate,
    order: Order,
    opened: Timestamp,
}

impl Walk<'_> {
    /// Opens the campaign and lets its people knock at some of the doors in a hundred, over so many days.
    async fn take(self, db: &Db, rng: &mut StdRng, hundredths: usize, days: i64) -> Result<()> {
        let act = self.community.act(self.estate.branch, self.opened);
        let mut tx = db.begin().await?;
        let campaign = match visit::create(&mut tx, &act, &Scope::tenant(), &self.order).await {
            Ok(campaign) => campaign,
            // In a small community nobody may have children.
            Err(Error::Refused(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        visit::open(&mut tx, &act, campaign, 1).await?;
        tx.commit().await?;
        for worker in self.estate.grids.iter().filter_map(|grid| self.community.cast.workers.get(grid)) {
            self.walk(db, rng, campaign, *worker, (hundredths, days)).await?;
        }
        Ok(())
    }

    /// The first of somebody's doors, in walking order.
    async fn walk(
        &self,
        db: &Db,
        rng: &mut StdRng,
        campaign: Uuid,
        worker: Actor,
        (hundredths, days): (usize, i64),
    ) -> Result<()> {
        const STEP: usize = 50;
        let mut tx = db.read().await?;
        let author = access::viewer_of(&mut tx, self.community.tenant, worker.account).await?;
        let doors = visit::doors_of(&mut tx, self.community.tenant, worker.account, campaign).await?;
        drop(tx);
        let some = doors.len() * hundredths / 100;
        for (step, doors) in doors[..some].chunks(STEP).enumerate() {
            let mut tx = db.begin().await?;
            for (n, dwelling) in doors.iter().enumerate() {
                let at = step * STEP + n;
                let made_at = self.hour(days * at as i64 / some.max(1) as i64, at as i64);
                let means = self.community.act(worker, made_at).means;
                let body = self.slip(rng, (campaign, *dwelling), made_at);
                let sent =
                    Sent { id: means.id(), kind: visit::KIND.to_owned(), account: worker.account, made_at, body };
                (visit::RECORDER.record)(&mut tx, &author, &means, &sent).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Some time between nine and seven on the nth day.
    fn hour(&self, day: i64, visit: i64) -> Timestamp {
        let first = self.opened.to_zoned_datetime(calendar::shanghai()).date();
        let nine =
            first.at(9, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).map_or(self.opened, |nine| nine.timestamp());
        nine + SignedDuration::from_hours(24 * day) + SignedDuration::from_mins(7 * visit % 600)
    }

    fn slip(&self, rng: &mut StdRng, (campaign, dwelling): (Uuid, Uuid), at: Timestamp) -> Value {
        let home = |rng: &mut StdRng| {
            let answers = self.order.questions.iter().map(|question| {
                let value = if rng.random_bool(0.3) { "yes" } else { "no" };
                json!({ "question": question.id, "value": value })
            });
            let answers: Vec<Value> = answers.collect();
            let problem = PROBLEMS[rng.random_range(0..PROBLEMS.len())];
            let problems = (self.order.origin.is_empty() && rng.random_bool(0.02))
                .then(|| json!({ "category": problem.0, "text": problem.1, "anonymous": true }));
            json!({ "outcome": "home", "answers": answers, "problems": problems.into_iter().collect::<Vec<_>>() })
        };
        let day = at.to_zoned_datetime(calendar::shanghai()).date();
        let saturday = day.nth_weekday(1, jiff::civil::Weekday::Saturday).unwrap_or(day);
        let mut slip = match rng.random_range(0..100) {
            0..70 => home(rng),
            70..88 => json!({ "outcome": "nobody" }),
            88..92 => json!({ "outcome": "refused" }),
            92..96 => json!({ "outcome": "vacant" }),
            _ => json!({ "outcome": "later", "again": { "day": saturday.to_string(), "part": "morning" } }),
        };
        slip["campaign"] = json!(campaign);
        slip["dwelling"] = json!(dwelling);
        slip
    }
}
