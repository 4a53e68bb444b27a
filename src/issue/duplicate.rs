//! Which earlier reports may be about the same thing: judged by the words, the place and the time, and explained by them.
//! No dictionary of the language is needed. Pairs of characters that are rare among the candidates weigh more than common
//! ones, and a short list of matters that residents name in many ways (`下水堵了`, `厕所返水`) is counted as one word each.

use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::Category;
use super::store::{self, Issue};
use crate::access::Scope;
use crate::error::Result;

/// A report as it is compared.
#[derive(Debug, Clone)]
pub struct Report {
    pub text: String,
    pub category: Category,
    pub estate: Option<Uuid>,
    /// The building's key, `13` or `A`; none where no building was named.
    pub building: Option<String>,
    /// The unit's key.
    pub unit: Option<String>,
    pub at: Timestamp,
}

/// An earlier report that may be about the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its index in what was compared.
    pub index: usize,
    /// Between 0 and 1.
    pub score: f64,
    /// What speaks for it, for people: `同一栋楼`, `都说到下水`, `隔 2 天`.
    pub why: Vec<String>,
}

/// An open issue that may be about the same thing, and what speaks for it.
#[derive(Debug, Clone)]
pub struct Likely {
    pub issue: Issue,
    pub why: Vec<String>,
}

/// So many are offered.
const OFFERED: usize = 3;

/// The open issues within a scope with which an issue may have to be joined, the likeliest first.
pub async fn likely(tx: &mut Tx, tenant: Uuid, issue: &Issue, scope: Scope) -> Result<Vec<Likely>> {
    let earlier = store::earlier(tx, tenant, issue, scope).await?;
    let reports: Vec<Report> = earlier.iter().map(Report::of).collect();
    let found = candidates(&Report::of(issue), &reports, OFFERED);
    Ok(found.into_iter().map(|Candidate { index, why, .. }| Likely { issue: earlier[index].clone(), why }).collect())
}

impl Report {
    fn of(issue: &Issue) -> Report {
        let summary = issue.summary.as_deref().unwrap_or_default();
        Report {
            text: [&issue.description, summary, &issue.place_text].join(" "),
            category: issue.category,
            estate: issue.estate_id,
            building: issue.building_name.as_deref().map(codes::address::building_key),
            unit: issue.unit_key.clone().filter(|key| !key.is_empty()),
            at: issue.reported_at,
        }
    }
}

/// Below this nothing is offered: it would be noise more often than not.
const LEAST: f64 = 0.22;

/// How much each kind of likeness counts. Found by trying on the pairs of `tests/data/duplicates.psv`.
const WORDS: f64 = 0.40;
const MATTER: f64 = 0.25;
const PLACE: f64 = 0.30;
const KIND: f64 = 0.05;
/// After so many days a likeness counts half.
const HALF_LIFE_DAYS: f64 = 45.0;

/// The earlier reports that are most likely about the same thing, the likeliest first; at most `most`.
pub fn candidates(report: &Report, earlier: &[Report], most: usize) -> Vec<Candidate> {
    let texts: Vec<BTreeSet<String>> = earlier.iter().map(|earlier| grams(&earlier.text)).collect();
    let own = grams(&report.text);
    let mut frequency: BTreeMap<&str, f64> = BTreeMap::new();
    for gram in texts.iter().flatten().chain(&own) {
        *frequency.entry(gram).or_default() += 1.0;
    }
    let all = texts.len() as f64 + 1.0;
    let weight = |gram: &str| (1.0 + all / frequency.get(gram).copied().unwrap_or(1.0)).ln().powi(2);
    let size = |text: &BTreeSet<String>| text.iter().map(|gram| weight(gram)).sum::<f64>().sqrt();
    let (length, own_matters) = (size(&own), matters(&report.text));

    let mut found: Vec<Candidate> = earlier
        .iter()
        .zip(&texts)
        .enumerate()
        .map(|(index, (earlier, text))| {
            let shared: f64 = own.intersection(text).map(|gram| weight(gram)).sum();
            let words = shared / (length * size(text)).max(f64::EPSILON);
            let theirs = matters(&earlier.text);
            let common: Vec<&str> = own_matters.intersection(&theirs).copied().collect();
            let matter = 2.0 * common.len() as f64 / ((own_matters.len() + theirs.len()) as f64).max(1.0);
            let (place, where_) = place(report, earlier);
            let days = (report.at.duration_since(earlier.at).as_secs_f64() / 86_400.0).abs();
            let kind = if report.category == earlier.category { 1.0 } else { 0.0 };
            let likeness = WORDS * words.sqrt() + MATTER * matter + PLACE * place + KIND * kind;
            let score = likeness * 0.5_f64.powf(days / HALF_LIFE_DAYS);
            let mut why: Vec<String> = where_.into_iter().map(str::to_owned).collect();
            match common.first() {
                Some(matter) => why.push(format!("都说到{matter}")),
                None => why.extend(longest_shared(&report.text, &earlier.text).map(|words| format!("都说到“{words}”"))),
            }
            if kind > 0.0 {
                why.push("同一类".to_owned());
            }
            why.push(if days < 1.0 { "同一天".to_owned() } else { format!("隔 {days:.0} 天") });
            Candidate { index, score, why }
        })
        .filter(|candidate| candidate.score >= LEAST)
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(most);
    found
}

