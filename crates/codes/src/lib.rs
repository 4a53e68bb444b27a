//! The codes that identify people, places and organisations in China: parsed tolerantly, checked, shown masked. Pure.
//!
//! Every `parse` accepts what people and spreadsheets really write (full-width digits, stray spaces, a leading
//! apostrophe), returns the one normal form, and otherwise an error whose text says in Chinese how to mend the entry.
//! Errors never repeat personal data. Types that hold personal data are masked in `Debug`, so a log cannot leak them.

pub mod address;
pub mod credit;
pub mod date;
pub mod division;
pub mod identity;
pub mod person_name;
pub mod phone;
pub mod tables;
pub mod text;

pub use address::{Place, Room};
pub use credit::CreditCode;
pub use date::PartialDate;
pub use division::DivisionCode;
pub use identity::IdentityNumber;
pub use person_name::PersonName;
pub use phone::Phone;
pub use tables::Sex;
