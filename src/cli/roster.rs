//! Solving a file of the shift scheduling benchmark: how good the search is, by somebody else's measure.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, Subcommand};
use rostering::shifts::{Instance, Limit, Schedule, Score, score, solve};
use serde::Serialize;

use super::{Format, say};

#[derive(Subcommand)]
pub enum Roster {
    /// 给公开的排班题（schedulingbenchmarks.org 的格式）排一张表；第几天和题目一样从 0 数起
    Solve(Solve),
}

#[derive(Args)]
pub struct Solve {
    /// 题目文件
    file: PathBuf,
    /// 算多少秒
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// 同时用几个处理器
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
    /// 随机种子
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Solved {
    objective: i64,
    violations: Vec<String>,
    /// By person: the shift of each day, empty where it is off.
    assignment: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    person: String,
    shifts: Vec<String>,
}

impl Roster {
    pub fn run(self, format: Format) -> anyhow::Result<()> {
        let Roster::Solve(Solve { file, seconds, threads, seed }) = self;
        let text = std::fs::read(&file).with_context(|| format!("读不了 {}", file.display()))?;
        let text = String::from_utf8(text).with_context(|| format!("{} 不是 UTF-8 文本", file.display()))?;
        let instance = Instance::parse(&text).with_context(|| format!("{} 不是排班题", file.display()))?;
        let (began, time) = (Instant::now(), Duration::from_secs(seconds));
        let pace = |_| began.elapsed().as_secs_f64() / time.as_secs_f64();
        let schedule = solve(&instance, seed, usize::from(threads), &pace);
        let solved = Solved::new(&instance, &schedule, &score(&instance, &schedule));
        say(format, solved.words(), &solved)
    }
}

impl Solved {
    fn new(on: &Instance, schedule: &Schedule, score: &Score) -> Self {
        let id = |shift: &Option<usize>| shift.map(|shift| on.shifts[shift].id.clone()).unwrap_or_default();
        let row = |(person, days): (&rostering::shifts::Person, &Vec<Option<usize>>)| Row {
            person: person.id.clone(),
            shifts: days.iter().map(id).collect(),
        };
        let violation = |broken: &rostering::shifts::Broken| {
            let (person, by) = (&on.staff[broken.person].id, broken.by);
            match broken.limit {
                Limit::Follows { day } => format!("{person}：第 {day} 天的班次不能接前一天的"),
                Limit::Most { shift } => format!("{person}：{} 多 {by} 次", on.shifts[shift].id),
                Limit::TooManyMinutes => format!("{person}：多 {by} 分钟"),
                Limit::TooFewMinutes => format!("{person}：少 {by} 分钟"),
                Limit::LongRun { day } => format!("{person}：从第 {day} 天起连续上班多 {by} 天"),
                Limit::ShortRun { day } => format!("{person}：从第 {day} 天起连续上班少 {by} 天"),
                Limit::ShortRest { day } => format!("{person}：从第 {day} 天起连续休息少 {by} 天"),
                Limit::Weekends => format!("{person}：多上 {by} 个周末"),
                Limit::Off { day } => format!("{person}：第 {day} 天不能上班"),
            }
        };
        Self {
            objective: score.objective,
            violations: score.broken.iter().map(violation).collect(),
            assignment: on.staff.iter().zip(schedule).map(row).collect(),
        }
    }

    fn words(&self) -> String {
        let mut words = format!("目标值 {}，违反规则 {} 处\n", self.objective, self.violations.len());
        for violation in &self.violations {
            let _ = writeln!(words, "  {violation}");
        }
        for Row { person, shifts } in &self.assignment {
            let _ = writeln!(words, "{person}\t{}", shifts.join("\t"));
        }
        words.trim_end().to_owned()
    }
}
