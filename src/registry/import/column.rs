//! The columns of the 居民信息登记表, and how communities call them.

use db::text_enum;

use crate::workbook;

pub type Header = workbook::Header<Column>;

text_enum! {
    /// A column, with its heading in the form that staff use.
    pub enum Column {
        Serial = "serial" "序号",
        Estate = "estate" "小区",
        Building = "building" "楼栋",
        Unit = "unit" "单元",
        Room = "room" "房号",
        Head = "head" "户主姓名",
        Relation = "relation" "与户主关系",
        Name = "name" "姓名",
        Sex = "sex" "性别",
        Ethnic = "ethnic" "民族",
        Identity = "identity" "身份证号",
        Birth = "birth" "出生日期",
        Phone = "phone" "联系电话",
        RegisteredAddress = "registered_address" "户籍地址",
        Address = "address" "现居住地址",
        ResidenceState = "residence_state" "人户状态",
        Political = "political" "政治面貌",
        Education = "education" "文化程度",
        Marital = "marital" "婚姻状况",
        Workplace = "workplace" "工作单位/就读学校",
        Category = "category" "人员类别",
        PartyHousehold = "party_household" "是否党员户",
        Needy = "needy" "是否困难户",
        Alone = "alone" "是否独居",
        Disabled = "disabled" "是否残疾",
        Health = "health" "健康状况",
        Housing = "housing" "住房性质(自有/租住)",
        Note = "note" "备注",
    }
}

impl workbook::Column for Column {
    const TITLE: &'static str = "居民信息登记表";
    const NEEDED: &'static str = "“姓名”和“房号”“身份证号”";
    const SERIAL: Column = Column::Serial;
    const NAME: Column = Column::Name;
    const IDENTITY: Column = Column::Identity;

