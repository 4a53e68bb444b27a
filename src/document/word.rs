//! A paper as a Word file: A4, the margins and typefaces that offices are used to (党政机关公文格式, GB/T 9704).

use std::io::Cursor;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use docx_rs::{
    AlignmentType, Docx, LineSpacing, LineSpacingType, PageMargin, PageOrientationType, Paragraph, Pic, Run, RunFonts,
    SpecialIndentType, Table as Grid, TableCell, TableLayoutType, TableRow, WidthType,
};

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, QrCode};

use super::{Block, Paper, Table};
use crate::error::Result;

// Lengths are in twentieths of a point.
const PAGE: (u32, u32) = (11_906, 16_838);
const MARGINS: PageMargin =
    PageMargin { top: 2_098, left: 1_588, bottom: 1_984, right: 1_474, header: 851, footer: 992, gutter: 0 };
const MARGINS_ACROSS: PageMargin =
    PageMargin { top: 1_474, left: 1_134, bottom: 1_474, right: 1_134, header: 851, footer: 992, gutter: 0 };
/// Between the margins, upright and across.
const WIDTHS: (u32, u32) = (8_844, 14_570);
const LINE: i32 = 560;

// Sizes are in half points: 二号, 三号 and 小四.
const TITLE: usize = 44;
const BODY: usize = 32;
const CELL: usize = 24;

/// A file to be kept under a name.
pub fn response(paper: &Paper) -> Result<Response> {
    let name: String = form_urlencoded::byte_serialize(format!("{}.docx", paper.title).as_bytes()).collect();
    let disposition = format!("attachment; filename=\"doorstep.docx\"; filename*=UTF-8''{name}");
    let kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document".to_owned();
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, disposition)], Body::from(file(paper)?)).into_response())
}

fn file(paper: &Paper) -> Result<Vec<u8>> {
    let docx = match paper.landscape {
        false => Docx::new().page_size(PAGE.0, PAGE.1).page_margin(MARGINS),
        true => Docx::new()
            .page_size(PAGE.1, PAGE.0)
            .page_orient(PageOrientationType::Landscape)
            .page_margin(MARGINS_ACROSS),
    };
    let width = if paper.landscape { WIDTHS.1 } else { WIDTHS.0 };
    let mut docx = docx.default_size(BODY).default_fonts(font("仿宋"));
    let title = Run::new().add_text(&paper.title).size(TITLE).fonts(font("宋体")).bold();
    let after = spacing().after(400);
    docx = docx.add_paragraph(Paragraph::new().align(AlignmentType::Center).line_spacing(after).add_run(title));
    for block in &paper.blocks {
        docx = match block {
            Block::Heading(words) => {
                docx.add_paragraph(paragraph().keep_next(true).add_run(run(words, BODY).fonts(font("黑体"))))
            }
            Block::Text(words) => {
                let indent = Some(SpecialIndentType::FirstLine(640));
                docx.add_paragraph(paragraph().indent(None, indent, None, None).add_run(run(words, BODY)))
            }
            Block::Facts(facts) => facts.iter().fold(docx, |docx, (name, what)| {
                let name = run(&format!("{name}："), BODY).fonts(font("黑体"));
                docx.add_paragraph(paragraph().add_run(name).add_run(run(what, BODY)))
            }),
            Block::Table(table) => docx.add_table(grid(table, width)).add_paragraph(paragraph()),
            Block::Code(text) => docx.add_paragraph(Paragraph::new().add_run(Run::new().add_image(picture(text)?))),
            Block::Signatures(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("{name}：")).collect();
                docx.add_paragraph(paragraph())
                    .add_paragraph(paragraph().add_run(run(&names.join("　　　　　　"), BODY)))
            }
        };
    }
    let mut file = Cursor::new(Vec::new());
    docx.build().pack(&mut file).map_err(anyhow::Error::from)?;
    Ok(file.into_inner())
}

/// So many dots to a square, and English Metric Units to its side on paper: three centimetres for the whole.
const DOTS: u32 = 6;
const SIDE: u32 = 1_080_000;

/// A QR code with a quiet zone of two squares.
fn picture(text: &str) -> Result<Pic> {
    let code = QrCode::new(text).map_err(anyhow::Error::from)?;
    let (width, colors) = (code.width() as u32, code.to_colors());
    let side = (width + 4) * DOTS;
    let dark = |at: u32| (at / DOTS).checked_sub(2).filter(|square| *square < width);
    let image = GrayImage::from_fn(side, side, |x, y| {
        let square = dark(x).zip(dark(y)).map(|(x, y)| colors[(y * width + x) as usize]);
        Luma([if square == Some(Color::Dark) { 0 } else { 255 }])
    });
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).map_err(anyhow::Error::from)?;
    Ok(Pic::new_with_dimensions(file.into_inner(), side, side).size(SIDE, SIDE))
}

fn grid(table: &Table, width: u32) -> Grid {
    let widths: Vec<usize> = table.columns.iter().map(|(_, percent)| (width * percent / 100) as usize).collect();
    let row = |cells: Vec<&str>, named: bool| {
        let cells = cells.iter().zip(&widths).map(|(words, width)| {
            let run = run(words, CELL).fonts(font(if named { "黑体" } else { "仿宋" }));
            let align = if named { AlignmentType::Center } else { AlignmentType::Left };
            TableCell::new().width(*width, WidthType::Dxa).add_paragraph(Paragraph::new().align(align).add_run(run))
        });
        TableRow::new(cells.collect()).row_height(28.0).cant_split()
    };
    let mut rows = vec![row(table.columns.iter().map(|(name, _)| name.as_str()).collect(), true)];
    rows.extend(table.rows.iter().map(|cells| row(cells.iter().map(String::as_str).collect(), false)));
    Grid::new(rows).set_grid(widths.clone()).width(width as usize, WidthType::Dxa).layout(TableLayoutType::Fixed)
}

fn paragraph() -> Paragraph {
    Paragraph::new().line_spacing(spacing())
}

fn spacing() -> LineSpacing {
    LineSpacing::new().line_rule(LineSpacingType::Exact).line(LINE)
}

fn run(words: &str, size: usize) -> Run {
    Run::new().add_text(words).size(size)
}

fn font(name: &str) -> RunFonts {
    RunFonts::new().ascii("Times New Roman").hi_ansi("Times New Roman").east_asia(name)
}
