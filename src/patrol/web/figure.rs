//! 不间断率 of a route: a day with a strip for each point, a week, a term; on a page that prints, and in a workbook.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::day_or_today;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::duty;
use crate::error::Result;
use crate::patrol::figure::{self, DayOf, LONGEST, Span, hours};
use crate::patrol::model::{Kept, Rounds, Sum, Walked};
use crate::patrol::round;
use crate::patrol::store::{self, Point};
use crate::settings;
use crate::web::{Form, Shell, page, show};
use crate::workbook::{self, Cell, Table};

pub fn routes() -> Routes {
    use Permission::DutyRead;
    Routes::default().get("/patrol-routes/{id}/figures", DutyRead, figures).post(
        "/patrol-routes/{id}/figures/workbook",
        DutyRead,
        file,
    )
}

#[derive(Deserialize)]
struct Wanted {
    day: Option<String>,
    span: Option<String>,
}

/// How much is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Day,
    Week,
    Term,
}

impl Drawn {
    const ALL: [(Drawn, &'static str, &'static str); 3] =
        [(Drawn::Day, "day", "一天"), (Drawn::Week, "week", "一周"), (Drawn::Term, "term", "学期")];
}

/// A point in the hours of a day, drawn: when somebody was there, and from when on nobody had been for too long.
struct Strip {
    /// How far the day has run.
    run: (i64, i64),
    /// Where and how wide.
    late: Vec<(i64, i64)>,
    checks: Vec<i64>,
    words: String,
}

impl Strip {
    /// In the units of the drawing.
    const WIDTH: i64 = 600;

    fn of(window: (Timestamp, Timestamp), kept: &Kept, allowed: i64) -> Strip {
        let (from, to) = (window.0.as_second(), window.1.as_second());
        let x = |at: i64| (at.clamp(from, to) - from) * Self::WIDTH / (to - from).max(1);
        let begins = x(kept.from.as_second());
        let grace = if kept.never() { 0 } else { allowed * 60 };
        let late = kept.broken().map(|gap| {
            let begins = x(gap.from.as_second() + grace);
            (begins, (x(gap.to.as_second()) - begins).max(2))
        });
        Strip {
            run: (begins, x(kept.to.as_second()) - begins),
            late: late.collect(),
            checks: kept.checks.iter().map(|at| x(at.as_second())).collect(),
            words: Self::said(kept),
        }
    }

    /// All of it in words, for whoever does not see the drawing.
    fn said(kept: &Kept) -> String {
        let clock = |at: &Timestamp| duty::clock(*at);
        let checks: Vec<String> = kept.checks.iter().map(clock).collect();
        let been =
            if checks.is_empty() { "没有人到过".to_owned() } else { format!("{} 到过", checks.join("、")) };
        match Self::broken(kept) {
            broken if broken.is_empty() => format!("{been}，没有断"),
            broken => format!("{been}；{broken}"),
        }
    }

    /// `07:50–08:40 隔了 50 分钟`
    fn broken(kept: &Kept) -> String {
        let gap = kept
            .broken()
            .map(|gap| format!("{}–{} 隔了 {} 分钟", duty::clock(gap.from), duty::clock(gap.to), gap.minutes()));
        gap.collect::<Vec<_>>().join("，")
    }
}

/// A column: a day, or a week of a term.
struct Column {
    name: String,
    first: Date,
    last: Date,
}

/// What stands where a row and a column meet.
struct Cross {
    class: &'static str,
    /// A sign with words, so that the colour is not alone.
    words: String,
    strip: Option<Strip>,
}

struct Drawing {
    span: Span,
    drawn: Drawn,
    day: Date,
    columns: Vec<Column>,
    before: Date,
    after: Date,
    now: Timestamp,
}

impl Drawing {
    fn title(&self) -> String {
        match (self.columns.first(), self.columns.last()) {
            (Some(first), Some(last)) if self.drawn != Drawn::Day => {
                format!("{} 到 {}", duty::written_day(first.first), duty::written_day(last.last))
            }
            _ => duty::short_day(self.day),
        }
    }

