//! What a file must be before a parser may see it: a whole, unencrypted .xlsx that does not unpack to an absurd size.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

/// A workbook larger than this is not read, packed or unpacked, in bytes.
pub const MOST_PACKED: usize = 50 << 20;
pub const MOST_UNPACKED: u64 = 300 << 20;
const MOST_PARTS: usize = 10_000;

/// Why a file cannot be read as a list. Each sentence says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("这个文件是空的。请重新选择文件")]
    Empty,
    #[error("文件超过 {} MB。请把表格分成几个文件，比如按楼栋或党支部，分别导入", MOST_PACKED >> 20)]
    TooLarge,
    #[error("这不是 Excel 工作簿。请选择扩展名为 .xlsx 的表格；CSV 或网页表格请先在 Excel 或 WPS 里另存为 .xlsx")]
    NotWorkbook,
    #[error("这是旧版的 .xls 文件。请在 Excel 或 WPS 里打开，另存为“Excel 工作簿（.xlsx）”，再导入")]
    OldWorkbook,
    #[error("这是 .xlsb 二进制工作簿。请在 Excel 里另存为“Excel 工作簿（.xlsx）”，再导入")]
    BinaryWorkbook,
    #[error("这个文件加了密码。请在 Excel 或 WPS 里打开，取消密码后保存，再导入")]
    Encrypted,
    #[error("文件不完整，可能没有下载完或传输中断。请重新取得这个文件，再导入")]
    Truncated,
    #[error("文件已损坏，读不出里面的表格。请在 Excel 或 WPS 里打开并另存一次，再导入")]
    Damaged,
    #[error("文件解压后超过 {} MB，远远大于一张表格应有的大小，没有读取。请确认文件来源，或复制到新的工作簿再导入", MOST_UNPACKED >> 20)]
    TooLargeUnpacked,
    #[error("表里超过 {0} 行。请分成几个文件，比如按楼栋，分别导入")]
    TooManyRows(usize),
    #[error("表里超过 {0} 列，不像一张花名册。请删去多余的列，再导入")]
    TooManyColumns(usize),
    #[error("没有找到表头。表头里至少要有{0}等列；可以下载空白表对照")]
    NoHeader(&'static str),
    #[error("{0}")]
    Lacking(&'static str),
    #[error("表头里“{first}”和“{second}”都是“{column}”。请只留一列，另一列删去或改个名字")]
    ColumnTwice { column: &'static str, first: String, second: String },
    #[error("工作簿里有几张这样的表（{0}）。请每张另存为一个文件，分别导入")]
    SeveralSheets(String),
    #[error("表头下面没有一行人。请确认选对了文件")]
    NoRows,
}

/// Lets through what a parser of .xlsx may be given.
pub fn check(file: &[u8]) -> Result<(), Unreadable> {
    const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    if file.is_empty() {
        return Err(Unreadable::Empty);
    }
    if file.len() > MOST_PACKED {
        return Err(Unreadable::TooLarge);
    }
    if file.starts_with(COMPOUND) {
        // Office wraps an encrypted workbook into the container of the old format.
        let encrypted = contains(file, &utf16("EncryptedPackage")) || contains(file, &utf16("EncryptionInfo"));
        return Err(if encrypted { Unreadable::Encrypted } else { Unreadable::OldWorkbook });
    }
    if !file.starts_with(b"PK") {
        return Err(Unreadable::NotWorkbook);
    }
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|_| Unreadable::Truncated)?;
    let parts: Vec<String> =
        archive.file_names_raw().map(|part| String::from_utf8_lossy(part).to_lowercase()).collect();
    let has = |name: &str| parts.iter().any(|part| part.replace('\\', "/").trim_start_matches('/') == name);
    if has("xl/workbook.bin") {
        return Err(Unreadable::BinaryWorkbook);
    }
    if !has("xl/workbook.xml") {
        return Err(Unreadable::NotWorkbook);
    }
    if archive.len() > MOST_PARTS {
        return Err(Unreadable::TooLargeUnpacked);
    }
    unpack(&mut archive)
}

/// Inflates every part into a counter: the sizes that an archive declares prove nothing.
fn unpack(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<(), Unreadable> {
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
                Unreadable::Encrypted
            }
            _ => Unreadable::Damaged,
        })?;
        let strings = part.name().is_ok_and(|name| name.to_ascii_lowercase().ends_with("sharedstrings.xml"));
        let mut head = Vec::new();
        let read = |_| Unreadable::Damaged;
        part.by_ref().take(left.min(HEAD) + 1).read_to_end(&mut head).map_err(read)?;
        let rest = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(read)?;
        let size = head.len() as u64 + rest;
        left = left.checked_sub(size).ok_or(Unreadable::TooLargeUnpacked)?;
        if strings && !announces_no_more_strings_than_fit(&head, size) {
            return Err(Unreadable::Damaged);
        }
    }
    Ok(())
}

