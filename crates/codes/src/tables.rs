//! Code tables of the national standards. Each is an enum with `ALL`, `code`, `label` and a tolerant `parse`.

use crate::text::compact;

/// A text that a code table does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}“{given}”不在可选范围内，请填写：{choices}")]
pub struct TableError {
    pub table: &'static str,
    pub given: String,
    pub choices: String,
}

/// `Variant [= discriminant], code, label [, synonyms…];` for each entry.
macro_rules! code_table {
    ($(#[$meta:meta])* $name:ident, $table:literal { $($variant:ident $(= $value:literal)?, $code:literal, $label:literal $(, $synonym:literal)*;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($variant $(= $value)?),+ }

        impl $name {
            /// Every entry, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code in the standard, as text with its leading zeros.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The Chinese label.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// Reads a label, a code (leading zeros optional) or a usual synonym.
            pub fn parse(text: &str) -> Result<Self, TableError> {
                let given = compact(text);
                match given.as_str() {
                    $($code | $label $(| $synonym)* => return Ok(Self::$variant),)+
                    _ => {}
                }
                let unpadded = |code: &str| code.trim_start_matches('0').to_owned();
                let number = given.bytes().all(|b| b.is_ascii_digit()) && !unpadded(&given).is_empty();
                let entry = Self::ALL.iter().copied().find(|entry| number && unpadded(entry.code()) == unpadded(&given));
                entry.ok_or_else(|| TableError {
                    table: $table,
                    given: given.chars().take(20).collect(),
                    choices: choices(Self::ALL.iter().map(|entry| entry.label())),
                })
            }
        }

        impl std::str::FromStr for $name {
            type Err = TableError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.label())
            }
        }
    };
}

/// The labels in one line; a long table shows its beginning.
fn choices(labels: impl ExactSizeIterator<Item = &'static str>) -> String {
    let more = if labels.len() > 15 { "等" } else { "" };
    format!("{}{more}", labels.take(15).collect::<Vec<_>>().join("、"))
}

code_table! {
    /// GB/T 2261.1.
    Sex, "性别" {
        Unknown = 0, "0", "未知的性别", "未知", "不详";
        Male = 1, "1", "男", "男性";
        Female = 2, "2", "女", "女性";
        Unstated = 9, "9", "未说明的性别", "未说明";
    }
}

code_table! {
    /// GB/T 2261.2.
    Marital, "婚姻状况" {
        Unmarried, "10", "未婚";
        Married, "20", "已婚", "有配偶";
        FirstMarriage, "21", "初婚";
        Remarried, "22", "再婚";
        Reunited, "23", "复婚";
        Widowed, "30", "丧偶";
        Divorced, "40", "离婚", "离异";
        Unstated, "90", "未说明", "未说明的婚姻状况", "不详";
    }
}

