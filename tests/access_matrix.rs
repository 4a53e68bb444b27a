//! Every route, walked by every role and by nobody: it opens exactly to those whom `access::ALLOWED` names, and what
//! belongs to another tenant is not there at all.

use axum::http::Method;
use codes::PersonName;
use codes::address::parse_room;
use db::Db;
use doorstep::access::{self, Act, Link, Need, Permission, Role, Route, Scope};
use doorstep::after_school;
use doorstep::app::route_table;
use doorstep::board::{self, NewContact, NewObjection, NewPublication, Period, Post, PublicationKind, Snapshot};
use doorstep::body;
use doorstep::channel;
use doorstep::community_survey::{self, Plan as SurveyPlan};
use doorstep::deployment;
use doorstep::duty;
use doorstep::hazard;
use doorstep::help;
use doorstep::issue::{self, Category, Filed, NewIssue, Source};
use doorstep::lecture;
use doorstep::means::Means;
use doorstep::mediation;
use doorstep::meeting::{self, NewItem, NewMeeting, Plan};
use doorstep::party::{self, Field, Kind, NewOrganisation, Values};
use doorstep::patrol;
use doorstep::photo;
use doorstep::place::{self, Settler, Spot};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::request::{self, Channel, NewRequest, RequestKind};
use doorstep::registry::roll::Filter;
use doorstep::service;
use doorstep::venue::{self, Hours, NewBooking, NewVenue, Purpose, Span};
use doorstep::visit;
use doorstep::volunteer;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::support::{Browser, Community, Page, TestApp};

