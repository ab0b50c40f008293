//! How one record of the log is written: a line for people, or a JSON object.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::RUN;
use crate::cli::args::LogFormat;

/// Writes records in one of the two forms.
pub(super) struct Record(pub(super) LogFormat);

impl<S, N> FormatEvent<S, N> for Record
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (time, level) = (Timestamp::now(), *event.metadata().level());
        match self.0 {
            LogFormat::Text => {
                let colours = out.has_ansi_escapes();
                writeln!(out, "{time:.0} {} {}", shown(level, colours), fields.message)
            }
            LogFormat::Json => writeln!(out, "{}", fields.into_object(time, level)),
        }
    }
}

/// The level, as wide as the widest, in its colour.
fn shown(level: tracing::Level, colours: bool) -> String {
    let code = match level {
        tracing::Level::ERROR => "31",
        tracing::Level::WARN => "33",
        tracing::Level::INFO => "32",
        _ => "2",
    };
    if colours { format!("\x1b[{code}m{level:>5}\x1b[0m") } else { format!("{level:>5}") }
}

/// What a record says: its message, and what it names for programs that read it.
#[derive(Default)]
struct Fields {
    message: String,
    named: Map<String, Value>,
}

impl Fields {
    /// `time`, `level`, `run` once a run is begun, `event` and its fields, `message`.
    fn into_object(self, time: Timestamp, level: tracing::Level) -> Value {
        let mut object = Map::new();
        object.insert("time".to_owned(), format!("{time:.3}").into());
        object.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
        if let Some(run) = RUN.get() {
            object.insert("run".to_owned(), run.as_str().into());
        }
        object.extend(self.named);
        object.insert("message".to_owned(), self.message.into());
        Value::Object(object)
    }

    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        self.named.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" { self.message = text } else { self.keep(field, text) }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.keep(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }
}