/// How near two places are, between 0 and 1, and how that is said.
fn place(a: &Report, b: &Report) -> (f64, Option<&'static str>) {
    if a.estate != b.estate && a.estate.is_some() && b.estate.is_some() {
        return (0.0, None);
    }
    match (&a.building, &b.building) {
        (Some(x), Some(y)) if x == y => match (&a.unit, &b.unit) {
            (Some(x), Some(y)) if x == y => (1.0, Some("同一单元")),
            (Some(_), Some(_)) => (0.6, Some("同一栋楼")),
            _ => (0.85, Some("同一栋楼")),
        },
        (Some(x), Some(y)) => match (x.parse::<i64>(), y.parse::<i64>()) {
            (Ok(x), Ok(y)) if (x - y).abs() == 1 => (0.35, Some("相邻的楼")),
            _ => (0.0, None),
        },
        _ if a.estate.is_some() && a.estate == b.estate => (0.4, Some("同一小区")),
        _ => (0.2, None),
    }
}

/// The pairs of neighbouring characters of a text, without punctuation.
fn grams(text: &str) -> BTreeSet<String> {
    let text = codes::text::half_width(text).to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.flat_map(|word| word.chars().zip(word.chars().skip(1))).map(|(a, b)| String::from_iter([a, b])).collect()
}

/// The matters that a text speaks of.
fn matters(text: &str) -> BTreeSet<&'static str> {
    let named = |words: &&[&str]| words.iter().any(|word| text.contains(word));
    MATTERS.iter().filter(|(_, words)| named(words)).map(|(matter, _)| *matter).collect()
}

/// The longest run of characters that both texts have; none below three.
fn longest_shared(a: &str, b: &str) -> Option<String> {
    let a: Vec<char> = a.chars().collect();
    let ends = (0..a.len()).flat_map(|start| (start + 3..=a.len().min(start + 8)).map(move |end| (start, end)));
    let runs = ends.map(|(start, end)| &a[start..end]).filter(|run| run.iter().all(|c| c.is_alphanumeric()));
    let shared = runs.map(String::from_iter).filter(|run: &String| b.contains(run.as_str()));
    shared.max_by_key(|run| run.chars().count())
}

