//! Party organisations and their members: the tree, who should attend and who may vote, who is shown, the member list in and out.

use calamine::{Reader, Xlsx};
use codes::PersonName;
use codes::address::parse_room;
use doorstep::access::{self, Act, Reach, Role};
use doorstep::audit;
use doorstep::party::{self, Column, Field, Home, Kind, NewOrganisation, Post, Status, Tie, Values};
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::life;
use jiff::civil::date;
use rust_xlsxwriter::Workbook;
use uuid::Uuid;

use crate::import::identity;
use crate::support::{Browser, TestApp};

/// A 党委, and below it a branch of an estate.
pub struct Party {
    pub committee: Uuid,
    pub branch: Uuid,
    pub estate: Uuid,
}

fn organisation(kind: Kind, name: &str, parent: Option<Uuid>, estate: Option<Uuid>) -> NewOrganisation {
    NewOrganisation { kind, name: name.to_owned(), parent, estate, founded_on: None }
}

pub fn somebody(name: &str, status: Status, tie: Tie) -> Values {
    Values::from([
        (Field::Name, name.to_owned()),
        (Field::Status, status.code().to_owned()),
        (Field::Link, tie.code().to_owned()),
    ])
}

impl Party {
    pub async fn set_up(app: &TestApp) -> Party {
        let act = Act { organisation: Some(app.home.organisation), ..app.act() };
        let mut tx = app.db.begin().await.unwrap();
        let estate = place::create_estate(&mut tx, &act, "王府名苑小区", None, None).await.unwrap();
        let committee = organisation(Kind::Committee, "尉汾路社区党委", None, None);
        let committee = party::create(&mut tx, &act, committee).await.unwrap();
        let branch = organisation(Kind::Branch, "王府名苑小区党支部", Some(committee), Some(estate));
        let branch = party::create(&mut tx, &act, branch).await.unwrap();
        tx.commit().await.unwrap();
        Party { committee, branch, estate }
    }

    pub async fn add(&self, app: &TestApp, values: &Values) -> Uuid {
        let mut tx = app.db.begin().await.unwrap();
        let home = Home { organisation: self.branch, group: None };
        let id = party::add(&mut tx, &app.act(), home, values, None).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub fn path(&self) -> String {
        format!("/party/organisations/{}", self.branch)
    }
}

/// A resident of 3号楼, with an identity number or without.
async fn resident(app: &TestApp, name: &str, number: Option<&str>) -> Uuid {
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room("101").unwrap();
    let door = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "1", &room).await.unwrap();
    let name = PersonName::parse(name).unwrap();
    let new =
        NewResident { identity: number.map(|number| number.parse().unwrap()), ..NewResident::named(name.clone()) };
    let Outcome::Created(id) = enrol(&mut tx, &act, door, &name, &new).await.unwrap() else { panic!() };
    tx.commit().await.unwrap();
    id
}

