//! The list of rooms, the week of one of them, and its bookings.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use calendar::shanghai;
use db::Tx;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::booking::{self, Following, NewBooking, Repeat};
use super::model::{Diary, Hours, Purpose, Span, day_of, moment, monday};
use super::room::{self, NewVenue};
use super::store::{self, Booking, Venue};
use crate::access::{self, Act, Need, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::place::{self, Estate};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{VenueBook, VenueEdit};
    Routes::default()
        .get("/venues", VenueBook, list)
        .get("/venues/new", VenueEdit, new)
        .post("/venues", VenueEdit, create)
        .get("/venues/{id}", VenueBook, show)
        .get("/venues/{id}/particulars", VenueEdit, edit)
        .post("/venues/{id}/particulars", VenueEdit, change)
        .post("/venues/{id}/closures", VenueEdit, close)
        .post("/venues/{id}/closures/{closure}/removal", VenueEdit, reopen)
        .get("/venues/{id}/bookings/new", VenueBook, new_booking)
        .post("/venues/{id}/bookings", VenueBook, book)
        .get("/bookings/{id}", VenueBook, show_booking)
        .post("/bookings/{id}/times", VenueBook, shift)
        .post("/bookings/{id}/cancellation", VenueBook, cancel)
        .get("/board/{code}/estates/{id}/venues", Need::Public, list_for_all)
        .get("/board/{code}/venues/{id}", Need::Public, show_for_all)
}

const WEEKDAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

/// How far ahead something can be booked, in days.
const AHEAD: i64 = 366;

#[derive(Template)]
#[template(path = "venue/list.html")]
struct ListPage {
    shell: Shell,
    venues: Vec<Venue>,
    may_edit: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let scope = viewer.scope(Permission::VenueBook);
    let venues = store::venues(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    page(&ListPage { shell, venues, may_edit: viewer.may(Permission::VenueEdit) })
}

#[derive(Template)]
#[template(path = "venue/form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    /// The one that is changed; `None` for a new one.
    venue: Option<Venue>,
    estates: Vec<(String, String)>,
    /// Whether it can belong to the whole community.
    for_all: bool,
}