code_table! {
    /// GB 3304, and two entries that police systems add to it.
    Ethnic, "民族" {
        Han, "01", "汉", "汉族";
        Mongol, "02", "蒙古", "蒙古族", "蒙", "蒙族";
        Hui, "03", "回", "回族";
        Tibetan, "04", "藏", "藏族";
        Uyghur, "05", "维吾尔", "维吾尔族", "维", "维族";
        Miao, "06", "苗", "苗族";
        Yi, "07", "彝", "彝族";
        Zhuang, "08", "壮", "壮族";
        Buyei, "09", "布依", "布依族";
        Korean, "10", "朝鲜", "朝鲜族";
        Manchu, "11", "满", "满族";
        Dong, "12", "侗", "侗族";
        Yao, "13", "瑶", "瑶族";
        Bai, "14", "白", "白族";
        Tujia, "15", "土家", "土家族";
        Hani, "16", "哈尼", "哈尼族";
        Kazakh, "17", "哈萨克", "哈萨克族";
        Dai, "18", "傣", "傣族";
        Li, "19", "黎", "黎族";
        Lisu, "20", "傈僳", "傈僳族";
        Va, "21", "佤", "佤族";
        She, "22", "畲", "畲族";
        Gaoshan, "23", "高山", "高山族";
        Lahu, "24", "拉祜", "拉祜族";
        Sui, "25", "水", "水族";
        Dongxiang, "26", "东乡", "东乡族";
        Naxi, "27", "纳西", "纳西族";
        Jingpo, "28", "景颇", "景颇族";
        Kyrgyz, "29", "柯尔克孜", "柯尔克孜族";
        Monguor, "30", "土", "土族";
        Daur, "31", "达斡尔", "达斡尔族";
        Mulao, "32", "仫佬", "仫佬族";
        Qiang, "33", "羌", "羌族";
        Blang, "34", "布朗", "布朗族";
        Salar, "35", "撒拉", "撒拉族";
        Maonan, "36", "毛南", "毛南族";
        Gelao, "37", "仡佬", "仡佬族";
        Xibe, "38", "锡伯", "锡伯族";
        Achang, "39", "阿昌", "阿昌族";
        Pumi, "40", "普米", "普米族";
        Tajik, "41", "塔吉克", "塔吉克族";
        Nu, "42", "怒", "怒族";
        Uzbek, "43", "乌孜别克", "乌孜别克族";
        Russian, "44", "俄罗斯", "俄罗斯族";
        Evenki, "45", "鄂温克", "鄂温克族";
        Deang, "46", "德昂", "德昂族";
        Bonan, "47", "保安", "保安族";
        Yugur, "48", "裕固", "裕固族";
        Gin, "49", "京", "京族";
        Tatar, "50", "塔塔尔", "塔塔尔族";
        Derung, "51", "独龙", "独龙族";
        Oroqen, "52", "鄂伦春", "鄂伦春族";
        Hezhen, "53", "赫哲", "赫哲族";
        Monba, "54", "门巴", "门巴族";
        Lhoba, "55", "珞巴", "珞巴族";
        Jino, "56", "基诺", "基诺族";
        Other, "97", "其他", "其它", "57", "未识别民族";
        ForeignDescent, "98", "外国血统中国籍", "外国血统中国籍人士", "58", "入籍";
    }
}

code_table! {
    /// GB/T 4762.
    Political, "政治面貌" {
        Member, "01", "中共党员", "党员", "正式党员", "中国共产党党员", "共产党员";
        Probationary, "02", "中共预备党员", "预备党员", "中国共产党预备党员";
        League, "03", "共青团员", "团员", "中国共产主义青年团团员";
        Revolutionary, "04", "民革", "民革党员", "民革会员";
        DemocraticLeague, "05", "民盟", "民盟盟员";
        NationalConstruction, "06", "民建", "民建会员";
        PromotingDemocracy, "07", "民进", "民进会员";
        PeasantsWorkers, "08", "农工党", "农工党党员";
        ZhiGong, "09", "致公党", "致公党党员";
        JiuSan, "10", "九三学社", "九三学社社员";
        TaiwanLeague, "11", "台盟", "台盟盟员";
        NoParty, "12", "无党派民主人士", "无党派人士", "无党派";
        Masses, "13", "群众", "普通群众", "一般群众", "普通公民";
    }
}

code_table! {
    /// GB/T 4658, top level.
    Education, "文化程度" {
        Postgraduate, "10", "研究生", "硕士", "博士", "硕士研究生", "博士研究生";
        Undergraduate, "20", "大学本科", "本科", "大学", "学士";
        College, "30", "大学专科", "大专", "专科", "高职";
        Vocational, "40", "中专", "中等专科", "职高", "技校", "中职", "职业高中";
        HighSchool, "60", "高中", "普通高中";
        MiddleSchool, "70", "初中", "普通初中";
        PrimarySchool, "80", "小学";
        Other, "90", "其他", "其它", "文盲", "半文盲", "学龄前", "学前", "幼儿园", "未上学";
    }
}

