//! 隐患台账 of the bureau: a hazard in every state, each fixed by one and looked at again by another, a transfer that is answered late, a sign that
//! hangs, rounds, the places that they look at, and surveys in versions. Photos are drawn.

use std::io::Cursor;

use axum::body::Bytes;
use db::{Db, Tx};
use image::{ImageFormat, Rgb, RgbImage};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::community::{Actor, act_at};
use super::{Shown, guards, pictures};
use crate::access::{self, Act, Grant, NewAccount, Permission, Reach, Role, Scope};
use crate::error::{Error, Result};
use crate::hazard::{
    self, Contact, Kind, Level, Line, Mode, NewHazard, Owner, PlaceKind, School, Seen, Supervision, Survey, Verdict,
    Words,
};
use crate::means::Means;
use crate::photo;

/// Takes a step so many hours ago, by an operation of the slice, in somebody's name.
macro_rules! take {
    ($ledger:expr, $id:expr, $by:expr, $ago:expr, $operation:ident $(, $argument:expr)*) => {{
        let act = $ledger.act($by, $ago);
        let mut known = hazard::hazard($ledger.tx, act.tenant, $id).await?;
        let seen = known.lock_version;
        hazard::$operation($ledger.tx, &act, &mut known, seen $(, $argument)*).await?
    }};
}

const DAY: i64 = 24;

/// What is entered in whose name.
struct Ledger<'a> {
    tx: &'a mut Tx,
    tenant: Uuid,
    means: &'a Means,
    now: Timestamp,
    schools: Vec<School>,
    chief: Actor,
    /// At the desk of the station.
    desk: Actor,
    /// An officer of the station, who is out and has no password.
    officer: Actor,
    /// Of the patrol unit, which shares the schools.
    patrol: Actor,
}

/// Fills the ledger as if the bureau had kept it for three months. Gives the account with which one signs in for the patrol unit.
pub async fn keep(db: &Db, means: &Means, password: &str, now: Timestamp) -> Result<Vec<Shown>> {
    let mut tx = db.begin().await?;
    let tenant = access::tenant_by_code(&mut tx, guards::CODE).await?.ok_or(Error::NotFound)?.tenant_id;
    let units = access::organisations(&mut tx, tenant).await?;
    let unit = |name: &str| units.iter().find(|unit| unit.name == name).map(|unit| unit.id).ok_or(Error::NotFound);
    let (station, patrol) = (unit("田家会派出所")?, unit("巡特警大队")?);
    let holders = access::holders(&mut tx, tenant, Permission::HazardWork).await?;
    let holder = |role: Role, organisation: Uuid| {
        let holds = |holder: &&access::Holder| holder.grants.iter().any(|grant| grant.role == role);
        let found = holders.iter().find(holds).ok_or(Error::NotFound)?;
        Ok::<Actor, Error>(Actor { account: found.account, organisation, role })
    };
    let (chief, desk) = (holder(Role::DutyChief, station)?, holder(Role::DutyStaff, station)?);
    let act = act_at(tenant, means, now - SignedDuration::from_hours(100 * DAY));
    let (role, name, login) = (Role::DutyStaff, "巡特警大队值班员", "xunte");
    let officer = hire(&mut tx, &act, "杜建业", station, None).await?;
    // A password is good for some months only, so it is as new as those of the others.
    let act = act_at(tenant, means, now);
    let patrol = hire(&mut tx, &act, name, patrol, Some((login.to_owned(), password.to_owned()))).await?;
    let schools = hazard::schools(&mut tx, tenant, &Scope::tenant()).await?;
    let mut ledger = Ledger { tx: &mut tx, tenant, means, now, schools, chief, desk, officer, patrol };
    ledger.surveys().await?;
    ledger.places().await?;
    ledger.ended().await?;
    ledger.under_way().await?;
    ledger.fresh().await?;
    tx.commit().await?;
    Ok(vec![Shown { role, name: name.to_owned(), login }])
}