impl FormPage {
    fn days(&self) -> Vec<(String, &'static str)> {
        (1..).zip(WEEKDAYS).map(|(day, name)| (format!("hours-{day}"), name)).collect()
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, venue: Option<Venue>) -> Result<FormPage> {
    let scope = viewer.scope(Permission::VenueEdit);
    let estates = place::estates_within(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(FormPage { shell, form, venue, estates, for_all: scope.account.is_none() })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut form = Form::default();
    for day in 1..=7 {
        form.set(&format!("hours-{day}"), "08:00-20:00");
    }
    page(&form_page(&app, &viewer, shell, form, None).await?)
}

/// What a form says about a room: its name, where it is, how many fit in, and when it is open.
fn particulars(form: &mut Form) -> (String, String, Option<i64>, Vec<Hours>) {
    let name = form.text("name", "名称", 2..=40);
    let whereabouts = form.text("whereabouts", "在哪里", 0..=60);
    let capacity = form.optional_choice("capacity", "坐得下多少人", |text| {
        text.trim().parse().ok().filter(|people| (1..=10_000).contains(people))
    });
    let mut hours = Vec::new();
    for (weekday, name) in (1..).zip(WEEKDAYS) {
        let field = format!("hours-{weekday}");
        match read_hours(form.value(&field)) {
            Some(spans) => hours.extend(spans.into_iter().map(|(opens, closes)| Hours { weekday, opens, closes })),
            None => form.fail(&field, format!("{name}的开放时间看不懂，请写成 8:00-12:00、14:00-18:00")),
        }
    }
    if hours.is_empty() && form.ok() {
        form.fail("hours-1", "至少写一天的开放时间");
    }
    (name, whereabouts, capacity, hours)
}

/// `8:00-12:00、14:00-18:00` as minutes after midnight, in order and apart; nothing where it is closed.
fn read_hours(text: &str) -> Option<Vec<(i64, i64)>> {
    let text = codes::text::half_width(text).replace(['~', '至', '到'], "-").replace('：', ":");
    let spans = text.split(['、', ',', ';', ' ']).map(str::trim).filter(|span| !span.is_empty());
    let mut read = Vec::new();
    for span in spans {
        let (opens, closes) = span.split_once('-')?;
        let (opens, closes) = (minutes(opens)?, minutes(closes)?);
        let after = read.last().is_none_or(|(_, last): &(i64, i64)| *last <= opens);
        if opens >= closes || !after {
            return None;
        }
        read.push((opens, closes));
    }
    Some(read)
}

/// `8:30`, `8` or `24:00`.
fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
    let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
    ((0..=23).contains(&hour) && (0..60).contains(&minute) || (hour, minute) == (24, 0)).then_some(hour * 60 + minute)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::VenueEdit)?;
    let scope = viewer.scope(Permission::VenueEdit);
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    if estate.is_none() && scope.account.is_some() {
        form.fail("estate", "请选择小区");
    }
    let (name, whereabouts, capacity, hours) = particulars(&mut form);
    if form.ok() {
        let mut tx = app.db.begin().await?;
        if let Some(estate) = estate {
            place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
        }
        let done = room::create(&mut tx, &act, NewVenue { estate, name, whereabouts, capacity, hours }).await;
        if let Some(id) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/venues/{id}"), "已登记，可以预约了"));
        }
    }
    page_again(&form_page(&app, &viewer, shell, form, None).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::VenueEdit);
    let mut tx = app.db.read().await?;
    let venue = store::in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let hours = store::hours(&mut tx, viewer.tenant, id).await?;
    drop(tx);
    let mut form = Form::filled(&[
        ("name", &venue.name),
        ("whereabouts", &venue.whereabouts),
        ("capacity", &venue.capacity.map(|people| people.to_string()).unwrap_or_default()),
        ("version", &venue.lock_version.to_string()),
    ]);
    if venue.retired_at.is_some() {
        form.set("retired", "yes");
    }
    for day in 1..=7 {
        form.set(&format!("hours-{day}"), written(hours.iter().filter(|hours| hours.weekday == day)));
    }
    page(&form_page(&app, &viewer, shell, form, Some(venue)).await?)
}

/// `08:00-12:00、14:00-18:00`
fn written<'a>(hours: impl Iterator<Item = &'a Hours>) -> String {
    let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    hours.map(|hours| format!("{}-{}", clock(hours.opens), clock(hours.closes))).collect::<Vec<_>>().join("、")
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, venue) = reached(&app, &viewer, id).await?;
    let (name, whereabouts, capacity, hours) = particulars(&mut form);
    let retired_at = form.is("retired", "yes").then(|| venue.retired_at.unwrap_or(act.at));
    if form.ok() {
        let changed = Venue { name, whereabouts, capacity, retired_at, ..venue.clone() };
        let done = room::change(&mut tx, &act, &changed, form.version()).await;
        if let Some(()) = form.noted("name", done)? {
            room::set_hours(&mut tx, &act, id, hours).await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/venues/{id}"), "已改好。已经约了的不变"));
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form, Some(venue)).await?)
}

/// Begins the transaction of a change to a room within reach.
async fn reached(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, Act, Venue)> {
    let act = app.act(viewer, Permission::VenueEdit)?;
    let mut tx = app.db.begin().await?;
    let venue = store::in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::VenueEdit), id).await?;
    Ok((tx, act, venue))
}

/// A day of the week that is shown.
struct Day {
    date: Date,
    name: &'static str,
    open: Vec<Span>,
    bookings: Vec<Booking>,
}

impl Day {
    /// `12月5日`
    fn short(&self) -> String {
        self.date.strftime("%-m月%-d日").to_string()
    }

    fn hours(&self) -> String {
        self.open.iter().map(Span::clock).collect::<Vec<_>>().join("、")
    }
}

/// A week of a room, with where the weeks before and after are.
struct Week {
    days: Vec<Day>,
    closures: Vec<store::Closure>,
    before: Date,
    after: Date,
}