const HEAD: u64 = 4096;

/// The parser makes room for as many shared strings as the part announces, so a false number could ask for all memory.
/// Each string takes at least the five bytes of `<si/>`, so there cannot be more strings than bytes.
fn announces_no_more_strings_than_fit(head: &[u8], size: u64) -> bool {
    let head = String::from_utf8_lossy(head);
    let body = head.trim_start_matches('\u{feff}').trim_start();
    let body = match body.strip_prefix("<?xml") {
        Some(declared) => declared.split_once("?>").map_or("", |(_, body)| body).trim_start(),
        None => body,
    };
    let Some((tag, _)) = body.split_once('>') else { return false };
    let whole = ['"', '\''].iter().all(|quote| tag.matches(*quote).count() % 2 == 0);
    let root = tag.starts_with('<') && !tag.starts_with("<!") && !tag.starts_with("<?");
    let fits = |value: &str| {
        let digits = value.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].is_empty() || digits[..end].parse().is_ok_and(|announced: u64| announced <= size)
    };
    root && whole && tag.split("uniqueCount").skip(1).all(fits)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn each_kind_of_file_gets_its_own_sentence() {
        let encrypted =
            [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 64], &utf16("EncryptedPackage")].concat();
        let workbook = archive(&[("xl/workbook.xml", b"<workbook/>")]);
        for (file, verdict) in [
            (vec![], Unreadable::Empty),
            ("序号,姓名".into(), Unreadable::NotWorkbook),
            (b"<html><table>".to_vec(), Unreadable::NotWorkbook),
            (encrypted[..32].to_vec(), Unreadable::OldWorkbook),
            (encrypted, Unreadable::Encrypted),
            (archive(&[("word/document.xml", b"<w/>")]), Unreadable::NotWorkbook),
            (archive(&[("xl/workbook.bin", b"")]), Unreadable::BinaryWorkbook),
            (workbook[..workbook.len() / 2].to_vec(), Unreadable::Truncated),
        ] {
            assert_eq!(check(&file), Err(verdict));
        }
        assert_eq!(check(&workbook), Ok(()));
    }

    #[test]
    fn what_unpacks_to_an_absurd_size_is_refused() {
        let zeros = vec![b' '; 64 << 20];
        let parts: Vec<(String, &[u8])> = (0..5).map(|n| (format!("xl/{n}.xml"), zeros.as_slice())).collect();
        let mut parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, content)| (name.as_str(), *content)).collect();
        parts.push(("xl/workbook.xml", b"<workbook/>"));
        let bomb = archive(&parts);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(check(&bomb), Err(Unreadable::TooLargeUnpacked));
    }

    #[test]
    fn a_false_number_of_strings_is_noticed() {
        let sst =
            |tag: &str| announces_no_more_strings_than_fit(format!("<?xml version=\"1.0\"?>\n{tag}").as_bytes(), 100);
        assert!(sst("<sst xmlns=\"x/2006\" count=\"999\" uniqueCount=\"20\"><si/>"));
        assert!(sst("<x:sst><si/>"));
        assert!(!sst("<sst uniqueCount=\"1000000000000\">"));
        assert!(!sst("<sst uniqueCount='99999999999999999999999'>"));
        assert!(!sst("<!-- <sst> --><sst uniqueCount=\"1000000000000\">"));
        assert!(!sst("<sst a=\">\" uniqueCount=\"1000000000000\">"));
    }
}