async fn hire(
    tx: &mut Tx,
    act: &Act,
    name: &str,
    organisation: Uuid,
    login: Option<(String, String)>,
) -> Result<Actor> {
    let role = Role::DutyStaff;
    let grants = vec![Grant { role, reach: Reach::Organisation, reach_id: Some(organisation) }];
    let new = NewAccount { name: name.to_owned(), organisation, login, grants };
    Ok(Actor { account: access::create_account(tx, act, new).await?, organisation, role })
}

impl Ledger<'_> {
    /// So many hours ago, or ahead.
    fn at(&self, ago: i64) -> Timestamp {
        self.now - SignedDuration::from_hours(ago)
    }

    fn act(&self, by: Actor, ago: i64) -> Act {
        let act = act_at(self.tenant, self.means, self.at(ago));
        Act { account: Some(by.account), organisation: Some(by.organisation), role: by.role, ..act }
    }

    /// By the order in which the bureau's schools are written down; those of one moment come back in any.
    fn school(&self, at: usize) -> Result<School> {
        let name = guards::SCHOOLS.get(at).map(|sketch| sketch.name).ok_or(Error::NotFound)?;
        self.schools.iter().find(|school| school.name == name).cloned().ok_or(Error::NotFound)
    }

    /// A drawn photo, before or after.
    async fn photo(&mut self, kind: Kind, fixed: bool, ago: i64) -> Result<Uuid> {
        let mut file = Cursor::new(Vec::new());
        street(kind, fixed).write_to(&mut file, ImageFormat::Png).map_err(|error| Error::Internal(error.into()))?;
        let picture = photo::prepare(Bytes::from(file.into_inner())).await?;
        let act = self.act(self.desk, ago);
        photo::keep(self.tx, &act, &picture).await
    }

    async fn found(
        &mut self,
        (by, ago): (Actor, i64),
        (school, distance, place): (usize, i64, &str),
        (kind, words): (Kind, &str),
    ) -> Result<Uuid> {
        let photo = self.photo(kind, false, ago).await?;
        let new = NewHazard {
            school: self.school(school)?,
            gate: None,
            distance,
            place: place.to_owned(),
            kind,
            description: words.to_owned(),
            inspection: None,
            listed_place: None,
            origin: None,
            photos: vec![photo],
            found_at: None,
        };
        let act = self.act(by, ago);
        hazard::register(self.tx, &act, new).await
    }

    async fn fixed(&mut self, id: Uuid, (by, ago): (Actor, i64), words: &str) -> Result<()> {
        let kind = hazard::hazard(self.tx, self.tenant, id).await?.kind;
        let photo = self.photo(kind, true, ago).await?;
        take!(self, id, by, ago, fix, Words { words, photos: &[photo] });
        Ok(())
    }

    /// Graded and given to the officer, to be fixed within twenty days.
    async fn given(&mut self, id: Uuid, ago: i64, measures: &str) -> Result<()> {
        take!(self, id, self.desk, ago, grade, (Level::General, Mode::Dated), "");
        let (owner, until) = (Owner::Own(self.officer.account), self.at(ago - 20 * DAY));
        take!(self, id, self.desk, ago - 2, assign, (owner, "田家会派出所"), Some(until), measures);
        Ok(())
    }

    /// Looked at again by the patrol unit and struck off by who leads.
    async fn struck_off(&mut self, id: Uuid, ago: i64, conclusion: &str) -> Result<()> {
        take!(self, id, self.patrol, ago, pass, Words::from(conclusion));
        take!(self, id, self.chief, ago - 5, close, "同意");
        Ok(())
    }

    async fn surveys(&mut self) -> Result<()> {
        let first = Survey {
            students: "学生 1460 人，教职工 82 人".to_owned(),
            gates: "正门，早 7:20 开，晚 17:40 关".to_owned(),
            peaks: "早 7:30 到 8:00、晚 16:20 到 17:00，接送车辆约 300 辆".to_owned(),
            roads: "校门前双向两车道，没有停车位，公交站在路口东侧".to_owned(),
            order: "正门外东侧晚上有夜市".to_owned(),
            guards: "保安 4 人，橡胶棍、盾牌、钢叉齐全，一键报警连到派出所".to_owned(),
            wishes: "希望放学时路口有人指挥".to_owned(),
        };
        let second = Survey {
            guards: "保安 6 人，新装了防撞桩".to_owned(),
            peaks: "分年级错峰，早 7:40 到 8:00、晚 16:20 到 17:00".to_owned(),
            ..first.clone()
        };
        let other = Survey { students: "学生 980 人，教职工 75 人".to_owned(), ..first.clone() };
        let (primary, junior) = (self.school(0)?, self.school(2)?);
        for (school, seen, survey, reason, ago) in [
            (&primary, 0, &first, "开学前摸底", 85 * DAY),
            (&junior, 0, &other, "开学前摸底", 84 * DAY),
            (&primary, 1, &second, "错峰放学以后再看一次", 11 * DAY),
        ] {
            let act = self.act(self.officer, ago);
            hazard::survey(self.tx, &act, school, seen, (survey, reason)).await?;
        }
        Ok(())
    }

    async fn places(&mut self) -> Result<()> {
        for (school, kind, words, distance) in [
            (0, PlaceKind::Crowd, ("北街夜市", "正门外东侧", "晚上六点到十点"), 150),
            (0, PlaceKind::Crowd, ("公交枢纽站", "校门前路口东侧", "早七点到八点"), 90),
            (1, PlaceKind::Disorder, ("旧货市场巷", "正门外西侧巷子", ""), 320),
            (2, PlaceKind::Disorder, ("东门台球厅", "东门外一楼", "周末下午"), 180),
        ] {
            let (act, school) = (self.act(self.officer, 83 * DAY), self.school(school)?);
            hazard::add_place(self.tx, &act, &school, kind, words, distance).await?;
        }
        Ok(())
    }

    /// A round of a school: planned, and done two days later. What was seen of each line is fine unless told otherwise. Gives the hazard that
    /// it found, or of which it knew.
    async fn round(
        &mut self,
        school: usize,
        name: &str,
        ago: i64,
        odd: impl Fn(&Line) -> Option<Seen>,
    ) -> Result<Option<Uuid>> {
        let (planned, school) = (self.act(self.chief, ago + 2 * DAY), self.school(school)?);
        let until = self.at(ago - DAY);
        let id = hazard::plan(self.tx, &planned, &school, name, until).await?;
        let done = self.act(self.officer, ago);
        let lines = hazard::lines(self.tx, &done, school.id).await?;
        let seen: Vec<(Line, Seen)> = lines
            .into_iter()
            .map(|line| {
                let said = odd(&line).unwrap_or_else(|| saw(Verdict::Fine, "", ""));
                (line, said)
            })
            .collect();
        let round = hazard::a_round(self.tx, self.tenant, id).await?;
        hazard::finish(self.tx, &done, &round, &school, &seen, "").await?;
        Ok(hazard::answers(self.tx, self.tenant, id).await?.into_iter().find_map(|answer| answer.hazard_id))
    }

    /// What has come to its end, the oldest first; one of it comes back.
    async fn ended(&mut self) -> Result<()> {
        let back = self.found(
            (self.officer, 72 * DAY),
            (0, 60, "正门外人行道"),
            (Kind::Vendors, "放学时五六个小吃摊占了人行道，学生走到车道上"),
        );
        let back = back.await?;
        self.given(back, 72 * DAY - 3, "劝离摊贩，放学时段守着").await?;
        take!(self, back, self.officer, 71 * DAY, begin, "");
        self.fixed(back, (self.officer, 66 * DAY), "摊贩搬到便民市场了").await?;
        take!(self, back, self.patrol, 65 * DAY, fail, self.at(60 * DAY), Words::from("下午五点去看，还有两个摊位"));
        self.fixed(back, (self.officer, 62 * DAY), "余下两个也搬了").await?;
        self.struck_off(back, 61 * DAY, "连看三天，没有摊位").await?;

        let knives = (Kind::Knives, "文具店柜台里有超长的美工刀和弹簧刀");
        let knives = self.found((self.desk, 58 * DAY), (1, 40, "正门对面文具店"), knives).await?;
        self.given(knives, 58 * DAY - 2, "收缴，教育店主，登记").await?;
        take!(self, knives, self.officer, 57 * DAY, progress, Words::from("店主签了承诺书"));
        self.fixed(knives, (self.officer, 56 * DAY), "收缴 7 把，柜台里没有了").await?;
        self.struck_off(knives, 55 * DAY, "柜台和库房都看了，没有").await?;

        let crossing = self.round(0, "开学季排查", 44 * DAY, |line| match line.kind {
            Kind::Traffic if line.title.contains("标线") => {
                Some(saw(Verdict::Problem, "斑马线磨掉了一半，晚上看不清", "校门前路口"))
            }
            Kind::Construction => Some(saw(Verdict::Absent, "", "")),
            _ => None,
        });
        let crossing = crossing.await?;
        if let Some(lines) = crossing {
            self.given(lines, 44 * DAY - 3, "联系交警大队重新划线").await?;
            self.fixed(lines, (self.officer, 36 * DAY), "交警大队重新划了线，加了反光道钉").await?;
            take!(self, lines, self.chief, 36 * DAY - 2, share, true);
            self.struck_off(lines, 35 * DAY, "标线清楚，夜里也看得见").await?;
        }

        let sign = (Kind::Fire, "校门旁饭店把煤气罐放在过道里");
        let sign = self.found((self.officer, 50 * DAY), (2, 15, "东门旁饭店"), sign).await?;
        take!(self, sign, self.desk, 50 * DAY - 2, grade, (Level::Major, Mode::Dated), "离校门近，人多");
        let owner = Owner::Outside(Contact { name: "店主".to_owned(), phone: "0358-0000460".to_owned() });
        let until = self.at(30 * DAY);
        take!(self, sign, self.desk, 49 * DAY, assign, (owner, "东门旁饭店"), Some(until), "煤气罐移到室外专用间");
        let county = (Supervision::County, self.at(35 * DAY));
        take!(self, sign, self.chief, 48 * DAY, list, county, "两周内改完");
        self.fixed(sign, (self.desk, 40 * DAY), "建了室外气瓶间，装了报警器").await?;
        take!(self, sign, self.patrol, 39 * DAY, pass, Words::from("气瓶间合格，过道清空"));
        take!(self, sign, self.chief, 39 * DAY - 3, unlist, "整改到位");
        take!(self, sign, self.chief, 39 * DAY - 4, close, "同意");

        let none = (Kind::Rental, "说是有人在校门旁出租房里聚集");
        let none = self.found((self.desk, 21 * DAY), (1, 210, "旧货市场巷 4 号院"), none).await?;
        take!(self, none, self.chief, 20 * DAY, dismiss, "查了，是在家里办喜事，不是隐患");

        take!(self, back, self.chief, 6, reopen, "天冷以后摊贩又回来了");
        Ok(())
    }

    /// Where somebody is at work, or somebody is waited for.
    async fn under_way(&mut self) -> Result<()> {
        let late = (Kind::Food, "小卖部卖没有生产日期的辣条，没有食品经营许可");
        let late = self.found((self.officer, 26 * DAY), (0, 35, "正门西侧小卖部"), late).await?;
        take!(self, late, self.desk, 25 * DAY, grade, (Level::General, Mode::Dated), "");
        let market = ("市场监督管理局", self.at(5 * DAY));
        take!(self, late, self.desk, 23 * DAY, transfer, market, "请依法查处，查清进货来源");
        take!(self, late, self.desk, 3 * DAY, urge, "给食品科打了电话，说人手紧，这周去");

        let hall = NewHazard {
            school: self.school(2)?,
            gate: None,
            distance: 180,
            place: "东门外一楼".to_owned(),
            kind: Kind::Entertainment,
            description: "台球厅上学时间放学生进去，里面有游戏机".to_owned(),
            inspection: None,
            listed_place: self.place("东门台球厅").await?,
            origin: None,
            photos: vec![self.photo(Kind::Entertainment, false, 17 * DAY).await?],
            found_at: None,
        };
        let act = self.act(self.patrol, 17 * DAY);
        let hall = hazard::register(self.tx, &act, hall).await?;
        take!(self, hall, self.desk, 16 * DAY, grade, (Level::Major, Mode::Dated), "离校门不到 200 米");
        let owner = Owner::Outside(Contact { name: "台球厅老板".to_owned(), phone: "0358-0000461".to_owned() });
        let until = self.at(-20 * DAY);
        take!(self, hall, self.desk, 15 * DAY, assign, (owner, "东门台球厅"), Some(until), "撤走游戏机，禁止学生进入");
        let county = (Supervision::County, self.at(-5 * DAY));
        take!(self, hall, self.chief, 13 * DAY, list, county, "三周内撤走游戏机");
        take!(self, hall, self.officer, 12 * DAY, begin, "约谈了老板");
        self.round(2, "冬季排查", 8 * DAY, |line| match (&line.open, line.kind) {
            (Some(_), _) => Some(saw(Verdict::Known, "游戏机撤了一半", "")),
            (None, Kind::Construction) => Some(saw(Verdict::Absent, "", "")),
            _ => None,
        })
        .await?;

        let knives = (Kind::Knives, "饰品店卖带刃的玩具刀");
        let knives = self.found((self.patrol, 16 * DAY), (0, 70, "正门对面饰品店"), knives).await?;
        take!(self, knives, self.desk, 16 * DAY - 2, grade, (Level::General, Mode::Immediate), "");
        let desk = Owner::Own(self.desk.account);
        take!(self, knives, self.chief, 15 * DAY, assign, (desk, "田家会派出所"), None, "当天下架收缴");
        self.fixed(knives, (self.desk, 14 * DAY + 12), "全部下架，收缴 12 把").await?;
        take!(self, knives, self.patrol, 20, pass, Words::from("柜台没有了，店主知道不能卖"));

        let rental = (Kind::Rental, "出租房住了 9 个人，没有登记，电线私拉");
        let rental = self.found((self.officer, 12 * DAY), (1, 260, "旧货市场巷 11 号"), rental).await?;
        self.given(rental, 12 * DAY - 4, "登记住的人，清退多的床位，重新走线").await?;
        take!(self, rental, self.officer, 11 * DAY, begin, "");
        self.fixed(rental, (self.officer, 10), "登记了 5 人，清退 4 张床，电线重新走了").await?;

        let fire = (Kind::Fire, "校门旁住宅楼消防通道堆了旧家具");
        let fire = self.found((self.desk, 9 * DAY), (0, 110, "正门东侧 2 号楼"), fire).await?;
        take!(self, fire, self.desk, 9 * DAY - 3, grade, (Level::General, Mode::Dated), "");
        let owner = Owner::Outside(Contact { name: "物业经理".to_owned(), phone: "0358-0000462".to_owned() });
        let until = self.at(-6 * DAY);
        take!(self, fire, self.desk, 8 * DAY, assign, (owner, "2 号楼物业"), Some(until), "清空通道，贴禁放标识");
        take!(self, fire, self.officer, 7 * DAY, begin, "和物业一起看了现场");
        let photo = self.photo(Kind::Fire, true, 2 * DAY).await?;
        let words = Words { words: "清了一半，余下的等住户搬", photos: &[photo] };
        take!(self, fire, self.officer, 2 * DAY, progress, words);
        take!(self, fire, self.chief, 2 * DAY - 3, share, true);

        let site = (Kind::Construction, "工地围挡占了人行道，渣土车进出没人指挥");
        let site = self.found((self.patrol, 6 * DAY), (2, 240, "东门外南侧工地"), site).await?;
        take!(self, site, self.desk, 5 * DAY, grade, (Level::General, Mode::Dated), "");
        let city = ("城市管理局", self.at(-6 * DAY));
        take!(self, site, self.desk, 4 * DAY, transfer, city, "请督促退让围挡，上下学时段停止渣土车进出");
        take!(self, site, self.chief, 4 * DAY - 2, share, true);
        Ok(())
    }

    /// What is new, and the rounds that are coming.
    async fn fresh(&mut self) -> Result<()> {
        let parking = (Kind::Traffic, "接送车停在路口两边，公交进不了站");
        let parking = self.found((self.patrol, 4 * DAY), (2, 20, "东门外路口"), parking).await?;
        self.given(parking, 4 * DAY - 6, "划出即停即走区，高峰时段守着").await?;
        let smoke = (Kind::Tobacco, "便利店把电子烟摆在收银台，没有贴禁售标志");
        let smoke = self.found((self.desk, 30), (1, 55, "正门对面便利店"), smoke).await?;
        take!(self, smoke, self.desk, 20, grade, (Level::General, Mode::Immediate), "");
        let stalls = (Kind::Vendors, "放学时三个小吃摊占了人行道");
        self.found((self.desk, 5), (1, 80, "正门外人行道"), stalls).await?;

        let act = self.act(self.chief, 2 * DAY);
        let (second, first) = (self.school(1)?, self.school(0)?);
        let until = self.at(-5 * DAY);
        hazard::plan(self.tx, &act, &second, "冬季排查", until).await?;
        let round = hazard::plan(self.tx, &act, &first, "冬季排查", until).await?;
        let round = hazard::a_round(self.tx, self.tenant, round).await?;
        let act = self.act(self.chief, DAY);
        hazard::cancel(self.tx, &act, &round, "和期末检查并在一起").await
    }

    async fn place(&mut self, name: &str) -> Result<Option<Uuid>> {
        let act = self.act(self.desk, 20 * DAY);
        let lines = hazard::lines(self.tx, &act, self.school(2)?.id).await?;
        let mut places = lines.into_iter().filter_map(|line| line.place);
        Ok(places.find(|place| place.name == name).map(|place| place.id))
    }
}

