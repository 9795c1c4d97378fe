//! What the measurements are made of: a delaying proxy, the recorded login, and the writers of the table and the plot.

mod delay;
mod figure;
mod plot;
mod recorded_login;
mod table;

pub use delay::{DelayLine, DelayingProxy};
pub use figure::{median, shown_seconds};
pub use plot::{Bar, Group, plot};
pub use recorded_login::{MinimumLogin, RecordedLogin, SessionReply, WidgetReply};
pub use table::{Row, table};