/// What residents of a compound report most, and the ways in which they say it.
const MATTERS: &[(&str, &[&str])] = &[
    (
        "电梯",
        &[
            "电梯",
            "梯子里",
            "轿厢",
            "困在里",
            "关里头",
            "困人",
            "爬楼",
            "爬十",
            "爬不动",
            "没下楼",
            "下不去楼",
            "梯门",
            "按键",
            "按钮",
            "楼层",
            "几层",
            "平层",
            "坐上去",
            "坐一回",
        ],
    ),
    (
        "下水",
        &[
            "下水",
            "堵了",
            "又堵",
            "返水",
            "反水",
            "返上",
            "反上",
            "往上冒",
            "往外冒",
            "冒黄",
            "溢",
            "倒灌",
            "马桶",
            "厕所",
            "地漏",
            "化粪",
            "粪水",
            "污水",
            "脏水",
            "臭味",
            "井盖",
            "铁盖子",
        ],
    ),
    (
        "漏水",
        &[
            "漏水",
            "渗",
            "滴水",
            "往下滴",
            "一滴一滴",
            "洇",
            "漏了",
            "漏雨",
            "泡了",
            "泡坏",
            "淹",
            "呲水",
            "湿了",
            "防水",
            "发霉",
            "长毛",
            "瀑布",
        ],
    ),
    ("用水", &["停水", "没水", "水压", "水小", "水龙头", "自来水", "水管", "发黄", "热水器"]),
    ("停电", &["停电", "没电", "跳闸", "电表", "电线", "滋滋"]),
    (
        "停车",
        &[
            "停车",
            "车位",
            "乱停",
            "占道",
            "堵着",
            "挡住",
            "挡道",
            "挪车",
            "僵尸车",
            "面包车",
            "地锁",
            "地库",
            "车库",
            "外来车",
            "外面的车",
            "放车",
            "倒车",
        ],
    ),
    ("电动车", &["电动车", "电瓶车", "电车", "充电", "飞线", "插线板"]),
    (
        "垃圾",
        &[
            "垃圾",
            "没人收",
            "没人清",
            "没人运",
            "没人扫",
            "没人拖",
            "臭",
            "苍蝇",
            "脏",
            "卫生",
            "打扫",
            "保洁",
            "清运",
            "味大",
            "一股味",
            "全是味",
            "怪味",
            "尿",
            "大小便",
            "那几个桶",
            "那个桶",
            "桶不盖",
        ],
    ),
    ("杂物", &["杂物", "堆满", "堆在", "堆楼", "纸箱", "旧家具", "沙发", "鞋柜", "鞋架", "占了半边", "过不去", "绊人"]),
    (
        "照明",
        &[
            "路灯",
            "灯不亮",
            "灯坏",
            "没灯",
            "灯灭",
            "灯全灭",
            "灯都不",
            "一个灯",
            "黑灯",
            "黑咕隆咚",
            "黑漆漆",
            "黑得",
            "黑着",
            "都是黑",
            "全是黑",
            "黑窟窿",
            "看不见路",
            "看不清",
            "摸黑",
            "手机照",
            "声控",
            "照明",
            "太暗",
            "应急灯",
        ],
    ),
    (
        "供暖",
        &[
            "暖气",
            "供暖",
            "取暖",
            "停暖",
            "来暖",
            "不热",
            "冰凉",
            "冰窖",
            "暖和",
            "暖器",
            "温温",
            "十三度",
            "十四度",
            "十五度",
            "十六度",
            "十八度",
            "冻得",
            "冻红",
            "冷得",
            "太冷",
            "地暖",
            "供热",
            "热力",
            "棉袄",
            "羽绒服",
            "热气",
            "保温",
        ],
    ),
    (
        "噪声",
        &[
            "噪音",
            "噪声",
            "吵",
            "音响",
            "低音炮",
            "广场舞",
            "睡不",
            "午睡",
            "装修",
            "电钻",
            "咚咚",
            "哗啦",
            "嗡嗡",
            "咣当",
            "轰轰",
            "吱吱",
            "刺啦",
            "打桩",
            "麻将",
            "洗牌",
            "跺脚",
            "半夜",
            "夜里",
            "音乐",
            "唱歌",
            "喇叭",
            "架子鼓",
            "打鸣",
        ],
    ),
    (
        "门禁",
        &[
            "门禁",
            "刷卡",
            "刷脸",
            "人脸",
            "梯控",
            "刷不",
            "扫码",
            "开门",
            "单元门",
            "楼门",
            "大门",
            "后门",
            "小门",
            "门锁",
            "锁坏",
            "对讲",
            "关不上",
            "闭门器",
            "陌生人",
            "谁都能",
            "监控",
            "摄像头",
        ],
    ),
    (
        "墙面屋顶",
        &[
            "墙皮",
            "外墙",
            "掉砖",
            "屋顶",
            "楼顶",
            "天花板",
            "吊顶",
            "瓷砖",
            "脱落",
            "掉下来",
            "头上掉",
            "碎片",
            "裂缝",
            "裂",
            "白灰",
            "雨棚",
            "雨搭",
            "架子",
        ],
    ),
    ("门窗", &["窗户", "玻璃", "窗框", "窗扇", "漏风", "往里灌"]),
    (
        "路面",
        &[
            "路面", "坑", "井盖", "地砖", "台阶", "绊", "踩空", "积水", "死水", "塌", "滑", "结冰", "冰", "摔", "扫雪",
            "下雪", "雪化", "坡道", "斜坡", "趟水",
        ],
    ),
    (
        "绿化",
        &[
            "草坪",
            "草地",
            "树",
            "绿化",
            "绿地",
            "花坛",
            "种花",
            "种菜",
            "菜园",
            "枯",
            "修剪",
            "虫",
            "浇水",
            "草半人高",
            "蛇",
            "长虫",
            "柳絮",
            "白毛毛",
            "打药",
            "农药",
            "落叶",
        ],
    ),
    ("动物", &["狗", "遛", "粪", "猫", "宠物", "拴", "鸡", "鸽子", "老鼠"]),
    (
        "收费账目",
        &[
            "物业费",
            "收费",
            "账单",
            "账目",
            "看账",
            "涨价",
            "涨到",
            "公摊",
            "发票",
            "收据",
            "停车费",
            "电费",
            "明细",
            "公示",
            "多少钱",
            "钱花",
            "广告收入",
            "退钱",
            "报销",
        ],
    ),
    (
        "消防",
        &[
            "消防",
            "灭火器",
            "消火栓",
            "红柜子",
            "水带",
            "着火",
            "火灾",
            "隐患",
            "焦糊",
            "烧了",
            "烟花",
            "放炮",
            "安全出口",
            "通道",
            "救护车",
            "急救",
            "担架",
        ],
    ),
    (
        "养老",
        &[
            "老人",
            "老年",
            "我妈",
            "我爸",
            "奶奶",
            "老太太",
            "助餐",
            "餐桌",
            "热饭",
            "轮椅",
            "扶手",
            "把手",
            "独居",
            "一个人",
            "养老",
            "八十",
            "适老",
        ],
    ),
    ("孩子", &["孩子", "小孩", "儿童", "娃", "滑梯", "游乐", "放学", "托管", "写作业", "学生", "暑假"]),
    (
        "交通",
        &[
            "红绿灯",
            "信号灯",
            "斑马线",
            "减速带",
            "开得快",
            "开太快",
            "开得飞快",
            "车速",
            "嗖",
            "路口",
            "公交",
            "掉头",
            "堵得",
            "动不了",
            "撞",
            "碰",
            "刮了",
        ],
    ),
    ("看病", &["卫生室", "体检", "医生", "药", "量血压", "看病", "疫苗", "慢病", "打针", "咳", "哮喘"]),
    ("油烟", &["油烟", "烧烤", "烤串", "饭店", "炒菜", "呛"]),
    ("抽烟", &["抽烟", "烟头", "烟味", "吸烟"]),
    (
        "楼上邻居",
        &["楼上", "头顶", "上面那家", "上头", "隔壁", "旁边那户", "对门", "那家", "邻居", "敲过门", "说不听", "讲不通"],
    ),
    ("快递", &["快递", "外卖", "包裹", "柜"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, building: &str, day: i64) -> Report {
        Report {
            text: text.to_owned(),
            category: Category::Other,
            estate: Some(Uuid::nil()),
            building: Some(building.to_owned()).filter(|key| !key.is_empty()),
            unit: None,
            at: Timestamp::from_second(day * 86_400).unwrap(),
        }
    }

    #[test]
    fn the_same_matter_in_other_words_stands_first_and_says_why() {
        let earlier = [
            report("3号楼电梯又停了", "3", 10),
            report("厕所往上返水，满地都是", "3", 12),
            report("楼前路灯不亮", "3", 13),
        ];
        let found = candidates(&report("下水道堵了，脏水往外冒", "3", 14), &earlier, 3);
        assert_eq!(found[0].index, 1);
        assert_eq!(found[0].why, ["同一栋楼", "都说到下水", "同一类", "隔 2 天"]);
    }

    #[test]
    fn what_is_far_away_or_long_ago_is_not_offered() {
        let earlier = [report("路灯不亮", "9", 0), report("路灯不亮", "3", 0)];
        let now = report("树枝挡住窗户", "3", 300);
        assert!(candidates(&now, &earlier, 3).is_empty());
    }
}