/// A member of the branch who is known to be a resident.
async fn linked(app: &TestApp, party: &Party, name: &str, resident: Uuid) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let home = Home { organisation: party.branch, group: None };
    let values = somebody(name, Status::Formal, Tie::Here);
    let id = party::add(&mut tx, &app.act(), home, &values, Some(resident)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn deliver(app: &TestApp) {
    while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
}

/// The member list as an office draws it: a title over the columns, headings of its own.
pub fn member_list(rows: &[[&str; 7]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.merge_range(0, 0, 0, 6, "2026年党员花名册", &rust_xlsxwriter::Format::new()).unwrap();
    let headings = ["党员姓名", "身份证号码", "入党日期", "转正时间", "所在支部", "党内职务", "备注"];
    for (row, cells) in (1u32..).zip(std::iter::once(&headings).chain(rows)) {
        for (column, cell) in (0u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

async fn send(browser: &Browser, organisation: Uuid, file: &[u8]) -> crate::support::Page {
    let organisation = organisation.to_string();
    browser.post_files("/party/imports", &[("organisation", &organisation)], &[("file", "花名册.xlsx", file)]).await
}

db_test! {
    async fn organisations_are_a_tree_that_says_what_it_lacks(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/party").await.assert_ok().assert_contains("还没有党组织");
        let again = staff.post("/party/organisations", &[("kind", "party_group"), ("name", "第一党小组")]).await;
        again.assert_status(422).assert_contains("党小组要设在一个党支部下面").assert_contains("第一党小组");
        let party = Party::set_up(&app).await;
        let branch = party.branch.to_string();
        staff.post("/party/organisations", &[("kind", "party_committee"), ("name", "某党委"), ("parent", &branch)]).await.assert_status(422);
        let taken = staff.post("/party/organisations", &[("kind", "party_branch"), ("name", "王府名苑小区党支部")]).await;
        taken.assert_status(422).assert_contains("同名");
        let group = staff.post("/party/organisations", &[("kind", "party_group"), ("name", "第一党小组"), ("parent", &branch)]).await;
        group.assert_ok().assert_contains("第一党小组").assert_contains("王府名苑小区党支部");
        staff.get("/party").await.assert_contains("尉汾路社区党委").assert_contains("第一党小组").assert_contains("处要留意");

        party.add(&app, &somebody("冯还应", Status::Formal, Tie::Here)).await;
        let page = staff.get(&party.path()).await;
        page.assert_ok().assert_contains("不足 3 名").assert_contains("还没有登记书记");
        let posts = format!("{}/posts", party.path());
        staff.post(&posts, &[("who", "没有的"), ("post", "secretary"), ("since", "2022-01-05")]).await.assert_status(422).assert_contains("没有这个姓名");
        let page = staff.post(&posts, &[("who", "冯还应"), ("post", "secretary"), ("since", "2022-01-05")]).await;
        page.assert_ok().assert_contains("还没有登记本届任期").assert_lacks("还没有登记书记");
        // The term lasts as long as the setting says; soon it is on the page of what is to be done.
        let particulars = format!("{}/particulars", party.path());
        let version = staff.get(&particulars).await.input("version");
        let estate = party.estate.to_string();
        let fields = [("kind", "party_branch"), ("name", "王府名苑小区党支部"), ("estate", estate.as_str()), ("term_began_on", "2022-01-05"), ("version", &version)];
        staff.post(&particulars, &fields).await.assert_ok().assert_contains("2027-01-04");
        staff.get("/today").await.assert_contains("换届").assert_contains("王府名苑小区党支部");
        staff.post(&particulars, &fields).await.assert_contains("刚刚有别人改过");
        // What has branches below it cannot become a branch, and under a new name an organisation is found everywhere.
        let above = format!("/party/organisations/{}/particulars", party.committee);
        let version = staff.get(&above).await.input("version");
        let lower = [("kind", "functional_branch"), ("name", "尉汾路社区党委"), ("version", version.as_str())];
        staff.post(&above, &lower).await.assert_status(422).assert_contains("下面有党支部“王府名苑小区党支部”，不能改成功能型党支部");
        let renamed = [("kind", "party_committee"), ("name", "尉汾路党委"), ("version", version.as_str())];
        staff.post(&above, &renamed).await.assert_ok();
        let mut tx = app.db.read().await.unwrap();
        let known = access::organisations(&mut tx, app.home.tenant).await.unwrap();
        assert!(known.iter().any(|known| known.name == "尉汾路党委"), "what issues are given to bears the name");
        drop(tx);
        let ended = staff.post(&staff.get(&party.path()).await.link(&format!("{posts}/")), &[]).await;
        ended.assert_ok().assert_contains("还没有登记书记");
        let page = staff.get(&staff.get(&party.path()).await.link("/party/members/")).await;
        page.assert_contains("2026-11-23 免去");
    }

    async fn a_member_comes_changes_moves_and_leaves_and_nothing_is_forgotten(app: TestApp) {
        let party = Party::set_up(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let number = identity("19580307", 1);
        let fields = [
            ("name", "王建国"), ("identity", number.as_str()), ("phone", "138 0000 1234"), ("joined_on", "1985.7"),
            ("status", "formal"), ("link", "here"),
        ];
        let members = format!("{}/members", party.path());
        let wrong = staff.post(&members, &[("name", "王建国"), ("joined_on", "去年"), ("status", "formal"), ("link", "here")]).await;
        wrong.assert_status(422).assert_contains("日期看不懂").assert_contains("去年");
        let page = staff.post(&members, &fields).await;
        page.assert_ok().assert_contains("1985-07").assert_contains("138****1234").assert_contains("有表决权").assert_lacks(&number);
        staff.post(&members, &fields).await.assert_status(422).assert_contains("已登记在王府名苑小区党支部");

        // Two have it open; the second sees what the first has done.
        let member = page.url.clone();
        let particulars = format!("{member}/particulars");
        let version = staff.get(&particulars).await.input("version");
        let change = |education: &'static str| vec![("name", "王建国"), ("education", education), ("joined_on", "1985-07"), ("status", "formal"), ("link", "here"), ("version", version.as_str())];
        staff.post(&particulars, &change("20")).await.assert_ok();
        let stale = staff.post(&particulars, &change("30")).await;
        stale.assert_status(422).assert_contains("有别人改过").assert_contains("学历：大学本科");
        assert_ne!(stale.input("version"), version);

        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let other = party::create(&mut tx, &act, organisation(Kind::Branch, "水保所家属院党支部", Some(party.committee), None)).await.unwrap();
        tx.commit().await.unwrap();
        let (other, version) = (other.to_string(), staff.get(&member).await.input("version"));
        let moved = staff.post(&format!("{member}/home"), &[("place", &other), ("moved_on", "2026-11-15"), ("home_reason", "搬到水保所"), ("version", &version)]).await;
        moved.assert_ok().assert_contains("水保所家属院党支部").assert_contains("王府名苑小区党支部 → 水保所家属院党支部");
        let version = moved.input("version");
        let leave = |day: &'static str| vec![("why", "transferred"), ("left_on", day), ("left_reason", "介绍信已开"), ("version", version.as_str())];
        staff.post(&format!("{member}/departure"), &leave("2026-12-01")).await.assert_status(422).assert_contains("还没有到");
        let left = staff.post(&format!("{member}/departure"), &leave("2026-11-20")).await;
        left.assert_ok().assert_contains("组织关系转出").assert_contains("介绍信已开");
        staff.get(&format!("/party/organisations/{other}")).await.assert_contains("已经离开的 1 名");
        let version = left.input("version");
        staff.post(&format!("{member}/return"), &[("return_reason", "没有转成"), ("version", &version)]).await.assert_ok().assert_contains("恢复登记");
        assert_eq!(audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().broken, None);
    }

    async fn what_is_sealed_stays_unless_it_is_taken_away(app: TestApp) {
        let party = Party::set_up(&app).await;
        let number = identity("19580307", 1);
        let mut values = somebody("王建国", Status::Formal, Tie::Here);
        values.extend([(Field::Identity, number.clone()), (Field::Phone, "13800001234".to_owned()), (Field::Note, "住儿子家".to_owned())]);
        let member = format!("/party/members/{}", party.add(&app, &values).await);
        let staff = app.person(Role::Staff).browser().await;
        let particulars = format!("{member}/particulars");
        let send = async |more: &[(&str, &str)]| {
            let version = staff.get(&particulars).await.input("version");
            let fields = [("name", "王建国"), ("status", "formal"), ("link", "here"), ("version", version.as_str())];
            staff.post(&particulars, &[&fields[..], more].concat()).await
        };
        send(&[("education", "20")]).await.assert_ok().assert_contains("138****1234").assert_contains("141199********");
        // Whoever marks it and writes something anew means what they write.
        let page = send(&[("erase", "phone"), ("phone", "13900005678"), ("erase", "note")]).await;
        page.assert_ok().assert_contains("139****5678").assert_contains("备注：").assert_contains("→ 空");
        let page = send(&[("erase", "phone"), ("erase", "identity")]).await;
        page.assert_ok().assert_contains("→ 空").assert_lacks("<dt>联系方式</dt>").assert_lacks("<dt>身份证号</dt>");
        staff.get(&particulars).await.assert_lacks("没有了，去掉");
        // The number is free again.
        let members = format!("{}/members", party.path());
        let fields = [("name", "王建国"), ("identity", number.as_str()), ("status", "formal"), ("link", "here")];
        staff.post(&members, &fields).await.assert_ok();
    }

    async fn fifty_six_should_attend_and_it_is_said_why(app: TestApp) {
        let party = Party::set_up(&app).await;
        for n in 0..56 {
            let status = if n < 4 { Status::Probationary } else { Status::Formal };
            party.add(&app, &somebody(&format!("党员{}", char::from_u32(0x4e00 + n).unwrap()), status, Tie::Here)).await;
        }
        let beside = party.add(&app, &somebody("双报到甲", Status::Formal, Tie::Reporting)).await;
        party.add(&app, &somebody("流动乙", Status::Formal, Tie::Floating)).await;
        let mut tx = app.db.read().await.unwrap();
        let roll = party::roll(&mut tx, app.home.tenant, party.branch, date(2026, 11, 23)).await.unwrap();
        assert_eq!((roll.should_attend, roll.voters, roll.everybody.len()), (56, 52, 58));
        let (_, standing) = roll.everybody.iter().find(|(member, _)| member.id == beside).unwrap();
        assert!(!standing.should_attend && standing.why.contains("双报到"));
        drop(tx);
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let page = secretary.get(&party.path()).await;
        page.assert_ok().assert_contains("<b>56</b>应到会").assert_contains("<b>52</b>有表决权").assert_contains("组织关系在别处");
        page.assert_contains("党员 56 名，一般不超过 50 名");
        page.assert_lacks("下一页");
    }

    async fn who_should_have_attended_on_a_past_day_is_known_after_they_moved(app: TestApp) {
        let party = Party::set_up(&app).await;
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let other = party::create(&mut tx, &act, organisation(Kind::Branch, "水保所家属院党支部", Some(party.committee), None)).await.unwrap();
        tx.commit().await.unwrap();
        party.add(&app, &somebody("一直在", Status::Formal, Tie::Here)).await;
        let member = format!("/party/members/{}", party.add(&app, &somebody("来回转", Status::Formal, Tie::Here)).await);
        let staff = app.person(Role::Staff).browser().await;
        let go = async |to: Uuid, day: &str| {
            let version = staff.get(&member).await.input("version");
            let to = to.to_string();
            let fields = [("place", to.as_str()), ("moved_on", day), ("home_reason", "介绍信"), ("version", version.as_str())];
            staff.post(&format!("{member}/home"), &fields).await
        };
        go(other, "2026-09-10").await.assert_ok();
        go(party.branch, "2026-09-01").await.assert_status(422).assert_contains("2026-09-10 才转到水保所家属院党支部").assert_contains("介绍信");
        go(party.branch, "2026-10-20").await.assert_ok();
        go(other, "2026-11-24").await.assert_status(422).assert_contains("还没有到");
        let mut tx = app.db.read().await.unwrap();
        for (day, here, there) in [
            (date(2026, 9, 9), 2, 0), (date(2026, 9, 10), 1, 1), (date(2026, 10, 19), 1, 1), (date(2026, 10, 20), 2, 0), (date(2026, 11, 23), 2, 0),
        ] {
            let roll = party::roll(&mut tx, app.home.tenant, party.branch, day).await.unwrap();
            assert_eq!((roll.should_attend, roll.voters, roll.everybody.len()), (here, here, here), "{day}");
            assert_eq!(party::roll(&mut tx, app.home.tenant, other, day).await.unwrap().voters, there, "{day}");
        }
    }

    async fn a_long_list_of_members_is_paged_and_counted_whole(app: TestApp) {
        let party = Party::set_up(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        // The same name often: a page may end among them.
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        let group = party::create(&mut tx, &act, organisation(Kind::Group, "第一党小组", Some(party.branch), None)).await.unwrap();
        for n in 0..130 {
            let name = if n % 2 == 0 { "王建国".to_owned() } else { format!("李建{}", char::from_u32(0x4e00 + n).unwrap()) };
            let tie = if n < 125 { Tie::Here } else { Tie::Reporting };
            let home = Home { organisation: party.branch, group: Some(group).filter(|_| n % 2 == 0) };
            party::add(&mut tx, &act, home, &somebody(&name, Status::Formal, tie), None).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (mut met, mut path, mut pages) = (std::collections::BTreeSet::new(), party.path(), 0);
        loop {
            let page = staff.get(&path).await;
            page.assert_ok().assert_contains("<b>125</b>应到会").assert_contains("<b>125</b>有表决权").assert_contains("<b>5</b>可以来");
            for link in page.between_all("<th scope=\"row\"><a href=\"/party/members/", "\"") {
                assert!(met.insert(link.to_owned()), "{link} twice");
            }
            pages += 1;
            let next = format!("{}?after=", party.path());
            if !page.contains(&next) {
                break;
            }
            path = page.link(&next);
        }
        assert_eq!((met.len(), pages), (130, 3));
        staff.get(&format!("/party/organisations/{group}")).await.assert_contains("<b>63</b>应到会").assert_contains("<b>2</b>可以来");

        // Who has left stands on a list of their own.
        let member = format!("/party/members/{}", met.first().unwrap());
        let version = staff.get(&member).await.input("version");
        let left = [("why", "died"), ("left_on", "2026-11-20"), ("left_reason", "家属来说的"), ("version", version.as_str())];
        staff.post(&format!("{member}/departure"), &left).await.assert_ok();
        let page = staff.get(&party.path()).await;
        page.assert_contains("<b>124</b>应到会").assert_contains("已经离开的 1 名");
        staff.get(&page.link(&format!("{}?left", party.path()))).await.assert_contains("2026-11-20").assert_contains(&member).assert_lacks("下一页");
    }

    async fn whoever_agrees_is_shown_without_a_number_until_they_take_it_back(app: TestApp) {
        let party = Party::set_up(&app).await;
        let number = identity("19580307", 1);
        let mut values = somebody("王建国", Status::Formal, Tie::Here);
        values.extend([(Field::Identity, number.clone()), (Field::Phone, "13800001234".to_owned())]);
        let member = party.add(&app, &values).await;
        party.add(&app, &somebody("李不愿", Status::Formal, Tie::Here)).await;
        let resident = resident(&app, "王建国", Some(&number)).await;
        let stranger = app.browser();
        let public = format!("/board/{}/estates/{}/members", app.home.code, party.estate);
        stranger.get(&public).await.assert_ok().assert_contains("还没有党员亮身份").assert_lacks("王建国");

        let staff = app.person(Role::Staff).browser().await;
        let path = format!("/party/members/{member}");
        // The register knows somebody of that number; it is a person who says that it is them.
        let page = staff.get(&path).await;
        page.assert_contains("身份证号一致").assert_lacks(&format!("/residents/{resident}"));
        let tied = staff.post(&format!("{path}/resident"), &[("resident", &resident.to_string()), ("version", &page.input("version"))]).await;
        tied.assert_ok().assert_contains(&format!("/residents/{resident}"));
        staff.post(&format!("{path}/consent"), &[("how", "signed"), ("consent_on", "2026-11-24")]).await.assert_status(422);
        let agreed = staff.post(&format!("{path}/consent"), &[("how", "signed"), ("consent_on", "2026-11-23")]).await;
        agreed.assert_ok().assert_contains("已亮身份").assert_contains("签字").assert_contains("社区工作人员登记");
        let shown = stranger.get(&public).await;
        shown.assert_contains("3号楼").assert_contains("王建国").assert_lacks("李不愿").assert_lacks("1234").assert_lacks("101").assert_lacks(&number);
        stranger.get(&format!("/board/{}/estates/{}", app.home.code, party.estate)).await.assert_contains(&public);
        let withdrawn = staff.post(&format!("{path}/consent/withdrawal"), &[("how", "phone"), ("consent_on", "2026-11-23")]).await;
        withdrawn.assert_ok().assert_contains("撤回（打电话）");
        stranger.get(&public).await.assert_lacks("王建国");
        // Agreeing again and leaving ends it too.
        staff.post(&format!("{path}/consent"), &[("how", "in_person"), ("consent_on", "2026-11-23")]).await.assert_ok();
        stranger.get(&public).await.assert_contains("王建国");
        let version = staff.get(&path).await.input("version");
        staff.post(&format!("{path}/departure"), &[("why", "transferred"), ("left_on", "2026-11-23"), ("left_reason", "介绍信"), ("version", &version)]).await.assert_ok();
        stranger.get(&public).await.assert_lacks("王建国");
    }

    async fn a_card_follows_what_the_register_merges_and_lets_go_of_what_it_erases(app: TestApp) {
        let party = Party::set_up(&app).await;
        let number = identity("19580307", 1);
        let (first, second) = (resident(&app, "王建国", Some(&number)).await, resident(&app, "王建国国", None).await);
        let member = linked(&app, &party, "王建国", second).await;
        let staff = app.person(Role::Secretary).browser().await;
        let path = format!("/party/members/{member}");
        staff.get(&path).await.assert_contains(&format!("/residents/{second}"));

        let mut tx = app.db.begin().await.unwrap();
        life::merge(&mut tx, &app.act(), first, second, "重复登记").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app).await;
        let page = staff.get(&path).await;
        page.assert_contains(&format!("/residents/{first}")).assert_contains("居民登记合并");
        // A third record takes the first one in before anybody has heard that the second went there.
        let (third, fourth) = (resident(&app, "王建国丙", None).await, resident(&app, "王建国丁", None).await);
        let late = linked(&app, &party, "李建国", fourth).await;
        let mut tx = app.db.begin().await.unwrap();
        life::merge(&mut tx, &app.act(), first, fourth, "重复登记").await.unwrap();
        life::merge(&mut tx, &app.act(), third, first, "重复登记").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app).await;
        for path in [path.clone(), format!("/party/members/{late}")] {
            staff.get(&path).await.assert_contains(&format!("/residents/{third}"));
        }

        let mut tx = app.db.begin().await.unwrap();
        doorstep::registry::erasure::erase(&mut tx, &app.act(), third, "本人要求").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app).await;
        let page = staff.get(&path).await;
        page.assert_contains("王建国").assert_contains("取消关联").assert_lacks("/residents/").assert_lacks("和居民登记对上");
        let mut tx = app.db.read().await.unwrap();
        assert!(audit::history(&mut tx, &app.act(), member).await.unwrap().iter().all(|past| past.changes.is_empty()));
        assert_eq!(audit::verify(&mut tx, app.home.tenant).await.unwrap().broken, None);
    }

    async fn a_member_list_is_looked_at_written_and_goes_out_again(app: TestApp) {
        let party = Party::set_up(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let (first, second) = (identity("19580307", 1), identity("19900101", 1));
        let file = member_list(&[
            ["冯还应", &first, "1985.3", "1986年3月", "", "支部书记", ""],
            ["李建国", &second, "33055", "19910701", "王府名苑小区党支部", "", "双报到"],
            ["张小燕", "1.41E+17", "1998-07", "", "", "", ""],
            ["刘志强", "", "1998-07", "", "没有的党支部", "", ""],
            ["冯还应", &first, "1985.3", "", "", "", ""],
            ["李建国", "", "1991", "", "王府名苑小区党支部", "", ""],
        ]);
        send(&staff, party.branch, b"PK nothing").await.assert_status(422);
        let page = send(&staff, party.branch, &file).await;
        page.assert_ok().assert_contains("还没有写入").assert_contains("登记为书记").assert_contains("双报到在职党员");
        page.assert_contains("<b>2</b>人新增").assert_contains("<b>4</b>行退回").assert_contains("没有“没有的党支部”");
        page.assert_contains("和第 3 行是同一个人").assert_contains("和第 4 行是同一个人");
        staff.get(&party.path()).await.assert_lacks("冯还应");
        let written = staff.post(&format!("{}/application", page.url), &[]).await;
        written.assert_ok().assert_contains("新增 2 人，更新 0 人，没有变化 0 人，退回 4 行");
        staff.post(&format!("{}/application", page.url), &[]).await.assert_contains("已经写入");
        staff.get(&party.path()).await.assert_contains("冯还应").assert_contains("<b>1</b>有表决权").assert_contains("组织关系在别处");
        // What was given back comes as a workbook with the reason.
        let back = staff.download(&format!("{}/rejections.xlsx", page.url)).await;
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(back)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        assert_eq!(sheet.height(), 5);
        assert!(sheet.rows().flatten().any(|cell| cell.to_string().contains("没有的党支部")));

        // The same again changes nothing.
        let page = send(&staff, party.branch, &file).await;
        page.assert_contains("<b>0</b>人新增").assert_contains("<b>2</b>人没有变化");
        staff.post(&format!("{}/cancellation", page.url), &[]).await.assert_ok().assert_contains("已放弃");

        // Whoever one row moves away is not found once more by a row of the branch that is left.
        let moved = ["李建国", &second, "", "", "尉汾路社区党委", "", ""];
        let left = ["李建国", "", "1991", "", "王府名苑小区党支部", "", ""];
        let page = send(&staff, party.branch, &member_list(&[moved, left])).await;
        page.assert_contains("到尉汾路社区党委").assert_contains("<b>1</b>行退回").assert_contains("和第 3 行是同一个人");
        staff.post(&format!("{}/cancellation", page.url), &[]).await.assert_ok();

        // A long one is looked at page by page, with the numbers of the whole.
        let names: Vec<String> = (0..100).map(|n| format!("赵{}", char::from_u32(0x5000 + n).unwrap())).collect();
        let rows: Vec<[&str; 7]> = names.iter().map(|name| [name.as_str(), "", "1998-07", "1999-07", "", "", ""]).collect();
        let page = send(&staff, party.branch, &member_list(&rows)).await;
        page.assert_contains("<b>100</b>人新增").assert_contains(&names[59]).assert_lacks(&names[60]);
        let rest = staff.get(&page.link("/party/imports/")).await;
        rest.assert_contains("<b>100</b>人新增").assert_contains(&names[60]).assert_contains(&names[99]).assert_lacks("下一页");
        staff.post(&format!("{}/cancellation", page.url), &[]).await.assert_ok();

        let out = staff.download_by_form(&format!("{}/member-list", party.path()), &[]).await;
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(out)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let rows: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let labels: Vec<&str> = Column::ALL[..15].iter().map(|column| column.label()).collect();
        assert_eq!(rows[0], labels);
        let all: String = rows.concat().join("|");
        assert!(all.contains("141199********") && all.contains("书记") && all.contains("双报到在职党员"), "{all}");
        assert!(!all.contains(&first) && all.contains("冯*应|男") && !all.contains("冯还应"), "{all}");
        assert!(all.contains("社区工作人员") && all.contains("2026年11月23日") && all.contains("导出，姓名和号码已隐去"), "{all}");
    }

    async fn a_branch_secretary_reaches_the_own_branch_and_nobody_another_community(app: TestApp) {
        let party = Party::set_up(&app).await;
        let member = party.add(&app, &somebody("王建国", Status::Formal, Tie::Here)).await;
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let other = party::create(&mut tx, &act, organisation(Kind::Branch, "水保所家属院党支部", Some(party.committee), None)).await.unwrap();
        let foreign = party::add(&mut tx, &act, Home { organisation: other, group: None }, &somebody("李建国", Status::Formal, Tie::Here), None).await.unwrap();
        party::join_post(&mut tx, &act, other, foreign, Post::Secretary, date(2025, 1, 1)).await.unwrap();
        tx.commit().await.unwrap();
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        secretary.get("/party").await.assert_ok().assert_contains("王府名苑小区党支部").assert_lacks("水保所").assert_lacks("尉汾路社区党委");
        secretary.get(&format!("/party/members/{member}")).await.assert_ok();
        for path in [format!("/party/members/{foreign}"), format!("/party/organisations/{other}"), format!("/party/members/{foreign}/particulars")] {
            secretary.get(&path).await.assert_status(404);
        }
        let consent = [("how", "signed"), ("consent_on", "2026-11-23")];
        secretary.post(&format!("/party/members/{foreign}/consent"), &consent).await.assert_status(404);
        let place = other.to_string();
        let fields = [("place", place.as_str()), ("moved_on", "2026-11-15"), ("home_reason", "想转过去"), ("version", "1")];
        secretary.post(&format!("/party/members/{member}/home"), &fields).await.assert_status(404);
        secretary.get("/party/imports").await.assert_status(403);
        // Over an organisation of access the reach is the same: the branch, and what is below it.
        let organisations = access::organisations(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let own = organisations.iter().find(|known| known.name == "王府名苑小区党支部").unwrap().id;
        let by_organisation = app.person(Role::BranchSecretary).reaching(Reach::Organisation, own).browser().await;
        by_organisation.get("/party").await.assert_ok().assert_contains("王府名苑小区党支部").assert_lacks("水保所");
        by_organisation.get(&format!("/party/members/{member}")).await.assert_ok();
        by_organisation.get(&format!("/party/members/{foreign}")).await.assert_status(404);
        app.person(Role::GridWorker).browser().await.get("/party").await.assert_status(403);
        let elsewhere = app.community("141102004998", "凤山社区").await;
        let stranger = app.person(Role::Secretary).of_community(&elsewhere).browser().await;
        stranger.get(&format!("/party/members/{member}")).await.assert_status(404);
        stranger.get("/party").await.assert_ok().assert_contains("还没有党组织");
    }

    async fn a_number_of_a_member_is_shown_in_full_to_whoever_says_why(app: TestApp) {
        let party = Party::set_up(&app).await;
        let mut values = somebody("高瑞琴", Status::Formal, Tie::Here);
        values.insert(Field::Phone, "13800001234".to_owned());
        let member = party.add(&app, &values).await;
        let path = format!("/party/members/{member}");
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        secretary.get(&path).await.assert_ok().assert_contains("看完整号码").assert_lacks("13800001234");
        let reveal = format!("{path}/reveals");
        secretary.post(&reveal, &[("field", "phone"), ("reason", "开会")]).await.assert_status(422).assert_lacks("13800001234");
        secretary.post(&reveal, &[("field", "note"), ("reason", "通知开会联系本人")]).await.assert_status(422).assert_contains("请选择要看哪一项");
        secretary.post(&reveal, &[("field", "identity"), ("reason", "通知开会联系本人")]).await.assert_status(422).assert_contains("没有登记身份证号");
        let shown = secretary.post(&reveal, &[("field", "phone"), ("reason", "通知开会联系本人")]).await;
        shown.assert_ok().assert_contains("13800001234").assert_contains("href=\"tel:13800001234\"");
        secretary.get(&path).await.assert_lacks("13800001234");
        let audit = app.person(Role::AuditAdmin).browser().await;
        audit.get("/audit").await.assert_contains("通知开会联系本人").assert_lacks("13800001234");
        let elsewhere = app.person(Role::BranchSecretary).reaching(Reach::Estate, Uuid::max()).browser().await;
        elsewhere.post(&reveal, &[("field", "phone"), ("reason", "通知开会联系本人")]).await.assert_status(404);
        app.person(Role::GridWorker).reaching(Reach::Estate, party.estate).browser().await
            .post(&reveal, &[("field", "phone"), ("reason", "通知开会联系本人")]).await.assert_status(403);
    }
}
