//! Who is on duty, whom to page next, and what people may type about both. Pure.

mod call;
mod chain;
mod input;
mod rota;
#[cfg(test)]
mod rota_tests;

pub use call::{Call, Line, Run, Verdict, mail, verdict};
pub use chain::{Aim, Chain, ChainIn, ChainText, Level, LevelIn, MAX_LEVELS, Next, USUAL_WAIT};
pub use input::{MAX_PEOPLE, NewRota, RotaIn, RotaText, body, days, period};
pub use rota::{Away, DAYS, Override, Rota, Shift, Turn, instant, moment, schedule, who};
