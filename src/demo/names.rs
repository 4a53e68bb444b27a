//! Names that nobody has been looked up for: surnames as they are spread around 吕梁, given names by generation.

use codes::tables::Sex;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// A common surname stands here more than once.
const SURNAMES: &str = "李李李李王王王王张张张张刘刘刘刘高高高薛薛薛任任郭郭郭杨杨杨陈陈陈赵赵赵白白马马冯冯武武车贺贺\
    韩韩吴吴梁梁樊闫闫杜杜成成康康雷曹曹宋田贾乔侯孙孙郝郝秦景解穆呼刁弓雒渠靳霍范尹牛郑崔";

struct Given {
    first: &'static str,
    second: &'static str,
}

const MEN: [Given; 3] = [
    Given { first: "建国志永天福贵金玉有", second: "平明生才福贵林山柱保旺" },
    Given { first: "建志晓永海文俊小国卫", second: "军强峰伟平斌龙亮勇鹏" },
    Given { first: "子浩宇俊嘉一晨泽博思", second: "轩涵然宇豪杰辰阳泽鑫" },
];

const WOMEN: [Given; 3] = [
    Given { first: "秀桂玉爱改翠月凤巧兰", second: "英兰花梅珍香莲娥连叶" },
    Given { first: "晓丽海艳雪小秀春建彩", second: "芳红霞丽琴燕平英梅萍" },
    Given { first: "子欣雨思佳梓诗一若可", second: "涵怡萱彤琪妍瑶蕊宁悦" },
];

pub fn surname(rng: &mut StdRng) -> char {
    pick(rng, SURNAMES)
}

/// A given name such as the parents of that year chose, of one or two characters.
pub fn given(rng: &mut StdRng, sex: Sex, born: i16) -> String {
    let generation = usize::from(born >= 1965) + usize::from(born >= 1990);
    let names = if sex == Sex::Male { &MEN[generation] } else { &WOMEN[generation] };
    let (first, second) = (pick(rng, names.first), pick(rng, names.second));
    if rng.random_bool(0.12) || first == second { second.to_string() } else { format!("{first}{second}") }
}

fn pick(rng: &mut StdRng, characters: &str) -> char {
    let characters: Vec<char> = characters.chars().filter(|c| !c.is_whitespace()).collect();
    characters.choose(rng).copied().unwrap_or('王')
}