fn saw(verdict: Verdict, words: &str, place: &str) -> Seen {
    Seen { verdict, words: words.to_owned(), place: place.to_owned(), distance: 10, photos: Vec::new() }
}

/// A street along the wall of a school: with something on the pavement and a warning before, swept and with a tick after.
fn street(kind: Kind, fixed: bool) -> RgbImage {
    let seed = kind as u32;
    let mut picture = RgbImage::from_fn(640, 480, |x, y| {
        let gate = (260..380).contains(&x) && (150..300).contains(&y);
        let box_at = (x + seed * 31) % 110;
        match y {
            0..140 => Rgb([176 + (y / 8) as u8, 204, 226]),
            _ if gate && x % 16 < 4 => Rgb([70, 76, 84]),
            _ if gate => Rgb([206, 202, 190]),
            140..300 => Rgb([170 + (seed * 7 % 60) as u8, 120 + (seed * 11 % 50) as u8, 96]),
            250..380 if !fixed && box_at < 60 => Rgb([60 + (seed * 40 % 150) as u8, 90 + (x / 8) as u8, 70]),
            300..380 => Rgb([188, 186, 180]),
            _ if fixed && (420..430).contains(&y) && x % 80 < 40 => Rgb([240, 240, 236]),
            _ => Rgb([96, 98, 102]),
        }
    });
    if fixed {
        pictures::tick(&mut picture);
    } else {
        pictures::warning(&mut picture);
    }
    picture
}