    fn code(&self) -> &'static str {
        Drawn::ALL.iter().find(|(drawn, ..)| *drawn == self.drawn).map_or("week", |(_, code, _)| code)
    }

    fn is(&self, code: &str) -> bool {
        self.code() == code
    }

    fn is_day(&self) -> bool {
        self.drawn == Drawn::Day
    }

    fn spans(&self) -> Vec<(&'static str, &'static str)> {
        Drawn::ALL.iter().map(|(_, code, label)| (*code, *label)).collect()
    }

    fn sum(&self) -> Sum {
        self.span.sum()
    }

    /// What was asked on the last of the days: the numbers of the formula.
    fn asked(&self) -> (i64, i64, i64) {
        let asked = self.span.days.iter().rev().find_map(|of| of.asked.clone());
        let asked = asked.unwrap_or_else(|| self.span.route.asked());
        (asked.interval, asked.tolerance, asked.allowed())
    }

    /// It was asked otherwise on other days.
    fn changed(&self) -> bool {
        let mut asked = self.span.days.iter().filter_map(|of| of.asked.as_ref());
        let first = asked.next();
        asked.any(|other| Some(other) != first)
    }

    /// Of a single day: its hours, and why it is not counted.
    fn hours(&self) -> String {
        let asked = self.span.days.first().and_then(|of| of.asked.as_ref());
        asked.map_or(String::new(), |asked| hours(asked.from, asked.to))
    }

    fn not_walked(&self) -> Option<&str> {
        match &self.span.days.first()?.walked {
            Walked::No(why) if self.is_day() => Some(why),
            _ => None,
        }
    }

    /// A single day on which it is walked.
    fn counted(&self) -> bool {
        self.span.days.first().is_some_and(|of| of.walked == Walked::Yes)
    }

    fn days(&self, column: &Column) -> impl Iterator<Item = &DayOf> {
        let (first, last) = (column.first, column.last);
        self.span.days.iter().filter(move |of| (first..=last).contains(&of.day))
    }

    fn strip(&self, point: &Point) -> Option<Strip> {
        let of = self.span.days.first()?;
        let (asked, window) = of.asked.as_ref().zip(of.window)?;
        Some(Strip::of(window, of.of_point(point.id)?, asked.allowed()))
    }

    /// The gaps of a single day that were too long, in words.
    fn broken(&self, point: &Point) -> String {
        self.span.days.first().and_then(|of| of.of_point(point.id)).map_or(String::new(), Strip::broken)
    }

    fn of_point(&self, point: &Point) -> Sum {
        let days = self.span.days.first().zip(self.span.days.last());
        days.map_or(Sum::default(), |(first, last)| self.span.sum_of(point.id, (first.day, last.day)))
    }

    fn of_column(&self, column: &Column) -> Cross {
        self.crossing(column, self.days(column).map(DayOf::sum).fold(Sum::default(), Sum::add), None)
    }

    fn cross(&self, point: &Point, column: &Column) -> Cross {
        let sum = self.span.sum_of(point.id, (column.first, column.last));
        let strip = || {
            let of = self.days(column).next()?;
            let (asked, window) = of.asked.as_ref().zip(of.window)?;
            Some(Strip::of(window, of.of_point(point.id)?, asked.allowed()))
        };
        self.crossing(column, sum, if self.drawn == Drawn::Week { strip() } else { None })
    }

    fn crossing(&self, column: &Column, sum: Sum, strip: Option<Strip>) -> Cross {
        let of = |class, words: String| Cross { class, words, strip };
        if sum.of > 0 {
            return match sum.whole() {
                true => of("done", format!("✓ {}", sum.rate())),
                false => of("late", format!("✕ {}，最长 {} 分", sum.rate(), sum.longest)),
            };
        }
        let unknown = self.days(column).any(|day| matches!(day.walked, Walked::Unknown(_)));
        let walked = self.days(column).any(|day| day.walked == Walked::Yes);
        match (unknown, walked) {
            (true, _) => of("soon", "？不知道".to_owned()),
            (false, true) => of("", "—".to_owned()),
            (false, false) => of("", "不走".to_owned()),
        }
    }
}

async fn drawing(app: &App, viewer: &Viewer, id: Uuid, wanted: &Wanted) -> Result<Drawing> {
    let now = app.means.now();
    let day = day_or_today(wanted.day.as_deref(), now);
    let drawn = Drawn::ALL.iter().find(|(_, code, _)| Some(*code) == wanted.span.as_deref());
    let drawn = drawn.map_or(Drawn::Week, |(drawn, ..)| *drawn);
    let shifted = |day: Date, days: i64| day.checked_add(days.days()).unwrap_or(day);
    let mut tx = app.db.read().await?;
    let route = store::route_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyRead), id).await?;
    let (from, to) = match drawn {
        Drawn::Day => (day, day),
        Drawn::Week => (duty::monday(day), shifted(duty::monday(day), 6)),
        Drawn::Term => {
            let table = duty::timetable(&mut tx, viewer.tenant, day, day).await?;
            let term = table.terms.iter().find(|term| (term.first..=term.last).contains(&day));
            let (first, last) = term.map_or((day, shifted(day, 7 * 18)), |term| (term.first, term.last));
            (first, last.min(shifted(first, LONGEST - 1)))
        }
    };
    let span = figure::of_route(&mut tx, viewer.tenant, route, (from, to), now).await?;
    let mut columns = Vec::new();
    let mut first = from;
    while first <= to {
        let last = if drawn == Drawn::Term { shifted(duty::monday(first), 6).min(to) } else { first };
        let name =
            if drawn == Drawn::Term { first.strftime("%-m月%-d日起").to_string() } else { duty::short_day(first) };
        columns.push(Column { name, first, last });
        match last.checked_add(1.day()) {
            Ok(next) => first = next,
            Err(_) => break,
        }
    }
    Ok(Drawing { span, drawn, day, columns, before: shifted(from, -1), after: shifted(to, 1), now })
}

#[derive(Template)]
#[template(path = "patrol/web/figures.html")]
struct FiguresPage {
    shell: Shell,
    drawing: Drawing,
    mark: String,
}