impl Week {
    async fn read(tx: &mut Tx, tenant: Uuid, venue: Uuid, asked: Option<&str>, now: Timestamp) -> Result<Week> {
        let today = day_of(now);
        // A date of somebody's own making may lie at the end of all calendars.
        let asked =
            asked.and_then(|text| text.parse::<Date>().ok()).filter(|date| (2000..=2200).contains(&date.year()));
        let first = monday(asked.unwrap_or(today));
        let within = moment(first, 0).zip(moment(first, 7 * 24 * 60));
        let Some((starts_at, ends_at)) = within else { return Err(Error::NotFound) };
        let diary = store::diary(tx, tenant, venue, Span { starts_at, ends_at }).await?;
        let days = first.series(1.day()).take(7).zip(WEEKDAYS).map(|(date, name)| day(&diary, date, name));
        let shifted = |span: jiff::Span| first.checked_add(span).unwrap_or(first);
        let (before, after) = (shifted(-7.days()), shifted(7.days()));
        Ok(Week { days: days.collect(), before, after, closures: diary.closures })
    }
}

fn day(diary: &Diary, date: Date, name: &'static str) -> Day {
    let mut bookings: Vec<Booking> =
        diary.bookings.iter().filter(|booking| day_of(booking.starts_at) == date).cloned().collect();
    bookings.sort_by_key(|booking| booking.starts_at);
    Day { date, name, open: diary.open(date), bookings }
}

#[derive(Deserialize)]
struct Asked {
    week: Option<String>,
}

#[derive(Template)]
#[template(path = "venue/show.html")]
struct ShowPage {
    shell: Shell,
    venue: Venue,
    /// Of this page, for the weeks before and after.
    href: String,
    week: Week,
    today: Date,
    may_edit: bool,
    form: Form,
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, asked: Asked, form: Form) -> Result<ShowPage> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let venue = store::bookable(&mut tx, viewer.tenant, &viewer.scope(Permission::VenueBook), id).await?;
    let week = Week::read(&mut tx, viewer.tenant, id, asked.week.as_deref(), now).await?;
    // What belongs to the whole community is kept by whoever reaches it all.
    let whole = viewer.scope(Permission::VenueEdit).account.is_none();
    let may_edit = viewer.may(Permission::VenueEdit) && (whole || venue.estate_id.is_some());
    Ok(ShowPage { shell, href: format!("/venues/{id}"), venue, week, today: day_of(now), may_edit, form })
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, asked, Form::default()).await?)
}

/// A span from two fields of a day and a time each, or of one day and two times.
fn read_span(form: &mut Form, until_day: &'static str) -> Option<Span> {
    let mut read = |day: &'static str, time: &'static str, missing: &str| {
        let text = format!("{}T{}", form.value(day).trim(), form.value(time).trim());
        let at = text.parse::<DateTime>().ok().and_then(|at| at.to_zoned_datetime(shanghai()).ok());
        if at.is_none() {
            let field = if form.value(day).trim().is_empty() { day } else { time };
            form.fail(field, missing);
        }
        at.map(|at| at.timestamp())
    };
    let starts_at = read("day", "from", "请选择哪天几点开始")?;
    let ends_at = read(until_day, "until", "请选择几点结束")?;
    if ends_at <= starts_at {
        form.fail("until", "结束要在开始以后");
        return None;
    }
    Some(Span { starts_at, ends_at })
}

async fn close(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, venue) = reached(&app, &viewer, id).await?;
    let span = read_span(&mut form, "until_day");
    let reason = form.text("reason", "原因", 2..=60);
    if codes::text::personal(&reason).is_some() {
        form.fail("reason", "居民都看得到，不要写电话或身份证号");
    }
    if let (Some(span), true) = (span, form.ok()) {
        let done = room::close(&mut tx, &act, venue.id, span, &reason).await;
        if let Some(()) = form.noted("day", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/venues/{id}?week={}", day_of(span.starts_at)), "已登记关闭"));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, Asked { week: None }, form).await?)
}

async fn reopen(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, closure)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, venue) = reached(&app, &viewer, id).await?;
    room::reopen(&mut tx, &act, venue.id, closure).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/venues/{id}"), "已恢复开放"))
}