db_test! {
    async fn a_route_opens_to_those_whom_the_table_names(app: TestApp) {
        let own = Landmarks::set_up(&app, &app.home).await;
        for role in Role::assignable().map(Some).chain([None]) {
            let browser = signed_in(&app, &app.home, role).await;
            for route in route_table() {
                let page = visit(&browser, &route, &own).await;
                // This one leads whoever has no session to where they sign in, and back.
                let leads_in = route.path == "/doors/entry" && role.is_none();
                let expected = if leads_in { Answer::SignInFirst } else { expected(role, route.need) };
                assert_eq!(answer(&page), expected, "{role:?} {} {} ({})", route.method, route.path, page.status);
                if expected == Answer::Open && route.method == Method::GET {
                    let there = page.status < 400 || missing_on_purpose(&route);
                    assert!(there, "{role:?} {}: {}\n{}", route.path, page.status, page.body);
                }
            }
        }
    }

    async fn what_belongs_to_another_tenant_is_not_there(app: TestApp) {
        let other = app.community("141102004998", "凤山社区").await;
        let foreign = Landmarks::set_up(&app, &other).await;
        for role in Role::assignable() {
            let browser = signed_in(&app, &app.home, Some(role)).await;
            for route in route_table() {
                let Need::Permission(permission) = route.need else { continue };
                // Every tenant has settings and reports of the same names; only its own can be reached by them.
                // A phone makes the ids under which it puts things, so that none is another tenant's.
                let names_a_row = route.path.contains('{') && !route.path.contains("{name}") && !route.path.contains("{topic}") && route.method != Method::PUT;
                if !names_a_row || !permission.roles().contains(&role) {
                    continue;
                }
                // With the token and without fields: a form is read only after its subject was found.
                let path = foreign.path(route.path);
                let page = if route.method == Method::GET { browser.get(&path).await } else { browser.post(&path, &[]).await };
                let refused = page.status == 404 || (route.method == Method::POST && page.status == 422);
                assert!(refused, "{role:?} {} {}: {}\n{}", route.method, route.path, page.status, page.body);
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Open,
    Forbidden,
    SignInFirst,
    /// Only a token opens it; `tests/api.rs` brings them.
    TokenFirst,
}

fn expected(role: Option<Role>, need: Need) -> Answer {
    match (need, role) {
        (Need::Token(_), _) => Answer::TokenFirst,
        (Need::Public, _) | (Need::Account | Need::Work, Some(_)) => Answer::Open,
        (_, None) => Answer::SignInFirst,
        (Need::Permission(permission), Some(role)) => {
            if allowed(permission, role) {
                Answer::Open
            } else {
                Answer::Forbidden
            }
        }
    }
}

fn allowed(permission: Permission, role: Role) -> bool {
    access::ALLOWED.iter().any(|(listed, roles)| *listed == permission && roles.contains(&role))
}

fn answer(page: &Page) -> Answer {
    match (page.status, page.location.as_deref()) {
        // A phone that has lost its token for forms is told the same, by another address.
        (401, _) if page.url.starts_with("/api/") => Answer::TokenFirst,
        (403, _) => Answer::Forbidden,
        (303, Some("/login")) => Answer::SignInFirst,
        _ => Answer::Open,
    }
}

/// Pages that need more than an identifier: an import that has rejected something, a phone that is locked, a link.
fn missing_on_purpose(route: &Route) -> bool {
    matches!(
        route.path,
        "/imports/{id}"
            | "/imports/{id}/rejections.xlsx"
            | "/party/imports/{id}"
            | "/party/imports/{id}/rejections.xlsx"
            | "/volunteer-imports/{id}"
            | "/volunteer-imports/{id}/rejections.xlsx"
            | "/work-orders/uploads/{id}"
            | "/work-orders/uploads/{id}/rejections" // nothing was wrong with it
            | "/join/{link}"
            | "/unlock"
            | "/whistles/new" // about nothing
            | "/law-materials/{id}/file"
            | "/law-talk/{link}/materials/{material}" // nothing is shown there
            | "/lectures/{id}/photos/{photo}" // nobody has taken one there
            | "/lecturing/{link}/materials/{material}" // of which there is none
            | "/children/{id}/particulars" // of which one says first why
            | "/class-incidents/{id}" // which somebody else wrote
            | "/class-sessions/{id}/pictures" // on its day, of whoever holds it
            | "/class-sessions/{id}/pictures/{picture}"
            | "/class-keepers/{link}/incidents/new"
            | "/class-keepers/{link}/pictures"
            | "/class-keepers/{link}/pictures/{picture}"
            | "/guardians/{link}/pictures/{picture}" // of which there is none
            | "/class-help/{id}" // of an adult
            | "/community-surveys/doors/{door}" // dealt to somebody else
            | "/community-surveys/{id}/results.xlsx" // there are none before it has ended
            | "/community-surveys/{id}/results.docx"
            | "/community-surveys/{id}/plan" // which cannot be changed after the draw
            | "/doors/list/{campaign}/{dwelling}" // the doors of somebody else
            | "/activities/{id}/photos/{photo}" // nobody has taken one there
            | "/volunteering/{link}/activities/{activity}/photos/{photo}"
            | "/mediations/{id}" // a case with which whoever is only a mediator has nothing to do
            | "/mediations/{id}/papers/{paper}" // for which one says why first
            | "/mediations/{id}/papers/{paper}/paper.docx"
    )
}

/// POST without the token: whoever gets past the guard is refused by the form, so that nothing changes.
async fn visit(browser: &Browser, route: &Route, landmarks: &Landmarks) -> Page {
    let path = landmarks.path(route.path);
    match route.method {
        Method::GET => browser.get_direct(&path).await,
        Method::PUT => browser.put_direct(&path).await,
        _ => browser.post_direct(&path, &[]).await,
    }
}

async fn signed_in(app: &TestApp, community: &Community, role: Option<Role>) -> Browser {
    match role {
        Some(role) => app.person(role).of_community(community).browser().await,
        None => app.browser(),
    }
}

/// One thing of every kind in a community, to go to.
struct Landmarks {
    community: Community,
    spot: Spot,
    place_code: String,
    household: Uuid,
    resident: Uuid,
    dwelling: Uuid,
    data_request: Uuid,
    contact: Uuid,
    publication: Uuid,
    objection_code: String,
    venue: Uuid,
    guard: Guard,
    plan: Uuid,
    reserve: Uuid,
    lecture: Lecture,
    law_talk: Link,
    team: Uuid,
    volunteer: Uuid,
    volunteering: Link,
    activity: Uuid,
    record: Uuid,
    certificate: Uuid,
    child: Uuid,
    need: Uuid,
    need_link: Link,
    service_kind: Uuid,
    round: Uuid,
    outcome: Uuid,
    provider: Uuid,
    provider_date: Uuid,
    standing: Uuid,
    call: Uuid,
    round_door: Uuid,
    guardian: Link,
    class_session: Uuid,
    class_keeper: Link,
    incident: Uuid,
    arrival: Link,
    booking: Uuid,
    issue: Filed,
    photo: Uuid,
    account: Uuid,
    meeting: Uuid,
    item: Uuid,
    sign_in: Link,
    notice: Link,
    calendar: Link,
    whistle: Uuid,
    counterpart: Uuid,
    help: Uuid,
    help_link: Link,
    consent: Link,
    hazard: Uuid,
    transfer: Uuid,
    hazard_round: Uuid,
    hazard_place: Uuid,
    school: Uuid,
    school_link: Link,
    mediation: Uuid,
    mediator: Link,
    mediation_party: Link,
    campaign: Uuid,
    survey: Uuid,
    survey_door: Uuid,
    survey_link: Link,
    party: Uuid,
    member: Uuid,
    channel: Uuid,
    body: Uuid,
    procedure: Uuid,
    instructor: Uuid,
}

impl Landmarks {
    async fn set_up(app: &TestApp, community: &Community) -> Landmarks {
        let account = app.person(Role::Staff).of_community(community).create().await.id;
        let act = Act::system(community.tenant, &app.means);
        let mut landmarks = set_up(&app.db, &app.means, &act, community, account).await;
        (landmarks.whistle, landmarks.counterpart) = crate::whistle::blown(app, community, landmarks.issue.id).await;
        landmarks
    }

    /// A route's path with identifiers of this community in the place of its parameters.
    fn path(&self, pattern: &str) -> String {
        let noun = pattern.split('/').nth(1).unwrap_or_default();
        let id = match noun {
            "accounts" => self.account,
            "board" if pattern.contains("/publications/") => self.publication,
            "board" if pattern.contains("/meetings/") => self.meeting,
            "board" if pattern.contains("/board/{code}/venues/") => self.venue,
            "board" if pattern.contains("/board/{code}/activities/") => self.activity,
            "activities" => self.activity,
            "children" => self.child,
            "class-sessions" => self.class_session,
            "class-incidents" => self.incident,
            "class-help" => self.resident,
            "services" => self.need,
            "service-kinds" => self.service_kind,
            "service-rounds" => self.round,
            "service-outcomes" => self.outcome,
            "service-providers" => self.provider,
            "service-dates" => self.provider_date,
            "service-standings" => self.standing,
            "meetings" => self.meeting,
            "publications" => self.publication,
            "member-helps" => self.help,
            "whistles" => self.whistle,
            "counterparts" => self.counterpart,
            "hazards" => self.hazard,
            "hazard-rounds" => self.hazard_round,
            "hazard-places" => self.hazard_place,
            "hazard-schools" => self.school,
            "mediations" => self.mediation,
            "venues" => self.venue,
            "deployment-plans" => self.plan,
            "duty-schools" => self.guard.school,
            "duty-gates" => self.guard.gate,
            "duty-people" => self.guard.person,
            "duty-shifts" => self.guard.shift,
            "duty-rosters" => self.guard.roster,
            "duty-terms" => self.guard.term,
            "duty-days" => self.guard.day,
            "patrol-routes" => self.guard.route,
            "patrol-rounds" => self.guard.patrol,
            "patrol-notes" => self.guard.note,
            "lectures" => self.lecture.session,
            "law-materials" => Uuid::nil(), // nobody has sent any
            "lecture-schools" => self.lecture.school,
            "lecture-terms" => self.lecture.term,
            "lecture-agreements" => self.lecture.agreement,
            "lecture-campaigns" => self.lecture.campaign,
            "lecture-calls" => self.lecture.call,
            "lecture-periods" => self.lecture.period,
            "lecture-subjects" => self.lecture.topic,
            "lecturers" => self.lecture.lecturer,
            "lecture-materials" => self.lecture.material,
            "lecture-requests" => self.lecture.request,
            "lecture-quizzes" => self.lecture.question,
            "lecture-confidences" => self.lecture.confidence,
            "volunteers" => self.volunteer,
            "volunteer-teams" => self.team,
            "volunteer-hours" => self.record,
            "volunteer-certificates" => self.certificate,
            "volunteer-imports" => Uuid::max(), // nor a roster of volunteers
            "bookings" => self.booking,
            "board" | "estates" => self.spot.estate_id,
            "buildings" => self.spot.building_id,
            "households" => self.household,
            "residents" => self.resident,
            "dwellings" => self.dwelling,
            "data-requests" => self.data_request,
            "issues" => self.issue.id,
            "campaigns" => self.campaign,
            "community-surveys" => self.survey,
            "party" if pattern.contains("/members/{id}") => self.member,
            "party" if pattern.contains("/instructors/{id}") => self.instructor,
            "party" if pattern.contains("/imports/") => Uuid::max(), // nor a roster
            "party" => self.party,
            "channels" => self.channel,
            "bodies" => self.body,
            "procedures" => self.procedure,
            "uploads" | "offline" | "outbox" => Uuid::nil(), // nothing has been sent, or given up
            "imports" => Uuid::max(),                        // nobody has imported anything
            "me" | "tokens" | "work-orders" => Uuid::nil(),
            "api" if pattern.contains("/publications/") => self.publication,
            "api" => self.issue.id,
            _ if pattern.contains("{id}") => panic!("a landmark for {pattern} is missing"),
            _ => Uuid::nil(),
        };
        let code = if matches!(noun, "receipts" | "api") { &self.issue.receipt_code } else { &self.community.code };
        let link = match noun {
            "sign-in" => &self.sign_in,
            "notices" => &self.notice,
            "calendars" => &self.calendar,
            "helps" => &self.help_link,
            "consents" => &self.consent,
            "school-hazards" => &self.school_link,
            "mediators" => &self.mediator,
            "volunteering" => &self.volunteering,
            "guardians" => &self.guardian,
            "class-keepers" => &self.class_keeper,
            "needs" => &self.need_link,
            "arrivals" => &self.arrival,
            "duty-own" | "patrol-own" => &self.guard.own,
            "patrol-points" => &self.guard.point_code,
            "duty-posts" => &self.guard.post,
            "duty-watch" | "deployment-watch" => &self.guard.watch,
            "lecture-guests" => &self.lecture.guest,
            "lecturing" => &self.lecture.own,
            "lecture-quiz" => &self.lecture.quiz,
            "lecture-help" => &self.lecture.help,
            "lecture-sign-in" => &self.lecture.sign_in,
            "law-talk" => &self.law_talk,
            "mediation-parties" => &self.mediation_party,
            "community-survey-answers" => &self.survey_link,
            _ => &self.issue.rating_link,
        };
        let filled = pattern
            .replace("{id}", &id.to_string())
            .replace("{item}", &self.item.to_string())
            .replace("{attendance}", &Uuid::nil().to_string())
            .replace("{code}", code)
            .replace("{topic}", "coverage")
            .replace("{tenant_code}", &self.community.code)
            .replace("{counterpart}", &self.counterpart.to_string())
            .replace("{place_code}", &self.place_code)
            .replace("{member}", &self.member.to_string())
            .replace("{closure}", &Uuid::nil().to_string())
            .replace("{objection_code}", &self.objection_code)
            .replace("{objection}", &Uuid::nil().to_string())
            .replace("{contact}", &self.contact.to_string())
            .replace("{name}", "issue.steps")
            .replace("{photo}", &self.photo.to_string())
            .replace("{transfer}", &self.transfer.to_string())
            .replace("{picture}", &Uuid::nil().to_string())
            .replace("{grant}", &Uuid::nil().to_string()) // their own stories try real ones
            .replace("{export}", &Uuid::nil().to_string())
            .replace("{finding}", &Uuid::nil().to_string())
            .replace("{double}", &Uuid::nil().to_string())
            .replace("{seat}", &Uuid::nil().to_string())
            .replace("{post}", &Uuid::nil().to_string())
            .replace("{paper}", "notice")
            .replace("{slot}", &self.guard.slot.to_string())
            .replace("{shift}", &self.guard.shift.to_string())
            .replace("{leave}", &Uuid::nil().to_string())
            .replace("{point}", &self.guard.point.to_string())
            .replace("{patrol}", &self.guard.patrol.to_string())
            .replace("{call}", &Uuid::nil().to_string())
            .replace("{swap}", &Uuid::nil().to_string())
            .replace("{hall}", &Uuid::nil().to_string())
            .replace("{other}", &Uuid::nil().to_string())
            .replace("{class}", &Uuid::nil().to_string())
            .replace("{vice}", &Uuid::nil().to_string())
            .replace("{vetting}", &Uuid::nil().to_string())
            .replace("{question}", &Uuid::nil().to_string())
            .replace("{asked}", &self.lecture.request.to_string())
            .replace("{audience}", &self.lecture.class.to_string())
            .replace("{material}", &Uuid::nil().to_string())
            .replace("{door}", &self.survey_door.to_string())
            .replace("{team}", &self.team.to_string())
            .replace("{star}", &Uuid::nil().to_string())
            .replace("{honour}", &Uuid::nil().to_string())
            .replace("{record}", &self.record.to_string())
            .replace("{activity}", &self.activity.to_string())
            .replace("{sign_up}", &Uuid::nil().to_string())
            .replace("{round_door}", &self.round_door.to_string())
            .replace("{call}", &self.call.to_string())
            .replace("{view}", &Uuid::nil().to_string())
            .replace("{session}", &Uuid::nil().to_string())
            .replace("{campaign}", &self.campaign.to_string())
            .replace("{dwelling}", &self.dwelling.to_string())
            .replace("{dispute}", &Uuid::nil().to_string())
            .replace("{delivery}", &Uuid::nil().to_string())
            .replace("{account}", &self.account.to_string())
            .replace("{service}", &format!("lift.json?jurisdiction_id={}", self.community.code))
            .replace("{request}", &format!("{}.json?jurisdiction_id={}", self.issue.id, self.community.code))
            .replace("{token}", &format!("{}.json?jurisdiction_id={}", self.issue.id, self.community.code))
            .replace("{reserve}", &self.reserve.to_string())
            .replace("{school}", &self.guard.school.to_string())
            .replace("{link}", &link.to_string());
        assert!(!filled.contains('{'), "a landmark for {pattern} is missing");
        filled
    }
}

async fn set_up(db: &Db, means: &Means, act: &Act, community: &Community, account: Uuid) -> Landmarks {
    let photo = photo::prepare(picture().into()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let photo = photo::keep(&mut tx, act, &photo).await.unwrap();
    let room = parse_room("1302").unwrap();
    let mut settler = Settler::default();
    let dwelling = settler.settle(&mut tx, act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
    let building = place::all_buildings(&mut tx, act.tenant).await.unwrap().remove(0).id;
    let place_code = place::units(&mut tx, act.tenant, building).await.unwrap().remove(0).place_code;
    let (_, spot) = place::spot_by_code(&mut tx, &place_code).await.unwrap().unwrap();

    let name = PersonName::parse("王秀兰").unwrap();
    let enrolled = enrol(&mut tx, act, dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
    let Outcome::Created(resident) = enrolled else { panic!("somebody new") };
    let household = household_of(&mut tx, act, dwelling).await;
    let request = NewRequest {
        resident,
        building,
        kind: RequestKind::Copy,
        channel: Channel::Window,
        requester: "本人".to_owned(),
        words: "要一份登记".to_owned(),
    };
    let data_request = request::file(&mut tx, act, request).await.unwrap();
    let contact = NewContact {
        estate: spot.estate_id,
        post: Post::GridAssistant,
        name: "贺海霞".to_owned(),
        phone: "0358-0001021".to_owned(),
    };
    let contact = board::add_contact(&mut tx, act, contact).await.unwrap();
    let publication = NewPublication {
        kind: PublicationKind::Announcement,
        estate: Some(spot.estate_id),
        subject: means.id(),
        title: "停水通知".to_owned(),
        snapshot: Snapshot { text: "周六停水".to_owned(), facts: Vec::new(), photos: vec![photo], link: None },
        period: Period::days(7),
        named: Vec::new(),
    };
    let publication = board::publish(&mut tx, act, publication).await.unwrap();
    let said = NewObjection { text: "停得太久".to_owned(), name: String::new(), phone: String::new() };
    let objection_code = board::object(&mut tx, act, publication, said).await.unwrap();
    board::add_proof(&mut tx, act, publication, photo).await.unwrap();
    let issue = NewIssue {
        source: Source::Qr,
        category: Category::Drainage,
        description: "下水道堵了".to_owned(),
        place: issue::Place::Spot(spot.clone()),
        place_text: String::new(),
        reporter: None,
        photos: vec![photo],
    };
    let issue = issue::file(&mut tx, act, issue).await.unwrap();
    let new = NewMeeting {
        kind: meeting::Kind::Deliberation,
        circle: meeting::Circle::of_estate(spot.estate_id),
        plan: Plan {
            planned_at: act.at + SignedDuration::from_hours(96),
            place: "小区党群服务站".to_owned(),
            host: "冯环英".to_owned(),
            recorder: String::new(),
        },
        items: vec![NewItem::Topic("停车位设置".to_owned())],
    };
    let meeting = meeting::create(&mut tx, act, new).await.unwrap();
    let mut announced = meeting::meeting(&mut tx, act.tenant, meeting).await.unwrap();
    meeting::announce(&mut tx, act, &mut announced, 1, "说事议事会").await.unwrap();
    let item = meeting::items(&mut tx, act.tenant, meeting).await.unwrap().remove(0).id;
    let campaign = campaign(&mut tx, act, community, account).await;
    let (survey, survey_door) = drawn(&mut tx, act, community).await;
    let survey_link = community_survey::link(act.tenant, survey_door, &means.keys);
    let (party, member) = party_member(&mut tx, act, community, spot.estate_id).await;
    let turned_to = NewIssue {
        source: Source::Help,
        category: Category::Neighbour,
        description: "楼上太吵".to_owned(),
        place: issue::Place::Estate { id: spot.estate_id, name: spot.estate_name.clone(), grid: None },
        place_text: String::new(),
        reporter: None,
        photos: Vec::new(),
    };
    let turned_to = help::ask(&mut tx, act, (spot.estate_id, member), turned_to, true).await.unwrap();
    let help = help::of_issue(&mut tx, act.tenant, turned_to.id).await.unwrap().unwrap().id;
    let help_link = help::link(act.tenant, help, &means.keys);
    let consent = Link::signed(act.tenant, help, help::Side::Other.purpose(), &means.keys);
    let (mediation, mediator, mediation_party) = quarrel(&mut tx, act, means).await;
    let around = around_a_school(&mut tx, act, community.organisation, photo).await;
    let channel = group(&mut tx, act).await;
    let body = property_committee(&mut tx, act, spot.estate_id).await;
    meeting::renew_calendar(&mut tx, act, account, true).await.unwrap();
    let (venue, booking) = station(&mut tx, act, spot.estate_id).await;
    let guard = guard(&mut tx, act, means, (community, photo)).await;
    let (plan, reserve) = plan(&mut tx, act, community, account).await;
    let new = meeting::NewProcedure {
        title: "加装电梯".to_owned(),
        reason: "老人多".to_owned(),
        organisation: party,
        estate: spot.estate_id,
    };
    let procedure = meeting::propose(&mut tx, act, new).await.unwrap();
    let instructor = instructor(&mut tx, act, community).await;
    let (team, volunteer, volunteering, activity, record, certificate) =
        helper(&mut tx, act, means, spot.estate_id).await;
    let (child, guardian) = child(&mut tx, act, means, &spot).await;
    let (class_session, class_keeper) = class(&mut tx, act, means, spot.estate_id, volunteer).await;
    let incident = incident(&mut tx, act, account, spot.estate_id).await;
    let (service_kind, need, need_link) = wish(&mut tx, act, means, spot.building_id, dwelling).await;
    let (round, outcome, round_door) = round(&mut tx, act, spot.estate_id, team, volunteer).await;
    let (provider, standing, provider_date) = provider(&mut tx, act, spot.estate_id, service_kind).await;
    let call = call(&mut tx, act, need).await;
    let lecture = lecture(&mut tx, act, means, community).await;
    tx.commit().await.unwrap();
    let arrival = Link::signed(act.tenant, activity, "volunteer arrival", &means.keys);
    let calendar = Link::signed(act.tenant, account, "calendar-1", &means.keys);
    let [sign_in, notice] =
        ["meeting sign-in", "meeting notice"].map(|purpose| Link::signed(act.tenant, meeting, purpose, &means.keys));
    Landmarks {
        community: community.clone(),
        spot,
        place_code,
        household,
        resident,
        dwelling,
        data_request,
        contact,
        publication,
        objection_code,
        venue,
        guard,
        plan,
        reserve,
        lecture,
        law_talk: Link::signed(act.tenant, activity, "law talk", &means.keys),
        team,
        volunteer,
        volunteering,
        record,
        certificate,
        activity,
        child,
        guardian,
        class_session,
        class_keeper,
        incident,
        need,
        need_link,
        service_kind,
        round,
        outcome,
        provider,
        provider_date,
        standing,
        call,
        round_door,
        arrival,
        booking,
        issue,
        photo,
        account,
        meeting,
        item,
        sign_in,
        notice,
        calendar,
        whistle: Uuid::nil(),
        counterpart: Uuid::nil(),
        help,
        help_link,
        consent,
        hazard: around.hazard,
        transfer: around.transfer,
        hazard_round: around.round,
        hazard_place: around.place,
        school: around.school.id,
        school_link: around.school.link(act.tenant, &means.keys),
        mediation,
        mediator,
        mediation_party,
        campaign,
        survey,
        survey_door,
        survey_link,
        party,
        member,
        channel,
        body,
        procedure,
        instructor,
    }
}

/// A room that is open day and night, and a booking of it.
async fn station(tx: &mut db::Tx, act: &Act, estate: Uuid) -> (Uuid, Uuid) {
    let hours = (1..=7).map(|weekday| Hours { weekday, opens: 0, closes: 24 * 60 }).collect();
    let (name, whereabouts) = ("党群服务站".to_owned(), "3号楼一层".to_owned());
    let new = NewVenue { estate: Some(estate), name, whereabouts, capacity: Some(40), hours };
    let venue = venue::create(tx, act, new).await.unwrap();
    let (span, title) = (Span::of_minutes(act.at + SignedDuration::from_hours(72), 60), "合唱队排练".to_owned());
    let new = NewBooking { venue, span, title, purpose: Purpose::Activity, subject: None };
    (venue, venue::book(tx, act, new).await.unwrap())
}

async fn property_committee(tx: &mut db::Tx, act: &Act, estate: Uuid) -> Uuid {
    let name = "王府名苑小区物管会".to_owned();
    let new = body::NewBody { kind: body::Kind::PropertyCommittee, name, estate: Some(estate), term: (None, None) };
    body::create(tx, act, new).await.unwrap()
}

/// A member who is sent to a property company.
async fn instructor(tx: &mut db::Tx, act: &Act, community: &Community) -> Uuid {
    let (above, kind) = (Some(community.organisation), access::OrganisationKind::PropertyCompany);
    let company = access::create_organisation(tx, act, above, kind, "青禾里物业", None).await.unwrap();
    let new = party::NewInstructor {
        name: "冯环英".to_owned(),
        member: None,
        company,
        estate: None,
        since: jiff::civil::date(2026, 1, 1),
        until: None,
        duties: "参加联席会议".to_owned(),
    };
    party::send(tx, act, new).await.unwrap()
}

/// A quarrel that somebody without an account mediates, with their link and that of a party.
async fn quarrel(tx: &mut db::Tx, act: &Act, means: &Means) -> (Uuid, Link, Link) {
    let named = |name: &str| mediation::Particulars { name: name.to_owned(), ..mediation::Particulars::default() };
    let new = mediation::NewMediation {
        kind: mediation::Kind::Member,
        cause: mediation::Cause::Neighbour,
        origin: mediation::Origin::Application,
        estate: None,
        issue: None,
        words: mediation::Words { facts: "下水道堵了".to_owned(), dispute: String::new() },
        parties: vec![(1, named("王秀兰")), (2, named("刘小河"))],
    };
    let id = mediation::register(tx, act, new).await.unwrap();
    let mut case = mediation::mediation(tx, act.tenant, id).await.unwrap();
    let mediator = mediation::name_mediator(tx, act, &mut case, 1, None, "老王").await.unwrap();
    let party = mediation::case(tx, act, id).await.unwrap().parties[0].id;
    let links = [
        mediation::mediator_link(act.tenant, mediator, &means.keys),
        mediation::party_link(act.tenant, party, &means.keys),
    ];
    let [mediator, party] = links;
    (id, mediator, party)
}

/// A group with a robot, to which nothing is ever sent.
async fn group(tx: &mut db::Tx, act: &Act) -> Uuid {
    let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
    let (kind, place) = (channel::Kind::Wecom, channel::Place::Community);
    let new =
        channel::NewChannel {
            kind, name: "社区工作群".to_owned(), place, address, secret: None, reminders: false
        };
    channel::add(tx, act, new, &[]).await.unwrap()
}

/// A party branch and a member of it.
async fn party_member(tx: &mut db::Tx, act: &Act, community: &Community, estate: Uuid) -> (Uuid, Uuid) {
    let act = Act { organisation: Some(community.organisation), ..act.clone() };
    let name = "王府名苑小区党支部".to_owned();
    let new = NewOrganisation { kind: Kind::Branch, name, parent: None, estate: Some(estate), founded_on: None };
    let branch = party::create(tx, &act, new).await.unwrap();
    let values = Values::from([(Field::Name, "冯环英".to_owned())]);
    let home = party::Home { organisation: branch, group: None };
    let member = party::add(tx, &act, home, &values, None).await.unwrap();
    party::agree(tx, &act, member, party::How::Signed, jiff::civil::date(2026, 11, 1)).await.unwrap();
    (branch, member)
}

/// A campaign over the whole community that is under way.
async fn campaign(tx: &mut db::Tx, act: &Act, community: &Community, walker: Uuid) -> Uuid {
    let order = visit::Order {
        title: "冬季安全敲门".to_owned(),
        words: String::new(),
        organisation: community.organisation,
        origin: String::new(),
        questions: Vec::new(),
        until: act.at + SignedDuration::from_hours(240),
        filter: Filter::default(),
        buildings: Vec::new(),
    };
    let campaign = visit::create(tx, act, &Scope::tenant(), &order).await.unwrap();
    visit::join(tx, act, campaign, walker).await.unwrap();
    visit::open(tx, act, campaign, 1).await.unwrap();
    campaign
}

/// A survey that is open, and the door of a grid worker.
async fn drawn(tx: &mut db::Tx, act: &Act, community: &Community) -> (Uuid, Uuid) {
    let grants = vec![access::Grant { role: Role::GridWorker, reach: access::Reach::Tenant, reach_id: None }];
    let new =
        access::NewAccount { name: "贺海霞".to_owned(), organisation: community.organisation, login: None, grants };
    let asker = access::create_account(tx, act, new).await.unwrap();
    let today = act.at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let (questions, open_question) = community_survey::usual(tx, act).await.unwrap();
    let plan = SurveyPlan {
        title: "2026年度满意度调查".to_owned(),
        from: today,
        until: today.saturating_add(jiff::Span::new().days(14)),
        questions,
        open_question,
    };
    let survey = community_survey::create(tx, act, &plan).await.unwrap();
    community_survey::open(tx, act, survey, 1).await.unwrap();
    let door = community_survey::doors_of(tx, act.tenant, asker, survey).await.unwrap().remove(0).id;
    (survey, door)
}

async fn household_of(tx: &mut db::Tx, act: &Act, dwelling: Uuid) -> Uuid {
    db::statements! { OF_DWELLING = "SELECT id FROM households WHERE tenant_id = $1 AND dwelling_id = $2"; }
    let rows = tx.rows(OF_DWELLING.bind(act.tenant).bind(dwelling)).await.unwrap();
    rows[0].get("id").unwrap()
}

fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([90, 120, 90])).write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A certificate that somebody has asked for, of an hour that was booked some days ago.
async fn certificate(tx: &mut db::Tx, act: &Act, team: Uuid, volunteer: Uuid) -> Uuid {
    let ends_at = act.at - SignedDuration::from_hours(24 * 10);
    let span = volunteer::Span { starts_at: ends_at - SignedDuration::from_hours(1), ends_at };
    let own = volunteer::Own { team, kind: volunteer::Kind::Service, title: "扫雪", span, breaks: 0 };
    let then = Act { at: ends_at, ..act.clone() };
    let id = volunteer::submit_hours(tx, &then, volunteer, &own).await.unwrap();
    let record = volunteer::record(tx, act.tenant, id).await.unwrap();
    volunteer::confirm_hours(tx, &then, &record, 1, None).await.unwrap();
    let record = volunteer::record(tx, act.tenant, id).await.unwrap();
    volunteer::approve_hours(tx, &then, &record, 2, None).await.unwrap();
    let card = volunteer::card(tx, act, volunteer).await.unwrap();
    let mut values = card.values.clone();
    values.insert(volunteer::Field::Identity, "141199198001010012".to_owned());
    volunteer::apply_for_certificate(tx, act, &card, &values, volunteer::Period::default()).await.unwrap()
}

/// Something that a resident needs, with its kind and their link.
async fn wish(tx: &mut db::Tx, act: &Act, means: &Means, building: Uuid, dwelling: Uuid) -> (Uuid, Uuid, Link) {
    service::enter_usual(tx, act).await.unwrap();
    let kind = service::kinds(tx, act.tenant).await.unwrap().remove(0).id;
    let (particulars, wanted) = (service::Particulars::default(), service::Wanted::default());
    let new = service::NewNeed { kind, dwelling, building, particulars, wanted, keeps: None, shares: false };
    let need = service::file(tx, act, new).await.unwrap();
    (kind, need.id, need.link(act.tenant, &means.keys))
}

/// A round through an estate, what can come of a door, and one that is dealt to somebody.
async fn round(tx: &mut db::Tx, act: &Act, estate: Uuid, team: Uuid, volunteer: Uuid) -> (Uuid, Uuid, Uuid) {
    service::enter_usual_outcomes(tx, act).await.unwrap();
    let outcome = service::outcomes(tx, act.tenant).await.unwrap().remove(0).id;
    let new = service::NewRound {
        estate,
        building: None,
        origin: service::Origin::Place,
        tag: None,
        team,
        activity: None,
        title: "清院子".to_owned(),
        span: volunteer::Span { starts_at: act.at, ends_at: act.at + SignedDuration::from_hours(3) },
    };
    let id = service::plan_round(tx, act, &Scope::tenant(), new).await.unwrap();
    let round = service::round(tx, act.tenant, id).await.unwrap();
    service::deal(tx, act, &round, round.lock_version, &[volunteer]).await.unwrap();
    (id, outcome, service::doors(tx, act.tenant, id).await.unwrap().remove(0).id)
}

/// Somebody who comes tomorrow by agreement, with the date.
async fn provider(tx: &mut db::Tx, act: &Act, estate: Uuid, kind: Uuid) -> (Uuid, Uuid, Uuid) {
    let starts_at = act.at + SignedDuration::from_hours(24);
    let agreed = starts_at.to_zoned_datetime(calendar::shanghai()).date();
    let sketch = service::ProviderSketch {
        name: "城关卫生院".to_owned(),
        contact: String::new(),
        agreed_from: agreed,
        agreed_until: agreed,
    };
    let provider = service::add_provider(tx, act, &sketch).await.unwrap();
    let new = service::NewStanding {
        provider,
        estate,
        kind: Some(kind),
        issue: None,
        title: "量血压".to_owned(),
        place: "党群服务站".to_owned(),
        span: volunteer::Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(1) },
    };
    let (standing, _) = service::set_up_standing(tx, act, new, None).await.unwrap();
    let (_, dates) = service::of_provider(tx, act.tenant, provider).await.unwrap();
    (provider, standing, dates[0].id)
}

/// Somebody is asked to meet a need.
async fn call(tx: &mut db::Tx, act: &Act, need: Uuid) -> Uuid {
    let need = service::need(tx, act, need).await.unwrap();
    let found = service::suggestions(tx, act, &Scope::tenant(), &need).await.unwrap();
    service::accept(tx, act, &Scope::tenant(), &need, need.version, &found[0].key()).await.unwrap().id
}

/// A post at a school, who stands there tomorrow, and a draft for the day after.
struct Guard {
    school: Uuid,
    gate: Uuid,
    slot: Uuid,
    person: Uuid,
    shift: Uuid,
    roster: Uuid,
    term: Uuid,
    day: Uuid,
    own: Link,
    post: Link,
    watch: Link,
    route: Uuid,
    point: Uuid,
    point_code: Link,
    patrol: Uuid,
    note: Uuid,
}

async fn guard(tx: &mut db::Tx, act: &Act, means: &Means, (community, photo): (&Community, Uuid)) -> Guard {
    use duty::{
        DayKind, GateKind, GateSketch, NewShift, OnDays, Peak, PersonKind, PersonSketch, SchoolSketch, SlotSketch,
        Stage,
    };
    let act = Act { organisation: Some(community.organisation), ..act.clone() };
    let sketch = SchoolSketch {
        station: community.organisation,
        others: Vec::new(),
        name: "田家会小学".to_owned(),
        stage: Stage::Primary,
        address: String::new(),
        contact: None,
        phone: String::new(),
        closed_at: None,
    };
    let school = duty::create_school(tx, &act, &sketch).await.unwrap();
    let sketch = GateSketch {
        kind: GateKind::Gate,
        name: "东门".to_owned(),
        duty: "看护学生过马路".to_owned(),
        seats: 1,
        officers: 1,
        qualification: None,
        closed_at: None,
    };
    let gate = duty::add_gate(tx, &act, school, &sketch).await.unwrap();
    let bells = vec![(460, String::new())];
    let sketch =
        SlotSketch { kind: Peak::MorningIn, days: OnDays::Every, early: None, stay: None, bells, gates: vec![gate] };
    let slot = duty::add_slot(tx, &act, school, &sketch).await.unwrap();
    let today = act.at.to_zoned_datetime(calendar::shanghai()).date();
    let after = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    let term = duty::add_term(tx, &act, None, "秋季学期", (after(-30), after(30))).await.unwrap();
    duty::set_day(tx, &act, None, after(1), DayKind::Lessons, "").await.unwrap();
    let day = duty::set_day(tx, &act, None, after(2), DayKind::Lessons, "").await.unwrap();
    let sketch = PersonSketch {
        unit: community.organisation,
        kind: PersonKind::Officer,
        name: "任建平".to_owned(),
        phone: "13800001234".to_owned(),
        qualifications: Vec::new(),
        daily: 2,
        weekly: 10,
        standby: true,
        ended_at: None,
    };
    let person = duty::create_person(tx, &act, &sketch).await.unwrap();
    duty::set_reaches(tx, &act, person, &[(school, 5)]).await.unwrap();
    let new = NewShift {
        school,
        day: after(1),
        post: Some((gate, slot)),
        person: Some(person),
        duty: "看护学生过马路".to_owned(),
        span: duty::moment(after(1), 430).zip(duty::moment(after(1), 490)),
        pinned: false,
        stands_for: None,
    };
    let shift = duty::put_shift(tx, &act, &new).await.unwrap();
    let worked = duty::work_roster_out(tx, &act, &Scope::tenant(), (after(2), after(2)), 1).await.unwrap();
    let roster = duty::draft_roster(tx, &act, &worked).await.unwrap();
    let own = duty::person(tx, act.tenant, person).await.unwrap().link(act.tenant, &means.keys);
    let post = duty::post_link(act.tenant, &duty::gate(tx, act.tenant, gate).await.unwrap(), &means.keys);
    let watch = duty::school(tx, act.tenant, school).await.unwrap().link(act.tenant, &means.keys);
    let (route, point, patrol, note) = patrol_of(tx, &act, community.organisation, (person, photo)).await;
    let known = patrol::point(tx, act.tenant, point).await.unwrap();
    let point_code = patrol::point_link(act.tenant, &known, &means.keys);
    #[rustfmt::skip]
    let guard = Guard { school, gate, slot, person, shift, roster, term, day, own, post, watch, route, point, point_code, patrol, note };
    guard
}

/// A route with a point, a round along it, and what was seen there.
async fn patrol_of(tx: &mut db::Tx, act: &Act, unit: Uuid, (person, photo): (Uuid, Uuid)) -> (Uuid, Uuid, Uuid, Uuid) {
    let (days, school) = (patrol::Days::Every, None);
    let asked = patrol::Asked { interval: 30, tolerance: 0, from: 0, to: 1440, days, school };
    let (name, kind) = ("滨河路".to_owned(), patrol::RouteKind::Street);
    let sketch = patrol::RouteSketch { unit, name, kind, asked, closed_at: None };
    let route = patrol::create(tx, act, &sketch).await.unwrap();
    let name = "滨河路口".to_owned();
    let sketch = patrol::PointSketch { position: None, name, school: None, place: None, closed_at: None };
    let point = patrol::add_points(tx, act, route, &[sketch]).await.unwrap()[0];
    let known = patrol::route(tx, act.tenant, route).await.unwrap();
    let people = [duty::person(tx, act.tenant, person).await.unwrap()];
    let today = duty::day_of(act.at);
    let round = patrol::plan(tx, act, &known, (today, None), &people).await.unwrap();
    let (how, note, photos) = (patrol::How::Link, "路灯不亮，看不清".to_owned(), vec![photo]);
    patrol::check(tx, act, &patrol::NewCheck { round, point, person, at: act.at, how, note, photos }).await.unwrap();
    (route, point, round, patrol::checks(tx, act.tenant, round).await.unwrap()[0].id)
}

/// The second version of a plan, with a group of the reserve.
async fn plan(tx: &mut db::Tx, act: &Act, community: &Community, account: Uuid) -> (Uuid, Uuid) {
    let act = Act { account: Some(account), organisation: Some(community.organisation), ..act.clone() };
    let effective_from = act.at.to_zoned_datetime(calendar::shanghai()).date();
    let (name, reason) = ("开学季部署".to_owned(), "开学初校园周边治安情况复杂".to_owned());
    let new = deployment::Sketch { name, effective_from, reason };
    let first = deployment::draft(tx, &act, community.organisation, &new, None).await.unwrap();
    let first = deployment::plan(tx, act.tenant, first).await.unwrap();
    let plan = deployment::draft(tx, &act, community.organisation, &new, Some(&first)).await.unwrap();
    let reserve = deployment::parts(tx, act.tenant, plan).await.unwrap().reserves.remove(0).id;
    (plan, reserve)
}

/// A lecture that a school was offered, with all that belongs to it.
struct Lecture {
    school: Uuid,
    term: Uuid,
    period: Uuid,
    agreement: Uuid,
    campaign: Uuid,
    call: Uuid,
    topic: Uuid,
    lecturer: Uuid,
    material: Uuid,
    request: Uuid,
    session: Uuid,
    question: Uuid,
    confidence: Uuid,
    guest: Link,
    own: Link,
    quiz: Link,
    help: Link,
    class: Uuid,
    sign_in: Link,
}

async fn lecture(tx: &mut db::Tx, act: &Act, means: &Means, community: &Community) -> Lecture {
    use lecture::{
        Confided, LecturerSketch, MaterialKind, MaterialSketch, PeriodKind, Phase, RequestSketch, SchoolSketch,
        SessionSketch, Stage, SubjectKind,
    };
    let act = Act { organisation: Some(community.organisation), ..act.clone() };
    let today = act.at.to_zoned_datetime(calendar::shanghai()).date();
    let after = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    let sketch = SchoolSketch {
        name: "石楼中学".to_owned(),
        stage: Stage::Junior,
        address: String::new(),
        travel_minutes: 30,
        contact: None,
        closed_at: None,
    };
    let school = lecture::create_school(tx, &act, &sketch).await.unwrap();
    let known = lecture::school(tx, act.tenant, school).await.unwrap();
    let hall = lecture::add_hall(tx, &act, school, "报告厅", 300).await.unwrap();
    let class = lecture::add_class(tx, &act, &known, (7, "1班", 50)).await.unwrap();
    let term = lecture::add_term(tx, &act, None, "秋季学期", (after(-60), after(60))).await.unwrap();
    let lessons = (PeriodKind::Lessons, "补课");
    let period = lecture::add_period(tx, &act, None, (after(20), after(20)), lessons).await.unwrap();
    let year = (after(-60), after(300));
    let agreement = lecture::add_agreement(tx, &act, school, ("检校共建", year, 4)).await.unwrap();
    let campaign = lecture::add_campaign(tx, &act, ("护航开学季", year, 3)).await.unwrap();
    let call = lecture::call(tx, &act, "秋季学期需求", "", after(30)).await.unwrap();
    lecture::add_usual_subjects(tx, &act).await.unwrap();
    let topic = lecture::subjects(tx, act.tenant, SubjectKind::Topic).await.unwrap()[0].id;
    let form = lecture::subjects(tx, act.tenant, SubjectKind::Form).await.unwrap()[0].id;
    let sketch = LecturerSketch {
        name: "任建平".to_owned(),
        title: String::new(),
        phone: String::new(),
        grades: (7, 9),
        topics: vec![topic],
        ended_at: None,
    };
    let lecturer = lecture::create_lecturer(tx, &act, &sketch).await.unwrap();
    lecture::vet(tx, &act, lecturer, (true, today), "查询文书一号").await.unwrap();
    let sketch = MaterialSketch {
        kind: MaterialKind::Case,
        title: "典型案例".to_owned(),
        topic,
        media_type: "application/pdf",
        content: b"%PDF-1.7".to_vec(),
    };
    let material = lecture::add_material(tx, &act, sketch).await.unwrap();
    let new =
        RequestSketch { call: None, topic, form, grades: (7, 7), days: (after(10), after(30)), words: String::new() };
    let request = lecture::ask(tx, &act, school, &new).await.unwrap();
    let begins = after(20).at(9, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).unwrap().timestamp();
    let sketch = SessionSketch {
        request: None,
        school,
        hall,
        form,
        campaign: None,
        title: "开学第一课".to_owned(),
        span: (begins, begins + SignedDuration::from_mins(45)),
        why: "讲师有空".to_owned(),
        topics: vec![topic],
        lecturers: vec![lecturer],
        classes: vec![class],
    };
    let session = lecture::propose(tx, &act, &sketch).await.unwrap();
    let options = ["安全".to_owned(), "不安全".to_owned()];
    let question = lecture::add_question(tx, &act, topic, ("把身份证照片发给网友", &options[..], 1)).await.unwrap();
    let said = Confided { words: "有人堵我".to_owned(), who: String::new() };
    let confidence = lecture::confide(tx, &act, session, &said).await.unwrap();
    let own = lecture::lecturer(tx, act.tenant, lecturer).await.unwrap().link(act.tenant, &means.keys);
    let guest = known.link(act.tenant, &means.keys);
    let quiz = lecture::quiz_link(act.tenant, session, Phase::Before, &means.keys);
    let help = lecture::help_link(act.tenant, session, &means.keys);
    let sign_in = lecture::sign_in_link(act.tenant, session, class, &means.keys);
    Lecture {
        school,
        term,
        period,
        agreement,
        campaign,
        call,
        topic,
        lecturer,
        material,
        request,
        session,
        question,
        confidence,
        guest,
        own,
        quiz,
        help,
        class,
        sign_in,
    }
}

/// A child whose guardian is asked, with their link.
async fn child(tx: &mut db::Tx, act: &Act, means: &Means, spot: &Spot) -> (Uuid, Link) {
    use after_school::{Particulars, Person, Sketch};
    let guardian =
        Person { name: "任建平".to_owned(), relation: "父亲".to_owned(), phone: "13800001234".to_owned() };
    let particulars = Particulars { name: "任小小".to_owned(), guardians: vec![guardian], ..Particulars::default() };
    let sketch = Sketch { estate: spot.estate_id, building: spot.building_id, particulars, medical: None };
    let child = after_school::invite(tx, act, sketch).await.unwrap();
    (child.id, child.link(act.tenant, &means.keys))
}

/// A class after school, and the link of whoever holds it.
async fn class(tx: &mut db::Tx, act: &Act, means: &Means, estate: Uuid, volunteer: Uuid) -> (Uuid, Link) {
    let starts_at = act.at + SignedDuration::from_hours(24);
    let span = volunteer::Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(90) };
    let plan = after_school::Plan {
        estate,
        place: "党群服务站".to_owned(),
        kind: after_school::Kind::Homework,
        theme: String::new(),
        span,
        capacity: 20,
    };
    let (session, _) = after_school::plan(tx, act, &plan, None).await.unwrap();
    let passed = (volunteer::Outcome::Passed, act.at.to_zoned_datetime(calendar::shanghai()).date());
    volunteer::vet(tx, act, volunteer, passed, "").await.unwrap();
    let known = after_school::session(tx, act.tenant, session).await.unwrap();
    let who = after_school::Who::Volunteer(volunteer);
    let added = after_school::add_keeper(tx, act, &known, who, volunteer::Following::ThisOne).await.unwrap();
    (session, after_school::keeper_link(act.tenant, added.keeper, &means.keys))
}

/// A school, with a place to look at, a round that is planned, and a hazard that another body has been asked about.
struct Around {
    school: hazard::School,
    place: Uuid,
    round: Uuid,
    hazard: Uuid,
    transfer: Uuid,
}

async fn around_a_school(tx: &mut db::Tx, act: &Act, organisation: Uuid, photo: Uuid) -> Around {
    let school = crate::hazard::add_school(tx, act, organisation, "育英小学").await;
    let words = ("北门夜市", "北门外", "");
    let place = hazard::add_place(tx, act, &school, hazard::PlaceKind::Crowd, words, 150).await.unwrap();
    let later = act.at + SignedDuration::from_hours(48);
    let round = hazard::plan(tx, act, &school, "开学季排查", later).await.unwrap();
    let new = hazard::NewHazard { photos: vec![photo], ..crate::hazard::new(&school, 120) };
    let id = hazard::register(tx, act, new).await.unwrap();
    let mut known = hazard::hazard(tx, act.tenant, id).await.unwrap();
    let grading = (hazard::Level::General, hazard::Mode::Dated);
    hazard::grade(tx, act, &mut known, 1, grading, "").await.unwrap();
    let transfer = hazard::transfer(tx, act, &mut known, 2, ("城市管理局", later), "请取缔").await.unwrap();
    Around { school, place, round, hazard: id, transfer }
}

/// Something that happened at the class.
async fn incident(tx: &mut db::Tx, act: &Act, account: Uuid, estate: Uuid) -> Uuid {
    let sketch = after_school::incident::Sketch {
        id: act.id(),
        by: None,
        kind: after_school::IncidentKind::Harm,
        estate,
        happened_at: act.at,
        children: Vec::new(),
        account: "身上有伤".to_owned(),
        done: String::new(),
        told: None,
    };
    let by = Act { account: Some(account), ..act.clone() };
    assert!(after_school::incident::write(tx, &by, &sketch).await.unwrap());
    sketch.id
}

/// A team, a volunteer who leads it, with their link, and what it is going to do.
async fn helper(tx: &mut db::Tx, act: &Act, means: &Means, estate: Uuid) -> (Uuid, Uuid, Link, Uuid, Uuid, Uuid) {
    use volunteer::{Field, NewVolunteer, Post, Sketch, TeamKind, Way};
    let sketch = Sketch {
        name: "雷锋大妈志愿服务队".to_owned(),
        named: true,
        kind: TeamKind::Women,
        slogan: String::new(),
        founded_on: None,
        ended_on: None,
        estates: vec![estate],
        targets: Vec::new(),
    };
    let team = volunteer::create_team(tx, act, &sketch).await.unwrap();
    let values = [(Field::Name, "任建平".to_owned()), (Field::Birth, "1980-01-01".to_owned())];
    let values = volunteer::Values::from(values);
    let new = NewVolunteer { way: Way::Applied, values, team: None, estate: None, recommender: None, guardian: None };
    let card = volunteer::apply(tx, act, new).await.unwrap();
    volunteer::confirm(tx, act, &card).await.unwrap();
    let today = act.at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    volunteer::join(tx, act, team, card.id, Post::Leader, Way::Applied, today).await.unwrap();
    let starts_at = act.at + SignedDuration::from_hours(48);
    let plan = volunteer::Plan {
        kind: volunteer::Kind::Service,
        estate: Some(estate),
        title: "清理院子".to_owned(),
        place: String::new(),
        needs: String::new(),
        span: volunteer::Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(2) },
        capacity: 6,
        risk: volunteer::Risk::Low,
        risk_notice: String::new(),
        least_age: 14,
    };
    let (activity, _) = volunteer::plan(tx, act, team, &plan, None).await.unwrap();
    let ends_at = act.at - SignedDuration::from_hours(2);
    let span = volunteer::Span { starts_at: ends_at - SignedDuration::from_hours(1), ends_at };
    let own = volunteer::Own { team, kind: volunteer::Kind::Service, title: "陪老人看病", span, breaks: 0 };
    let record = volunteer::submit_hours(tx, act, card.id, &own).await.unwrap();
    let certificate = certificate(tx, act, team, card.id).await;
    (team, card.id, card.link(act.tenant, &means.keys), activity, record, certificate)
}