code_table! {
    /// GB/T 4761, top level. The standard's 80 and 90 are both 其他.
    Relation, "与户主关系" {
        Oneself, "01", "本人";
        Head, "02", "户主";
        Spouse, "10", "配偶", "夫", "妻", "丈夫", "妻子", "爱人", "老伴", "夫妻";
        Son, "20", "子", "儿子", "独生子", "长子", "次子", "三子", "四子", "养子", "继子", "大儿子", "二儿子", "小儿子";
        Daughter, "30", "女", "女儿", "独生女", "长女", "次女", "三女", "四女", "养女", "继女", "大女儿", "二女儿", "小女儿";
        Grandchild, "40", "孙辈", "孙子", "孙女", "外孙", "外孙子", "外孙女", "孙", "孙子女", "曾孙", "重孙";
        Parent, "50", "父母", "父", "母", "父亲", "母亲", "公公", "婆婆", "岳父", "岳母", "公婆", "继父", "继母", "养父", "养母";
        Grandparent, "60", "祖父母", "爷爷", "奶奶", "祖父", "祖母", "外祖父", "外祖母", "外公", "外婆", "姥爷", "姥姥";
        Sibling, "70", "兄弟姐妹", "兄", "弟", "姐", "妹", "哥哥", "弟弟", "姐姐", "妹妹", "兄弟", "姐妹", "兄妹", "姐弟", "嫂", "弟媳", "姐夫", "妹夫";
        Other, "80", "其他", "其它", "90", "儿媳", "媳妇", "女婿", "其他亲属", "亲戚", "侄子", "侄女", "外甥", "保姆", "非亲属", "租客";
    }
}

code_table! {
    /// GB/T 26341, kind of impairment.
    DisabilityType, "残疾类别" {
        Visual, "1", "视力", "视力残疾";
        Hearing, "2", "听力", "听力残疾";
        Speech, "3", "言语", "言语残疾", "语言";
        Physical, "4", "肢体", "肢体残疾";
        Intellectual, "5", "智力", "智力残疾";
        Mental, "6", "精神", "精神残疾";
        Multiple, "7", "多重", "多重残疾";
    }
}

code_table! {
    /// GB/T 26341, grade; the first is the most severe.
    DisabilityGrade, "残疾等级" {
        First, "1", "一级", "1级", "壹级";
        Second, "2", "二级", "2级", "贰级";
        Third, "3", "三级", "3级", "叁级";
        Fourth, "4", "四级", "4级", "肆级";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    macro_rules! check_table {
        ($($name:ident),+) => { $({
            let all = $name::ALL;
            for entry in all {
                assert_eq!($name::parse(entry.code()), Ok(*entry));
                assert_eq!($name::parse(&format!(" {}　", entry.label())), Ok(*entry));
                assert_eq!(entry.to_string().parse(), Ok(*entry));
            }
            assert_eq!(all.iter().map(|entry| entry.code()).collect::<HashSet<_>>().len(), all.len());
            assert_eq!(all.iter().map(|entry| entry.label()).collect::<HashSet<_>>().len(), all.len());
            assert!($name::parse("").is_err() && $name::parse("0000").is_err());
        })+ };
    }

    #[test]
    fn every_code_and_label_parses_back() {
        check_table!(Sex, Marital, Ethnic, Political, Education, Relation, DisabilityType, DisabilityGrade);
    }

    #[test]
    fn usual_words_are_understood() {
        assert_eq!(Sex::parse("男"), Ok(Sex::Male));
        assert_eq!(Sex::parse("２"), Ok(Sex::Female));
        assert_eq!(Sex::Unstated as u8, 9);
        assert_eq!(Ethnic::parse("汉族"), Ok(Ethnic::Han));
        assert_eq!(Ethnic::parse("1"), Ok(Ethnic::Han));
        assert_eq!(Ethnic::ALL.len(), 58);
        assert_eq!(Political::parse("党员"), Ok(Political::Member));
        assert_eq!(Education::parse("本科"), Ok(Education::Undergraduate));
        assert_eq!(Relation::parse("长子"), Ok(Relation::Son));
        assert_eq!(Relation::parse("90"), Ok(Relation::Other));
        assert_eq!(Marital::parse("离异"), Ok(Marital::Divorced));
        assert_eq!(DisabilityGrade::parse("一级"), Ok(DisabilityGrade::First));
    }

    #[test]
    fn the_error_lists_the_choices() {
        assert_eq!(
            Sex::parse("男女").unwrap_err().to_string(),
            "性别“男女”不在可选范围内，请填写：未知的性别、男、女、未说明的性别"
        );
        assert!(Ethnic::parse("火星").unwrap_err().to_string().ends_with('等'));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = (Sex::parse(&text), Ethnic::parse(&text), Political::parse(&text), Relation::parse(&text));
        }
    }
}