#[derive(Template)]
#[template(path = "venue/book.html")]
struct BookPage {
    shell: Shell,
    venue: Venue,
    form: Form,
}

/// How a booking comes again, as the form offers it.
const REPEATS: [(&str, &str); 5] = [
    ("", "只这一次"),
    ("week", "每周"),
    ("fortnight", "每两周"),
    ("month_weekday", "每月同一个星期几"),
    ("month_day", "每月同一天"),
];

impl BookPage {
    /// What is booked by a meeting is booked on the meeting's own form.
    fn purposes(&self) -> Vec<(&'static str, &'static str)> {
        Purpose::ALL.iter().map(|purpose| (purpose.code(), purpose.label())).collect()
    }

    fn repeats(&self) -> [(&'static str, &'static str); 5] {
        REPEATS
    }
}

#[derive(Deserialize)]
struct Wanted {
    day: Option<String>,
}

async fn new_booking(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let scope = viewer.scope(Permission::VenueBook);
    let venue = store::bookable(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let day = wanted.day.unwrap_or_default();
    let form = Form::filled(&[("day", &day), ("purpose", Purpose::Activity.code())]);
    page(&BookPage { shell, venue, form })
}

fn read_repeat(form: &mut Form, first: Option<Date>) -> Option<Repeat> {
    let recurrence = form.recurrence(first, AHEAD)?;
    Some(Repeat { recurrence, skip_taken: form.is("skip_taken", "yes") })
}

async fn book(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VenueBook)?;
    let mut tx = app.db.begin().await?;
    let venue = store::bookable(&mut tx, viewer.tenant, &viewer.scope(Permission::VenueBook), id).await?;
    let span = read_span(&mut form, "day");
    let title = form.text("title", "做什么用", 2..=40);
    let purpose = form.choice("purpose", "用途", Purpose::parse);
    let repeat = read_repeat(&mut form, span.map(|span| day_of(span.starts_at)));
    let too_far = |span: &Span| span.starts_at > act.at + jiff::SignedDuration::from_hours(24 * AHEAD);
    if span.as_ref().is_some_and(too_far) {
        form.fail("day", "只能约一年以内的日子");
    }
    if let (Some(span), Some(purpose), true) = (span, purpose, form.ok()) {
        let new = NewBooking { venue: venue.id, span, title, purpose, subject: None };
        let booked = match repeat {
            None => booking::book(&mut tx, &act, new).await.map(|_| "已约好".to_owned()),
            Some(repeat) => booking::book_series(&mut tx, &act, new, repeat).await.map(|(_, times, left_out)| {
                match left_out.is_empty() {
                    true => format!("已约好 {times} 次"),
                    false => format!("已约好 {times} 次，{} 次约不上没有约：{}", left_out.len(), left_out[0]),
                }
            }),
        };
        if let Some(words) = form.noted("from", booked)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/venues/{id}?week={}", day_of(span.starts_at)), &words));
        }
    }
    page_again(&BookPage { shell, venue, form })
}

#[derive(Template)]
#[template(path = "venue/booking.html")]
struct BookingPage {
    shell: Shell,
    venue: Venue,
    booking: Booking,
    /// It can still be moved or given up here.
    open: bool,
    form: Form,
}

async fn reached_booking(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<(Venue, Booking)> {
    let booking = store::booking(tx, viewer.tenant, id).await?;
    let venue = store::bookable(tx, viewer.tenant, &viewer.scope(Permission::VenueBook), booking.venue_id).await?;
    Ok((venue, booking))
}

async fn booking_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Option<Form>) -> Result<BookingPage> {
    let (venue, booking) = reached_booking(&mut app.db.read().await?, viewer, id).await?;
    let open = booking.cancelled_at.is_none() && booking.subject_id.is_none() && booking.ends_at > app.means.now();
    let time = |at: Timestamp| at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string();
    let form = form.unwrap_or_else(|| {
        Form::filled(&[
            ("day", &day_of(booking.starts_at).to_string()),
            ("from", &time(booking.starts_at)),
            ("until", &time(booking.ends_at)),
            ("title", &booking.title),
            ("version", &booking.lock_version.to_string()),
        ])
    });
    Ok(BookingPage { shell, venue, booking, open, form })
}