async fn figures(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let drawing = drawing(&app, &viewer, id, &wanted).await?;
    let mark = format!("{} {}，内部使用", show::day_and_time(&drawing.now), viewer.name);
    page(&FiguresPage { shell, drawing, mark })
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

/// The figures with what they are made of. That they were taken along is written down: they say where the police are, and when.
async fn file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyRead)?;
    let wanted = Wanted { day: Some(form.value("day").to_owned()), span: Some(form.value("span").to_owned()) };
    let drawing = drawing(&app, &viewer, id, &wanted).await?;
    let mut columns = vec![("点".to_owned(), 18)];
    columns.extend(drawing.columns.iter().map(|column| (column.name.clone(), 18)));
    columns.extend(
        [("不间断率", 12), ("间隔内分钟", 12), ("应巡分钟", 12), ("最长间隔（分）", 14), ("到点次数", 10)]
            .map(|(name, width)| (name.to_owned(), width)),
    );
    let row = |name: &str, crosses: Vec<Cross>, sum: Sum| {
        let (within, of) = sum.minutes();
        let mut cells = vec![text(name)];
        cells.extend(crosses.into_iter().map(|cross| text(cross.words)));
        cells.extend([text(sum.rate()), Cell::Number(within), Cell::Number(of), Cell::Number(sum.longest)]);
        cells.push(Cell::Number(sum.checks));
        cells
    };
    let of_point = |point: &Point| {
        let crosses = drawing.columns.iter().map(|column| drawing.cross(point, column)).collect();
        row(&point.name, crosses, drawing.of_point(point))
    };
    let mut rows: Vec<Vec<Cell>> = drawing.span.points.iter().map(of_point).collect();
    let crosses = drawing.columns.iter().map(|column| drawing.of_column(column)).collect();
    rows.push(row("全线", crosses, drawing.sum()));
    let rates = Table { name: "不间断率".to_owned(), columns, rows };

    let (first, last) = drawing
        .columns
        .first()
        .zip(drawing.columns.last())
        .map_or((drawing.day, drawing.day), |pair| (pair.0.first, pair.1.last));
    let mut tx = app.db.begin().await?;
    let span = duty::moment(first, 0).zip(duty::moment(last, 24 * 60)).unwrap_or((act.at, act.at));
    let checks = store::checks_of_route(&mut tx, viewer.tenant, id, span).await?;
    let of_check = |check: &store::Check| {
        let came = match (&check.hazard_number, check.waiting) {
            (Some(number), _) => format!("隐患 {number}"),
            (None, true) => "等值班室看".to_owned(),
            (None, false) => check.answer.clone(),
        };
        let (day, clock) = (duty::day_of(check.at).to_string(), duty::clock(check.at));
        let who = [text(day), text(clock), text(&check.point_name), text(&check.person_name), text(check.how.label())];
        let entered = check.entered_at.as_ref().map(show::day_and_time).unwrap_or_default();
        let desk = check.entered_name.clone().unwrap_or_default();
        who.into_iter().chain([text(&check.note), text(came), text(desk), text(entered)]).collect()
    };
    let named = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 14)).collect::<Vec<(String, u16)>>();
    let names = ["日期", "时间", "点", "人员", "怎么登记", "看到的情况", "怎么处理", "值班登记人", "登记时间"];
    let rows = checks.iter().map(of_check).collect();
    let checks = Table { name: "到点记录".to_owned(), columns: named(&names), rows };

    let days = (first.to_string(), last.to_string());
    let rounds = store::rounds_of_route(&mut tx, viewer.tenant, id, (&days.0, &days.1)).await?;
    let walkers = store::walkers_of_route(&mut tx, viewer.tenant, id, (&days.0, &days.1)).await?;
    let usual: Rounds = settings::read(&mut tx, viewer.tenant, drawing.now).await?;
    let clock = |at: Option<Timestamp>| text(at.map(duty::clock).unwrap_or_default());
    let of_round = |one: &store::Round| {
        let state = round::standing(one, usual.round_minutes, drawing.now).1;
        let times = [clock(one.planned_at), clock(one.begun_at), clock(one.ended_at)];
        let with = walkers.get(&one.id).map_or(&[][..], Vec::as_slice);
        let mut cells = vec![text(&one.day), text(round::names(with, one.id))];
        cells.extend(times);
        cells.extend([text(state), text(&one.words), text(one.begun_by()), text(one.ended_by())]);
        cells
    };
    let names = ["日期", "人员", "计划出发", "出发", "结束", "状态", "交接和情况", "谁点的出发", "谁点的结束"];
    let rounds =
        Table { name: "轮次".to_owned(), columns: named(&names), rows: rounds.iter().map(of_round).collect() };

    let mark = format!("{} {} 导出，内部使用", show::day_and_time(&act.at), viewer.name);
    let content = workbook::marked(&[rates, checks, rounds], &mark)?;
    audit::record(&mut tx, &act, "export", ("patrol_figures", id), &format!("{first} 到 {last}"), &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, &format!("{}-不间断率.xlsx", drawing.span.route.name)))
}