    fn all() -> &'static [Column] {
        Column::ALL
    }

    fn heading(self) -> &'static str {
        self.label()
    }

    fn lacking(header: &Header) -> Option<&'static str> {
        let placed = header.has(Column::Room) || header.has(Column::Address);
        (!placed).then_some("表头里没有“房号”，也没有“现居住地址”，不知道住在哪一户。请补上其中一列，再导入")
    }

    fn width(self) -> u16 {
        match self {
            Column::Serial | Column::Unit | Column::Sex => 6,
            Column::Identity => 22,
            Column::RegisteredAddress | Column::Address | Column::Workplace | Column::Note => 28,
            Column::Estate | Column::Phone | Column::Category => 16,
            _ => 12,
        }
    }

    fn choices(self) -> Option<&'static [&'static str]> {
        match self {
            Column::Sex => Some(&["男", "女"]),
            Column::ResidenceState => Some(&["人户一致", "人在户不在", "户在人不在"]),
            Column::PartyHousehold | Column::Needy | Column::Alone | Column::Disabled => Some(&["是", "否"]),
            Column::Housing => Some(&["自有", "租住", "空置", "商用", "群租"]),
            _ => None,
        }
    }

    fn synonyms(self) -> &'static [&'static str] {
        match self {
            Column::Serial => &["编号", "序", "NO", "NO."],
            Column::Estate => &["小区名称", "所在小区", "所属小区", "居住小区", "小区/院落", "院落", "住宅小区"],
            Column::Building => &["楼号", "栋号", "楼栋号", "幢号", "所在楼栋", "楼栋名称", "栋", "幢", "楼幢"],
            Column::Unit => &["单元号", "所在单元", "单元名称"],
            Column::Room => {
                &["室号", "门牌号", "房间号", "房屋号", "房屋编号", "户号", "门号", "房室号", "室", "房间", "门牌"]
            }
            Column::Head => &["户主", "户主名", "户主名称"],
            Column::Relation => &["关系", "家庭关系", "与户主的关系", "与户主之关系", "成员关系", "户主关系"],
            Column::Name => &["居民姓名", "名字", "人员姓名", "家庭成员", "成员姓名", "家庭成员姓名", "本人姓名"],
            Column::Sex => &["男女"],
            Column::Ethnic => &["族别"],
            Column::Identity => &[
                "身份证号码",
                "身份证",
                "公民身份号码",
                "公民身份证号码",
                "公民身份证号",
                "居民身份证号",
                "居民身份证号码",
                "证件号码",
                "证件号",
                "身份号码",
            ],
            Column::Birth => &["出生年月", "出生年月日", "生日", "出生时间", "出生"],
            Column::Phone => {
                &["电话", "手机", "手机号", "手机号码", "联系方式", "电话号码", "联系号码", "联系手机", "本人电话"]
            }
            Column::RegisteredAddress => {
                &["户籍所在地", "户口所在地", "户籍地", "户口地址", "户籍详细地址", "户籍住址"]
            }
            Column::Address => &[
                "现住址",
                "居住地址",
                "现住地址",
                "住址",
                "家庭住址",
                "地址",
                "详细地址",
                "家庭地址",
                "居住地",
                "现居住地",
            ],
            Column::ResidenceState => &["人户情况", "人户分离", "居住状态", "人户分离情况", "是否人户分离"],
            Column::Political => &["政治身份", "政治状况"],
            Column::Education => &["学历", "教育程度", "受教育程度", "文化水平"],
            Column::Marital => &["婚姻", "婚否", "婚姻情况"],
            Column::Workplace => &["工作单位", "就读学校", "单位", "工作单位或就读学校", "单位/学校", "工作学习单位"],
            Column::Category => {
                &["人群类别", "人员类型", "人口类别", "特殊人群", "特殊群体", "类别", "人员标签", "标签"]
            }
            Column::PartyHousehold => &["党员户", "党员家庭", "是否党员家庭"],
            Column::Needy => &["困难户", "困难家庭", "是否困难家庭", "是否困难"],
            Column::Alone => &["独居", "独居老人", "是否独居老人"],
            Column::Disabled => &["残疾", "残疾人", "是否残疾人", "残疾情况"],
            Column::Health => &["身体状况", "健康情况", "健康"],
            Column::Housing => &["房屋性质", "住房类型", "房屋类型", "住房情况", "产权性质", "自有/租住", "房屋用途"],
            Column::Note => &["备注说明", "说明", "其他说明", "备考"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbook::{Column as _, Twice, bare};

    fn header(cells: &[&str]) -> Result<Header, Twice<Column>> {
        Header::read(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn every_heading_is_read_as_its_column_and_no_synonym_twice() {
        let mut words: Vec<String> = Vec::new();
        for column in Column::ALL {
            assert_eq!(Column::read(column.label()), Some(*column));
            for synonym in column.synonyms() {
                assert_eq!(Column::read(synonym), Some(*column), "{synonym}");
            }
            words.push(bare(column.label()));
            words.extend(column.synonyms().iter().map(|word| bare(word)));
        }
        let distinct: std::collections::HashSet<&String> = words.iter().collect();
        let repeated: Vec<&String> =
            words.iter().filter(|word| words.iter().filter(|other| other == word).count() > 1).collect();
        assert!(distinct.len() == words.len(), "{repeated:?}");
    }

    #[test]
    fn headings_are_read_as_people_write_them() {
        for (heading, column) in [
            ("姓 名", Column::Name),
            ("身份证号码（18位）", Column::Identity),
            ("*联系电话", Column::Phone),
            ("住房性质（自有／租住）", Column::Housing),
            ("工作单位／\n就读学校", Column::Workplace),
            ("是否独居：", Column::Alone),
        ] {
            assert_eq!(Column::read(heading), Some(column), "{heading}");
        }
        assert_eq!(Column::read("车牌号"), None);
    }

    #[test]
    fn a_column_may_stand_only_once() {
        let twice = header(&["姓名", "电话", "房号", "手机号"]).unwrap_err();
        assert_eq!((twice.column, twice.second.as_str()), (Column::Phone, "手机号"));
        let header = header(&["姓名", "车牌号", "房号"]).unwrap();
        assert_eq!(header.position(Column::Room), Some(2));
        assert_eq!(header.cell(&["张三".into(), "晋J".into()], Column::Room), "");
    }
}