async fn show_booking(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&booking_page(&app, &viewer, shell, id, None).await?)
}

fn read_following(form: &Form) -> Following {
    if form.is("following", "yes") { Following::AllThatFollow } else { Following::ThisOne }
}

async fn shift(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VenueBook)?;
    let mut tx = app.db.begin().await?;
    let (venue, booking) = reached_booking(&mut tx, &viewer, id).await?;
    let span = read_span(&mut form, "day");
    let title = form.text("title", "做什么用", 2..=40);
    if let (Some(span), true) = (span, form.ok()) {
        let following = read_following(&form);
        let done = booking::shift(&mut tx, &act, &booking, form.version(), span, &title, following).await;
        if let Some(()) = form.noted("from", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/venues/{}?week={}", venue.id, day_of(span.starts_at)), "已改好"));
        }
    }
    drop(tx);
    page_again(&booking_page(&app, &viewer, shell, id, Some(form)).await?)
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VenueBook)?;
    let mut tx = app.db.begin().await?;
    let (venue, booking) = reached_booking(&mut tx, &viewer, id).await?;
    let why = form.text("why", "为什么取消", 2..=60);
    if form.ok() {
        let following = read_following(&form);
        booking::cancel(&mut tx, &act, &booking, form.version(), &why, following).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/venues/{}?week={}", venue.id, day_of(booking.starts_at)), "已取消"));
    }
    drop(tx);
    let shown = booking_page(&app, &viewer, shell, id, None).await?;
    let mut again = shown.form.clone();
    again.fail("why", form.error("why").unwrap_or_default());
    page_again(&BookingPage { form: again, ..shown })
}

#[derive(Template)]
#[template(path = "venue/public-list.html")]
struct PublicListPage {
    shell: Shell,
    code: String,
    estate: Estate,
    venues: Vec<Venue>,
}

async fn list_for_all(
    State(app): State<App>,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let estate = place::estate(&mut tx, tenant.tenant_id, id).await?;
    let venues = store::usable(&mut tx, tenant.tenant_id, id).await?;
    page(&PublicListPage { shell: shell.of_community(&tenant.name, &tenant.code), code, estate, venues })
}

/// When a room is open and when it is taken; not by whom, nor for what.
#[derive(Template)]
#[template(path = "venue/public.html")]
struct PublicPage {
    shell: Shell,
    code: String,
    venue: Venue,
    /// Of this page, for the weeks before and after.
    href: String,
    week: Week,
    today: Date,
}

async fn show_for_all(
    State(app): State<App>,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let venue = store::venue(&mut tx, tenant.tenant_id, id).await?;
    if venue.retired_at.is_some() {
        return Err(Error::NotFound);
    }
    let week = Week::read(&mut tx, tenant.tenant_id, id, asked.week.as_deref(), now).await?;
    let shell = shell.of_community(&tenant.name, &tenant.code);
    let href = format!("/board/{code}/venues/{id}");
    page(&PublicPage { shell, code, venue, href, week, today: day_of(now) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_people_write_them() {
        assert_eq!(read_hours("8:00-12:00、14:00-18:00"), Some(vec![(480, 720), (840, 1080)]));
        assert_eq!(read_hours("８：００－１２：００，14点"), None);
        assert_eq!(read_hours("8至12 14:30~24:00"), Some(vec![(480, 720), (870, 1440)]));
        assert_eq!(read_hours(" "), Some(vec![]));
        for wrong in ["8", "12-8", "8-12、11-13", "8-25", "-", "8:61-9"] {
            assert_eq!(read_hours(wrong), None, "{wrong}");
        }
    }
}
